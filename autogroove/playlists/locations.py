"""Where a player finds a track.

What belongs here: from a track's path in its source to a path or URI that a playlist can hold.
What does not: the playlist formats (`exports`).
"""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Self
from urllib.parse import quote, unquote

from autogroove.catalogue.tracks import Source

PathStyle = Literal["relative", "absolute"]


@dataclass(frozen=True)
class Locations:
    """How paths are written: against the source's root, relative to the playlist file or not.

    `root` is a folder or a URL. Relative paths need the folder that the playlist file is put
    in; without one they are relative to the root. URLs are always written whole.
    """

    root: str
    style: PathStyle = "relative"
    folder: Path | None = None

    @classmethod
    def of_source(
        cls,
        source_url: str,
        output: str | os.PathLike[str] | None = None,
        style: PathStyle = "relative",
    ) -> Self:
        """Locations for a release's source and the file that the playlist goes to."""
        folder = None if output is None else Path(output).expanduser().resolve().parent
        root = source_url.removeprefix("file://")
        return cls(root if is_url(root) else str(Path(root).expanduser().resolve()), style, folder)

    def path(self, path: str) -> str:
        """For formats that hold plain paths; a URL where the source is remote."""
        if is_url(self.root):
            return self._url(path)
        if self.style == "absolute":
            return str(Path(self.root) / path)
        if self.folder is None:
            return path
        return Path(os.path.relpath(Path(self.root) / path, self.folder)).as_posix()

    def uri(self, path: str) -> str:
        """For formats that hold URIs (XSPF, JSPF): percent-encoded, relative ones included."""
        if is_url(self.root):
            return self._url(path)
        place = self.path(path)
        return Path(place).as_uri() if Path(place).is_absolute() else _quote_relative(place)

    def _url(self, path: str) -> str:
        if self.root.lower().endswith(".zip"):
            inner = self.root if "://" in self.root or "::" in self.root else f"file://{self.root}"
            return f"zip://{quote(path)}::{inner.removeprefix('zip::')}"
        return f"{self.root.rstrip('/')}/{quote(path)}"


def find_root(source: Source, path: str) -> str:
    """The folder or URL that a source's paths are relative to, seen at one of its tracks."""
    local = source.local_path(path)
    return source.url if local is None else str(local).removesuffix(path).rstrip("/") or "/"


def is_url(root: str) -> bool:
    """Whether a source's root is no plain folder: a URL, or an archive."""
    return "://" in root or "::" in root or root.lower().endswith(".zip")


def read_location(text: str) -> str:
    """The path in a relative URI; what a test or a reader undoes."""
    return unquote(text)


def _quote_relative(path: str) -> str:
    """A relative URI whose first part has no colon, so that it is not taken for a scheme."""
    quoted = quote(path)
    return f"./{quoted}" if ":" in quoted.split("/", 1)[0] else quoted
