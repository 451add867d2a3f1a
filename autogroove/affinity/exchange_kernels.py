"""Compiled moves of one exemplar at a time, judged on every point.

What belongs here: what opening a candidate gains, alone or in place of an exemplar, and keeping
everyone's two best exemplars up to date.
What does not: which candidates are tried (`autogroove.affinity.exchange`).

Schubert and Rousseeuw, "Fast and eager k-medoids clustering", Information Systems 101 (2021),
with a cost an exemplar instead of a fixed number of them.
"""

from typing import Any

import numpy as np
from numba import njit

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
