"""Any server that speaks OpenSubsonic (Navidrome, Gonic, Ampache, Lyrion …), by py-opensonic."""

import asyncio
import contextlib
from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import SplitResult, urlsplit

import aiohttp
from libopensonic import Connection, errors

from autogroove.errors import PlayerError
from autogroove.listening.finding import Entry, Shelf
from autogroove.listening.lists import Playlist
from autogroove.listening.players.player import Wanted

MOST_SEARCHED = 200
"""Tracks that are searched for one by one; for more, all songs of the server are read."""

_PAGE = 500
_BATCH = 200
"""Ids in one request: servers limit the length of a form."""

_FAULTS = (
    errors.SonicError, aiohttp.ClientError, OSError, TimeoutError, ValueError, KeyError, TypeError
)  # fmt: skip


class _Server(Connection):  # type: ignore[misc]
    """Answers as they come: servers leave out fields that py-opensonic's own types insist on."""

    def ask(self, method: str, **query: str | int) -> dict[str, Any]:
        async def ask() -> dict[str, Any]:
            answer = await self._async._do_request(method, query)
            found: dict[str, Any] = await self._async._handle_info_res(answer)
            return found

        return asyncio.run_coroutine_threadsafe(ask(), self._loop).result()


class SubsonicPlayer:
    """The playlists of one user of a server; references are the ids of songs.

    `url` begins with http or https and may have a port and a path.
    """

    def __init__(
        self,
        url: str,
        user: str | None = None,
        password: str | None = None,
        api_key: str | None = None,
    ) -> None:
        if not api_key and not (user and password):
            raise PlayerError(
                f"{url} asks who you are. Set AUTOGROOVE_PLAYER_USER and AUTOGROOVE_PLAYER_PASSWORD"
                " (or AUTOGROOVE_PLAYER_API_KEY), or describe it in players.toml; "
                "docs/listening.md says how."
            )
        self._url, self._user = url, user
        self._secrets = (
            {"api_key": api_key} if api_key else {"username": user, "password": password}
        )
        self._shelf: Shelf | None = None
        self._server = self._connect(sends_password=False)
        try:
            with self._told():
                self._greet()
        except PlayerError:
            self.close()
            raise

    def _connect(self, *, sends_password: bool) -> _Server:
        parts = urlsplit(self._url)
        host = parts.hostname or ""
        return _Server(
            f"{parts.scheme}://{f'[{host}]' if ':' in host else host}",
            port=parts.port or (443 if parts.scheme == "https" else 80),
            server_path=parts.path.strip("/"),
            app_name="autogroove",
            legacy_auth=sends_password,
            **self._secrets,
        )

    def _greet(self) -> None:
        """See that the server lets us in.

        Some know no tokens and want the password itself: they get it where nobody can listen.
        """
        try:
            self._server.ask("ping")
        except errors.CredentialError:
            raise
        except errors.SonicError:
            if "password" not in self._secrets or not _is_private(urlsplit(self._url)):
                raise
            self._server.cleanup()
            self._server = self._connect(sends_password=True)
            self._server.ask("ping")

    def find(self, wanted: Sequence[Wanted]) -> list[str | None]:
        """By title first, where they are few; then among all songs of the server."""
        with self._told():
            if self._shelf is None and len(wanted) <= MOST_SEARCHED:
                found = [self._search(each) for each in wanted]
                if all(found):
                    return found
            if self._shelf is None:
                self._shelf = Shelf(self._read_all())
            entries = [self._shelf.find(each.sought) for each in wanted]
        return [entry.reference if entry else None for entry in entries]

    def _search(self, wanted: Wanted) -> str | None:
        if not wanted.song.title:
            return None
        entry = Shelf(self._page(wanted.song.title, 50, 0)).find(wanted.sought)
        return entry.reference if entry else None

    def _read_all(self) -> Iterator[Entry]:
        """Every song: OpenSubsonic's servers answer an empty search with them, page by page."""
        offset = 0
        while page := self._page("", _PAGE, offset):
            yield from page
            offset += len(page)

    def _page(self, query: str, count: int, offset: int) -> list[Entry]:
        answer = self._server.ask(
            "search3", query=query, songCount=count, songOffset=offset, artistCount=0, albumCount=0
        )
        songs = answer.get("searchResult3", {}).get("song", ())
        return [_read_entry(song) for song in songs]

    def names(self) -> list[str]:
        """Of the user's own playlists."""
        return [str(each["name"]) for each in self._own()]

    def _own(self) -> list[dict[str, Any]]:
        with self._told():
            lists = self._server.ask("getPlaylists").get("playlists", {}).get("playlist", ())
        return [each for each in lists if self._owns(each)]

    def _owns(self, known: dict[str, Any]) -> bool:
        owner = known.get("owner")
        return not known.get("readonly") and (not owner or not self._user or owner == self._user)

    def has(self, name: str) -> bool:
        """Whether the user has a playlist of this name."""
        return self._find_list(name) is not None

    def put(self, name: str, playlist: Playlist, references: Sequence[str]) -> bool:
        """Fill the playlist of this name, which keeps its id, or a new one."""
        known = self._find_list(name)
        is_known = known is not None
        first = list(references[:_BATCH])
        with self._told():
            if known is None:
                self._server.create_playlist(name=name, song_ids=first)
                known = self._find_list(name)
            else:
                self._server.create_playlist(playlist_id=known, song_ids=first)
            for start in range(_BATCH, len(references), _BATCH):
                more = list(references[start : start + _BATCH])
                self._server.update_playlist(known, song_ids_to_add=more)
        return is_known

    def remove(self, name: str) -> None:
        """Delete the user's playlist of this name."""
        known = self._find_list(name)
        if known is not None:
            with self._told():
                self._server.delete_playlist(known)

    def close(self) -> None:
        """End the connection and its thread."""
        with contextlib.suppress(*_FAULTS):
            self._server.cleanup()

    def _find_list(self, name: str) -> str | None:
        return next((str(each["id"]) for each in self._own() if each["name"] == name), None)

    @contextlib.contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except _FAULTS as error:
            why = (str(error) or type(error).__name__).rstrip(".")
            raise PlayerError(f"{self._url} says: {why}.") from error


def _is_private(parts: SplitResult) -> bool:
    return parts.scheme == "https" or parts.hostname in ("127.0.0.1", "::1", "localhost")


def _read_entry(song: dict[str, Any]) -> Entry:
    seconds = song.get("duration")
    return Entry(
        reference=str(song["id"]),
        path=song.get("path") or "",
        title=song.get("title") or "",
        artist=song.get("artist") or song.get("displayArtist") or "",
        musicbrainz_id=song.get("musicBrainzId") or "",
        seconds=None if seconds is None else float(seconds),
    )
