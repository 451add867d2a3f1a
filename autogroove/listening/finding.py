"""Which song of one shelf is that of another: a player's of ours, or ours of a player's.

What belongs here: the comparison: path, then MusicBrainz id, then artist, title and length.
What does not: asking a player.
"""

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

from autogroove.listening.names import name_artist, spell_title

LENGTH_TOLERANCE_SECONDS = 5.0
"""Players round lengths, and count an encoder's padding or leave it out."""


@dataclass(frozen=True)
class Sought:
    """A song that may be on the shelf, and all that it may be known by.

    `places` are paths as they may be written there, likeliest first.
    """

    places: tuple[str, ...] = ()
    title: str = ""
    artist: str = ""
    musicbrainz_id: str = ""
    seconds: float | None = None


@dataclass(frozen=True)
class Entry:
    """A song as the shelf describes it; text is empty, and a length None, where it does not."""

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
    """Songs, looked up by what is known of others."""

    def __init__(self, entries: Iterable[Entry]) -> None:
        self._by_path: dict[str, Entry] = {}
        self._by_id: dict[str, list[Entry]] = {}
        self._by_name: dict[tuple[str, str], list[Entry]] = {}
        for entry in entries:
            self._by_path.setdefault(tidy_place(entry.path), entry)
            self._by_id.setdefault(entry.musicbrainz_id.casefold(), []).append(entry)
            self._by_name.setdefault(_name(entry.artist, entry.title), []).append(entry)

    def find(self, sought: Sought) -> Entry | None:
        """The song that another is, if it is there.

        By artist and title alone, without a length, only if one song has that name.
        """
        for place in sought.places:
            found = self._by_path.get(tidy_place(place))
            if found is not None:
                return found
        seconds = sought.seconds
        if sought.musicbrainz_id:
            known = self._by_id.get(sought.musicbrainz_id.casefold(), ())
            if known:
                return min(known, key=lambda entry: _apart(entry, seconds) or 0.0)
        artist, title = name = _name(sought.artist, sought.title)
        if not artist or not title:
            return None
        named = self._by_name.get(name, [])
        if seconds is None:
            return named[0] if len(named) == 1 else None
        fits = [
            (apart, at)
            for at, entry in enumerate(named)
            if (apart := _apart(entry, seconds)) is not None and apart <= LENGTH_TOLERANCE_SECONDS
        ]
        return named[min(fits)[1]] if fits else None


def _name(artist: str, title: str) -> tuple[str, str]:
    return name_artist(artist), spell_title(title)


def _apart(entry: Entry, seconds: float | None) -> float | None:
    if seconds is None or entry.seconds is None:
        return None
    return abs(entry.seconds - seconds)
