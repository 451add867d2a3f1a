"""Playlists that somebody else wrote, as seeds.

What belongs here: reading M3U, and finding its songs among our tracks.
What does not: writing playlists (`exports`).
"""

import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from autogroove.errors import NotFoundError, SettingsError
from autogroove.listening.finding import Sought
from autogroove.listening.library import TrackLibrary
from autogroove.listening.locations import Locations
from autogroove.listening.track_finder import TrackFinder

SUFFIXES = (".m3u", ".m3u8")
MOST_BYTES = 1 << 24
_INFO = re.compile(r"#EXTINF:\s*(-?[\d.]+)[^,]*,(.*)")


@dataclass(frozen=True)
class Listed:
    """What a playlist file's songs are here: ids of tracks, and lines that are none of them."""

    track_ids: tuple[int, ...]
    missing: tuple[str, ...]


def is_playlist_file(words: str) -> bool:
    """Whether what was typed names a playlist file of this machine."""
    return words.lower().endswith(SUFFIXES) and Path(words).expanduser().is_file()


def find_listed(collection: TrackLibrary, path: Path, locations: Locations) -> Listed:
    """The tracks that a playlist file lists, each once.

    A song is found by its path, absolute or from the file's folder, by `locations.roots` where a
    player wrote it; by the end of its path; or by the artist, title and length beside it.

    Raises:
        SettingsError: the file cannot be read.
        NotFoundError: none of its songs is here.
    """
    finder = TrackFinder(collection, locations)
    folder = path.expanduser().absolute().parent
    found: dict[str, int | None] = {}
    for line, sought in _read_songs(_read_text(path), folder):
        found[line] = finder.find(sought)
    here = tuple(dict.fromkeys(each for each in found.values() if each is not None))
    missing = tuple(line for line, each in found.items() if each is None)
    if not here:
        raise NotFoundError(
            f"None of the {len(missing)} songs of {path} is in release "
            f"{collection.release.number}. Where a player wrote it, say how it sees the music: "
            "--root FROM=TO."
        )
    return Listed(here, missing)


def _read_text(path: Path) -> str:
    try:
        data = path.expanduser().read_bytes()[:MOST_BYTES]
    except OSError as error:
        raise SettingsError(f"Cannot read {path}: {error.strerror}.") from error
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("latin-1")  # what .m3u was before .m3u8


def _read_songs(text: str, folder: Path) -> list[tuple[str, Sought]]:
    songs = []
    said = Sought()
    for line in map(str.strip, text.splitlines()):
        if info := _INFO.match(line):
            artist, _, title = info[2].strip().partition(" - ")
            seconds = float(info[1]) if info[1].count(".") < 2 else -1.0
            said = Sought(title=title, artist=artist, seconds=seconds if seconds > 0 else None)
        elif line and not line.startswith("#"):
            places = _find_places(line, folder)
            songs.append((line, Sought(places, said.title, said.artist, "", said.seconds)))
            said = Sought()
    return songs


def _find_places(line: str, folder: Path) -> tuple[str, ...]:
    """What a line may mean, likeliest first: as it is, from the folder, and by its last parts."""
    place = line
    if "://" in line:
        parts = urlsplit(line)
        place = unquote(parts.path) if parts.scheme == "file" else line
    plain = unquote(place) if "%" in place else place
    places = [line, place, plain]
    for each in (place, plain):
        slashed = each.replace("\\", "/")
        if ":/" not in slashed:  # neither a URL nor a disk of Windows
            places.append(str((folder / slashed).resolve()))
        pieces = slashed.split("/")
        places += ["/".join(pieces[start:]) for start in range(1, len(pieces) - 1)]
    return tuple(dict.fromkeys(places))
