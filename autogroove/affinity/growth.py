"""A collection that grows: new tracks at once, new clusters when it is worth it.

What belongs here: assigning new tracks to old exemplars, measuring how badly they fit, and
clustering again from the old exemplars instead of from nothing.
What does not: deciding when a pipeline does so.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from autogroove.affinity.election import Indices, Solution
from autogroove.affinity.graph import join_neighbours
from autogroove.affinity.graph_kernels import measure_gains, open_exemplars
from autogroove.affinity.neighbours import Points, search_exact
from autogroove.affinity.similarity import Floats
from autogroove.affinity.space import open_space
from autogroove.affinity.sparse_run import (
    Neighbourhood,
    SparseSettings,
    solve_sparse,
)
from autogroove.affinity.threads import MapCells, open_map

DRIFT_LIMIT = 0.015
"""Share of the net similarity at stake from which a refresh is worth its cost."""


@dataclass(frozen=True)
class Drift:
    """Whether tracks that were only assigned call for a refresh.

    Attributes:
        mean_distance_ratio: mean distance of new tracks to their exemplars ÷ that of old ones.
        excess: share of the net similarity lost because new tracks fit worse than old ones.
        promised_gain: share of the net similarity that exemplars among the new tracks would win.
        refresh: whether it is worth clustering again.
    """

    mean_distance_ratio: float
    excess: float
    promised_gain: float
    refresh: bool


def assign_tracks(
    encodings: Floats, exemplar_encodings: Floats, *, threads: int | None = None
) -> tuple[Indices, Points]:
    """For each new track the nearest exemplar, int64 (n,), and its similarity, float32 (n,)."""
    queries = np.ascontiguousarray(encodings, dtype=np.float32)
    base = np.ascontiguousarray(exemplar_encodings, dtype=np.float32)
    centre = base.mean(axis=0, dtype=np.float64).astype(np.float32)
    with open_map(threads) as run:
        found = search_exact(queries - centre, base - centre, 1, run)
    return found.index[:, 0].astype(np.int64), found.similarity[:, 0]


def measure_drift(
    old_similarity: npt.NDArray[np.float32],
    new_encodings: Floats,
    exemplar_encodings: Floats,
    preference: float,
    *,
    neighbours: int = 15,
    threads: int | None = None,
) -> Drift:
    """How badly new tracks fit exemplars that were chosen without them.

    Args:
        old_similarity: float32 (n,), of each old track to its exemplar.
        new_encodings: (m, d). exemplar_encodings: (k, d).
        preference: of the clustering at hand, negative.
        neighbours: new tracks that each new track is compared with.
    """
    if not len(new_encodings):
        return Drift(1.0, 0.0, 0.0, False)
    _, best = assign_tracks(new_encodings, exemplar_encodings, threads=threads)
    gain = 0.0
    with open_map(threads) as run:
        k = min(neighbours, len(new_encodings) - 1)
        points = np.ascontiguousarray(new_encodings, dtype=np.float32)
        if k:
            gain = _promise_gain(points, best, -preference, k, run)
    cost = -float(old_similarity.sum(dtype=np.float64) + best.sum(dtype=np.float64))
    cost += -preference * len(exemplar_encodings)
    old = float(old_similarity.mean()) if len(old_similarity) else 0.0
    ratio = float(best.mean()) / old if old else 1.0
    excess = (old - float(best.mean())) * len(best) / cost if cost else 0.0
    promised = gain / cost if cost else 0.0
    return Drift(ratio, excess, promised, max(excess, promised) > DRIFT_LIMIT)


def _promise_gain(points: Points, best: Points, cost: float, k: int, run: MapCells) -> float:
    """Net similarity won by opening new tracks as exemplars, one after the other."""
    space = open_space(points, run, k=k)
    graph = join_neighbours(space.find(k, None, run))
    before = best[space.order]
    after, gains = before.copy(), np.empty(len(before), dtype=np.float32)
    measure_gains(graph.indptr, graph.columns, graph.values, before, gains)
    candidates = np.flatnonzero(gains > cost)
    candidates = candidates[np.argsort(-gains[candidates], kind="stable")]
    opened = open_exemplars(
        candidates, graph.indptr, graph.columns, graph.values, np.float32(cost), after
    )
    won = float((after - before).sum(dtype=np.float64))
    return won - cost * int(opened.sum())


def refresh_clusters(
    around: Neighbourhood,
    old_exemplars: Indices,
    settings: SparseSettings,
    *,
    map_cells: MapCells | None = None,
    threads: int | None = None,
) -> Solution:
    """Cluster a grown collection again, beginning from the exemplars it had.

    Args:
        around: the neighbourhood of all tracks, old and new.
        old_exemplars: int64, their rows now; those of removed tracks left out.
        settings: with the preference of the old clustering.
    """
    return solve_sparse(around, settings, known=old_exemplars, map_cells=map_cells, threads=threads)
