"""MPD, through python-mpd2."""

import contextlib
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from mpd import MPDClient, MPDError

from autogroove.errors import PlayerError
from autogroove.listening.finding import Entry, Shelf
from autogroove.listening.lists import Playlist
from autogroove.listening.players.player import Wanted

USUAL_PORT = 6600
TIMEOUT_SECONDS = 30.0
_BATCH = 500


class MpdPlayer:
    """The stored playlists of one MPD server; its references are URIs in its music folder.

    `host` is a name, an address, or the path of a Unix socket.
    """

    def __init__(self, host: str, port: int = USUAL_PORT, password: str | None = None) -> None:
        self._where = host if host.startswith("/") else f"{host}:{port}"
        self._client: Any = MPDClient()
        self._client.timeout = TIMEOUT_SECONDS
        with self._told():
            self._client.connect(host, port)
            if password:
                self._client.password(password)

    def find(self, wanted: Sequence[Wanted]) -> list[str | None]:
        """Ask for each by path; of those not found, by MusicBrainz id and by title."""
        with self._told():
            return [self._find_one(each) for each in wanted]

    def _find_one(self, wanted: Wanted) -> str | None:
        questions: list[Callable[[], list[dict[str, Any]]]] = [
            *(lambda place=place: self._client.find("file", place) for place in wanted.places),
            lambda: self._find_tag("MUSICBRAINZ_TRACKID", wanted.musicbrainz_id),
            lambda: self._find_tag("title", wanted.song.title),
        ]
        for ask in questions:
            found = Shelf(map(_read_entry, ask())).find(wanted.sought)
            if found is not None:
                return found.reference
        return None

    def _find_tag(self, tag: str, value: str) -> list[dict[str, Any]]:
        """`search` minds neither case nor, in newer servers, accents; the shelf compares anew."""
        return list(self._client.search(tag, value)) if value else []

    def names(self) -> list[str]:
        """Of all stored playlists."""
        with self._told():
            return [str(each["playlist"]) for each in self._client.listplaylists()]

    def has(self, name: str) -> bool:
        """Whether it is stored."""
        return _tidy_name(name) in self.names()

    def put(self, name: str, playlist: Playlist, references: Sequence[str]) -> bool:
        """Store the list under another name first, then rename it."""
        name = _tidy_name(name)
        fresh = f"{name} (new)"
        with self._told():
            taken = {str(each["playlist"]) for each in self._client.listplaylists()}
            if fresh in taken:
                self._client.rm(fresh)
            for start in range(0, len(references), _BATCH):
                self._client.command_list_ok_begin()
                for reference in references[start : start + _BATCH]:
                    self._client.playlistadd(fresh, reference)
                self._client.command_list_end()
            if name in taken:
                self._client.rm(name)
            self._client.rename(fresh, name)
        return name in taken

    def remove(self, name: str) -> None:
        """Delete a stored playlist."""
        with self._told():
            self._client.rm(_tidy_name(name))

    def close(self) -> None:
        """End the connection."""
        with contextlib.suppress(OSError, MPDError):
            self._client.close()
            self._client.disconnect()

    @contextlib.contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except (OSError, MPDError) as error:
            raise PlayerError(f"MPD at {self._where} says: {str(error).rstrip('.')}.") from error


def _tidy_name(name: str) -> str:
    """MPD names files after playlists."""
    return " ".join(name.replace("/", "-").split())


def _read_entry(song: dict[str, Any]) -> Entry:
    seconds = song.get("duration") or song.get("time")
    uri = _first(song, "file")
    return Entry(
        reference=uri,
        path=uri,
        title=_first(song, "title"),
        artist=_first(song, "artist"),
        musicbrainz_id=_first(song, "musicbrainz_trackid"),
        seconds=float(seconds) if seconds else None,
    )


def _first(song: dict[str, Any], tag: str) -> str:
    value = song.get(tag, "")
    return str(value[0]) if isinstance(value, list) else str(value)
