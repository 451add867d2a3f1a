"""Local search: small moves that only ever raise the net similarity.

What belongs here: assignment to exemplars, medoids, and closing or opening single exemplars, as
for the uncapacitated facility location problem that affinity propagation approximates.
What does not: messages.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from autogroove.clustering.cells import Space
from autogroove.clustering.election import Indices
from autogroove.clustering.graph import Graph, measure_gains, open_exemplars
from autogroove.clustering.machine import MapCells
from autogroove.clustering.neighbours import Ids, Points

BOLDNESS = 0.85
"""Share of an exemplar's cost that an exchange must win back by opening it alone."""
_CLOSING_PASSES = 3


@dataclass(frozen=True)
class Assignment:
    """Everyone's exemplar and the runner-up.

    Attributes:
        exemplars: int32 (k,), sorted positions.
        labels: int64 (n,), 0 … k−1.
        second: int64 (n,), the label of the next best exemplar; −1 where there is none.
        best, runner_up: float32 (n,), similarities to the two.
        net: the net similarity.
    """

    exemplars: Ids
    labels: Indices
    second: Indices
    best: Points
    runner_up: Points
    net: float


def assign_points(
    space: Space, exemplars: npt.NDArray[np.integer], preference: float, run: MapCells
) -> Assignment:
    """Every point to its most similar exemplar; exemplars to themselves."""
    members = np.unique(exemplars).astype(np.int32)
    found = space.find(2, members, run)
    places = np.where(found.index >= 0, np.searchsorted(members, found.index), -1)
    labels, second = places[:, 0].astype(np.int64), places[:, 1].astype(np.int64)
    best, runner_up = found.similarity[:, 0].copy(), found.similarity[:, 1].copy()
    second[members], runner_up[members] = labels[members], best[members]
    labels[members], best[members] = np.arange(len(members)), 0
    net = float(best.sum(dtype=np.float64)) + len(members) * preference
    return Assignment(members, labels, second, best, runner_up, net)


def refine_exemplars(
    space: Space,
    graph: Graph,
    exemplars: npt.NDArray[np.integer],
    preference: float,
    run: MapCells,
    rounds: int = 3,
) -> tuple[Assignment, list[float]]:
    """Rounds of medoids, closing, opening and exchanging; the net similarity of each.

    There are `rounds` of them, fewer where nothing more is gained, and up to four times as many
    while a round still gains 0.1 %.
    """
    state = assign_points(space, exemplars, preference, run)
    trail = [state.net]
    for number in range(4 * rounds):
        state = _improve(space, graph, state, preference, run)
        state = _exchange(space, graph, state, preference, run)
        trail.append(state.net)
        gain = (trail[-1] - trail[-2]) / abs(trail[-2]) if trail[-2] else 0.0
        if gain < (1e-5 if number + 1 < rounds else 1e-3):
            break
    return state, trail


def _improve(
    space: Space, graph: Graph, state: Assignment, preference: float, run: MapCells
) -> Assignment:
    """Medoids, then closing and opening what pays for itself; each kept only if it gains."""
    centred = assign_points(space, find_medoids(space.points, state), preference, run)
    state = max(state, centred, key=lambda one: one.net)
    closed = choose_closures(state, -preference)
    moved = assign_points(space, _open(graph, state, closed, -preference), preference, run)
    return max(state, moved, key=lambda one: one.net)


def find_medoids(points: Points, state: Assignment) -> Ids:
    """Of each cluster the member nearest to its mean.

    For squared Euclidean distances that is exactly the member with the largest sum of
    similarities to the others.
    """
    order = np.argsort(state.labels, kind="stable")
    labels = state.labels[order]
    starts = np.searchsorted(labels, np.arange(len(state.exemplars)))
    sizes = np.diff(np.append(starts, len(labels)))
    distance = np.empty(len(labels), dtype=np.float32)
    means = np.empty((len(starts), points.shape[1]), dtype=np.float32)
    for first in range(0, len(starts), 1024):
        last = min(first + 1024, len(starts))
        rows = slice(starts[first], starts[last] if last < len(starts) else len(labels))
        part = points[order[rows]]
        local = starts[first:last] - starts[first]
        sums = np.add.reduceat(part, local, axis=0, dtype=np.float64)
        means[first:last] = sums / sizes[first:last, None]
        difference = part - means[labels[rows]]
        distance[rows] = np.einsum("ij,ij->i", difference, difference)
    ranked = order[np.lexsort((distance, labels))]
    return ranked[starts].astype(np.int32)


def _exchange(
    space: Space, graph: Graph, state: Assignment, preference: float, run: MapCells
) -> Assignment:
    """Open what nearly pays for itself, then close what that has made superfluous."""
    none = np.zeros(len(state.exemplars), dtype=np.bool_)
    bold = _open(graph, state, none, -preference * BOLDNESS)
    moved = assign_points(space, bold, preference, run)
    for _ in range(_CLOSING_PASSES):
        closed = choose_closures(moved, -preference)
        if not closed.any():
            break
        moved = assign_points(space, moved.exemplars[~closed], preference, run)
    return max(state, moved, key=lambda one: one.net)


def _open(graph: Graph, state: Assignment, closed: npt.NDArray[np.bool_], cost: float) -> Indices:
    """The exemplars that stay, and those worth opening once the closed ones are gone."""
    best = state.best.copy()
    moved = closed[state.labels]
    best[moved] = state.runner_up[moved]
    kept = state.exemplars[~closed]
    gains = np.empty(len(best), dtype=np.float32)
    measure_gains(graph.indptr, graph.columns, graph.values, best, gains)
    gains[kept] = 0
    candidates = np.flatnonzero(gains > cost)
    candidates = candidates[np.argsort(-gains[candidates], kind="stable")]
    opened = open_exemplars(
        candidates, graph.indptr, graph.columns, graph.values, np.float32(cost), best
    )
    return np.concatenate([kept, candidates[opened]]).astype(np.int64)


def choose_closures(state: Assignment, cost: float) -> npt.NDArray[np.bool_]:
    """Exemplars, bool (k,), whose members lose less by moving on than one exemplar costs.

    The most profitable close first; nobody moves to an exemplar that closes in the same round.
    """
    k = len(state.exemplars)
    loss = np.bincount(state.labels, state.best - state.runner_up, k)
    closed = np.zeros(k, dtype=np.bool_)
    kept = np.zeros(k, dtype=np.bool_)
    candidates = np.flatnonzero(loss < cost)
    if k < 2 or not len(candidates):
        return closed
    order = np.argsort(state.labels, kind="stable")
    bounds = np.searchsorted(state.labels[order], np.arange(k + 1))
    for cluster in candidates[np.argsort(loss[candidates], kind="stable")]:
        heirs = state.second[order[bounds[cluster] : bounds[cluster + 1]]]
        if not kept[cluster] and (heirs >= 0).all() and not closed[heirs].any():
            closed[cluster] = True
            kept[heirs] = True
    return closed
