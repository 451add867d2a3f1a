"""Are clusters stable, and do they hold what sounds alike?

What belongs here: rows 7 and 8 of the card and the share of genre in clusters (row 5).
What does not: affinity propagation itself (`autogroove.clustering`). scikit-learn is imported where
it is used: reading a card must not wait for it.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from autogroove.evaluation.agreement import Pairing
from autogroove.evaluation.card import Figure, NotMeasurable, estimate_ratio, jackknife_groups
from autogroove.evaluation.tracks import UNKNOWN, EvaluatedTracks
from autogroove.evaluation.view import EncoderView

KEPT_SHARE = 0.9
"""Share of tracks that each seed clusters again."""


def share_with_genre(view: EncoderView) -> Figure:
    """Adjusted mutual information of clusters and genres; 0 is chance.

    Reported, not judged: clusters of groove should know less of genre than clusters of timbre.
    """
    from sklearn.metrics import adjusted_mutual_info_score

    genres, labels = view.collection.genres, view.labels
    known = np.flatnonzero(genres != UNKNOWN)
    if len(np.unique(genres[known])) < 2:
        raise NotMeasurable("fewer than two genres are known")

    def inform(kept: NDArray[np.bool_]) -> float:
        rows = known[kept]
        return float(adjusted_mutual_info_score(genres[rows], labels[rows]))

    return jackknife_groups(inform, view.collection.artists[known])


def measure_stability(view: EncoderView) -> Figure:
    """Adjusted Rand index between clusters of all and of a random nine tenths, mean of seeds.

    Affinity propagation is deterministic but for ties, so that a seed alone would say nothing:
    each seed leaves out another tenth of the tracks. The interval is the range over seeds.
    """
    from sklearn.metrics import adjusted_rand_score

    rows = choose_tracks(view)
    encodings = view.tracks[rows]
    whole = view.make_clusters(encodings)
    scores = []
    for seed in range(view.settings.stability_seeds):
        generator = np.random.default_rng([view.settings.seed, seed])
        kept = np.sort(generator.permutation(len(rows))[: max(2, int(KEPT_SHARE * len(rows)))])
        again = view.make_clusters(encodings[kept])
        scores.append(float(adjusted_rand_score(whole[kept], again)))
    return Figure(float(np.mean(scores)), min(scores), max(scores), len(rows))


def compare_clip_clusters(view: EncoderView) -> Figure:
    """Adjusted Rand index between clusters of first clips and clusters of last clips."""
    from sklearn.metrics import adjusted_rand_score

    clip_tracks = view.collection.clip_tracks
    chosen = choose_tracks(view)
    first, last = _end_clips(clip_tracks, len(view.collection))
    rows = chosen[first[chosen] != last[chosen]]
    if len(rows) < 3:
        raise NotMeasurable("fewer than three tracks have two clips")
    one = view.make_clusters(view.encoded.clips[first[rows]])
    other = view.make_clusters(view.encoded.clips[last[rows]])
    return jackknife_groups(
        lambda kept: float(adjusted_rand_score(one[kept], other[kept])),
        view.collection.artists[rows],
    )


def measure_spread(
    differ: Callable[[EvaluatedTracks], tuple[NDArray[np.float32], NDArray[np.bool_]]],
) -> Callable[[EncoderView], Figure]:
    """Mean difference of pairs within a cluster, divided by that of all pairs.

    Only pairs of different artists count. Over all ways to deal tracks into clusters of the same
    sizes each pair is equally likely to fall together, so that the mean over all pairs is exactly
    what size-matched random clusters have. 1 is chance, lower is better.
    """

    def measure(view: EncoderView) -> Figure:
        difference, known = differ(view.collection)
        allowed = view.collection.different_artist & known
        labels = view.labels
        together = allowed & (labels[:, None] == labels)
        if not together.any():
            raise NotMeasurable("no cluster holds two artists")
        chance = float(difference[allowed].mean(dtype=np.float64))
        if chance <= 0:
            raise NotMeasurable("all tracks are alike")
        within = np.where(together, difference, 0).sum(axis=1, dtype=np.float64)
        count = together.sum(axis=1) * chance
        artists = view.collection.artists
        return estimate_ratio(within, count, artists, **view.resampling)

    return measure


def differ_in_tempo(collection: EvaluatedTracks) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """(n, n) distance of tempi in octaves, with whole octaves taken off: 0 to 0.5."""
    octaves = np.log2(collection.rhythms.tempo_bpm)
    known = np.isfinite(octaves)
    apart = np.abs(octaves[:, None] - octaves)
    apart = np.where(known & known[:, None], np.abs(apart - np.round(apart)), 0)
    return apart.astype(np.float32), known & known[:, None]


def differ_by(pairing: Pairing) -> Pairing:
    """(n, n) one minus a similarity, which is half the squared distance of unit rows."""

    def differ(collection: EvaluatedTracks) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
        similarity, known = pairing(collection)
        return np.maximum(1 - similarity, 0), known

    return differ


def choose_tracks(view: EncoderView) -> NDArray[np.int64]:
    """(m,) the rows that are clustered again: all, or a random `stability_tracks` of them."""
    num_tracks, limit = len(view.collection), view.settings.stability_tracks
    if num_tracks <= limit:
        return np.arange(num_tracks)
    generator = np.random.default_rng(view.settings.seed)
    return np.sort(generator.permutation(num_tracks)[:limit])


def _end_clips(
    clip_tracks: NDArray[np.int64], num_tracks: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    rows = np.arange(len(clip_tracks))
    first = np.zeros(num_tracks, np.int64)
    last = np.zeros(num_tracks, np.int64)
    first[clip_tracks[::-1]] = rows[::-1]
    last[clip_tracks] = rows
    return first, last
