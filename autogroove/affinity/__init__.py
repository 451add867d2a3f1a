"""Affinity propagation, dense and sparse.

`cluster_encodings` is what the pipeline calls; `AffinityPropagation` is the same with
scikit-learn's interface. What needs compiled kernels is imported where it is used:
`autogroove.affinity.sparse_run`.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from autogroove.affinity.clustering import Clustering, choose_method, cluster_encodings
    from autogroove.affinity.estimator import AffinityPropagation

__all__ = ["AffinityPropagation", "Clustering", "choose_method", "cluster_encodings"]


def __getattr__(name: str) -> Any:
    # The pipeline does not need scikit-learn, nor a solver the settings: each is 20 MB or more.
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    home = "estimator" if name == "AffinityPropagation" else "clustering"
    return getattr(import_module(f"{__name__}.{home}"), name)
