"""The card and its figures: numbers with their uncertainty, beside their baselines."""

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from autogroove.errors import AutogrooveError

Numbers = NDArray[np.float64]

JACKKNIFE_GROUPS = 20

COVERAGE = 0.95


@dataclass(frozen=True)
class Figure:
    """A value with its 95 % interval (None where one artist leaves none), over `num_items`."""

    value: float
    low: float | None = None
    high: float | None = None
    num_items: int = 0


class NotMeasurable(Exception):
    """A row of the card that this collection or encoder does not allow; the text says why."""


def bootstrap_sums(
    columns: Numbers,
    artists: NDArray[np.int64],
    statistic: Callable[[Numbers], Numbers],
    *,
    num_replicates: int = 500,
    seed: int = 0,
) -> Figure:
    """A statistic of column sums, with a percentile bootstrap interval over artists.

    Args:
        columns: (n, m) one row a track or query.
        artists: (n,) any integers; equal ones are resampled together.
        statistic: (..., m) sums to (...) values.
        num_replicates: resamples.
        seed: of the resampling.

    Raises:
        NotMeasurable: there is no row.
    """
    if len(columns) == 0:
        raise NotMeasurable("no track could be asked")
    _, group = np.unique(artists, return_inverse=True)
    num_groups = int(group.max()) + 1
    sums = np.zeros((num_groups, columns.shape[1]))
    np.add.at(sums, group, columns)
    with np.errstate(divide="ignore", invalid="ignore"):
        value = float(statistic(sums.sum(axis=0)))
        if not np.isfinite(value):
            raise NotMeasurable("the measure is undefined here: all values are equal")
        if num_groups < 2:
            return Figure(value, num_items=len(columns))
        generator = np.random.default_rng(seed)
        chances = np.full(num_groups, 1 / num_groups)
        weights = generator.multinomial(num_groups, chances, size=num_replicates)
        replicates = statistic(weights.astype(np.float64) @ sums)
    low, high = np.quantile(replicates[np.isfinite(replicates)], _tails())
    return Figure(value, min(float(low), value), max(float(high), value), len(columns))


def estimate_mean(values: Numbers, artists: NDArray[np.int64], **options: int) -> Figure:
    """The mean of one value a query."""
    columns = np.column_stack([values, np.ones(len(values))])
    return bootstrap_sums(columns, artists, _divide, **options)


def estimate_ratio(
    numerator: Numbers, denominator: Numbers, artists: NDArray[np.int64], **options: int
) -> Figure:
    """The ratio of two sums (not the mean of ratios, which small denominators would rule)."""
    columns = np.column_stack([numerator, denominator])
    return bootstrap_sums(columns, artists, _divide, **options)


def jackknife_groups(
    statistic: Callable[[NDArray[np.bool_]], float],
    artists: NDArray[np.int64],
    *,
    seed: int = 0,
) -> Figure:
    """A statistic of a subset of tracks, with a delete-a-group jackknife interval over artists.

    Args:
        statistic: from (n,) a mask of the tracks kept to a value.
        artists: (n,) tracks of one artist are left out together.
        seed: of the grouping of artists.
    """
    value = float(statistic(np.ones(len(artists), bool)))
    unique, index = np.unique(artists, return_inverse=True)
    num_groups = min(JACKKNIFE_GROUPS, len(unique))
    if num_groups < 3:
        return Figure(value, num_items=len(artists))
    order = np.random.default_rng(seed).permutation(len(unique))
    group = (order % num_groups)[index]
    left_out = np.array([statistic(group != g) for g in range(num_groups)])
    spread = (num_groups - 1) / num_groups * np.sum((left_out - left_out.mean()) ** 2)
    half_width = 1.96 * float(np.sqrt(spread))
    return Figure(value, value - half_width, value + half_width, len(artists))


def _divide(sums: Numbers) -> Numbers:
    return np.asarray(sums[..., 0] / sums[..., 1])


def _tails() -> tuple[float, float]:
    return (1 - COVERAGE) / 2, (1 + COVERAGE) / 2


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

ORACLE = "yardstick"
"""Among the baselines: the tempo-normalised rhythm descriptor itself, used as an encoding. It is
the ceiling of the rhythm rows, which are measured with it, and what a hand-made descriptor can do
on the others. It is shown, and it is not what a model must beat."""


PARTS = ("its tempo", "its rhythm", "its sound")
"""Among the baselines: each part of the release's own codes alone."""

EXPLAINING = (*PARTS, "pretrained", "correlogram", "correlogram, fitted")
"""Encoders that say where a model's hearing comes from; costly rows leave them out."""


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
        """The strongest baseline, the oracle and parts of the model itself aside."""
        rivals = [item for item in self.baselines.items() if item[0] not in (ORACLE, *PARTS)]
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
