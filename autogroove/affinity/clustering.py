"""Encodings in, clusters out: the one entry that the pipeline uses.

What belongs here: the choice of method and preference, the second attempts when messages do not
settle, and the report.
What does not: the solvers. They bring points to exemplars; this module promises that every
track gets a cluster.
"""

import logging
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from autogroove.affinity.dense import Progress
from autogroove.affinity.dense_run import solve_dense
from autogroove.affinity.election import Indices, Solution
from autogroove.affinity.similarity import Floats, build_similarities, measure_quantile
from autogroove.config import ClusteringSettings
from autogroove.errors import SettingsError

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Clustering:
    """Every track's cluster, and how it was found.

    Attributes:
        labels: int64 (n,), 0 … k−1, never −1.
        exemplars: int64 (k,), sorted row numbers; `labels[exemplars] == arange(k)`.
        converged: whether the messages settled. Where they did not, the clusters are still
            whole, but another damping might give better ones.
        iterations: message passing iterations of the last attempt.
        net_similarity: sum of every track's similarity to its exemplar plus k preferences.
        preference: the self-similarity that was used.
        method: "dense" or "sparse".
        report: JSON-able details for a person: choice of method, sizes, attempts.
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
) -> Clustering:
    """Cluster track encodings (n, d) by affinity propagation on −‖x − y‖².

    Args:
        encodings: float32 (n, d), finite; n may be 0 or 1.
        settings: method, preference, damping and limits.
        progress: called with (iteration, most iterations).
        threads: None for all processors. The result does not depend on it.

    Raises:
        SettingsError: an encoding is not finite, or more clusters than tracks were asked for.
    """
    points = np.ascontiguousarray(encodings, dtype=np.float32)
    _check(points, settings)
    method, why = choose_method(len(points), settings)
    _log.info("Affinity propagation of %d tracks: %s (%s).", len(points), method, why)
    preference, solution = _solve_dense(points, settings, progress, threads)
    return _report(points, solution, preference, method, why)


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


def choose_method(num_tracks: int, settings: ClusteringSettings) -> tuple[str, str]:
    """The method, and in words why: what was asked for, or by the number of tracks."""
    if settings.method != "auto":
        return settings.method, "as the settings ask"
    return "dense", "auto"


def _solve_dense(
    points: Floats, settings: ClusteringSettings, progress: Progress | None, threads: int | None
) -> tuple[float, Solution]:
    similarities = build_similarities(points, threads=threads)
    if settings.preference is not None:
        preference = settings.preference
    else:
        preference = measure_quantile(similarities, settings.preference_quantile)
    return preference, solve_dense(
        similarities,
        np.full(len(points), preference),
        damping=settings.damping,
        max_iterations=settings.max_iterations,
        window=settings.convergence_iterations,
        threads=threads,
        progress=progress,
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
    points: Floats, solution: Solution, preference: float, method: str, why: str
) -> Clustering:
    sizes = np.bincount(solution.labels, minlength=len(solution.exemplars))
    net = measure_net_similarity(points, solution.labels, solution.exemplars, preference)
    report = {
        "method": method,
        "method_because": why,
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
        solution.labels, solution.exemplars, solution.converged, solution.iterations,
        net, preference, method, report,
    )  # fmt: skip
