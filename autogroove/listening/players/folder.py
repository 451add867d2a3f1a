"""A folder of m3u8 files, as Jellyfin, foobar2000, a phone or a car read them."""

import contextlib
import os
import re
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from autogroove.errors import PlayerError
from autogroove.listening.exports import export_playlist
from autogroove.listening.lists import Playlist
from autogroove.listening.locations import Locations
from autogroove.listening.players.player import Wanted

_FORBIDDEN = re.compile(r'[<>:"/\\|?*\x00-\x1f]')
"""What FAT and SMB allow in no name."""


class FolderPlayer:
    """Playlists as files of one folder, with paths as `locations` writes them.

    A track counts as there if its file is, or if its path belongs to another machine.
    """

    def __init__(self, folder: Path, locations: Locations) -> None:
        self._folder = folder
        self._locations = replace(locations, folder=folder.expanduser().resolve())

    def find(self, wanted: Sequence[Wanted]) -> list[str | None]:
        """The paths of those that are there."""
        return [each.song.path if self._is_there(each.song.path) else None for each in wanted]

    def _is_there(self, path: str) -> bool:
        locations = self._locations
        if locations.is_remote or locations.moved(path) is not None:
            return True
        return Path(locations.whole_path(path)).exists()

    def names(self) -> list[str]:
        """Of the files that end in .m3u8."""
        return sorted(file.stem for file in self._folder.glob("*.m3u8"))

    def has(self, name: str) -> bool:
        """Whether its file is there."""
        return self._path(name).exists()

    def put(self, name: str, playlist: Playlist, references: Sequence[str]) -> bool:
        """Write the file beside itself first, so that no player reads half of it."""
        text = export_playlist(replace(playlist, title=name), "m3u8", self._locations)
        path = self._path(name)
        is_known = path.exists()
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            handle, written = tempfile.mkstemp(prefix=".autogroove-", dir=self._folder)
            with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
                file.write(text)
            Path(written).chmod(0o644)
            os.replace(written, path)
        except OSError as error:
            raise PlayerError(f"Cannot write {path}: {error.strerror}.") from error
        return is_known

    def remove(self, name: str) -> None:
        """Delete the file."""
        with contextlib.suppress(FileNotFoundError):
            self._path(name).unlink()

    def close(self) -> None:
        """Nothing is open."""

    def _path(self, name: str) -> Path:
        plain = _FORBIDDEN.sub("-", name).strip(". ")[:120] or "playlist"
        return self._folder / f"{plain}.m3u8"
