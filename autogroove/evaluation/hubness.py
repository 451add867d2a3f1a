"""Are some tracks everybody's neighbours, and others nobody's?

What belongs here: row 9 of the card (Radovanović, Nanopoulos and Ivanović 2010; Schnitzer et al.
2012). N_k, the k-occurrence, is how many tracks have a track among their k nearest.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from autogroove.evaluation.card import (
    Figure,
    Numbers,
    bootstrap_sums,
    estimate_mean,
    jackknife_groups,
)
from autogroove.evaluation.neighbours import NOBODY
from autogroove.evaluation.view import EncoderView


def count_occurrences(neighbours: NDArray[np.int64]) -> NDArray[np.int64]:
    """(n,) how often each track is a neighbour."""
    found = neighbours[neighbours != NOBODY]
    return np.bincount(found, minlength=len(neighbours))


def measure_skewness(view: EncoderView) -> Figure:
    """Skewness of the k-occurrence: about 0 without hubs, above 1.4 with strong ones."""
    times = count_occurrences(view.neighbours).astype(np.float64)
    times -= times.mean()
    powers = np.column_stack([np.ones_like(times), times, times**2, times**3])
    return bootstrap_sums(powers, view.collection.artists, _skew, **view.resampling)


def measure_antihubs(view: EncoderView) -> Figure:
    """Share of tracks that are nobody's neighbour: music that similarity never reaches."""
    missed = (count_occurrences(view.neighbours) == 0).astype(np.float64)
    return estimate_mean(missed, view.collection.artists, **view.resampling)


def measure_connection(view: EncoderView) -> Figure:
    """Share of tracks in the largest connected component of the neighbour graph."""
    neighbours = view.neighbours
    rows = np.broadcast_to(np.arange(len(neighbours))[:, None], neighbours.shape)
    edges = np.column_stack([rows.ravel(), neighbours.ravel()])
    edges = edges[edges[:, 1] != NOBODY]

    def connect(kept: NDArray[np.bool_]) -> float:
        inside = edges[kept[edges].all(axis=1)]
        graph = coo_array((np.ones(len(inside)), inside.T), shape=(len(kept), len(kept)))
        _, component = connected_components(graph, directed=False)
        return float(np.bincount(component[kept]).max() / kept.sum())

    return jackknife_groups(connect, view.collection.artists)


def _skew(sums: Numbers) -> Numbers:
    count, first, second, third = np.moveaxis(sums, -1, 0)
    mean, square, cube = first / count, second / count, third / count
    variance = square - mean**2
    return np.asarray((cube - 3 * mean * square + 2 * mean**3) / variance**1.5)
