"""The playlists that somebody wants kept: a small TOML file.

What belongs here: reading it, and making one of its playlists from a release.
What does not: where the lists are put (`players`).

    target = "navidrome"                # as for --to
    roots = ["/home/me/Music=/music"]   # as for --root
    stations = true                     # or {length = 50, prefix = "Autogroove", prune = true}

    [[playlist]]
    name = "Slow mornings"
    seeds = ["artist or title", 5376, "list.m3u8"]
    length = 30                         # or minutes = 45
    weigh = "sound=0"
    not = ["another title"]
    genres = ["jazz"]
    tempo = "-100"
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from autogroove.config import read_toml
from autogroove.errors import SettingsError
from autogroove.listening.choosing import make_playlist
from autogroove.listening.filters import Filters
from autogroove.listening.library import TrackLibrary
from autogroove.listening.lists import Playlist
from autogroove.listening.locations import Locations
from autogroove.listening.playlist_files import find_listed, is_playlist_file
from autogroove.listening.resolving import resolve_track
from autogroove.listening.rules import MOST_TRACKS, Rules
from autogroove.listening.weighing import USUAL, Weighing


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class StationsWish(_Part):
    """All clusters as playlists."""

    length: int | None = Field(None, ge=1, le=MOST_TRACKS)
    prefix: str = "Autogroove"
    prune: bool = False


class FilterWish(_Part):
    """What is kept in and left out, as `Filters.parse` reads it."""

    folders: tuple[str, ...] = ()
    exclude_folders: tuple[str, ...] = ()
    genres: tuple[str, ...] = ()
    licences: tuple[str, ...] = ()
    years: str = ""
    tempo: str = ""
    lengths: str = ""
    added_since: str = ""


class PlaylistWish(FilterWish):
    """One playlist: its name, where it begins, and its rules."""

    name: str = Field(min_length=1)
    seeds: tuple[int | str, ...] = Field(min_length=1)
    avoid: tuple[int | str, ...] = Field((), alias="not")
    exclude: tuple[int | str, ...] = ()
    length: int = Field(20, ge=1, le=MOST_TRACKS)
    minutes: float | None = Field(None, gt=0)
    weigh: str = ""
    variety: float = Field(0.3, ge=0, le=1)
    versions: bool = False

    def make(self, collection: TrackLibrary, locations: Locations) -> Playlist:
        """The playlist of a release.

        Raises:
            NotFoundError: a seed is not there, or fits several tracks.
            SettingsError: a rule cannot be read.
        """
        filters = {name: getattr(self, name) for name in FilterWish.model_fields}
        rules = Rules(
            length=self.length,
            duration_seconds=None if self.minutes is None else 60 * self.minutes,
            filters=Filters.parse(**filters),
            exclude=frozenset(_find(collection, self.exclude, locations)),
            variety=self.variety,
            versions=self.versions,
            weighing=Weighing.parse(self.weigh) if self.weigh else USUAL,
            avoid=tuple(_find(collection, self.avoid, locations)),
        )
        seeds = list(_find(collection, self.seeds, locations))
        return make_playlist(collection, seeds, rules, title=self.name)


class Wishes(_Part):
    """What one player shall have."""

    target: str = Field(min_length=1)
    roots: tuple[str, ...] = ()
    stations: bool | StationsWish = False
    playlists: tuple[PlaylistWish, ...] = Field((), alias="playlist")

    @classmethod
    def read(cls, path: Path) -> Self:
        """The wishes of a file.

        Raises:
            SettingsError: it cannot be read, or says something that is not known.
        """
        try:
            found = cls.model_validate(read_toml(path))
        except ValidationError as error:
            fault: Any = error.errors(include_input=False, include_url=False)[0]
            where = ".".join(str(part) for part in fault["loc"])
            raise SettingsError(f"{path}: {where}: {fault['msg']}.") from None
        names = [wish.name for wish in found.playlists]
        double = next((name for name in names if names.count(name) > 1), None)
        if double is not None:
            raise SettingsError(f"{path}: two playlists are called {double!r}.")
        return found

    @property
    def stations_wish(self) -> StationsWish | None:
        """How stations are wanted; None where they are not."""
        if isinstance(self.stations, StationsWish):
            return self.stations
        return StationsWish() if self.stations else None


def _find(
    collection: TrackLibrary, words: Sequence[int | str], locations: Locations
) -> Iterator[int]:
    for each in map(str, words):
        if is_playlist_file(each):
            yield from find_listed(collection, Path(each), locations).track_ids
        else:
            yield resolve_track(collection, each)
