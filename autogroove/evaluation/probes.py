"""What a linear reader finds in an encoding: Echo Nest's features and genre.

What belongs here: rows 4 and 6 of the card. Readers are closed-form ridge regressions on
standardised track encodings, the penalty chosen by leave-one-out within the training part, so
that nothing depends on an optimiser or a seed. scikit-learn is imported where it is used: reading
a card must not wait for it.
"""

from collections.abc import Callable

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from autogroove.evaluation.agreement import vote
from autogroove.evaluation.card import Figure, NotMeasurable, Numbers, bootstrap_sums, estimate_mean
from autogroove.evaluation.neighbours import NOBODY, find_neighbours
from autogroove.evaluation.tracks import UNKNOWN, EvaluatedTracks
from autogroove.evaluation.view import EncoderView, Prediction

PENALTIES = tuple(10.0**power for power in range(-1, 6))
NUM_FOLDS = 5
FURTHEST = 5.0
"""Deviations beyond which a standardised number is clipped."""
FEWEST_COVERED = 30

Folds = list[tuple[NDArray[np.int64], NDArray[np.int64]]]


def probe_fit(column: str) -> Callable[[EncoderView], Figure]:
    """R² of a ridge probe's predictions, cross-validated by artist."""

    def measure(view: EncoderView) -> Figure:
        target, predicted, artists = _predict(view, column)
        errors = (target - predicted) ** 2
        spread = (target - target.mean()) ** 2
        sums = np.column_stack([errors, spread])
        return bootstrap_sums(sums, artists, _explain, **view.resampling)

    return measure


def probe_order(column: str) -> Callable[[EncoderView], Figure]:
    """Spearman's correlation of a ridge probe's predictions, cross-validated by artist."""

    def measure(view: EncoderView) -> Figure:
        target, predicted, artists = _predict(view, column)
        x, y = (pd.Series(values).rank().to_numpy() for values in (target, predicted))
        x, y = x - x.mean(), y - y.mean()
        columns = np.column_stack([np.ones_like(x), x, y, x * x, y * y, x * y])
        return bootstrap_sums(columns, artists, _correlate, **view.resampling)

    return measure


def classify_linear(view: EncoderView) -> Figure:
    """Accuracy of genre by a ridge classifier, on the official split where there is one."""
    from sklearn.linear_model import RidgeClassifierCV

    genres = view.collection.genres
    encodings = view.tracks.astype(np.float64)

    def predict(train: NDArray[np.int64], test: NDArray[np.int64]) -> NDArray[np.int64]:
        seen, asked = _standardise(encodings[train], encodings[test])
        reader = RidgeClassifierCV(alphas=PENALTIES).fit(seen, genres[train])
        return np.asarray(reader.predict(asked), dtype=np.int64)

    return _classify(view, predict)


def classify_by_neighbours(view: EncoderView) -> Figure:
    """Accuracy of genre by a vote of the nearest training tracks, on the same split."""
    collection = view.collection

    def predict(train: NDArray[np.int64], test: NDArray[np.int64]) -> NDArray[np.int64]:
        allowed = collection.different_artist & np.isin(np.arange(len(collection)), train)
        found = find_neighbours(view.tracks, allowed, view.settings.neighbours)[test]
        return np.where(found[:, 0] == NOBODY, UNKNOWN, vote(found, collection.genres))

    return _classify(view, predict)


def split_by_genre(collection: EvaluatedTracks) -> Folds:
    """Training and test rows among tracks of known genre.

    The official split where it has both parts ("test", else "validation"), otherwise five folds
    that keep artists apart.

    Raises:
        NotMeasurable: too few genres, tracks or artists.
    """
    known = collection.genres != UNKNOWN
    train = np.flatnonzero(known & (collection.splits == "training"))
    for part in ("test", "validation"):
        test = np.flatnonzero(known & (collection.splits == part))
        if len(test) and len(np.unique(collection.genres[train])) > 1:
            return [(train, test)]
    rows = np.flatnonzero(known)
    folds = _fold_by_artist(rows, collection.artists)
    if any(len(np.unique(collection.genres[part])) < 2 for part, _ in folds):
        raise NotMeasurable("fewer than two genres are known")
    return folds


def _classify(
    view: EncoderView,
    predict: Callable[[NDArray[np.int64], NDArray[np.int64]], NDArray[np.int64]],
) -> Figure:
    collection = view.collection
    hits, artists = [], []
    for train, test in split_by_genre(collection):
        hits.append(predict(train, test) == collection.genres[test])
        artists.append(collection.artists[test])
    values = np.concatenate(hits).astype(np.float64)
    return estimate_mean(values, np.concatenate(artists), **view.resampling)


def _predict(view: EncoderView, column: str) -> Prediction:
    """Target, prediction and artist of each covered track; made once for R² and Spearman."""
    if column not in view.predictions:
        view.predictions[column] = _cross_validate(view, column)
    return view.predictions[column]


def _cross_validate(view: EncoderView, column: str) -> Prediction:
    from sklearn.linear_model import RidgeCV

    collection = view.collection
    target = collection.numbers(column)
    rows = np.flatnonzero(np.isfinite(target))
    if len(rows) < FEWEST_COVERED:
        raise NotMeasurable(f"{column} is known of {len(rows)} tracks; {FEWEST_COVERED} are needed")
    predicted = np.full(len(target), np.nan)
    encodings = view.tracks.astype(np.float64)
    for train, test in _fold_by_artist(rows, collection.artists):
        seen, asked = _standardise(encodings[train], encodings[test])
        predicted[test] = RidgeCV(alphas=PENALTIES).fit(seen, target[train]).predict(asked)
    return target[rows], predicted[rows], collection.artists[rows]


def _fold_by_artist(rows: NDArray[np.int64], artists: NDArray[np.int64]) -> Folds:
    from sklearn.model_selection import GroupKFold

    num_artists = len(np.unique(artists[rows]))
    if num_artists < NUM_FOLDS:
        raise NotMeasurable(f"{num_artists} artists cannot be split into {NUM_FOLDS} folds")
    folds = GroupKFold(NUM_FOLDS).split(rows, groups=artists[rows])
    return [(rows[train], rows[test]) for train, test in folds]


def _standardise(train: Numbers, test: Numbers) -> tuple[Numbers, Numbers]:
    centre, spread = train.mean(axis=0), train.std(axis=0)
    spread = np.where(spread > 1e-9, spread, 1)
    # A number that is nearly always nought would otherwise be a giant in the one test track.
    seen, asked = ((part - centre) / spread for part in (train, test))
    return seen.clip(-FURTHEST, FURTHEST), asked.clip(-FURTHEST, FURTHEST)


def _explain(sums: Numbers) -> Numbers:
    return np.asarray(1 - sums[..., 0] / sums[..., 1])


def _correlate(sums: Numbers) -> Numbers:
    count, x, y, xx, yy, xy = np.moveaxis(sums, -1, 0)
    shared = xy - x * y / count
    return np.asarray(shared / np.sqrt((xx - x * x / count) * (yy - y * y / count)))
