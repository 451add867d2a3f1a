"""Keeping a player as somebody wishes: what changed is pushed, what did not is left alone.

What belongs here: which lists differ from what was pushed last, and the record of that.
What does not: making lists (`wishes`, `stations`), or how a player is talked to.

The record is in the store, an object for each list of a player: `pushed/LIST/DIGEST.json`. It is
written after the player took the list, and what was there before it is removed then. So a push
that broke off is done again, and after a rollback the older lists differ from the last pushed.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from autogroove.errors import AutogrooveError
from autogroove.listening.exports import clean_text, export_playlist
from autogroove.listening.library import TrackLibrary, open_collection
from autogroove.listening.lists import Playlist
from autogroove.listening.locations import Locations
from autogroove.listening.players.delivery import (
    Delivery,
    deliver,
    deliver_stations,
    find_stations,
)
from autogroove.listening.players.player import Player
from autogroove.listening.players.targets import open_player
from autogroove.listening.roots import Root
from autogroove.listening.stations import Station, make_stations
from autogroove.listening.wishes import PlaylistWish, StationsWish, Wishes
from autogroove.releases import Release
from autogroove.store import Store, canonical_json, make_key

FOLDER = "pushed"


@dataclass(frozen=True)
class Kept:
    """What became of one list."""

    name: str
    state: Literal["pushed", "left alone", "failed", "removed"]
    missing: int = 0
    why: str = ""

    def as_json(self) -> dict[str, Any]:
        """One object a list."""
        return {
            "name": self.name, "state": self.state, "missing": self.missing, "why": self.why
        }  # fmt: skip


def keep_playlists(release: Release, wishes: Wishes) -> list[Kept]:
    """Make a player have what is wished of a release. A list that cannot be made stops no other.

    Raises:
        PlayerError: the player does not answer.
        SettingsError: the target or a root cannot be read.
    """
    collection = open_collection(release)
    locations = Locations.of_release(release, roots=[Root.parse(text) for text in wishes.roots])
    player, places = open_player(wishes.target, locations)
    try:
        keeper = _Keeper(release.store, collection, player, places, wishes.target)
        kept = [keeper.keep(wish) for wish in wishes.playlists]
        if wishes.stations_wish is not None:
            kept += keeper.keep_stations(wishes.stations_wish)
    finally:
        player.close()
    return kept


@dataclass(frozen=True)
class _Keeper:
    store: Store
    collection: TrackLibrary
    player: Player
    places: Locations
    target: str

    def keep(self, wish: PlaylistWish) -> Kept:
        try:
            made = wish.make(self.collection, self.places)
            record = _Record(self.store, self.target, f"playlist {wish.name}")
            digest = self._digest(made)
            if record.holds(digest) and self.player.has(clean_text(wish.name)):
                return Kept(wish.name, "left alone")
            done = deliver(self.player, made, self.collection, self.places, wish.name)
        except AutogrooveError as error:
            return Kept(wish.name, "failed", why=str(error))
        self._note(record, digest, done)
        return Kept(done.name, "pushed", len(done.missing))

    def keep_stations(self, wish: StationsWish) -> Iterator[Kept]:
        stations = make_stations(self.collection, length=wish.length)
        records = {s.cluster: self._record(s, wish) for s in stations}
        digests = {s.cluster: self._digest(s.playlist) for s in stations}
        try:
            there = find_stations(self.player, wish.prefix)
            alike = [c for c, record in records.items() if c in there and record.holds(digests[c])]
            made, gone = deliver_stations(
                self.player,
                stations,
                self.collection,
                self.places,
                prefix=wish.prefix,
                prune=wish.prune,
                unchanged=alike,
            )
        except AutogrooveError as error:
            yield Kept(f"{wish.prefix} (stations)", "failed", why=str(error))
            return
        yield from (Kept(there[cluster], "left alone") for cluster in alike)
        changed = [station for station in stations if station.cluster not in alike]
        for station, done in zip(changed, made, strict=True):
            self._note(records[station.cluster], digests[station.cluster], done)
            yield Kept(done.name, "pushed", len(done.missing))
        yield from (Kept(name, "removed") for name in gone if wish.prune)

    def _record(self, station: Station, wish: StationsWish) -> "_Record":
        return _Record(self.store, self.target, f"station {wish.prefix} {station.cluster}")

    def _digest(self, made: Playlist) -> str:
        """Equal where the player would show the same: tracks, their names and places, in order."""
        return make_key("pushed", export_playlist(made, "m3u8", self.places))

    def _note(self, record: "_Record", digest: str, done: Delivery) -> None:
        if not done.missing:  # what is not there yet is looked for again the next time
            record.write(digest, done, self.collection.release.number)


@dataclass(frozen=True)
class _Record:
    """What was pushed last under one name."""

    store: Store
    target: str
    what: str

    @property
    def folder(self) -> str:
        return f"{FOLDER}/{make_key('list', self.target, self.what)}"

    def holds(self, digest: str) -> bool:
        return f"{digest}.json" in self.store.names(self.folder)

    def write(self, digest: str, done: Delivery, release: int) -> None:
        earlier = [name for name in self.store.names(self.folder) if name != f"{digest}.json"]
        about = {
            "target": self.target,
            "what": self.what,
            "name": done.name,
            "tracks": list(done.sent),
            "release": release,
            "pushed_at": datetime.now(UTC).isoformat(timespec="seconds"),
        }
        self.store.create(f"{self.folder}/{digest}.json", canonical_json(about))
        for name in earlier:
            self.store.delete(f"{self.folder}/{name}")


def list_pushed(store: Store) -> list[dict[str, Any]]:
    """What was pushed last, one object a list of a player."""
    keys = [found.key for found in store.objects(FOLDER)]
    return [json.loads(store.read(key)) for key in sorted(keys)]
