"""A map of a collection: encodings to places on a plane.

What belongs here: the projection, the same for the same release.
What does not: colours, or drawing.

Up to `MOST_LANDMARKS` tracks are placed by t-SNE from a start by principal components. In larger
collections that many landmarks are (exemplars first), and every other track lies among the
landmarks that it is nearest to. A map of this kind tells who is near whom; distances between
far regions mean little.
"""

import numpy as np
from numpy.typing import NDArray

from autogroove.figures import project_plane
from autogroove.listening.proximity import Singles

MOST_LANDMARKS = 800
"""t-SNE of this many takes about 3 s of one core."""

NEAREST_LANDMARKS = 4
_BLOCK = 8192


def place_tracks(
    encodings: Singles, exemplars: NDArray[np.int64] | None = None, *, seed: int = 0
) -> Singles:
    """Places float32 (n, 2) in [-1, 1] of encodings float32 (n, d)."""
    num = len(encodings)
    if num < 3:
        return np.linspace(-0.5, 0.5, 2 * num, dtype=np.float32).reshape(num, 2)
    whole = _whiten(np.asarray(encodings, dtype=np.float32))
    landmarks = _choose_landmarks(num, exemplars if exemplars is not None else np.arange(0), seed)
    places = _place_landmarks(whole[landmarks], seed)
    if len(landmarks) < num:
        places = _place_others(whole, landmarks, places, seed)
    return _fit_square(places)


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


def _place_others(
    whole: Singles, landmarks: NDArray[np.int64], places: Singles, seed: int
) -> Singles:
    """Among the nearest landmarks, with a little scatter so that points do not lie in lines."""
    marks = whole[landmarks]
    squares = np.einsum("ij,ij->i", marks, marks)
    found = np.empty((len(whole), 2), dtype=np.float32)
    for start in range(0, len(whole), _BLOCK):
        rows = whole[start : start + _BLOCK]
        away = squares - 2 * (rows @ marks.T) + np.einsum("ij,ij->i", rows, rows)[:, None]
        near = np.argpartition(away, NEAREST_LANDMARKS, axis=1)[:, :NEAREST_LANDMARKS]
        close = np.take_along_axis(away, near, axis=1)
        close = close - close.min(axis=1, keepdims=True)
        weight = np.exp(-4 * close / np.maximum(close.max(axis=1, keepdims=True), 1e-12))
        weight /= weight.sum(axis=1, keepdims=True)
        found[start : start + _BLOCK] = np.einsum("ij,ijk->ik", weight, places[near])
    spread = float(np.ptp(places, axis=0).mean()) / np.sqrt(len(landmarks))
    found += (0.3 * spread * np.random.default_rng(seed).normal(size=found.shape)).astype(
        found.dtype
    )
    found[landmarks] = places
    return found


def _fit_square(places: Singles) -> Singles:
    """Its long side lying flat, centred, and scaled alike in both directions to [-1, 1]."""
    places = _project(places)
    low, high = places.min(axis=0), places.max(axis=0)
    half = max(float((high - low).max()) / 2, 1e-12)
    return np.asarray((places - (low + high) / 2) / half, dtype=np.float32)
