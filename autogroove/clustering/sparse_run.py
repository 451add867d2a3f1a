"""One sparse clustering, start to end.

What belongs here: the stages. Messages along the neighbour graph propose candidates; messages
between everyone and the candidates choose among them; a local search mends what is left.
What does not: any of those stages themselves.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from autogroove.clustering.cells import Space, open_space
from autogroove.clustering.dense import Progress
from autogroove.clustering.election import Election, Indices, Mask, Solution
from autogroove.clustering.exchange import close_some, exchange_exemplars, pays_to_exchange
from autogroove.clustering.graph import Graph, join_neighbours, point_to_candidates
from autogroove.clustering.machine import MapCells, open_map
from autogroove.clustering.neighbours import Neighbours, Points
from autogroove.clustering.refinement import Assignment, assign_points, refine_exemplars
from autogroove.clustering.sparse import propagate_sparse
from autogroove.clustering.sparse_report import Clock, certify, describe_run

CANDIDATES_PER_POINT = 16
_FEW_CANDIDATES = 64
"""Candidates per point as long as that makes no more than this many edges:"""
_EDGES_OF_FEW = 400_000
_RESTRICTED_STAGES = 3
_MESSAGES_ITERATIONS = 100
_MOST_SWEEPS = 4
_MOST_KICKS = 30
_KICKED_PAIRS = 50_000_000
_LEAST_SWEEP_GAIN = 1e-4


@dataclass(frozen=True)
class SparseSettings:
    """Limits of the stages."""

    preference: float
    max_iterations: int = 100
    window: int = 15
    certificate: bool = True


@dataclass(frozen=True)
class Neighbourhood:
    """What every run on the same points shares: it does not depend on the preference."""

    space: Space
    neighbours: Neighbours
    graph: Graph
    cpu_seconds: float


def find_neighbourhood(
    points: Points,
    *,
    neighbours: int = 30,
    seed: int = 0,
    map_cells: MapCells | None = None,
    threads: int | None = None,
) -> Neighbourhood:
    """Nearest neighbours of points float32 (n, d), n ≥ 2, and the graph they make.

    Args:
        neighbours: how many a point keeps.
        seed: of the cells, used above 120,000 points.
        map_cells: an ordered map for the searches, each a pure function of one cell or block
            of rows; None for threads of this process.
        threads: None for all processors. The answer does not depend on it.
    """
    clock = Clock()
    with open_map(threads) as pool:
        run = map_cells or pool
        k = min(neighbours, len(points) - 1)
        space = open_space(points, run, k=k, seed=seed)
        found = space.find(k, None, run)
    graph = join_neighbours(found)
    clock.mark("neighbours")
    return Neighbourhood(space, found, graph, clock.seconds["neighbours"])


def solve_sparse(
    around: Neighbourhood,
    settings: SparseSettings,
    *,
    map_cells: MapCells | None = None,
    threads: int | None = None,
    progress: Progress | None = None,
) -> Solution:
    """Exemplars and labels without ever holding all pairs.

    Args:
        around: from `find_neighbourhood`.
        settings: limits, and the preference.
        map_cells, threads: as for `find_neighbourhood`.
        progress: called with (iteration, most iterations) of the first stage.
    """
    clock = Clock()
    space, graph = around.space, around.graph
    first = propagate_sparse(
        graph,
        settings.preference,
        max_iterations=min(_MESSAGES_ITERATIONS, settings.max_iterations),
        window=settings.window,
        threads=threads,
        progress=progress,
    )
    proposed = _propose(around, first)
    clock.mark("messages")
    with open_map(threads) as pool:
        run = map_cells or pool
        later = _restrict(space, proposed, settings, run, threads)
        clock.mark("candidates")
        elected = np.flatnonzero(later[-1].chosen if later else proposed)
        state, trail = refine_exemplars(space, graph, elected, settings.preference, run)
        state = _exchange(around, state, settings.preference, run, trail)
        clock.mark("local_search")
        details = describe_run(graph, space.recall, proposed, [first, *later], trail)
        if settings.certificate:
            details |= certify(graph, around.neighbours, state, settings.preference, pool)
            clock.mark("certificate")
    seconds = {"neighbours": around.cpu_seconds, **clock.seconds}
    return _restore_order(space, state, [first, *later], details, seconds)


def _propose(around: Neighbourhood, first: Election) -> Mask:
    """Candidates, bool (n,): elected along the graph; never nobody."""
    proposed = first.chosen.copy()
    if not proposed.any():
        proposed[np.argmax(np.diff(around.graph.indptr))] = True
    return proposed


def _restrict(
    space: Space,
    chosen: Mask,
    settings: SparseSettings,
    run: MapCells,
    threads: int | None,
) -> list[Election]:
    """Affinity propagation in which only the exemplars of the last stage may lead."""
    elections: list[Election] = []
    few = _FEW_CANDIDATES * len(space.points) <= _EDGES_OF_FEW
    per_point = _FEW_CANDIDATES if few else CANDIDATES_PER_POINT
    for _ in range(_RESTRICTED_STAGES):
        members = np.flatnonzero(chosen).astype(np.int32)
        found = space.find(min(per_point, len(members)), members, run)
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


def _exchange(
    around: Neighbourhood,
    state: Assignment,
    preference: float,
    run: MapCells,
    trail: list[float],
) -> Assignment:
    """Sweeps over all pairs where clusters outgrow the neighbourhood, as long as they gain.

    Few points are shaken loose a few times more: a sixth of the exemplars close, and a sweep
    puts better ones in their place, or the same.
    """
    space, k = around.space, around.neighbours.index.shape[1]
    points, gaining = space.points, True
    kicks = min(_MOST_KICKS, _KICKED_PAIRS // len(points) ** 2)
    for turn in range(_MOST_SWEEPS + kicks):
        if preference >= 0 or not pays_to_exchange(len(points), len(state.exemplars), k):
            break
        begin = state
        if not gaining:
            kicks -= 1
            kept = close_some(state.exemplars, turn)
            begin = assign_points(space, kept, preference, run)
        if kicks < 0:
            break
        swept = exchange_exemplars(points, begin, preference, turn)
        better, _ = refine_exemplars(space, around.graph, swept, preference, run, 1)
        gaining = better.net - state.net > _LEAST_SWEEP_GAIN * abs(state.net)
        if better.net > state.net:
            state = better
            trail.append(state.net)
    return state


def _restore_order(
    space: Space,
    state: Assignment,
    elections: list[Election],
    details: dict[str, Any],
    seconds: dict[str, float],
) -> Solution:
    """From the space's own order back to the rows that came in, exemplars sorted."""
    exemplars: Indices = space.order[state.exemplars]
    rank = np.argsort(exemplars)
    new_label = np.empty(len(rank), dtype=np.int64)
    new_label[rank] = np.arange(len(rank))
    labels = np.empty(len(state.labels), dtype=np.int64)
    labels[space.order] = new_label[state.labels]
    iterations = sum(one.iterations for one in elections)
    converged = elections[-1].converged
    return Solution(labels, exemplars[rank], converged, iterations, details, seconds)
