"""What a search makes larger: a mean of rows of the card, on tracks that no weight has seen.

What belongs here: which rows count and how each becomes a score.
What does not: measuring a row (`autogroove.evaluation`), or which tracks are asked (`material`).

The squared error is not among the rows, and is not even computed: the mean image has a fair one.
Each score is 0 at chance and at most 1, so that none of them rules the mean:

- `disguised_r1` is a share already: a clip must find its track through another key and colour;
- `groove_accuracy` likewise: the groove's label among neighbours of other genres, where known;
- `foreign_tempo_lift`, l: 1 − 1/l, the share of the agreement that chance does not give;
- `foreign_rhythm_ratio`, r: (r − 1) / (y − 1), where y is what the yardstick reaches, an encoding
  that is the rhythm descriptor itself. `rhythm_ratio` stands in where no genre is known, as does
  `tempo_lift`;
- `hub_skewness`, s: 1 / (1 + s), 1 without hubs and .4 where they are strong (1.4).

Genre is left out: it is not what groove is. So are the clusters' rows: they are what neighbours
make of themselves, at the price of a clustering and its noise.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from autogroove.errors import SourceError
from autogroove.evaluation.baselines import describe_baselines
from autogroove.evaluation.card import YARDSTICK
from autogroove.evaluation.figures import NotMeasurable
from autogroove.evaluation.hearing import Hearing
from autogroove.evaluation.measures import MEASURES

Score = Callable[[float, float | None], float]
"""From a row's value, and the yardstick's where it was measured, to at most 1."""


def _share(value: float, _: float | None) -> float:
    return value


def _beyond_chance(value: float, _: float | None) -> float:
    return 1 - 1 / value if value > 0 else -1.0


def _up_to_yardstick(value: float, yardstick: float | None) -> float:
    if yardstick is None or yardstick <= 1:
        return 0.0
    return min(1.0, (value - 1) / (yardstick - 1))


def _without_hubs(value: float, _: float | None) -> float:
    return 1 / (1 + max(0.0, value))


GROUPS: tuple[tuple[tuple[str, ...], Score], ...] = (
    (("disguised_r1", "same_track_r1"), _share),
    (("groove_accuracy",), _share),
    (("foreign_tempo_lift", "tempo_lift"), _beyond_chance),
    (("foreign_rhythm_ratio", "rhythm_ratio"), _up_to_yardstick),
    (("hub_skewness",), _without_hubs),
)
"""One score a line: of the first row that a collection allows, and how it is made of the row."""
WORST = -1.0
"""The score of a row that the collection allows and an encoder does not: it has collapsed."""

_TAKE = {measure.key: measure.take for measure in MEASURES}


@dataclass(frozen=True)
class Heard:
    """What an encoder reached: the objective, and the rows that it is the mean of."""

    objective: float
    rows: dict[str, float | None]


def measure_hearing(hearing: Hearing) -> Heard:
    """The objective of an encoder, and its rows.

    Which rows count is up to the collection alone: a row counts where random encodings of the same
    clips can be measured on it, so that every trial is judged by the same ones.

    Raises:
        SourceError: the collection allows no row at all.
    """
    rivals = {
        name: Hearing(hearing.collection, encoded, hearing.settings)
        for name, encoded in describe_baselines(hearing.collection, code_size=64).items()
        if name in ("random", YARDSTICK)
    }
    chosen = choose_rows(rivals["random"])
    if not chosen:
        raise SourceError("No row of the card can be measured on the tracks that are held out.")
    rows = {key: _take(key, hearing) for key in chosen}
    yardsticks = {key: _take(key, rivals[YARDSTICK]) for key in chosen if YARDSTICK in rivals}
    return Heard(combine(rows, yardsticks), rows)


def choose_rows(chance: Hearing) -> list[str]:
    """The row of each group that the collection allows."""
    first = (next((k for k in keys if _take(k, chance) is not None), None) for keys, _ in GROUPS)
    return [key for key in first if key is not None]


def combine(rows: Mapping[str, float | None], yardsticks: Mapping[str, float | None]) -> float:
    """The mean of the rows' scores; a row without a value has the worst one."""
    scores = {key: score for keys, score in GROUPS for key in keys}
    made = [
        WORST if value is None else scores[key](value, yardsticks.get(key))
        for key, value in rows.items()
    ]
    return sum(made) / len(made)


def _take(key: str, hearing: Hearing) -> float | None:
    try:
        return _TAKE[key](hearing).value
    except NotMeasurable:
        return None
