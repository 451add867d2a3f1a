"""One run: what was asked for, and what it did stage by stage.

What belongs here: the request that every stage reads, and the summary at the end, with its JSON.
What does not: printing it (`flows.terminal`).
"""

from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from autogroove.config import Circumstances, RunPolicy, Settings, SourceSelection

if TYPE_CHECKING:
    from tasks.progress import Stage


@dataclass(frozen=True)
class Run:
    """What was asked for. `stages` collects what each stage did, as it ends."""

    selection: SourceSelection
    settings: Settings
    policy: RunPolicy
    circumstances: Circumstances
    stages: dict[str, dict[str, Any]] = field(default_factory=dict)

    @property
    def store(self) -> str:
        """URL of the store."""
        return self.circumstances.store

    def note(self, stage: "Stage", *, ran: bool, **counts: Any) -> None:
        """Note the end of a stage: when it began, whether anything was made, what was counted."""
        status, seconds = "ran" if ran else "reused", stage.seconds
        began = datetime.now(UTC) - timedelta(seconds=seconds)
        times = {"seconds": seconds, "began_at": began.isoformat(timespec="milliseconds")}
        self.stages[stage.name] = {"status": status, **times, **counts}

    @property
    def timings(self) -> dict[str, float]:
        """Seconds by stage."""
        return {name: stage["seconds"] for name, stage in self.stages.items()}


@dataclass(frozen=True)
class RunSummary:
    """The outcome: `release` is current for this content, `published` says whether it is new."""

    release: int
    published: bool
    source: str
    store: str
    coverage: dict[str, int]
    stages: dict[str, dict[str, Any]]
    decisions: dict[str, dict[str, str]]
    card: dict[str, Any]
    notes: tuple[str, ...] = ()
    flow_run_id: str | None = None
    report: str | None = None

    def to_json(self) -> dict[str, Any]:
        """Plain JSON, as `autogroove run --json` prints it."""
        return asdict(self)
