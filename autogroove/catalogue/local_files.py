"""A folder of this machine.

What belongs here: walking it quickly and safely, and opening what is in it.
What does not: which files are tracks, and what their bytes say.
"""

import os
import stat
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import pandas as pd

from autogroove.catalogue.files import FileEntry, tabulate_files
from autogroove.catalogue.paths import has_audio_name, to_real_path, to_safe_path
from autogroove.catalogue.reasons import Reason
from autogroove.errors import SourceError


@dataclass(frozen=True)
class LocalFiles:
    """The files below a folder; links are followed, but no folder is entered twice."""

    root: str
    skipped_folder: str | None = None
    """A folder inside the root that is none of the collection: the store, for one."""

    @property
    def url(self) -> str:
        """The folder."""
        return self.root

    @property
    def is_local(self) -> bool:
        """Always."""
        return True

    def list_audio(self) -> pd.DataFrame:
        """See `Files.list_audio`. One `stat` a file, and none is opened."""
        if not os.access(self.root, os.R_OK | os.X_OK):
            raise SourceError(f"No permission to list {self.root}. Check the folder's owner.")
        return tabulate_files(_walk(self.root, self.skipped_folder))

    def has_file(self, path: str) -> bool:
        """Whether a file of that safe path is there."""
        return self.local_path(path).is_file()

    def read(self, path: str) -> bytes:
        """A whole file."""
        return self.local_path(path).read_bytes()

    def open(self, path: str) -> BinaryIO:
        """A file, seekable."""
        return self.local_path(path).open("rb")

    def open_head(self, path: str) -> BinaryIO:
        """The file itself: seeking in it is cheap."""
        return self.open(path)

    def local_path(self, path: str) -> Path:
        """The real file."""
        return Path(self.root) / to_real_path(path)


def _walk(root: str, skipped_folder: str | None) -> Iterator[FileEntry]:
    """Real folders before linked ones, so that a file keeps the path without links."""
    seen: set[tuple[int, int]] = set()
    if skipped_folder is not None and Path(skipped_folder).is_dir():
        seen.add(_identify(skipped_folder))
    folders, links = deque([""]), deque[str]()
    while folders or links:
        prefix = folders.popleft() if folders else links.popleft()
        here = f"{root}/{prefix}"
        try:
            if (identity := _identify(here)) in seen:
                continue
            seen.add(identity)
            with os.scandir(here) as scan:
                found = sorted(scan, key=lambda entry: entry.name)
        except OSError as error:
            yield _fault(prefix.rstrip("/"), f"The folder cannot be listed: {error.strerror}.")
            continue
        visible = [entry for entry in found if not entry.name.startswith(".")]
        yield from _sort_out(visible, prefix, folders, links)
        if has_audio_name(prefix[:-1]) and not any(map(_may_lead_to_audio, visible)):
            yield _fault(prefix.rstrip("/"), "It is a folder, not a file.")


def _sort_out(
    found: list[os.DirEntry[str]], prefix: str, folders: deque[str], links: deque[str]
) -> Iterator[FileEntry]:
    for entry in found:
        path = prefix + entry.name
        try:
            if entry.is_dir():
                (links if entry.is_symlink() else folders).append(path + "/")
            elif has_audio_name(entry.name):
                yield _describe(path, entry)
        except OSError as error:
            if has_audio_name(entry.name):
                yield _fault(path, f"{error.strerror}.")


def _may_lead_to_audio(entry: os.DirEntry[str]) -> bool:
    return has_audio_name(entry.name) or entry.is_dir(follow_symlinks=False)


def _describe(path: str, entry: os.DirEntry[str]) -> FileEntry:
    try:
        status = entry.stat()
    except FileNotFoundError:
        return _fault(path, "A link to a file that is not there.")
    if not stat.S_ISREG(status.st_mode):
        return _fault(path, "It is a device or a pipe, not a file.")
    return FileEntry(to_safe_path(path), status.st_size, str(status.st_mtime_ns))


def _fault(path: str, detail: str) -> FileEntry:
    return FileEntry(to_safe_path(path), 0, "", None, Reason.unreadable, detail)


def _identify(folder: str) -> tuple[int, int]:
    status = os.stat(folder)  # noqa: PTH116 - a str that may hold undecodable bytes
    return status.st_dev, status.st_ino
