"""One run: what was asked for, what it did stage by stage, and its place in the publish queue."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from autogroove.config import Circumstances, RunPolicy, Settings, SourceSelection
from autogroove.releases import wait_in_queue
from autogroove.store import Store
from tasks.progress import Stage


class StageLog:
    """What each stage did, written down as it ends; the one thing of a run that grows."""

    def __init__(self) -> None:
        self._stages: dict[str, dict[str, Any]] = {}

    def note(self, stage: Stage, *, ran: bool, **counts: Any) -> None:
        """Note the end of a stage: when it began, whether anything was made, what was counted."""
        status, seconds = "ran" if ran else "reused", stage.seconds
        began = datetime.now(UTC) - timedelta(seconds=seconds)
        times = {"seconds": seconds, "began_at": began.isoformat(timespec="milliseconds")}
        self._stages[stage.name] = {"status": status, **times, **counts}

    def as_dict(self) -> dict[str, dict[str, Any]]:
        """A copy of the notes, by stage in the order of their ends."""
        return {name: dict(noted) for name, noted in self._stages.items()}


@dataclass(frozen=True)
class Run:
    """What was asked for, and the log that its stages write to."""

    selection: SourceSelection
    settings: Settings
    policy: RunPolicy
    circumstances: Circumstances
    log: StageLog = field(default_factory=StageLog)

    @property
    def store(self) -> Store:
        """Where the run's objects are."""
        return Store(self.circumstances.store)

    @property
    def timings(self) -> dict[str, float]:
        """Seconds by stage so far."""
        return {name: stage["seconds"] for name, stage in self.log.as_dict().items()}


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
    run_url: str | None = None
    """The run's page in Prefect's UI, where its server still runs."""

    def to_json(self) -> dict[str, Any]:
        """Plain JSON, as `autogroove run --json` prints it."""
        return asdict(self)


@contextmanager
def enter_queue(run: Run) -> Iterator[None]:
    """Wait until no earlier run publishes to this store; keep sweeps and later runs away then."""
    stage = Stage("turn")
    waited: list[str] = []

    def tell(whom: str) -> None:
        waited.append(whom)
        stage.show(0, 1, f"waiting for {whom}")

    with wait_in_queue(run.store, tell):
        if waited:
            stage.show(1, 1, f"waited for {waited[-1]}")
        yield
