"""Which of a player's songs a track is.

What belongs here: the comparison: path, then MusicBrainz id, then artist, title and length.
What does not: asking a player.
"""

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

from autogroove.listening.names import name_artist, spell_title
from autogroove.listening.players.player import Wanted

LENGTH_TOLERANCE_SECONDS = 5.0
"""Players round lengths, and count an encoder's padding or leave it out."""


@dataclass(frozen=True)
class Entry:
    """A song as the player describes it; text is empty, and a length None, where it does not."""

    reference: str
    path: str = ""
    title: str = ""
    artist: str = ""
    musicbrainz_id: str = ""
    seconds: float | None = None


def tidy_place(path: str) -> str:
    """A path for comparing: one Unicode form, forward slashes, none at the start."""
    return unicodedata.normalize("NFC", path).replace("\\", "/").lstrip("/")


class Shelf:
    """Songs of a player, looked up as tracks are."""

    def __init__(self, entries: Iterable[Entry]) -> None:
        self._by_path: dict[str, Entry] = {}
        self._by_id: dict[str, list[Entry]] = {}
        self._by_name: dict[tuple[str, str], list[Entry]] = {}
        for entry in entries:
            self._by_path.setdefault(tidy_place(entry.path), entry)
            self._by_id.setdefault(entry.musicbrainz_id.casefold(), []).append(entry)
            self._by_name.setdefault(_name(entry.artist, entry.title), []).append(entry)

    def find(self, wanted: Wanted) -> Entry | None:
        """The song that a track is, if it is there."""
        for place in wanted.places:
            found = self._by_path.get(tidy_place(place))
            if found is not None:
                return found
        seconds = wanted.song.duration_seconds
        if wanted.musicbrainz_id:
            known = self._by_id.get(wanted.musicbrainz_id.casefold(), ())
            if known:
                return min(known, key=lambda entry: _apart(entry, seconds) or 0.0)
        artist, title = name = _name(wanted.song.artist, wanted.song.title)
        if not artist or not title:
            return None
        fits = [
            (apart, at)
            for at, entry in enumerate(self._by_name.get(name, ()))
            if (apart := _apart(entry, seconds)) is not None and apart <= LENGTH_TOLERANCE_SECONDS
        ]
        return self._by_name[name][min(fits)[1]] if fits else None


def _name(artist: str, title: str) -> tuple[str, str]:
    return name_artist(artist), spell_title(title)


def _apart(entry: Entry, seconds: float | None) -> float | None:
    if seconds is None or entry.seconds is None:
        return None
    return abs(entry.seconds - seconds)
