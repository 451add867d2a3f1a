"""Numbers with their uncertainty.

What belongs here: `Figure`, and the two ways to an interval over artists.
What does not: any particular measure.

Tracks of one artist are not independent, so artists are resampled, never tracks (a cluster
bootstrap; Davison and Hinkley 1997, §3.8). Most measures are functions of sums over tracks: those
are bootstrapped exactly and cheaply by weighing the artists' sums. Measures that a duplicated
artist would flatter (mutual information, connectedness) take a delete-a-group jackknife instead.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

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
