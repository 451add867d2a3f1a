"""What a player does for us, and what is asked of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from autogroove.listening.finding import Sought
from autogroove.listening.library import TrackView
from autogroove.listening.lists import Playlist


@dataclass(frozen=True)
class Wanted:
    """A track that a player may have, and all that it may know it by.

    `places` are paths as the player may write them, likeliest first, without a leading slash.
    """

    song: TrackView
    places: tuple[str, ...]
    musicbrainz_id: str = ""

    @property
    def sought(self) -> Sought:
        """The same without us."""
        song = self.song
        known = (song.title, song.artist, self.musicbrainz_id, song.duration_seconds)
        return Sought(self.places, *known)


class Player(Protocol):
    """Somewhere that keeps playlists by name. Any fault is a `PlayerError`."""

    def find(self, wanted: Sequence[Wanted]) -> list[str | None]:
        """By which reference the player knows each track; None where it has it not."""
        ...

    def names(self) -> list[str]:
        """The playlists that it has, and that we may replace."""
        ...

    def has(self, name: str) -> bool:
        """Whether it has the playlist that `put` would make or replace under a name."""
        ...

    def put(self, name: str, playlist: Playlist, references: Sequence[str]) -> bool:
        """Make a playlist of the tracks; whether it took the place of one of this name."""
        ...

    def remove(self, name: str) -> None:
        """Take a playlist away."""
        ...

    def close(self) -> None:
        """End the connection."""
        ...
