"""One sparse clustering, start to end.

What belongs here: the stages. Messages along the neighbour graph propose candidates; messages
between everyone and the candidates choose among them; a local search mends what is left; a dual
bound says how much could be left at most.
What does not: any of those stages themselves.
"""

import time
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from autogroove.affinity.bound import bound_cost
from autogroove.affinity.dense import Progress
from autogroove.affinity.dense_run import describe_election
from autogroove.affinity.election import Election, Indices, Mask, Solution
from autogroove.affinity.graph import Graph, count_components, join_neighbours, point_to_candidates
from autogroove.affinity.neighbours import Ids, Neighbours, Points
from autogroove.affinity.refinement import Assignment, refine_exemplars
from autogroove.affinity.space import Space, open_space
from autogroove.affinity.sparse import propagate_sparse
from autogroove.affinity.threads import MapCells, open_map

CANDIDATES_PER_POINT = 16
_RESTRICTED_STAGES = 3


@dataclass(frozen=True)
class SparseSettings:
    """Limits of the stages."""

    preference: float
    neighbours: int = 30
    max_iterations: int = 100
    window: int = 15
    rounds: int = 3
    certificate: bool = True
    seed: int = 0


def solve_sparse(
    points: Points,
    settings: SparseSettings,
    *,
    map_cells: MapCells | None = None,
    threads: int | None = None,
    progress: Progress | None = None,
) -> Solution:
    """Exemplars and labels of points (n, d) without ever holding all pairs.

    Args:
        map_cells: an ordered map for the neighbour searches, each a pure function of one
            cell or block of rows; None for threads of this process.
    """
    clock = _Clock()
    with open_map(threads) as pool:
        run = map_cells or pool
        k = min(settings.neighbours, len(points) - 1)
        space = open_space(points, run, k=k, seed=settings.seed)
        neighbours = space.find(k, None, run)
        graph = join_neighbours(neighbours)
        clock.mark("neighbours")
        first = propagate_sparse(
            graph,
            settings.preference,
            max_iterations=min(100, settings.max_iterations),
            window=settings.window,
            threads=threads,
            progress=progress,
        )
        clock.mark("messages")
        elections = [first, *_restrict(space, _lead(first, graph), settings, run, threads)]
        clock.mark("candidates")
        state, trail = refine_exemplars(
            space, graph, np.flatnonzero(elections[-1].chosen), settings.preference, run,
            rounds=settings.rounds,
        )  # fmt: skip
        clock.mark("local_search")
        details = _describe(space, graph, elections, trail)
        if settings.certificate:
            details |= _certify(graph, neighbours, state, settings.preference, pool)
            clock.mark("certificate")
        details["cpu_seconds"] = clock.seconds
    return _restore_order(space, state, elections, details)


def _lead(first: Election, graph: Graph) -> Mask:
    """Stage 1's exemplars; where it elected nobody, the points with most neighbours."""
    if not first.chosen.any():
        first.chosen[np.argmax(np.diff(graph.indptr))] = True
    return first.chosen


def _restrict(
    space: Space, chosen: Mask, settings: SparseSettings, run: MapCells, threads: int | None
) -> list[Election]:
    """Affinity propagation in which only the exemplars of the last stage may lead."""
    elections: list[Election] = []
    for _ in range(_RESTRICTED_STAGES):
        members = np.flatnonzero(chosen).astype(np.int32)
        found = space.find(min(CANDIDATES_PER_POINT, len(members)), members, run)
        election = propagate_sparse(
            point_to_candidates(found),
            settings.preference,
            may_lead=chosen,
            max_iterations=settings.max_iterations,
            window=settings.window,
            threads=threads,
        )
        if not election.chosen.any():
            break
        elections.append(election)
        if election.chosen.sum() >= 0.97 * len(members):
            break
        chosen = election.chosen
    return elections


def _describe(
    space: Space, graph: Graph, elections: list[Election], trail: list[float]
) -> dict[str, Any]:
    first = elections[0]
    rows = np.repeat(np.arange(graph.num_points), np.diff(graph.indptr))
    served = first.chosen.copy()
    served[rows[first.chosen[graph.columns]]] = True
    return {
        "neighbour_recall": space.recall,
        "edges": len(graph.columns),
        "components": count_components(graph),
        "stages": [describe_election(one) for one in elections],
        "unassigned_after_messages": float(1 - served.mean()),
        "net_similarity_by_round": trail,
    }


def _certify(
    graph: Graph, neighbours: Neighbours, state: Assignment, preference: float, run: MapCells
) -> dict[str, Any]:
    if not neighbours.exact:
        return {"certificate": None, "certificate_because": "the neighbours are approximate"}
    caps = -neighbours.similarity[:, -1]
    sizes = np.bincount(state.labels)
    prices = -state.best - preference / sizes[state.labels]
    bound = bound_cost(graph, caps, prices.astype(np.float32), -preference, -state.net, run)
    return {"certificate": {"best_possible": -bound, "gap": (-state.net - bound) / -state.net}}


def _restore_order(
    space: Space, state: Assignment, elections: list[Election], details: dict[str, Any]
) -> Solution:
    """From the space's own order back to the rows that came in, exemplars sorted."""
    exemplars: Indices = space.order[state.exemplars]
    rank = np.argsort(exemplars)
    new_label = np.empty(len(rank), dtype=np.int64)
    new_label[rank] = np.arange(len(rank))
    labels = np.empty(len(state.labels), dtype=np.int64)
    labels[space.order] = new_label[state.labels]
    return Solution(
        labels,
        exemplars[rank],
        all(one.converged for one in elections[-1:]),
        sum(one.iterations for one in elections),
        details,
    )


class _Clock:
    """CPU-seconds of this process by stage."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._last = time.process_time()

    def mark(self, name: str) -> None:
        now = time.process_time()
        self.seconds[name] = now - self._last
        self._last = now
