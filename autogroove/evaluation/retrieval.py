"""Same-track retrieval: does a clip find the other clips of its track?

What belongs here: rows 1 of the card. The source clip itself is never in the gallery. There is no
artist filter here: other tracks of the same artist are the hardest distractors.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from autogroove.evaluation.figures import Figure, NotMeasurable, estimate_mean
from autogroove.evaluation.hearing import Hearing

Score = Callable[[NDArray[np.float64]], float]


def recall_at(depth: int) -> Score:
    """Whether any other clip of the track is among the nearest `depth`."""
    return lambda ranks: float(ranks[0] < depth)


def average_precision(ranks: NDArray[np.float64]) -> float:
    """The mean over relevant clips of precision at their rank."""
    return float(np.mean(np.arange(1, len(ranks) + 1) / (ranks + 1)))


def retrieve_plain(score: Score) -> Callable[[Hearing], Figure]:
    """Every clip is a query."""

    def measure(hearing: Hearing) -> Figure:
        sources = np.arange(len(hearing.collection.clip_tracks))
        return _average(hearing, hearing.plain_ranks, sources, score)

    return measure


def retrieve_held_out(score: Score) -> Callable[[Hearing], Figure]:
    """Queries from tracks that the model was not trained on; the gallery stays whole."""

    def measure(hearing: Hearing) -> Figure:
        held_out = hearing.collection.held_out
        if held_out is None or not held_out.any():
            raise NotMeasurable("it is not known which tracks were held out of training")
        sources = np.flatnonzero(held_out[hearing.collection.clip_tracks])
        ranks = [hearing.plain_ranks[source] for source in sources]
        return _average(hearing, ranks, sources, score)

    return measure


def retrieve_disguised(score: Score) -> Callable[[Hearing], Figure]:
    """Queries are equalised and shifted by two semitones, up or down."""

    def measure(hearing: Hearing) -> Figure:
        ranks = hearing.disguised_ranks
        sources = hearing.collection.disguised_clips
        assert sources is not None
        return _average(hearing, ranks, sources, score)

    return measure


def _average(
    hearing: Hearing, ranks: list[NDArray[np.float64]], sources: NDArray[np.int64], score: Score
) -> Figure:
    asked = np.array([len(r) > 0 for r in ranks], bool)
    if not asked.any():
        raise NotMeasurable("no track has two clips")
    values = np.array([score(r) for r in ranks if len(r)])
    artists = hearing.collection.artists[hearing.collection.clip_tracks[sources[asked]]]
    return estimate_mean(values, artists, **hearing.resampling)
