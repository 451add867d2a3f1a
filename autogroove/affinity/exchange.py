"""Exchanging exemplars with an eye on everybody, for clusters larger than a neighbourhood.

What belongs here: the sweep over all points as candidates. Where clusters reach further than the
neighbour graph, moves along the graph cannot see what they gain, and stay in poor optima.
What does not: moves along the graph (`autogroove.affinity.refinement`).
"""

import numpy as np

from autogroove.affinity.election import Indices
from autogroove.affinity.exchange_kernels import exchange_block, measure_losses
from autogroove.affinity.neighbours import Ids, Points
from autogroove.affinity.refinement import Assignment
from autogroove.affinity.threads import cut_rows

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
