"""Where a player finds a track.

What belongs here: from a track's path in its source to a path or URI that a playlist can hold.
What does not: the playlist formats (`exports`).
"""

import os
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Self
from urllib.parse import quote

from autogroove.listening.roots import Root, move_place, write_uri
from autogroove.source import Source, open_source, to_real_path

if TYPE_CHECKING:
    from autogroove.releases import Release

PathStyle = Literal["relative", "absolute"]


@dataclass(frozen=True)
class Locations:
    """How paths are written: against the source's root, relative to the playlist file or not.

    `root` is a folder or a URL. Relative paths need the folder that the playlist file is put
    in; without one they are relative to the root. URLs are always written whole. What is under one
    of `roots` is written as the player sees it.
    """

    root: str
    style: PathStyle = "relative"
    folder: Path | None = None
    roots: tuple[Root, ...] = ()

    @classmethod
    def of_source(
        cls,
        source_url: str,
        output: str | os.PathLike[str] | None = None,
        style: PathStyle = "relative",
        roots: Sequence[Root] = (),
    ) -> Self:
        """Locations for a release's source and the file that the playlist goes to."""
        folder = None if output is None else Path(output).expanduser().resolve().parent
        root = source_url.removeprefix("file://")
        place = root if is_no_folder(root) else str(Path(root).expanduser().resolve())
        return cls(place, style, folder, tuple(roots))

    @classmethod
    def of_release(
        cls,
        release: "Release",
        output: str | os.PathLike[str] | None = None,
        style: PathStyle = "relative",
        roots: Sequence[Root] = (),
    ) -> Self:
        """Locations for the audio of a release, wherever it is; the demo's is in the store.

        Raises:
            SourceError: the source is no longer there.
        """
        source = open_source(release.source_url, store=release.store)
        paths = release.catalogue["path"]
        root = find_root(source, str(paths.iloc[0])) if len(paths) else source.url
        return cls.of_source(root, output, style, roots)

    @cached_property
    def is_remote(self) -> bool:
        """Whether the root is no folder of this machine: a URL, or an archive. Decided once."""
        return is_no_folder(self.root)

    def whole_path(self, path: str) -> str:
        """The absolute path or URL of a track, as it is here."""
        real = to_real_path(path)
        if self.is_remote:
            return f"{self.root.rstrip('/')}/{real}"
        return str(Path(self.root) / real)

    def moved(self, path: str) -> str | None:
        """Where the player sees a track, by the roots; None where none of them holds it."""
        return move_place(self.roots, self.whole_path(path))

    def path(self, path: str) -> str:
        """For formats that hold plain paths: one line of text, a URI where a path is none.

        A remote source, and a file name with line breaks or bytes that are no UTF-8, give a URI.
        """
        moved = self.moved(path)
        if moved is not None:
            return moved if _is_one_line(moved) else write_uri(moved) or _as_uri(moved)
        if self.is_remote:
            return self._url(to_real_path(path))
        place = self._place(path)
        return place if _is_one_line(place) else _as_uri(place)

    def uri(self, path: str) -> str:
        """For formats that hold URIs (XSPF, JSPF): percent-encoded, relative ones included."""
        moved = self.moved(path)
        if moved is not None:
            return write_uri(moved) or _as_uri(moved)
        if self.is_remote:
            return self._url(to_real_path(path))
        return _as_uri(self._place(path))

    def _place(self, path: str) -> str:
        real = to_real_path(path)
        if self.style == "absolute":
            return str(Path(self.root) / real)
        if self.folder is None:
            return real
        return Path(os.path.relpath(Path(self.root) / real, self.folder)).as_posix()

    def _url(self, path: str) -> str:
        quoted = quote(os.fsencode(path))
        if self.root.lower().endswith(".zip"):
            is_path = self.root.startswith("/")
            inner = f"file://{self.root}" if is_path else self.root
            return f"zip://{quoted}::{inner.removeprefix('zip::')}"
        return f"{self.root.rstrip('/')}/{quoted}"


def find_root(source: Source, path: str) -> str:
    """The folder or URL that a source's paths are relative to, seen at one of its tracks."""
    local = source.local_path(path)
    if local is None:
        return source.url
    return str(local).removesuffix(to_real_path(path)).rstrip("/") or "/"


def is_no_folder(root: str) -> bool:
    """Whether a source's root is a URL or an archive.

    A folder may be called whatever its owner likes: what is there counts before the spelling.
    """
    if os.path.isdir(root):  # noqa: PTH112 - whatever is wrong with a path, it is no folder
        return False
    return "://" in root or root.startswith("zip::") or root.lower().endswith(".zip")


def _is_one_line(text: str) -> bool:
    return not any(unicodedata.category(letter) in ("Cc", "Zl", "Zp", "Cs") for letter in text)


def _as_uri(path: str) -> str:
    """A relative URI whose first part has no colon, so that it is not taken for a scheme."""
    quoted = quote(os.fsencode(path))
    if Path(path).is_absolute():
        return f"file://{quoted}"
    return f"./{quoted}" if ":" in quoted.split("/", 1)[0] else quoted
