"""From a playlist to a player.

What belongs here: who is asked for, what was sent, what the player lacks; stations keep names.
What does not: how a player is talked to.
"""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Any

from autogroove.errors import PlayerError
from autogroove.listening.exports import clean_text
from autogroove.listening.finding import tidy_place
from autogroove.listening.library import TrackLibrary, TrackView
from autogroove.listening.lists import Playlist
from autogroove.listening.locations import Locations
from autogroove.listening.players.player import Player, Wanted
from autogroove.listening.stations import Station
from autogroove.source import to_real_path


@dataclass(frozen=True)
class Delivery:
    """What became of one playlist: its name there, and the tracks that the player lacks."""

    name: str
    replaced: bool
    sent: tuple[int, ...]
    missing: tuple[TrackView, ...]

    def as_json(self) -> dict[str, Any]:
        """Names and numbers; `missing` by id, path, artist and title."""
        return {
            "name": self.name,
            "replaced": self.replaced,
            "sent": len(self.sent),
            "missing": [
                {"track_id": s.track_id, "path": s.path, "artist": s.artist, "title": s.title}
                for s in self.missing
            ],
        }


def deliver(
    player: Player,
    playlist: Playlist,
    collection: TrackLibrary,
    locations: Locations,
    name: str | None = None,
) -> Delivery:
    """Make a playlist in a player, or replace the one of its name.

    Raises:
        PlayerError: the player does not do it, or has none of the tracks: nothing is changed then.
    """
    wanted = [want_track(collection, scored.song, locations) for scored in playlist.tracks]
    return _put(player, playlist, player.find(wanted), clean_text(name or playlist.title))


def deliver_stations(
    player: Player,
    stations: Sequence[Station],
    collection: TrackLibrary,
    locations: Locations,
    *,
    prefix: str = "Autogroove",
    prune: bool = False,
    unchanged: Collection[int] = (),
) -> tuple[list[Delivery], list[str]]:
    """All stations as playlists, each under the name that its number has there already.

    Also the names of earlier stations that are none any more; with `prune`, they are removed. The
    lists of `unchanged` clusters are left as they are.

    Raises:
        PlayerError: as for `deliver`, where not one station has a track there.
    """
    by_number = find_stations(player, prefix)
    for cluster in unchanged:
        by_number.pop(cluster, None)
    stations = [station for station in stations if station.cluster not in unchanged]
    songs = {s.song.track_id: s.song for station in stations for s in station.playlist.tracks}
    wanted = [want_track(collection, song, locations) for song in songs.values()]
    references = player.find(wanted) if wanted else []
    known = dict(zip(songs, references, strict=True))
    deliveries = []
    for station in stations:
        name = (
            by_number.pop(station.cluster, None) or f"{prefix} {station.cluster} · {station.name}"
        )
        found = [known[track_id] for track_id in station.playlist.track_ids]
        if any(found):
            deliveries.append(_put(player, station.playlist, found, clean_text(name)))
        else:
            missing = tuple(scored.song for scored in station.playlist.tracks)
            deliveries.append(Delivery(name, False, (), missing))
    if stations and not any(each.sent for each in deliveries):
        raise PlayerError(_say_none(len(songs), next(iter(songs.values()))))
    gone = sorted(by_number.values())
    for name in gone if prune else ():
        player.remove(name)
    return deliveries, gone


def find_stations(player: Player, prefix: str) -> dict[int, str]:
    """The names of the stations that a player has, by the number of their cluster."""
    numbered = ((_number(name, prefix), name) for name in player.names())
    return {number: name for number, name in numbered if number is not None}


def want_track(collection: TrackLibrary, song: TrackView, locations: Locations) -> Wanted:
    """A track with all that a player may know it by."""
    moved = locations.moved(song.path)
    places = (moved or locations.whole_path(song.path), to_real_path(song.path))
    tidy = tuple(dict.fromkeys(tidy_place(place) for place in places))
    position = collection.positions[song.track_id]
    return Wanted(song, tidy, collection.recordings.musicbrainz_id(position))


def _put(
    player: Player, playlist: Playlist, references: Sequence[str | None], name: str
) -> Delivery:
    pairs = list(zip(playlist.tracks, references, strict=True))
    there = [(scored, reference) for scored, reference in pairs if reference is not None]
    missing = tuple(scored.song for scored, reference in pairs if reference is None)
    if not there:
        raise PlayerError(_say_none(len(pairs), playlist.tracks[0].song))
    found = replace(playlist, tracks=tuple(scored for scored, _ in there))
    replaced = player.put(name, found, [reference for _, reference in there])
    return Delivery(name, replaced, found.track_ids, missing)


def _number(name: str, prefix: str) -> int | None:
    found = re.match(rf"{re.escape(prefix)} (\d+) · ", name)
    return int(found[1]) if found else None


def _say_none(count: int, song: TrackView) -> str:
    return (
        f"The player has none of the {count} tracks, not {song.path} either: nothing was changed. "
        "Has it scanned this music? Where it sees it in another folder, say so: --root FROM=TO."
    )
