"""In which order a set of tracks is heard.

What belongs here: the cost of a transition and the search for a cheap order.
What does not: which tracks are in the set, or what keeping an artist's tracks apart saves
(`spacing`).
"""

import numpy as np
from numpy.typing import NDArray

from autogroove.listening.cancellation import raise_if_cancelled
from autogroove.listening.library import TrackLibrary
from autogroove.listening.spacing import (
    CLOSE_ARTISTS_COST,
    Pairs,
    pair_artists,
    save_by_moves,
    save_by_reversals,
)
from autogroove.listening.weighing import USUAL, Weighing

MOST_ROUNDS = 300
"""Rounds of changes at most; a playlist of 20 settles after about 5."""

MOST_LOOKS = 10_000_000
"""Changes priced at most, all rounds together: about 0.3 s of one core."""

_LEAST_GAIN = 1e-9
_LOOKED_AT = 4
"""Changes that compete in one round, for each place."""


def measure_transitions(
    collection: TrackLibrary, positions: NDArray[np.int64], weighing: Weighing = USUAL
) -> NDArray[np.float64]:
    """Cost (n, n) of going from one track to another, symmetric, about 1 between strangers.

    Encoding distance in units of the collection's mean distance, plus |log2| of the tempo ratio:
    a jump to double tempo costs as much as a jump to a stranger. An unknown tempo costs nothing.
    """
    proximity = collection.weigh(weighing)
    distances = proximity.distances_between(positions, positions)
    octaves = np.log2(collection.tempos[positions])
    jumps = np.abs(octaves[:, None] - octaves[None, :])
    return np.asarray(distances / proximity.scale + np.nan_to_num(jumps, nan=0.0))


def order_tracks(
    costs: NDArray[np.float64], artists: NDArray[np.int64], *, spacing: int
) -> list[int]:
    """An order of 0 … n-1 that begins with 0: cheap transitions, artists kept apart.

    Greedy nearest neighbour; then, round by round, the best 2-opt reversals and single moves that
    do not touch each other, until nothing gets cheaper. Two tracks of one artist fewer than
    `spacing` places apart cost `CLOSE_ARTISTS_COST`, so the rule is kept wherever the search finds
    an order that keeps it. Costs grow with n², whatever the artists.
    """
    order = _order_greedily(costs, artists, spacing)
    pairs = pair_artists(artists, spacing)
    num = len(order)
    looks = num * num + 4 * int(pairs.spacing.sum())
    rounds = min(MOST_ROUNDS, MOST_LOOKS // looks) if num > 2 else 0
    for _ in range(rounds):
        raise_if_cancelled()
        changed = _improve(costs, order, pairs)
        if changed is None:
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


def _improve(
    costs: NDArray[np.float64], order: NDArray[np.int64], pairs: Pairs
) -> NDArray[np.int64] | None:
    """The order after the best changes that are independent of each other; None: there is none.

    Changes are independent where their stretches lie so far apart that no transition and no pair
    of one artist is touched by two.
    """
    num = len(order)
    along, places = costs[np.ix_(order, order)], _places(order)
    reversals = _price_reversals(along) + save_by_reversals(pairs, places)
    reversals[np.tril_indices(num)] = -np.inf
    moves = _price_moves(along) + save_by_moves(pairs, places)
    np.fill_diagonal(moves, -np.inf)
    gains = np.stack([reversals, moves])
    gains[:, 0, :] = gains[:, :, 0] = -np.inf  # the first track stays
    taken = np.zeros(num, dtype=bool)
    gap = max(2, pairs.reach)
    changed = order.copy()
    for kind, source, target in _find_best(gains):
        low, high = min(source, target), max(source, target)
        if not taken[max(0, low - gap + 1) : high + gap].any():
            taken[low : high + 1] = True
            changed[low : high + 1] = _change(order, kind, source, target)
    return changed if taken.any() else None


def _find_best(gains: NDArray[np.float64]) -> list[tuple[int, int, int]]:
    """Kind (0 reversal, 1 move), source and target of the changes that save most, best first."""
    flat = gains.ravel()
    found = np.flatnonzero(flat > _LEAST_GAIN)
    most = _LOOKED_AT * gains.shape[1]
    if len(found) > most:
        found = found[np.argpartition(-flat[found], most)[:most]]
    found = found[np.lexsort((found, -flat[found]))]
    kinds, sources, targets = np.unravel_index(found, gains.shape)
    return list(zip(kinds.tolist(), sources.tolist(), targets.tolist(), strict=True))


def _change(order: NDArray[np.int64], kind: int, source: int, target: int) -> NDArray[np.int64]:
    """The stretch between two places after a reversal or a move."""
    low, high = min(source, target), max(source, target)
    if kind == 0:
        return order[low : high + 1][::-1]
    return np.roll(order[low : high + 1], -1 if source < target else 1)


def _price_reversals(along: NDArray[np.float64]) -> NDArray[np.float64]:
    """What reversing the stretch from i to j saves in transitions, (n, n); only i < j counts."""
    after = np.zeros_like(along)
    after[:, :-1] = along[:, 1:]  # from i to the track behind j; nothing follows the last
    saved = _into(along)[:, None] + np.diagonal(after)[None, :]
    before = np.roll(along, 1, axis=0)
    return np.asarray(saved - before - after)


def _price_moves(along: NDArray[np.float64]) -> NDArray[np.float64]:
    """What moving the track at i to place j saves in transitions, (n, n)."""
    num = len(along)
    into = _into(along)
    out_of = np.append(into[1:], 0.0)
    closing = np.zeros(num)
    closing[1:-1] = np.diagonal(along, 2)
    taken_out = into + out_of - closing
    # Between the tracks at j and j + 1, where it goes forward; before the one at j, otherwise.
    following = np.zeros_like(along)
    following[:, :-1] = along[:, 1:]
    forward = along + following - out_of[None, :]
    backward = np.roll(along, 1, axis=1) + along - into[None, :]
    is_forward = np.arange(num)[:, None] < np.arange(num)[None, :]
    return np.asarray(taken_out[:, None] - np.where(is_forward, forward, backward))


def _into(along: NDArray[np.float64]) -> NDArray[np.float64]:
    """Cost of the transition into each place; 0 into the first."""
    return np.append(0.0, np.diagonal(along, 1))


def _places(order: NDArray[np.int64]) -> NDArray[np.int64]:
    places = np.empty_like(order)
    places[order] = np.arange(len(order))
    return places
