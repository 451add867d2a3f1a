"""Clusters as a listener sees them: a name, an exemplar, and what is typical."""

from collections import Counter
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from autogroove.listening.filters import OPEN, Filters, select_tracks
from autogroove.listening.library import TrackLibrary, TrackView, open_collection
from autogroove.listening.listened import ListenedRelease


@dataclass(frozen=True)
class ClusterView:
    """One cluster: who stands for it, how large it is, how fast, and of which genres.

    `tempo_range_bpm` spans the middle eight tenths of the known tempos; None where none is known.
    `genres` counts the tracks of each genre, most frequent first. `track_ids` are in the order
    of their nearness to the exemplar.
    """

    cluster: int
    exemplar: TrackView
    track_ids: tuple[int, ...]
    tempo_range_bpm: tuple[float, float] | None
    genres: tuple[tuple[str, int], ...]
    num_artists: int

    @property
    def size(self) -> int:
        """Tracks in the cluster."""
        return len(self.track_ids)

    def as_json(self) -> dict[str, object]:
        """The keys that scripts rely on, and what is good to know beside them."""
        return {
            "cluster": self.cluster,
            "exemplar": self.exemplar.track_id,
            "size": self.size,
            "tracks": list(self.track_ids),
            "exemplar_title": self.exemplar.title,
            "exemplar_artist": self.exemplar.artist,
            "tempo_range_bpm": list(self.tempo_range_bpm) if self.tempo_range_bpm else None,
            "genres": dict(self.genres),
            "num_artists": self.num_artists,
        }


def describe_cluster_views(
    release: ListenedRelease | TrackLibrary, filters: Filters = OPEN
) -> list[ClusterView]:
    """Every cluster of a release, largest first, with the tracks of it that fit.

    The exemplar stands for its cluster also where it does not fit itself.
    """
    collection = open_collection(release)
    clusters = collection.cluster_of
    if not filters.is_open:
        clusters = np.where(select_tracks(collection, filters), clusters, -1)
    numbers, sizes = np.unique(clusters[clusters >= 0], return_counts=True)
    order = np.lexsort((numbers, -sizes))
    return [
        _describe(collection, int(number), np.flatnonzero(clusters == number))
        for number in numbers[order]
    ]


def _describe(collection: TrackLibrary, cluster: int, members: NDArray[np.int64]) -> ClusterView:
    exemplar = _find_exemplar(collection, np.flatnonzero(collection.cluster_of == cluster))
    away = collection.proximity.distances_between(members, np.asarray([exemplar]))[:, 0]
    members = members[np.lexsort((members, away, members != exemplar))]
    tempos = collection.tempos[members]
    known = tempos[np.isfinite(tempos)]
    spread = np.percentile(known, [10, 90]) if len(known) else None
    genres = Counter(name for at in members if (name := collection.shown["genre"][at]))
    return ClusterView(
        cluster=cluster,
        exemplar=collection.song(exemplar),
        track_ids=tuple(int(at) for at in np.asarray(collection.release.track_ids)[members]),
        tempo_range_bpm=None if spread is None else (float(spread[0]), float(spread[1])),
        genres=tuple(sorted(genres.items(), key=lambda item: (-item[1], item[0]))),
        num_artists=len(set(collection.artists[members].tolist())),
    )


def _find_exemplar(collection: TrackLibrary, members: NDArray[np.int64]) -> int:
    elected = members[collection.is_exemplar[members]]
    return int(elected[0] if len(elected) else members[0])
