"""The clusters as playlists that can be kept.

What belongs here: which tracks a station plays, and what it is called.
What does not: where it is put (`players`).
"""

from dataclasses import dataclass

import numpy as np

from autogroove.listening.clusters import describe_cluster_views
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
    release: ListenedRelease | TrackLibrary, *, length: int | None = None
) -> list[Station]:
    """Every cluster, largest first: its exemplar, then the others by nearness to it.

    Of tracks that say they are one recording, only the nearest. With a length, at most so many.
    """
    collection = open_collection(release)
    views = describe_cluster_views(collection)
    return [_make(collection, view.cluster, view.track_ids, length) for view in views]


def _make(
    collection: TrackLibrary, cluster: int, track_ids: tuple[int, ...], length: int | None
) -> Station:
    limits = Limits(collection, Rules(tracks_per_artist=None, tracks_per_album=None))
    kept: list[int] = []
    for track_id in track_ids:
        position = collection.positions[track_id]
        if limits.admits(position):
            limits.add(position)
            kept.append(position)
        if len(kept) == length:
            break
    near = collection.proximity.between(np.asarray(kept[:1]), np.asarray(kept))[0]
    songs = [collection.song(at) for at in kept]
    tracks = tuple(Scored(song, float(score)) for song, score in zip(songs, near, strict=True))
    name = songs[0].title
    return Station(cluster, name, Playlist(name, collection.release.number, tracks))
