"""Exchanging exemplars with an eye on everybody, for clusters larger than a neighbourhood."""

from typing import Any

import numpy as np
from numba import njit

from autogroove.clustering.election import Indices
from autogroove.clustering.machine import cut_rows
from autogroove.clustering.neighbours import Ids, Points
from autogroove.clustering.refinement import Assignment

LOWEST = np.float32(-1e30)


@njit(nogil=True, cache=True, fastmath=True)
def _weigh(scores: Any, best: Any, labels: Any, spared: Any) -> Any:
    """What everybody gains by a candidate; into `spared`, how much less each closure then costs."""
    zero = np.float32(0)
    gain = zero
    for i in range(scores.size):
        if scores[i] > best[1, i]:
            gain += max(scores[i] - best[0, i], zero)
            spared[labels[0, i]] += min(scores[i], best[0, i]) - best[1, i]
    return gain


@njit(nogil=True, cache=True, fastmath=True)
def _find_two(points: Any, exemplars: Any, count: int, i: int, best: Any, labels: Any) -> None:
    best[0, i], best[1, i] = LOWEST, LOWEST
    for slot in range(count):
        x, y = points[i], points[exemplars[slot]]
        total = np.float32(0)
        for d in range(x.size):
            total += (x[d] - y[d]) * (x[d] - y[d])
        _offer(-total, slot, i, best, labels)


@njit(nogil=True, cache=True, fastmath=True)
def _offer(score: Any, slot: int, i: int, best: Any, labels: Any) -> None:
    if score > best[0, i]:
        best[1, i], labels[1, i] = best[0, i], labels[0, i]
        best[0, i], labels[0, i] = score, slot
    elif score > best[1, i]:
        best[1, i], labels[1, i] = score, slot


@njit(nogil=True, cache=True, fastmath=True)
def measure_losses(best: Any, labels: Any, losses: Any) -> None:
    """losses[slot] = what the members of an exemplar would lose if it closed."""
    losses[:] = 0
    for i in range(best.shape[1]):
        losses[labels[0, i]] += best[0, i] - best[1, i]


@njit(nogil=True, cache=True, fastmath=True)
def exchange_block(
    points: Any,
    candidates: Any,
    scores: Any,
    cost: Any,
    least_gain: Any,
    exemplars: Any,
    count: int,
    best: Any,
    labels: Any,
    losses: Any,
) -> int:
    """Try a block of candidates in turn, taking every move that gains; the exemplars there are now.

    Args:
        points: float32 (n, d).
        candidates: int64 (b,), rows of `points`.
        scores: float32 (b, n), their similarities to every point.
        cost: −preference. least_gain: what a move must win.
        exemplars: int64 (slots,), the first `count` in use; updated.
        best, labels: (2, n), everyone's two best similarities and slots, updated.
        losses: float32 (slots,), see `measure_losses`, updated.
    """
    spared = np.empty(losses.size, dtype=np.float32)
    for turn in range(candidates.size):
        row = scores[turn]
        spared[:] = 0
        alone = _weigh(row, best, labels, spared) - cost
        slot, relief = 0, LOWEST
        for place in range(count):
            if spared[place] - losses[place] > relief:
                slot, relief = place, spared[place] - losses[place]
        swapped = alone + cost + relief
        if max(alone, swapped) <= least_gain:
            continue
        if alone >= swapped and count < exemplars.size:
            slot, count = count, count + 1
        elif swapped <= least_gain:
            continue
        exemplars[slot] = candidates[turn]
        for i in range(row.size):
            if labels[0, i] == slot or labels[1, i] == slot:
                _find_two(points, exemplars, count, i, best, labels)
            else:
                _offer(row[i], slot, i, best, labels)
        measure_losses(best, labels, losses)
    return count


MOST_PAIRS = 1_000_000_000
"""Pairs of points up to which a sweep over all of them is worth its time: 31,600 points."""

_BLOCK_ROWS = 64

_LEAST_GAIN = 1e-4
"""Share of an exemplar's cost that a move must win, well above rounding."""


def pays_to_exchange(num_points: int, num_exemplars: int, neighbours: int) -> bool:
    """Whether clusters outgrow the neighbourhood, and all pairs are within reach.

    Clusters of half a neighbourhood gain a little too: a tenth of the pairs are looked at for it.
    """
    outgrown = num_points / (neighbours * max(1, num_exemplars))
    pairs = MOST_PAIRS if outgrown > 1 else MOST_PAIRS // 10 if outgrown > 0.5 else 0
    return num_exemplars > 1 and num_points**2 <= pairs


def close_some(exemplars: Ids, seed: int) -> Ids:
    """Five sixths of the exemplars, drawn by `seed`, sorted."""
    random = np.random.default_rng(seed)
    return np.sort(random.choice(exemplars, len(exemplars) - len(exemplars) // 6, replace=False))


def exchange_exemplars(points: Points, state: Assignment, preference: float, seed: int) -> Indices:
    """Exemplars after one sweep of every point as a candidate, in an order drawn by `seed`.

    Costs n² similarities. Must be called with the BLAS held to one thread (`open_map`), as
    everything here; the answer does not depend on threads.
    """
    k = len(state.exemplars)
    exemplars = np.zeros(2 * k + 16, dtype=np.int64)
    exemplars[:k] = state.exemplars
    best = np.stack([state.best, state.runner_up])
    labels = np.stack([state.labels, state.second]).astype(np.int32)
    losses = np.zeros(len(exemplars), dtype=np.float32)
    measure_losses(best, labels, losses)
    cost, count = np.float32(-preference), k
    squares = np.einsum("ij,ij->i", points, points)
    order = np.random.default_rng(seed).permutation(len(points))
    for start, stop in cut_rows(len(points), _BLOCK_ROWS):
        candidates = order[start:stop]
        scores = 2 * points[candidates] @ points.T
        scores -= squares
        scores -= squares[candidates, None]
        np.minimum(scores, 0, out=scores)
        count = exchange_block(
            points, candidates, scores, cost, cost * np.float32(_LEAST_GAIN),
            exemplars, count, best, labels, losses,
        )  # fmt: skip
    return np.unique(exemplars[:count])
