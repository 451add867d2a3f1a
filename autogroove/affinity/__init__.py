"""Affinity propagation, dense and sparse."""

from autogroove.affinity.clustering import Clustering, cluster_encodings

__all__ = ["Clustering", "cluster_encodings"]
