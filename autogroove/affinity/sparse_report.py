"""What a sparse run tells a person about itself.

What belongs here: the convergence report, the certificate, CPU-seconds by stage.
What does not: anything that changes the clusters.
"""

import logging
import time
from typing import Any

import numpy as np

from autogroove.affinity.bound import bound_cost
from autogroove.affinity.dense_run import describe_election
from autogroove.affinity.election import Election, Mask
from autogroove.affinity.graph import Graph
from autogroove.affinity.graph_kernels import count_components
from autogroove.affinity.neighbours import Neighbours
from autogroove.affinity.refinement import Assignment
from autogroove.affinity.threads import MapCells

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
