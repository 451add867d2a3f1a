"""What a trial is, before and after.

What belongs here: the values that travel between a search, its trials and the store.
What does not: making them (`study`, `ladder`, `finals`).
"""

from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from autogroove.evaluation.search.settings import Values

Side = Literal["validation", "test"]
State = Literal["complete", "pruned", "failed"]


@dataclass(frozen=True)
class Trial:
    """What came of one choice of settings. Trial 0 is the settings that the search began with.

    `rungs` has the objective after so many epochs, `rows` the card's rows after the last of them.
    """

    number: int
    values: Values
    state: State
    rungs: dict[int, float] = field(default_factory=dict)
    rows: dict[str, float | None] = field(default_factory=dict)
    parameters: int = 0
    reason: str = ""

    @property
    def objective(self) -> float | None:
        """The objective at the top of the ladder; None for a trial that did not get there."""
        return self.rungs[max(self.rungs)] if self.state == "complete" else None

    @property
    def epochs(self) -> int:
        """Epochs trained until the last measure."""
        return max(self.rungs, default=0)

    def to_json(self) -> dict[str, Any]:
        """Plain JSON."""
        return {**asdict(self), "objective": self.objective, "epochs": self.epochs}

    @classmethod
    def from_json(cls, tree: dict[str, Any]) -> "Trial":
        """What `to_json` made."""
        kept = {name: tree[name] for name in cls.__dataclass_fields__}
        return cls(**{**kept, "rungs": {int(n): v for n, v in tree["rungs"].items()}})


@dataclass(frozen=True)
class Ask:
    """A trial before it is made: its settings, and the trials that it is compared with."""

    number: int
    values: Values
    earlier: tuple[Trial, ...] = ()


@dataclass(frozen=True)
class Final:
    """A finalist trained to the end with one seed, and what it reached on one side."""

    number: int
    seed: int
    side: Side
    objective: float
    rows: dict[str, float | None]
    model_key: str

    def to_json(self) -> dict[str, Any]:
        """Plain JSON."""
        return asdict(self)
