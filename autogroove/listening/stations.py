"""The clusters as playlists that can be kept.

What belongs here: which tracks a station plays, and what it is called.
What does not: where it is put (`players`).
"""

from dataclasses import dataclass

import numpy as np

from autogroove.listening.clusters import ClusterView, describe_cluster_views
from autogroove.listening.filters import OPEN, Filters
from autogroove.listening.library import TrackLibrary, open_collection
from autogroove.listening.listened import ListenedRelease
from autogroove.listening.lists import Playlist, Scored
from autogroove.listening.rules import Limits, Rules


@dataclass(frozen=True)
class Station:
    """A cluster to listen to. Its number stays from release to release; its exemplar may not."""

    cluster: int
    name: str
    playlist: Playlist


def make_stations(
    release: ListenedRelease | TrackLibrary,
    *,
    length: int | None = None,
    filters: Filters = OPEN,
) -> list[Station]:
    """Every cluster, largest first: its exemplar, then the others by nearness to it.

    Of tracks that say they are one recording, only the nearest. With a length, at most so many.
    With `filters`, a station has the tracks that fit, and keeps its name.
    """
    collection = open_collection(release)
    views = describe_cluster_views(collection, filters)
    return [_make(collection, view, length) for view in views]


def _make(collection: TrackLibrary, view: ClusterView, length: int | None) -> Station:
    limits = Limits(collection, Rules(tracks_per_artist=None, tracks_per_album=None))
    kept: list[int] = []
    for track_id in view.track_ids:
        position = collection.positions[track_id]
        if limits.admits(position):
            limits.add(position)
            kept.append(position)
        if len(kept) == length:
            break
    exemplar = collection.positions[view.exemplar.track_id]
    near = collection.proximity.between(np.asarray([exemplar]), np.asarray(kept))[0]
    songs = [collection.song(at) for at in kept]
    tracks = tuple(Scored(song, float(score)) for song, score in zip(songs, near, strict=True))
    name = view.exemplar.title
    return Station(view.cluster, name, Playlist(name, collection.release.number, tracks))
