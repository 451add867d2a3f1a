"""In which order a set of tracks is heard.

What belongs here: the cost of a transition and the search for a cheap order.
What does not: which tracks are in the set.
"""

import numpy as np
from numpy.typing import NDArray

from autogroove.listening.library import TrackLibrary

MOST_ROUNDS = 300
"""Changes tried at most; a playlist of 20 settles after about 5."""

CLOSE_ARTISTS_COST = 10.0
"""Cost of one artist coming back too soon; a transition between strangers costs about 1."""


def measure_transitions(
    collection: TrackLibrary, positions: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Cost (n, n) of going from one track to another, symmetric, about 1 between strangers.

    Encoding distance in units of the collection's mean distance, plus |log2| of the tempo ratio:
    a jump to double tempo costs as much as a jump to a stranger. An unknown tempo costs nothing.
    """
    distances = collection.proximity.distances_between(positions, positions)
    octaves = np.log2(collection.tempos[positions])
    jumps = np.abs(octaves[:, None] - octaves[None, :])
    return np.asarray(distances / collection.proximity.scale + np.nan_to_num(jumps, nan=0.0))


def order_tracks(
    costs: NDArray[np.float64], artists: NDArray[np.int64], *, spacing: int
) -> list[int]:
    """An order of 0 … n-1 that begins with 0: cheap transitions, artists kept apart.

    Greedy nearest neighbour, then the best 2-opt reversal or single move until nothing gets
    cheaper. Two tracks of one artist fewer than `spacing` places apart cost
    `CLOSE_ARTISTS_COST`, so the rule is kept wherever the search finds an order that keeps it.
    """
    order = _order_greedily(costs, artists, spacing)
    pairs = _same_artist_pairs(artists)
    for _ in range(MOST_ROUNDS if len(order) > 2 else 0):
        gain, changed = max(
            (
                _find_reversal(costs, order, pairs, spacing),
                _find_move(costs, order, pairs, spacing),
            ),
            key=lambda found: found[0],
        )
        if gain <= 1e-9:
            break
        order = changed
    return [int(at) for at in order]


def find_close_artists(artists: NDArray[np.int64], spacing: int) -> list[int]:
    """Places where an artist comes back fewer than `spacing` places after the last time."""
    last: dict[int, int] = {}
    close = []
    for place, artist in enumerate(artists.tolist()):
        if artist in last and place - last[artist] < spacing:
            close.append(place)
        last[artist] = place
    return close


def _order_greedily(
    costs: NDArray[np.float64], artists: NDArray[np.int64], spacing: int
) -> NDArray[np.int64]:
    """The cheapest next track each time, from an artist not heard lately where one is left."""
    left = np.ones(len(costs), dtype=bool)
    order = [0]
    left[0] = False
    while left.any():
        lately = np.isin(artists, artists[order[-(spacing - 1) :]]) if spacing > 1 else False
        following = costs[order[-1]] + CLOSE_ARTISTS_COST * lately
        order.append(int(np.argmin(np.where(left, following, np.inf))))
        left[order[-1]] = False
    return np.asarray(order, dtype=np.int64)


def _find_reversal(
    costs: NDArray[np.float64], order: NDArray[np.int64], pairs: NDArray[np.int64], spacing: int
) -> tuple[float, NDArray[np.int64]]:
    """The stretch start … stop whose reversal saves most, and the order after it."""
    num = len(order)
    along, end = _lay_out(costs, order)
    start, stop = np.meshgrid(np.arange(1, num), np.arange(1, num), indexing="ij")
    gain = along[start - 1, start] + end[stop] - along[start - 1, stop]
    gain -= np.where(stop + 1 < num, along[start, np.minimum(stop + 1, num - 1)], 0)
    if len(pairs):
        before = _places(order)[pairs.T][:, :, None, None]
        inside = (before >= start) & (before <= stop)
        gain += _save_closeness(before, np.where(inside, start + stop - before, before), spacing)
    gain[start >= stop] = -np.inf
    best = np.unravel_index(np.argmax(gain), gain.shape)
    first, last = int(best[0]) + 1, int(best[1]) + 1
    changed = np.concatenate([order[:first], order[first : last + 1][::-1], order[last + 1 :]])
    return float(gain[best]), changed


def _find_move(
    costs: NDArray[np.float64], order: NDArray[np.int64], pairs: NDArray[np.int64], spacing: int
) -> tuple[float, NDArray[np.int64]]:
    """The single track whose move to another place saves most, and the order after it."""
    num = len(order)
    along, end = _lay_out(costs, order)
    at, to = np.meshgrid(np.arange(1, num), np.arange(1, num), indexing="ij")
    after = np.minimum(at + 1, num - 1)
    closing = np.where(at + 1 < num, along[at - 1, after], 0)
    gain = along[at - 1, at] + end[at] - closing
    left, right = np.where(to > at, to, to - 1), np.where(to > at, to + 1, to)
    inner = np.minimum(right, num - 1)
    gain -= along[left, at] + np.where(right < num, along[at, inner] - along[left, inner], 0)
    if len(pairs):
        before = _places(order)[pairs.T][:, :, None, None]
        shifted = before - ((before > at) & (before <= to)) + ((before < at) & (before >= to))
        gain += _save_closeness(before, np.where(before == at, to, shifted), spacing)
    gain[at == to] = -np.inf
    best = np.unravel_index(np.argmax(gain), gain.shape)
    source, target = int(best[0]) + 1, int(best[1]) + 1
    return float(gain[best]), np.insert(np.delete(order, source), target, order[source])


def _lay_out(
    costs: NDArray[np.float64], order: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Costs by place instead of by track, and the cost of leaving each place (0 at the end)."""
    along = costs[np.ix_(order, order)]
    return along, np.append(np.diagonal(along, 1), 0.0)


def _same_artist_pairs(artists: NDArray[np.int64]) -> NDArray[np.int64]:
    return np.argwhere(np.triu(artists[:, None] == artists[None, :], k=1))


def _places(order: NDArray[np.int64]) -> NDArray[np.int64]:
    places = np.empty_like(order)
    places[order] = np.arange(len(order))
    return places


def _save_closeness(
    before: NDArray[np.int64], after: NDArray[np.int64], spacing: int
) -> NDArray[np.float64]:
    """What a change saves by artists kept apart; places are (2, pairs, …)."""
    return np.asarray(_price_closeness(before, spacing) - _price_closeness(after, spacing))


def _price_closeness(places: NDArray[np.int64], spacing: int) -> NDArray[np.float64]:
    short = np.maximum(spacing - np.abs(places[0] - places[1]), 0)
    return np.asarray((CLOSE_ARTISTS_COST * (short > 0) + 0.01 * short).sum(axis=0))
