"""What a sparse run tells about itself: its certificate, and a report for people."""

import logging
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from autogroove.clustering.dense_run import describe_election
from autogroove.clustering.election import Election, Mask
from autogroove.clustering.graph import Graph, count_components, find_slack, find_slope
from autogroove.clustering.machine import MapCells, cut_rows
from autogroove.clustering.neighbours import Neighbours, Points
from autogroove.clustering.refinement import Assignment

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


_log = logging.getLogger(__name__)


def describe_run(
    graph: Graph, recall: float, proposed: Mask, elections: list[Election], trail: list[float]
) -> dict[str, Any]:
    """How the stages ended, and how many tracks no proposed exemplar was a neighbour of."""
    served = proposed.copy()
    step = 65_536
    for start in range(0, graph.num_points, step):
        stop = min(start + step, graph.num_points)
        edges = slice(graph.indptr[start], graph.indptr[stop])
        rows = np.repeat(np.arange(start, stop), np.diff(graph.indptr[start : stop + 1]))
        served[rows[proposed[graph.columns[edges]]]] = True
    return {
        "neighbour_recall": recall,
        "edges": len(graph.columns),
        "components": count_components(graph.indptr, graph.columns),
        "stages": [describe_election(one) for one in elections],
        "unassigned_after_messages": float(1 - served.mean()),
        "net_similarity_by_round": trail,
    }


def certify(
    graph: Graph, neighbours: Neighbours, state: Assignment, preference: float, run: MapCells
) -> dict[str, Any]:
    """The best net similarity that any clustering could have, and the gap to it as a share."""
    if not neighbours.exact:
        return {"certificate": None, "certificate_because": "the neighbours are approximate"}
    if preference >= 0 or state.net >= 0:
        return {"certificate": None, "certificate_because": "an exemplar costs nothing"}
    caps = -neighbours.similarity[:, -1]
    sizes = np.bincount(state.labels)
    prices = (-state.best - preference / sizes[state.labels]).astype(np.float32)
    bound = bound_cost(graph, caps, prices, -preference, -state.net, run)
    return {"certificate": {"best_possible": -bound, "gap": (-state.net - bound) / -state.net}}


class Clock:
    """CPU-seconds of this process by stage."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._last = time.process_time()

    def mark(self, name: str) -> None:
        """Book what was used since the last mark."""
        now = time.process_time()
        _log.info("Sparse affinity propagation: %s took %.1f CPU-s.", name, now - self._last)
        self.seconds[name] = round(self.seconds.get(name, 0.0) + now - self._last, 3)
        self._last = now
