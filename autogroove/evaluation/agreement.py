"""Does a clip find its track, and do neighbours share tempo, rhythm and groove?"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from autogroove.evaluation.card import Figure, NotMeasurable, estimate_mean, estimate_ratio
from autogroove.evaluation.descriptors.clips import TrackRhythms
from autogroove.evaluation.neighbours import NOBODY, find_neighbours
from autogroove.evaluation.tracks import UNKNOWN, EvaluatedTracks, match_tempi
from autogroove.evaluation.view import EncoderView

Score = Callable[[NDArray[np.float64]], float]


def recall_at(depth: int) -> Score:
    """Whether any other clip of the track is among the nearest `depth`."""
    return lambda ranks: float(ranks[0] < depth)


def average_precision(ranks: NDArray[np.float64]) -> float:
    """The mean over relevant clips of precision at their rank."""
    return float(np.mean(np.arange(1, len(ranks) + 1) / (ranks + 1)))


def retrieve_plain(score: Score) -> Callable[[EncoderView], Figure]:
    """Every clip is a query."""

    def measure(view: EncoderView) -> Figure:
        sources = np.arange(len(view.collection.clip_tracks))
        return _average(view, view.plain_ranks, sources, score)

    return measure


def retrieve_held_out(score: Score) -> Callable[[EncoderView], Figure]:
    """Queries from tracks that the model was not trained on; the gallery stays whole."""

    def measure(view: EncoderView) -> Figure:
        held_out = view.collection.held_out
        if held_out is None or not held_out.any():
            raise NotMeasurable("it is not known which tracks were held out of training")
        sources = np.flatnonzero(held_out[view.collection.clip_tracks])
        ranks = [view.plain_ranks[source] for source in sources]
        return _average(view, ranks, sources, score)

    return measure


def retrieve_augmented(score: Score) -> Callable[[EncoderView], Figure]:
    """Queries are equalised and shifted by two semitones, up or down."""

    def measure(view: EncoderView) -> Figure:
        ranks = view.augmented_ranks
        sources = view.collection.augmented_clips
        assert sources is not None
        return _average(view, ranks, sources, score)

    return measure


def retrieve_stretched(score: Score) -> Callable[[EncoderView], Figure]:
    """Queries are 10 to 25 % slower or faster, at the same pitch."""

    def measure(view: EncoderView) -> Figure:
        ranks = view.stretched_ranks
        sources = view.collection.augmented_clips
        assert sources is not None
        return _average(view, ranks, sources, score)

    return measure


def _average(
    view: EncoderView, ranks: list[NDArray[np.float64]], sources: NDArray[np.int64], score: Score
) -> Figure:
    asked = np.array([len(r) > 0 for r in ranks], bool)
    if not asked.any():
        raise NotMeasurable("no track has two clips")
    values = np.array([score(r) for r in ranks if len(r)])
    artists = view.collection.artists[view.collection.clip_tracks[sources[asked]]]
    return estimate_mean(values, artists, **view.resampling)


GROOVE_NEIGHBOURS = 5

Pairing = Callable[[EvaluatedTracks], tuple[NDArray[np.float32], NDArray[np.bool_]]]


def pair_tempo(collection: EvaluatedTracks) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Whether two tempi agree."""
    return collection.tempo_agreement


def pair_rhythm(collection: EvaluatedTracks) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Cosine of tempo-normalised onset autocorrelations."""
    return collection.similarity(_rhythm)


def pair_modulation(collection: EvaluatedTracks) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Cosine of tempo-normalised modulation spectra."""
    return collection.similarity(_modulation)


def pair_between(collection: EvaluatedTracks) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Cosine of tempo-normalised correlations between bands."""
    return collection.similarity(_between)


def measure_agreement(
    pairing: Pairing, *, different_genre: bool = False
) -> Callable[[EncoderView], Figure]:
    """The mean over tracks of what a track shares with its neighbours."""

    def measure(view: EncoderView) -> Figure:
        near, _, artists = _compare(view, pairing, different_genre)
        return estimate_mean(near, artists, **view.resampling)

    return measure


def measure_lift(
    pairing: Pairing, *, different_genre: bool = False
) -> Callable[[EncoderView], Figure]:
    """That mean divided by the mean over all allowed pairs, which are what chance would give."""

    def measure(view: EncoderView) -> Figure:
        near, chance, artists = _compare(view, pairing, different_genre)
        if chance.sum() == 0:
            raise NotMeasurable("no two tracks agree even by chance")
        return estimate_ratio(near, chance, artists, **view.resampling)

    return measure


def check_tempo(view: EncoderView) -> Figure:
    """Share of estimated tempi that agree with the catalogue's, octave-tolerant.

    Raises:
        NotMeasurable: the catalogue knows no tempo.
    """
    collection = view.collection
    told = collection.numbers("tempo_bpm")
    known = np.isfinite(told) & (told > 0)
    if not known.any():
        raise NotMeasurable("the catalogue knows no tempo")
    right = match_tempi(collection.rhythms.tempo_bpm[known], told[known]).astype(np.float64)
    return estimate_mean(right, collection.artists[known], **view.resampling)


def measure_groove(view: EncoderView) -> Figure:
    """Accuracy of the groove that the five nearest tracks of another genre and artist vote for.

    Raises:
        NotMeasurable: no groove labels, or no genres.
    """
    collection = view.collection
    labelled = collection.grooves != UNKNOWN
    if not labelled.any():
        raise NotMeasurable("no groove labels")
    allowed = collection.different_genre & labelled & labelled[:, None]
    neighbours = find_neighbours(view.tracks, allowed, GROOVE_NEIGHBOURS)
    asked = neighbours[:, 0] != NOBODY
    if not asked.any():
        raise NotMeasurable("no labelled track has a labelled one of another genre and artist")
    votes = vote(neighbours[asked], collection.grooves)
    hits = (votes == collection.grooves[asked]).astype(np.float64)
    return estimate_mean(hits, collection.artists[asked], **view.resampling)


def vote(neighbours: NDArray[np.int64], labels: NDArray[np.int64]) -> NDArray[np.int64]:
    """The commonest label among neighbours (q, k), the nearer one where two are as common."""
    choices = np.where(neighbours == NOBODY, UNKNOWN, labels[neighbours])
    equal = choices[:, :, None] == choices[:, None, :]
    support = equal.sum(axis=2) * (choices != UNKNOWN)
    return np.asarray(choices[np.arange(len(choices)), np.argmax(support, axis=1)])


def _compare(
    view: EncoderView, pairing: Pairing, different_genre: bool
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.int64]]:
    """What each track shares with neighbours, and with all that were allowed; its artist."""
    collection = view.collection
    allowed = collection.different_genre if different_genre else collection.different_artist
    shared, known = pairing(collection)
    neighbours = view.different_genre_neighbours if different_genre else view.neighbours
    rows = np.arange(len(collection))[:, None]
    counted = (neighbours != NOBODY) & known[rows, neighbours]
    allowed = allowed & known
    asked = counted.any(axis=1) & allowed.any(axis=1)
    if not asked.any():
        raise NotMeasurable("no track has a neighbour that may be compared")
    near = _mean_where(shared[rows, neighbours], counted)
    chance = _mean_where(shared, allowed)
    return near[asked], chance[asked], collection.artists[asked]


def _mean_where(values: NDArray[np.float32], where: NDArray[np.bool_]) -> NDArray[np.float64]:
    total = np.where(where, values, 0).sum(axis=1, dtype=np.float64)
    return np.asarray(total / np.maximum(where.sum(axis=1), 1))


def _rhythm(rhythms: TrackRhythms) -> NDArray[np.float32]:
    return rhythms.rhythm


def _modulation(rhythms: TrackRhythms) -> NDArray[np.float32]:
    return rhythms.modulation


def _between(rhythms: TrackRhythms) -> NDArray[np.float32]:
    return rhythms.between
