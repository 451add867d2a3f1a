"""One encoder's view of a collection.

What belongs here: encodings beside the collection they encode, with the neighbours and clusters
that several measures share. What does not: the measures.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from autogroove.config import EvaluationSettings
from autogroove.evaluation.card import NotMeasurable
from autogroove.evaluation.neighbours import find_neighbours, rank_same_track
from autogroove.evaluation.tracks import EvaluatedTracks

Prediction = tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.int64]]
"""Target, what a probe predicted, and artist."""

Clusterer = Callable[[NDArray[np.float32]], NDArray[np.int64]]


@dataclass(frozen=True)
class Encoded:
    """What one encoder made of the clips.

    Attributes:
        clips: (num_clips, d) float32.
        augmented: (num_augmented, d), of the collection's augmented clips, in their order.
        stretched: (num_augmented, d), of the same clips at another tempo.
        tracks: (num_tracks, d) if tracks are pooled otherwise than by the mean of their clips.
        squared_errors: (num_clips,) mean squared error of each reconstruction.
        mean_errors: (num_clips,) the same for the mean training image.
    """

    clips: NDArray[np.float32]
    augmented: NDArray[np.float32] | None = None
    tracks: NDArray[np.float32] | None = None
    squared_errors: NDArray[np.float64] | None = None
    mean_errors: NDArray[np.float64] | None = None
    stretched: NDArray[np.float32] | None = None


@dataclass(frozen=True)
class EncoderView:
    """A collection as one encoder hears it."""

    collection: EvaluatedTracks
    encoded: Encoded
    settings: EvaluationSettings
    given_labels: NDArray[np.int64] | None = None
    cluster: Clusterer | None = None

    @cached_property
    def tracks(self) -> NDArray[np.float32]:
        """(n, d) track encodings."""
        if self.encoded.tracks is not None:
            return self.encoded.tracks
        return pool_clips(self.encoded.clips, self.collection.clip_tracks, len(self.collection))

    @cached_property
    def neighbours(self) -> NDArray[np.int64]:
        """(n, k) nearest tracks of other artists."""
        return find_neighbours(
            self.tracks, self.collection.different_artist, self.settings.neighbours
        )

    @cached_property
    def different_genre_neighbours(self) -> NDArray[np.int64]:
        """(n, k) nearest tracks of other artists and other genres."""
        return find_neighbours(
            self.tracks, self.collection.different_genre, self.settings.neighbours
        )

    @cached_property
    def predictions(self) -> dict[str, Prediction]:
        """By column of the catalogue: filled by the probes, which share the work."""
        return {}

    @cached_property
    def plain_ranks(self) -> list[NDArray[np.float64]]:
        """For each clip, the ranks of the other clips of its track."""
        clip_tracks = self.collection.clip_tracks
        sources = np.arange(len(clip_tracks))
        return rank_same_track(self.encoded.clips, sources, self.encoded.clips, clip_tracks)

    @cached_property
    def augmented_ranks(self) -> list[NDArray[np.float64]]:
        """For each augmented clip, the ranks of the other clips of its track.

        Raises:
            NotMeasurable: no clip was augmented, or this encoder has not seen them.
        """
        return self._rank(self.encoded.augmented)

    @cached_property
    def stretched_ranks(self) -> list[NDArray[np.float64]]:
        """For each clip at another tempo, the ranks of the other clips of its track.

        Raises:
            NotMeasurable: no clip was stretched, or this encoder has not seen them.
        """
        return self._rank(self.encoded.stretched)

    def _rank(self, queries: NDArray[np.float32] | None) -> list[NDArray[np.float64]]:
        sources = self.collection.augmented_clips
        if sources is None or len(sources) == 0:
            raise NotMeasurable("no clip was disguised")
        if queries is None:
            raise NotMeasurable("this encoder has not seen the disguised clips")
        clip_tracks = self.collection.clip_tracks
        return rank_same_track(queries, sources, self.encoded.clips, clip_tracks)

    @cached_property
    def labels(self) -> NDArray[np.int64]:
        """(n,) the cluster of each track.

        Raises:
            NotMeasurable: there are neither clusters nor a way to make them.
        """
        if self.given_labels is not None:
            return self.given_labels
        return self.make_clusters(self.tracks)

    def make_clusters(self, encodings: NDArray[np.float32]) -> NDArray[np.int64]:
        """Cluster other encodings in the way of this release."""
        if self.cluster is None:
            raise NotMeasurable("there are no clusters")
        if len(encodings) < 3:
            raise NotMeasurable("fewer than three tracks")
        return self.cluster(encodings)

    @property
    def resampling(self) -> dict[str, int]:
        """The options of `bootstrap_sums`."""
        return {"num_replicates": self.settings.num_bootstrap, "seed": self.settings.seed}


def pool_clips(
    clips: NDArray[np.float32], clip_tracks: NDArray[np.int64], num_tracks: int
) -> NDArray[np.float32]:
    """(num_tracks, d) the mean of each track's clips; zero for a track without."""
    total = np.zeros((num_tracks, clips.shape[1]), np.float64)
    np.add.at(total, clip_tracks, clips)
    count = np.bincount(clip_tracks, minlength=num_tracks)
    return (total / np.maximum(count, 1)[:, None]).astype(np.float32)
