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

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from autogroove.affinity.graph import Graph
from autogroove.affinity.graph_kernels import find_slack, find_slope
from autogroove.affinity.neighbours import Points
from autogroove.affinity.threads import MapCells, cut_rows

_ROUNDS = 150
_PATIENCE = 8


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
    f = np.float32(cost_of_exemplar)
    blocks = cut_rows(graph.num_points, 8192)
    slope = np.empty(graph.num_points, np.float32)
    prices = np.clip(prices, 0, caps)
    kept, best, pace, stale = prices, -np.inf, 1.0, 0
    for _ in range(_ROUNDS):
        slack = _measure_slack(graph, prices, f, blocks, run)
        bound = float(prices.sum(dtype=np.float64) + np.minimum(slack, 0).sum(dtype=np.float64))
        stale = 0 if bound > best + 1e-5 * abs(best) else stale + 1
        if bound > best:
            best, kept = bound, prices
        if stale >= _PATIENCE:
            pace, stale, prices = pace / 2, 0, kept
            continue
        list(run(partial(_call, find_slope, (*graph.edges, prices, slack, slope)), blocks))
        steepness = float(np.einsum("i,i->", slope, slope, dtype=np.float64))
        if steepness == 0:
            break
        step = np.float32(pace * max(known_cost - bound, 0) / steepness)
        prices = np.clip(prices + step * slope, 0, caps)
    return best


def _measure_slack(
    graph: Graph,
    prices: Points,
    cost: np.float32,
    blocks: list[tuple[int, int]],
    run: MapCells,
) -> Points:
    slack = np.empty(graph.num_points, np.float32)
    list(run(partial(_call, find_slack, (*graph.edges, prices, cost, slack)), blocks))
    return slack


def _call(kernel: Callable[..., None], arguments: tuple[Any, ...], rows: tuple[int, int]) -> None:
    kernel(*arguments, rows)
