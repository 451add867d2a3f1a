"""Nearest neighbours and ranks by Euclidean distance, the distance that clusters use.

What belongs here: distances, neighbours among allowed pairs, ranks of relevant clips.
What does not: which pairs are allowed (`collection`) or what a good neighbour is.
"""

import numpy as np
from numpy.typing import NDArray

NOBODY = -1
_BLOCK = 1024


def measure_distances(
    queries: NDArray[np.float32], gallery: NDArray[np.float32]
) -> NDArray[np.float32]:
    """(q, n) squared Euclidean distances, float32, never negative.

    The gallery's mean is taken off both first: far from the origin, float32 would cancel.
    """
    centre = gallery.mean(axis=0, dtype=np.float64).astype(np.float32)
    near, far = queries - centre, gallery - centre
    squares = np.einsum("ij,ij->i", near, near)[:, None] + np.einsum("ij,ij->i", far, far)
    return np.asarray(np.maximum(squares - 2 * (near @ far.T), 0))


def find_neighbours(
    encodings: NDArray[np.float32], allowed: NDArray[np.bool_], count: int
) -> NDArray[np.int64]:
    """The nearest allowed tracks of each track.

    Args:
        encodings: (n, d).
        allowed: (n, n); the diagonal is never allowed.
        count: neighbours wanted.

    Returns:
        (n, count) nearest first, `NOBODY` where fewer are allowed. Equal distances are broken by
        a fixed shuffle, so that a collapsed encoder gains nothing from the order of the rows.
    """
    num_tracks = len(encodings)
    shuffle = np.random.default_rng(0).permutation(num_tracks)
    gallery = encodings[shuffle]
    found = np.full((num_tracks, count), NOBODY, np.int64)
    width = min(count, num_tracks)
    for start in range(0, num_tracks, _BLOCK):
        rows = np.arange(start, min(start + _BLOCK, num_tracks))
        distances = measure_distances(encodings[rows], gallery)
        distances[~allowed[rows][:, shuffle] | (rows[:, None] == shuffle)] = np.inf
        nearest = np.argpartition(distances, width - 1, axis=1)[:, :width]
        nearest_distances = np.take_along_axis(distances, nearest, axis=1)
        order = np.argsort(nearest_distances, axis=1, kind="stable")
        tracks = shuffle[np.take_along_axis(nearest, order, axis=1)]
        exists = np.isfinite(np.take_along_axis(nearest_distances, order, axis=1))
        found[rows, :width] = np.where(exists, tracks, NOBODY)
    return found


def rank_same_track(
    queries: NDArray[np.float32],
    sources: NDArray[np.int64],
    gallery: NDArray[np.float32],
    clip_tracks: NDArray[np.int64],
) -> list[NDArray[np.float64]]:
    """Ranks of the other clips of each query's track among all clips but the query's own.

    Args:
        queries: (q, d) encodings of clips, plain or disguised.
        sources: (q,) the gallery's row that each query was made from; it is left out.
        gallery: (n, d) encodings of all clips.
        clip_tracks: (n,) the track of each clip.

    Returns:
        For each query its ranks in ascending order, 0 the best; a tie counts half of its members
        as nearer. Empty where the track has no other clip.
    """
    ranks: list[NDArray[np.float64]] = []
    members = _members(clip_tracks)
    for start in range(0, len(queries), _BLOCK):
        distances = measure_distances(queries[start : start + _BLOCK], gallery)
        for row, source in zip(distances, sources[start : start + _BLOCK], strict=True):
            relevant = members[clip_tracks[source]]
            relevant = relevant[relevant != source]
            targets = np.sort(row[relevant])
            row[source] = np.inf
            below = np.count_nonzero(row < targets[:, None], axis=1)
            ties = np.count_nonzero(row <= targets[:, None], axis=1) - below
            place = np.arange(len(targets)) - np.searchsorted(targets, targets, side="left")
            tied = np.searchsorted(targets, targets, side="right")
            tied -= np.searchsorted(targets, targets, side="left")
            # Among `ties` equal distances of which `tied` are relevant: the expected place.
            ranks.append(below + (place + 1) * (ties + 1) / (tied + 1) - 1)
    return ranks


def _members(clip_tracks: NDArray[np.int64]) -> dict[int, NDArray[np.int64]]:
    order = np.argsort(clip_tracks, kind="stable")
    tracks, starts = np.unique(clip_tracks[order], return_index=True)
    pieces = np.split(order, starts[1:])
    return {int(t): piece for t, piece in zip(tracks, pieces, strict=True)}
