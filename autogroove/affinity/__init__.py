"""Affinity propagation, dense and sparse.

`cluster_encodings` is what the pipeline calls; `AffinityPropagation` is the same with
scikit-learn's interface. What needs compiled kernels is imported where it is used:
`autogroove.affinity.growth`, `autogroove.affinity.sparse_run`, `autogroove.affinity.dense_torch`.
"""

from typing import TYPE_CHECKING, Any

from autogroove.affinity.clustering import Clustering, choose_method, cluster_encodings

if TYPE_CHECKING:
    from autogroove.affinity.estimator import AffinityPropagation

__all__ = ["AffinityPropagation", "Clustering", "choose_method", "cluster_encodings"]


def __getattr__(name: str) -> Any:
    # scikit-learn takes a second to import; the pipeline does not need the estimator.
    if name == "AffinityPropagation":
        from autogroove.affinity.estimator import AffinityPropagation

        return AffinityPropagation
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
