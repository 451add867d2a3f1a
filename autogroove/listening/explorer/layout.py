"""A map of a collection: encodings to places on a plane.

What belongs here: the projection, the same for the same encodings.
What does not: which release a map is drawn on (`open_releases`), colours, or drawing.

Up to `MOST_LANDMARKS` tracks are placed by t-SNE from a start by principal components. In larger
collections that many landmarks are (exemplars first), and every other track lies among the
landmarks that it is nearest to. A map of this kind tells who is near whom; distances between
far regions mean little.

A later release of the same model is placed among the landmarks of an earlier one, by each track's
own encoding and id and nothing else. So what stays as it was stays where it was, to the bit.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from autogroove.figures import project_plane
from autogroove.listening.proximity import Singles

MOST_LANDMARKS = 800
"""t-SNE of this many takes about 3 s of one core."""

NEAREST_LANDMARKS = 4
SCATTER = 0.3
"""Of the mean distance of landmarks, so that points between them do not lie in lines."""
_BLOCK = 8192


@dataclass(frozen=True)
class Landscape:
    """Landmarks, and where they lie: what maps of one model are drawn on."""

    track_ids: NDArray[np.int64]
    encodings: Singles
    """Float32 (m, d)."""
    places: Singles
    """Float32 (m, 2) in [-1, 1]."""


def draw_landscape(
    track_ids: NDArray[np.int64],
    encodings: Singles,
    exemplars: NDArray[np.int64] | None = None,
    *,
    seed: int = 0,
) -> Landscape:
    """Choose landmarks among tracks with encodings float32 (n, d), and place them.

    `exemplars` are rows that should be among them.
    """
    rows = np.asarray(encodings, dtype=np.float32)
    found = exemplars if exemplars is not None else np.arange(0)
    landmarks = _choose_landmarks(len(rows), found, seed)
    places = np.empty((0, 2), np.float32)
    if len(landmarks):
        places = _fit_square(_place_landmarks(_whiten(rows[landmarks]), seed))
    return Landscape(track_ids[landmarks], rows[landmarks], places)


def place_tracks(landscape: Landscape, track_ids: NDArray[np.int64], encodings: Singles) -> Singles:
    """Places float32 (n, 2) in [-1, 1] of tracks with encodings float32 (n, d)."""
    rows = np.asarray(encodings, dtype=np.float32)
    if not len(landscape.places) or not len(rows):
        return np.zeros((len(rows), 2), np.float32)
    found = _place_among(landscape, track_ids, rows)
    order = np.argsort(landscape.track_ids)
    at = order[np.searchsorted(landscape.track_ids, track_ids, sorter=order) % len(order)]
    stayed = (landscape.track_ids[at] == track_ids) & (landscape.encodings[at] == rows).all(axis=1)
    found[stayed] = landscape.places[at[stayed]]
    return found.clip(-1, 1)


def _whiten(encodings: Singles) -> Singles:
    """Centred, in units of the overall deviation."""
    centred = encodings - encodings.mean(axis=0)
    return np.asarray(centred / max(float(centred.std()), 1e-12), dtype=np.float32)


def _choose_landmarks(num: int, exemplars: NDArray[np.int64], seed: int) -> NDArray[np.int64]:
    if num <= MOST_LANDMARKS:
        return np.arange(num)
    draw = np.random.default_rng(seed)
    chosen = draw.permutation(np.unique(exemplars))[:MOST_LANDMARKS]
    others = draw.permutation(np.setdiff1d(np.arange(num), chosen))
    return np.sort(np.concatenate([chosen, others[: MOST_LANDMARKS - len(chosen)]]))


def _place_landmarks(landmarks: Singles, seed: int) -> Singles:
    num = len(landmarks)
    if num < 3:
        return np.linspace(-0.5, 0.5, 2 * num, dtype=np.float32).reshape(num, 2)
    start = _project(landmarks)
    if len(landmarks) < 8:
        return start
    from sklearn.manifold import TSNE  # a second to import
    from threadpoolctl import threadpool_limits

    tsne = TSNE(
        perplexity=min(30.0, max(5.0, len(landmarks) ** 0.5), (len(landmarks) - 1) / 3),
        init=1e-4 * start / max(float(start[:, 0].std()), 1e-12),
        learning_rate="auto",
        max_iter=400,
        random_state=seed,
        n_jobs=1,
    )
    with threadpool_limits(1):  # so small that threads cost more than they give
        return np.asarray(tsne.fit_transform(landmarks), dtype=np.float32)


def _project(rows: Singles) -> Singles:
    return np.asarray(project_plane(rows - rows.mean(axis=0)), np.float32)


def _place_among(landscape: Landscape, track_ids: NDArray[np.int64], encodings: Singles) -> Singles:
    """Each track among its nearest landmarks, a little aside."""
    marks, places = landscape.encodings, landscape.places
    squares = np.einsum("ij,ij->i", marks, marks)
    num = min(NEAREST_LANDMARKS, len(marks))
    found = np.empty((len(encodings), 2), dtype=np.float32)
    for start in range(0, len(encodings), _BLOCK):
        rows = encodings[start : start + _BLOCK]
        away = squares - 2 * (rows @ marks.T) + np.einsum("ij,ij->i", rows, rows)[:, None]
        near = np.argpartition(away, num - 1, axis=1)[:, :num]
        close = np.take_along_axis(away, near, axis=1)
        close = close - close.min(axis=1, keepdims=True)
        weight = np.exp(-4 * close / np.maximum(close.max(axis=1, keepdims=True), 1e-12))
        weight /= weight.sum(axis=1, keepdims=True)
        found[start : start + _BLOCK] = np.einsum("ij,ijk->ik", weight, places[near])
    spread = float(np.ptp(places, axis=0).mean()) / np.sqrt(len(places))
    return found + np.float32(SCATTER * spread) * _draw_normal(track_ids)


def _draw_normal(track_ids: NDArray[np.int64]) -> Singles:
    """Two normal numbers for each id, float32 (n, 2), the same for an id in any company.

    Bits by SplitMix64 (Steele, Lea and Flood 2014), normal numbers by Box and Muller (1958).
    """
    bits = np.stack([2 * track_ids, 2 * track_ids + 1], axis=1).astype(np.uint64)
    bits += np.uint64(0x9E3779B97F4A7C15)
    bits = (bits ^ (bits >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    bits = (bits ^ (bits >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    uniform = ((bits ^ (bits >> np.uint64(31))) >> np.uint64(11)) * 2.0**-53
    radius = np.sqrt(-2 * np.log(np.maximum(uniform[:, 0], 2.0**-53)))
    angle = 2 * np.pi * uniform[:, 1]
    return np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1).astype(np.float32)


def _fit_square(places: Singles) -> Singles:
    """Its long side lying flat, centred, and scaled alike in both directions to [-1, 1]."""
    places = _project(places)
    low, high = places.min(axis=0), places.max(axis=0)
    half = max(float((high - low).max()) / 2, 1e-12)
    return np.asarray((places - (low + high) / 2) / half, dtype=np.float32)
