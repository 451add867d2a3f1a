"""How a player sees the music that we see: `--root FROM=TO`.

What belongs here: one such pair, read and applied. TO may be a folder of a container, of a NAS or
of Windows, a URL, or nothing where a player counts from its own music folder.
What does not: paths of tracks (`locations`).
"""

import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Self
from urllib.parse import quote

from autogroove.errors import SettingsError

_WINDOWS = re.compile(r"[A-Za-z]:([\\/]|$)|\\\\")


@dataclass(frozen=True)
class Root:
    """What begins with `source` here begins with `target` there; neither ends in a separator."""

    source: str
    target: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `FROM=TO`. FROM is a folder or a URL; the folder need not be there.

        Raises:
            SettingsError: there is no "=", or nothing before it.
        """
        source, equals, target = text.partition("=")
        if not equals or not source:
            raise SettingsError(
                f"--root {text} is not FROM=TO: a folder as it is here, and as the player sees it."
            )
        if "://" not in source:
            source = str(Path(source).expanduser().absolute())
        return cls(source.rstrip("/"), target.rstrip("/\\"))

    def move(self, place: str) -> str | None:
        """An absolute path or a URL as the player sees it; None where it is not under `source`.

        >>> Root("/music", "D:\\\\Music").move("/music/a/b.mp3")
        'D:\\\\Music\\\\a\\\\b.mp3'
        """
        if not place.startswith(f"{self.source}/"):
            return None
        rest = place.removeprefix(f"{self.source}/")
        if _WINDOWS.match(self.target):
            return "\\".join([self.target, *rest.split("/")])
        return f"{self.target}/{rest}" if self.target else rest

    @property
    def is_url(self) -> bool:
        """Whether the player's side is a URL, in which paths are percent-encoded."""
        return "://" in self.target


def move_place(roots: Iterable[Root], place: str) -> str | None:
    """An absolute path as the player sees it, by the root that holds it most closely."""
    for root in sorted(roots, key=lambda root: -len(root.source)):
        moved = root.move(place)
        if moved is not None:
            return quote(os.fsencode(moved), safe=":/") if root.is_url else moved
    return None


def write_uri(place: str) -> str | None:
    """The URI of a path that is absolute somewhere; None of one that is not.

    >>> write_uri("D:\\\\Music\\\\a b.mp3"), write_uri("\\\\\\\\nas\\\\music\\\\a.mp3")
    ('file:///D:/Music/a%20b.mp3', 'file://nas/music/a.mp3')
    """
    if "://" in place:
        return place
    if _WINDOWS.match(place):
        path = place.replace("\\", "/")
        quoted = quote(os.fsencode(path), safe=":/")
        return f"file:{quoted}" if path.startswith("//") else f"file:///{quoted}"
    return f"file://{quote(os.fsencode(place))}" if PurePosixPath(place).is_absolute() else None
