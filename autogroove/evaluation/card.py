"""The card: what a release can hear, in numbers beside their baselines.

What belongs here: the value, its JSON and its headline. What does not: how a row is measured
(`measures`) or shown (`rendering`).
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

from autogroove.errors import AutogrooveError
from autogroove.evaluation.figures import Figure

CARD_VERSION = 1
Better = Literal["higher", "lower", "report"]
HEADLINES = (
    "same_track_r1",
    "disguised_r1",
    "tempo_agreement",
    "tempo_lift",
    "rhythm_ratio",
    "foreign_tempo_lift",
    "groove_accuracy",
    "genre_linear",
    "cluster_stability",
    "cluster_rhythm_spread",
    "hub_skewness",
    "unexplained",
)

YARDSTICK = "yardstick"
"""Among the baselines: the tempo-normalised rhythm descriptor itself, used as an encoding. It is
the ceiling of the rhythm rows, which are measured with it, and what a hand-made descriptor can do
on the others. It is shown, and it is not what a model must beat."""


@dataclass(frozen=True)
class CardRow:
    """One measure. `value` is None where it could not be taken, and `note` says why.

    `baselines` holds, for each baseline that could be measured, its value and interval.
    """

    key: str
    name: str
    better: Better
    value: float | None
    low: float | None
    high: float | None
    num_items: int
    baselines: Mapping[str, Figure]
    note: str = ""

    @property
    def best_baseline(self) -> tuple[str, Figure] | None:
        """The strongest baseline, the yardstick aside; None where there is none."""
        rivals = [item for item in self.baselines.items() if item[0] != YARDSTICK]
        if not rivals or self.better == "report":
            return None
        choose = max if self.better == "higher" else min
        return choose(rivals, key=lambda item: item[1].value)


@dataclass(frozen=True)
class Card:
    """The rows, and what they were measured on."""

    rows: tuple[CardRow, ...]
    num_tracks: int
    num_clips: int
    num_artists: int
    version: int = CARD_VERSION

    def row(self, key: str) -> CardRow:
        """The row of a key.

        Raises:
            KeyError: there is none.
        """
        for row in self.rows:
            if row.key == key:
                return row
        raise KeyError(key)

    def headline(self) -> dict[str, float | None]:
        """A dozen numbers for manifests and `run --json`, None where there is nothing to say."""
        values = {row.key: row.value for row in self.rows}
        return {key: _short(values.get(key)) for key in HEADLINES}

    def to_json(self) -> str:
        """JSON text, the same for the same card, without NaN."""
        return json.dumps(asdict(self), sort_keys=True, allow_nan=False, ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str | bytes) -> "Card":
        """The card that `to_json` wrote.

        Raises:
            AutogrooveError: the text is not a card of this version.
        """
        try:
            tree = json.loads(text)
            if tree["version"] != CARD_VERSION:
                raise AutogrooveError(
                    f"The card has version {tree['version']}, this program reads {CARD_VERSION}. "
                    "Run the evaluation again."
                )
            rows = tuple(_read_row(row) for row in tree["rows"])
            return cls(**{**tree, "rows": rows})
        except (KeyError, TypeError, ValueError) as error:
            raise AutogrooveError(f"This is not an evaluation card: {error!r}.") from error


def _read_row(tree: dict[str, Any]) -> CardRow:
    baselines = {name: Figure(**figure) for name, figure in tree["baselines"].items()}
    return CardRow(**{**tree, "baselines": baselines})


def _short(value: float | None) -> float | None:
    return None if value is None else round(value, 4)
