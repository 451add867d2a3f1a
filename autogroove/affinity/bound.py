"""A certificate: how far the clusters can be from the best possible ones, at most.

What belongs here: a lower bound on the cost of any clustering, by Lagrangian duality.
What does not: better clusters.

Affinity propagation maximises Σ s(i, e(i)) + k·p, which is an uncapacitated facility location
problem with service costs c = −s and opening cost f = −p. For any prices v,

    cost ≥ Σ_i v_i + Σ_j min(0, f − Σ_i max(0, v_i − c_ij)).

With v_i no more than the distance to i's furthest listed neighbour, pairs that are not in an exact
neighbour graph add nothing, so that the bound holds for all pairs without building them.
(Erlenkotter, "A dual-based procedure for uncapacitated facility location", 1978; the prices are
found by Polyak's subgradient steps.)
"""

from typing import Any

import numpy as np
from numba import njit

from autogroove.affinity.graph import Graph
from autogroove.affinity.neighbours import Points
from autogroove.affinity.threads import MapCells, cut_rows

_ROUNDS = 150
_PATIENCE = 8


@njit(nogil=True, cache=True, fastmath=True)
def _find_slack(
    indptr: Any, columns: Any, values: Any, prices: Any, cost: Any, rows: Any, slack: Any
) -> None:
    for j in range(rows[0], rows[1]):
        load = prices[j]
        for e in range(indptr[j], indptr[j + 1]):
            load += max(np.float32(0), prices[columns[e]] + values[e])
        slack[j] = cost - load


@njit(nogil=True, cache=True, fastmath=True)
def _find_slope(
    indptr: Any, columns: Any, values: Any, prices: Any, slack: Any, rows: Any, slope: Any
) -> None:
    zero = np.float32(0)
    for i in range(rows[0], rows[1]):
        bidders = 1 if slack[i] < zero else 0
        for e in range(indptr[i], indptr[i + 1]):
            bidders += (prices[i] + values[e] > zero) & (slack[columns[e]] < zero)
        slope[i] = 1 - bidders


def bound_cost(
    graph: Graph,
    caps: Points,
    prices: Points,
    cost_of_exemplar: float,
    known_cost: float,
    run: MapCells,
) -> float:
    """A number that no clustering can cost less than (net similarity is minus the cost).

    Args:
        graph: union of exact nearest neighbours with its reverse, without jitter.
        caps: float32 (n,), distance to the furthest listed neighbour of each point.
        prices: float32 (n,), where to start.
        cost_of_exemplar: −preference, positive.
        known_cost: cost of the clustering at hand.
    """
    n = graph.num_points
    edges = graph.indptr, graph.columns, graph.values
    slack, slope = np.empty(n, np.float32), np.empty(n, np.float32)
    blocks = cut_rows(n, 8192)
    prices = np.clip(prices, 0, caps)
    kept, best, pace, stale = prices, -np.inf, 1.0, 0
    f = np.float32(cost_of_exemplar)
    for _ in range(_ROUNDS):
        list(run(lambda rows: _find_slack(*edges, prices, f, rows, slack), blocks))
        bound = float(prices.sum(dtype=np.float64) + np.minimum(slack, 0).sum(dtype=np.float64))
        if bound > best:
            stale = 0 if bound > best + 1e-5 * abs(best) else stale + 1
            best, kept = bound, prices
        else:
            stale += 1
        if stale >= _PATIENCE:
            pace, stale, prices = pace / 2, 0, kept
            continue
        list(run(lambda rows: _find_slope(*edges, prices, slack, rows, slope), blocks))
        steepness = float(np.einsum("i,i->", slope, slope, dtype=np.float64))
        if steepness == 0:
            break
        step = np.float32(pace * max(known_cost - bound, 0) / steepness)
        prices = np.clip(prices + step * slope, 0, caps)
    return best
