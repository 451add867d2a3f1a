"""What it saves to keep an artist's tracks further apart, for every change of an order at once.

What belongs here: the price of two tracks that are too close, and how much of it each reversal
and each move takes away.
What does not: transitions, and which change is made (`ordering`).

Places are 0 … n-1. Only pairs of one artist cost anything, and only changes that bring them near
each other matter, so all n² answers come from a few marks for each pair that are summed up once.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

CLOSE_ARTISTS_COST = 10.0
"""Cost of one artist coming back too soon; a transition between strangers costs about 1."""

_UNITS = 100
"""Prices are summed up as whole hundredths, so that no rounding adds up."""
_CLOSE = round(CLOSE_ARTISTS_COST * _UNITS)

_FREE_STEPS = 1 << 16
"""Pairs times spacing up to which no artist's spacing is cut."""


@dataclass(frozen=True)
class Pairs:
    """Pairs of tracks of one artist, with how many places should lie between them at least."""

    first: NDArray[np.int64]
    second: NDArray[np.int64]
    spacing: NDArray[np.int64]

    @property
    def reach(self) -> int:
        """The largest distance in places, plus 1, at which a pair still costs something."""
        return int(self.spacing.max(initial=0))


def pair_artists(artists: NDArray[np.int64], spacing: int) -> Pairs:
    """The pairs that a spacing separates; `artists` are codes int64 (n,).

    Where they are very many, an artist with so many tracks that no order could keep them `spacing`
    places apart is given what is left to each of its tracks: the pairs of one artist in a list of
    500 are 124,750.
    """
    num = len(artists)
    first, second = np.nonzero(np.triu(artists[:, None] == artists[None, :], k=1))
    apart = np.full(len(first), min(spacing, num), dtype=np.int64)
    if apart.sum() > _FREE_STEPS:
        _, code, counts = np.unique(artists, return_inverse=True, return_counts=True)
        apart = np.minimum(apart, np.maximum(1, -(-num // counts[code[first]])))
    costs = apart > 1  # two places are never nearer than 1
    return Pairs(first[costs], second[costs], apart[costs])


def save_by_reversals(pairs: Pairs, places: NDArray[np.int64]) -> NDArray[np.float64]:
    """What is saved by reversing the stretch from i to j, (n, n); only i <= j means anything.

    `places` int64 (n,) are the places of the tracks.
    """
    num = len(places)
    low, high = _sort_places(pairs, places)
    before = _save_at_start(low, high, pairs.spacing, num)
    behind = _save_at_start(num - 1 - high, num - 1 - low, pairs.spacing, num)
    return np.asarray((before + behind[::-1, ::-1].T) / _UNITS)


def save_by_moves(pairs: Pairs, places: NDArray[np.int64]) -> NDArray[np.float64]:
    """What is saved by moving the track at i so that it comes to place j, (n, n)."""
    num = len(places)
    low, high = _sort_places(pairs, places)
    found = _save_by_shifts(low, high, pairs.spacing, num)
    found += _save_by_itself(low, high, pairs.spacing, num)
    found += _save_by_itself(high, low, pairs.spacing, num)
    return np.asarray(found / _UNITS)


def _sort_places(
    pairs: Pairs, places: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    ends = places[pairs.first], places[pairs.second]
    return np.minimum(*ends), np.maximum(*ends)


def _price(distances: NDArray[np.int64], spacing: NDArray[np.int64]) -> NDArray[np.int64]:
    short = np.maximum(spacing - distances, 0)
    return np.asarray(_CLOSE * (short > 0) + short)


def _save_at_start(
    low: NDArray[np.int64], high: NDArray[np.int64], spacing: NDArray[np.int64], num: int
) -> NDArray[np.int64]:
    """Of pairs with the upper track in the stretch and the lower before it: low < i <= high <= j.

    The upper one goes from `high` to i + j - high, so the pair is (i - low) + (j - high) apart. In
    the row i = low + a that costs a price which falls by 1 from j = high on and ends after
    `spacing` - a places: four marks in the second difference along the row. The old price is
    saved in the same rows.
    """
    rows = np.minimum(spacing - 1, high - low)
    pair = np.repeat(np.arange(len(low)), rows)
    step = np.arange(len(pair)) - np.repeat(np.cumsum(rows) - rows, rows) + 1
    at, left = high[pair], spacing[pair] - step
    old = _price(high - low, spacing)[pair]
    fresh = _CLOSE + left
    marks = (
        (at, old - fresh),
        (at + 1, fresh - old + 1),
        (at + left, np.full(len(pair), _CLOSE)),
        (at + left + 1, np.full(len(pair), -_CLOSE - 1)),
    )
    columns = np.minimum(np.concatenate([where for where, _ in marks]), num)
    worth = np.concatenate([much for _, much in marks])
    grid = _mark(np.tile(low[pair] + step, len(marks)), columns, worth, num)
    return np.asarray(grid.cumsum(axis=1).cumsum(axis=1)[:num, :num])


def _save_by_shifts(
    low: NDArray[np.int64], high: NDArray[np.int64], spacing: NDArray[np.int64], num: int
) -> NDArray[np.int64]:
    """Of pairs that a move of a third track brings one place nearer, or takes one further apart.

    Each is a rectangle of moves: four marks in the difference along both axes.
    """
    near = high - low <= spacing
    low, high, spacing = low[near], high[near], spacing[near]
    now = _price(high - low, spacing)
    apart = now - _price(high - low + 1, spacing)
    together = now - _price(high - low - 1, spacing)
    start, end = np.zeros_like(low), np.full_like(low, num)
    rectangles = (  # rows from, to; columns from, to; what each cell saves
        (start, low, low, high, apart),
        (low + 1, high, high, end, together),
        (high + 1, end, low + 1, high + 1, apart),
        (low + 1, high, start, low + 1, together),
    )
    corners = [
        corner
        for top, bottom, left, right, worth in rectangles
        for corner in (
            (top, left, worth),
            (bottom, left, -worth),
            (top, right, -worth),
            (bottom, right, worth),
        )
    ]
    rows, columns, worth = (np.concatenate(part) for part in zip(*corners, strict=True))
    return np.asarray(_mark(rows, columns, worth, num).cumsum(axis=0).cumsum(axis=1)[:num, :num])


def _save_by_itself(
    moved: NDArray[np.int64], mate: NDArray[np.int64], spacing: NDArray[np.int64], num: int
) -> NDArray[np.int64]:
    """Of pairs of which one is moved: what it cost before, less the price near its mate."""
    before = np.bincount(moved, weights=_price(abs(moved - mate), spacing), minlength=num)
    widths = 2 * spacing + 1
    pair = np.repeat(np.arange(len(moved)), widths)
    target = mate[pair] - spacing[pair]
    target += np.arange(len(pair)) - np.repeat(np.cumsum(widths) - widths, widths)
    inside = (target >= 0) & (target < num)
    pair, target = pair[inside], target[inside]
    source, other = moved[pair], mate[pair]
    shifted = other - ((source < other) & (other <= target))
    shifted += (target <= other) & (other < source)
    price = _price(abs(target - shifted), spacing[pair])
    grid = _mark(source, target, -price, num)[:num, :num]
    return np.asarray(grid + before.astype(np.int64)[:, None])


def _mark(
    rows: NDArray[np.int64], columns: NDArray[np.int64], worth: NDArray[np.int64], num: int
) -> NDArray[np.int64]:
    """A grid (num + 1, num + 1) of sums; float64 holds these whole numbers exactly."""
    sums = np.bincount(rows * (num + 1) + columns, weights=worth, minlength=(num + 1) ** 2)
    return sums.astype(np.int64).reshape(num + 1, num + 1)
