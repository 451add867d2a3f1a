"""Encodings in, clusters out: the one entry that the pipeline uses.

What belongs here: the choice of method and preference, and the report.
What does not: the solvers. They bring points to exemplars; this module promises that every
track gets a cluster.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from autogroove.clustering.dense import Progress
from autogroove.clustering.dense_run import solve_dense
from autogroove.clustering.election import Indices, Solution
from autogroove.clustering.machine import MapCells, find_available_bytes
from autogroove.clustering.similarity import (
    Floats,
    build_similarities,
    measure_quantile,
    sample_quantile,
    search_preference,
)
from autogroove.config import ClusteringSettings
from autogroove.errors import SettingsError

_log = logging.getLogger(__name__)

DENSE_AT_LEAST = 64
"""Tracks below which sparse has nothing to leave out."""
_DENSE_BYTES_PER_PAIR = 8


@dataclass(frozen=True)
class Clustering:
    """Every track's cluster, and how it was found.

    Attributes:
        labels: int64 (n,), 0 … k−1, never −1.
        exemplars: int64 (k,), sorted row numbers; `labels[exemplars] == arange(k)`.
        converged: whether the messages settled. Where they did not, the clusters are still
            whole, but another damping might give better ones.
        iterations: message passing iterations of the run that counted.
        net_similarity: sum of every track's similarity to its exemplar plus k preferences.
        preference: the self-similarity that was used.
        method: "dense" or "sparse".
        report: JSON-able details for a person: choice of method, sizes, attempts or stages.
    """

    labels: Indices
    exemplars: Indices
    converged: bool
    iterations: int
    net_similarity: float
    preference: float
    method: str
    report: dict[str, Any] = field(default_factory=dict)


def cluster_encodings(
    encodings: npt.NDArray[np.float32],
    settings: ClusteringSettings,
    *,
    progress: Progress | None = None,
    threads: int | None = None,
    map_cells: MapCells | None = None,
) -> Clustering:
    """Cluster track encodings (n, d) by affinity propagation on −‖x − y‖².

    Args:
        encodings: float32 (n, d), finite; n may be 0 or 1.
        settings: method, preference, damping and limits.
        progress: called with (iteration, most iterations).
        threads: None for all processors. The result does not depend on it.
        map_cells: an ordered map for the neighbour searches of the sparse method, for instance
            over a cluster; None for threads.

    Raises:
        SettingsError: an encoding is not finite, or more clusters than tracks were asked for.
    """
    points = np.ascontiguousarray(encodings, dtype=np.float32)
    _check(points, settings)
    method, why = choose_method(len(points), settings)
    _log.info("Affinity propagation of %d tracks: %s (%s).", len(points), method, why)
    if method == "dense":
        start, solve = _open_dense(points, settings, progress, threads)
    else:
        start, solve = _open_sparse(points, settings, progress, threads, map_cells)
    preference, solution, runs = start, None, 1
    if settings.num_clusters and len(points):
        preference, solution, runs = search_preference(
            solve, lambda one: len(one.exemplars), settings.num_clusters, start
        )
    solution = solution or solve(start)
    return _report(points, solution, preference, method, {"method_because": why, "runs": runs})


def choose_method(
    num_tracks: int, settings: ClusteringSettings, available_bytes: int | None = None
) -> tuple[str, str]:
    """The method, and in words why: what was asked for, or by number of tracks and memory.

    Args:
        num_tracks: how many encodings.
        settings: `method` and `dense_up_to` count.
        available_bytes: None asks the machine.
    """
    if num_tracks < DENSE_AT_LEAST:
        return "dense", f"fewer than {DENSE_AT_LEAST} tracks"
    if settings.method != "auto":
        return settings.method, "as the settings ask"
    if num_tracks > settings.dense_up_to:
        return "sparse", f"more than {settings.dense_up_to} tracks"
    needed = _DENSE_BYTES_PER_PAIR * num_tracks**2
    available = find_available_bytes() if available_bytes is None else available_bytes
    if available is not None and needed > available // 2:
        return "sparse", f"all pairs would need {needed / 1e9:.1f} GB, more than half of the memory"
    return "dense", f"no more than {settings.dense_up_to} tracks"


Solver = Callable[[float], Solution]


def _open_dense(
    points: Floats, settings: ClusteringSettings, progress: Progress | None, threads: int | None
) -> tuple[float, Solver]:
    first: list[Floats] = [build_similarities(points, threads=threads)]
    if settings.preference is not None:
        start = settings.preference
    else:
        start = measure_quantile(first[0], settings.preference_quantile)

    def solve(preference: float) -> Solution:
        matrix = first.pop() if first else build_similarities(points, threads=threads)
        return solve_dense(
            matrix,
            np.full(len(points), preference),
            damping=settings.damping,
            max_iterations=settings.max_iterations,
            window=settings.convergence_iterations,
            threads=threads,
            progress=progress,
        )

    return start, solve


def _open_sparse(
    points: npt.NDArray[np.float32],
    settings: ClusteringSettings,
    progress: Progress | None,
    threads: int | None,
    map_cells: MapCells | None,
) -> tuple[float, Solver]:
    # Here, because numba costs a second to import and small collections do without it.
    from autogroove.clustering.sparse_run import SparseSettings, find_neighbourhood, solve_sparse

    around = find_neighbourhood(
        points,
        neighbours=settings.neighbours,
        seed=settings.seed,
        map_cells=map_cells,
        threads=threads,
    )
    start = settings.preference
    if start is None:
        start = sample_quantile(points, settings.preference_quantile, seed=settings.seed)

    def solve(preference: float) -> Solution:
        limits = SparseSettings(
            preference,
            max_iterations=settings.max_iterations,
            window=settings.convergence_iterations,
            certificate=settings.certificate,
        )
        return solve_sparse(around, limits, map_cells=map_cells, threads=threads, progress=progress)

    return start, solve


def _check(points: Floats, settings: ClusteringSettings) -> None:
    if points.ndim != 2:
        raise SettingsError(f"Encodings have shape {points.shape}; they must be (tracks, size).")
    if not np.isfinite(points).all():
        row = int(np.flatnonzero(~np.isfinite(points).all(axis=1))[0])
        raise SettingsError(
            f"The encoding in row {row} is not finite: the model that made it is damaged. "
            "Train it again (--retrain always)."
        )
    if settings.num_clusters and settings.num_clusters > len(points):
        raise SettingsError(
            f"clustering.num_clusters is {settings.num_clusters}, but there are only "
            f"{len(points)} tracks."
        )


def measure_net_similarity(
    points: Floats, labels: Indices, exemplars: Indices, preference: float
) -> float:
    """Σ s(track, its exemplar) + k · preference, in float64: the objective, higher is better."""
    total = 0.0
    for start in range(0, len(points), 65_536):
        block = slice(start, start + 65_536)
        difference = points[block].astype(np.float64) - points[exemplars[labels[block]]]
        total -= float(np.einsum("ij,ij->", difference, difference))
    return total + len(exemplars) * preference


def _report(
    points: Floats, solution: Solution, preference: float, method: str, notes: dict[str, Any]
) -> Clustering:
    sizes = np.bincount(solution.labels, minlength=len(solution.exemplars))
    net = measure_net_similarity(points, solution.labels, solution.exemplars, preference)
    report = {
        "method": method,
        **notes,
        "tracks": len(points),
        "clusters": len(solution.exemplars),
        "largest_cluster": int(sizes.max(initial=0)),
        "median_cluster": float(np.median(sizes)) if len(sizes) else 0.0,
        "clusters_of_one": int(np.count_nonzero(sizes == 1)),
        "net_similarity": net,
        "preference": preference,
        "converged": solution.converged,
        "iterations": solution.iterations,
        **solution.details,
    }
    if not solution.converged:
        _log.warning("Affinity propagation did not settle; see the report of the clusters.")
    return Clustering(
        solution.labels,
        solution.exemplars,
        solution.converged,
        solution.iterations,
        net,
        preference,
        method,
        report,
    )
