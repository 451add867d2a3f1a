"""The estimator: affinity propagation with scikit-learn's interface.

What belongs here: `AffinityPropagation`, for notebooks and pipelines of other people.
What does not: the algorithms. The pipeline of this project calls `cluster_encodings`.
"""

import warnings
from numbers import Integral, Real
from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator, ClusterMixin, _fit_context
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted, validate_data

from autogroove.clustering.affinity import cluster_encodings
from autogroove.clustering.dense_run import solve_dense
from autogroove.clustering.election import Solution, find_nearest_exemplars
from autogroove.clustering.similarity import Floats, measure_quantile
from autogroove.config import ClusteringSettings


def _has_samples(estimator: "AffinityPropagation") -> bool:
    """Raises AttributeError, which scikit-learn takes for "has no such method"."""
    if estimator.affinity == "precomputed":
        raise AttributeError("predict needs samples; it cannot follow affinity='precomputed'.")
    return True


class AffinityPropagation(ClusterMixin, BaseEstimator):  # type: ignore[misc]
    """Affinity propagation, dense or sparse, as a scikit-learn clusterer.

    The parameters that scikit-learn's estimator has mean the same. Unlike it, this one never
    labels anything −1: messages that do not settle are tried again at a higher damping, and a
    `ConvergenceWarning` says so if even that did not help.

    Args:
        damping: where to start, in [0.5, 1).
        max_iter: message passing iterations of one attempt.
        convergence_iter: iterations that the exemplars must stand still.
        preference: self-similarity; None for the median of all similarities.
        affinity: "euclidean" (negative squared distance) or "precomputed" (similarities, dense).
        method: "auto", "dense" or "sparse".
        n_clusters: look for the preference that gives about this many; None to take `preference`.
        n_neighbors: neighbours a sample keeps in the sparse method.
        random_state: int; draws the pairs behind a sampled median and the cells of large data.
        n_jobs: threads; None for all processors. The result does not depend on it.

    Attributes:
        labels_: int64 (n_samples,). cluster_centers_indices_: int64 (n_clusters,), sorted.
        cluster_centers_: (n_clusters, n_features), unless precomputed.
        n_iter_: iterations. converged_: bool. report_: dict, as of `cluster_encodings`.
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "damping": [Interval(Real, 0.5, 1.0, closed="left")],
        "max_iter": [Interval(Integral, 1, None, closed="left")],
        "convergence_iter": [Interval(Integral, 1, None, closed="left")],
        "preference": [Interval(Real, None, None, closed="neither"), None],
        "affinity": [StrOptions({"euclidean", "precomputed"})],
        "method": [StrOptions({"auto", "dense", "sparse"})],
        "n_clusters": [Interval(Integral, 1, None, closed="left"), None],
        "n_neighbors": [Interval(Integral, 1, None, closed="left")],
        "random_state": [Interval(Integral, 0, None, closed="left"), None],
        "n_jobs": [Interval(Integral, 1, None, closed="left"), None],
    }

    def __init__(
        self,
        *,
        damping: float = 0.5,
        max_iter: int = 200,
        convergence_iter: int = 15,
        preference: float | None = None,
        affinity: str = "euclidean",
        method: str = "auto",
        n_clusters: int | None = None,
        n_neighbors: int = 30,
        random_state: int | None = None,
        n_jobs: int | None = None,
    ) -> None:
        self.damping = damping
        self.max_iter = max_iter
        self.convergence_iter = convergence_iter
        self.preference = preference
        self.affinity = affinity
        self.method = method
        self.n_clusters = n_clusters
        self.n_neighbors = n_neighbors
        self.random_state = random_state
        self.n_jobs = n_jobs

    def __sklearn_tags__(self) -> Any:
        """Pairwise where similarities are given."""
        tags = super().__sklearn_tags__()
        tags.input_tags.pairwise = self.affinity == "precomputed"
        return tags

    @_fit_context(prefer_skip_nested_validation=True)  # type: ignore[untyped-decorator]
    def fit(self, X: npt.ArrayLike, y: object = None) -> Self:  # noqa: N803
        """Cluster samples (n_samples, n_features), or similarities where precomputed."""
        checked = validate_data(self, X, dtype=[np.float64, np.float32])
        if self.affinity == "precomputed":
            self._fit_similarities(checked)
        else:
            self._fit_points(checked)
        if not self.converged_:
            warnings.warn(
                "Affinity propagation did not settle; the clusters are whole but may be poor. "
                "Raise max_iter or damping.",
                ConvergenceWarning,
                stacklevel=2,
            )
        return self

    def _fit_points(self, points: Floats) -> None:
        settings = ClusteringSettings(
            method=self.method,
            damping=self.damping,
            preference=self.preference,
            num_clusters=self.n_clusters,
            max_iterations=self.max_iter,
            convergence_iterations=self.convergence_iter,
            neighbours=self.n_neighbors,
            seed=self.random_state or 0,
        )
        found = cluster_encodings(points.astype(np.float32), settings, threads=self.n_jobs)
        self.labels_, self.cluster_centers_indices_ = found.labels, found.exemplars
        self.cluster_centers_ = points[found.exemplars].copy()
        self.n_iter_, self.converged_, self.report_ = (
            found.iterations,
            found.converged,
            found.report,
        )

    def _fit_similarities(self, similarities: Floats) -> None:
        if similarities.shape[0] != similarities.shape[1]:
            raise ValueError(
                "The matrix of similarities must be a square array. "
                f"Got {similarities.shape} instead."
            )
        preference = self.preference
        if preference is None:
            preference = measure_quantile(similarities, 0.5)
        found: Solution = solve_dense(
            np.array(similarities, dtype=np.float32),
            np.full(len(similarities), preference),
            damping=self.damping,
            max_iterations=self.max_iter,
            window=self.convergence_iter,
            threads=self.n_jobs,
        )
        self.labels_, self.cluster_centers_indices_ = found.labels, found.exemplars
        self.n_iter_, self.converged_, self.report_ = (
            found.iterations,
            found.converged,
            found.details,
        )

    @available_if(_has_samples)  # type: ignore[untyped-decorator]
    def predict(self, X: npt.ArrayLike) -> npt.NDArray[np.int64]:  # noqa: N803
        """The cluster of the nearest exemplar, int64 (n_samples,); not where precomputed."""
        check_is_fitted(self)
        points = validate_data(self, X, dtype=[np.float64, np.float32], reset=False)
        return find_nearest_exemplars(
            points.astype(np.float32), self.cluster_centers_.astype(np.float32)
        )
