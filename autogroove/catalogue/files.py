"""A tree of files, wherever it is: what every place can do.

What belongs here: the protocol, the table that a listing is, and the choice by URL.
What does not: the places themselves (`local_files`, `remote_files`, `zip_files`), and which
files are tracks (`sources`).
"""

from collections.abc import Iterable
from pathlib import Path
from typing import BinaryIO, NamedTuple, Protocol

import pandas as pd

from autogroove.catalogue.reasons import Reason


class FileEntry(NamedTuple):
    """One file of a listing, or one fault that stands where a file should be."""

    path: str
    """Safe path, relative to the root."""
    size_bytes: int
    version: str
    """What changes when the file does: mtime in ns, ETag, CRC."""
    checksum: str | None = None
    """A fingerprint that the place itself derives from the content; None: it must be read."""
    reason: Reason | None = None
    detail: str | None = None


class Files(Protocol):
    """A place that holds files. Picklable; paths are safe paths relative to its root."""

    @property
    def url(self) -> str:
        """The folder or URL of the root."""
        ...

    @property
    def is_local(self) -> bool:
        """Whether reading costs no network."""
        ...

    def list_audio(self) -> pd.DataFrame:
        """The audio files, one row each with the columns of `FileEntry`, in the order of path.

        Raises:
            SourceError: the place cannot be listed.
        """
        ...

    def has_file(self, path: str) -> bool:
        """Whether a file of that safe path is there."""
        ...

    def read(self, path: str) -> bytes:
        """A whole file.

        Raises:
            OSError: it cannot be read.
        """
        ...

    def open(self, path: str) -> BinaryIO:
        """A file, seekable.

        Raises:
            OSError: it cannot be opened.
        """
        ...

    def open_head(self, path: str) -> BinaryIO:
        """Enough of a file for its tags, where opening it whole would be dear."""
        ...

    def local_path(self, path: str) -> Path | None:
        """The real file, if there is one on this machine."""
        ...


def tabulate_files(entries: Iterable[FileEntry]) -> pd.DataFrame:
    """Entries as a table in the order of their paths; the order in a folder is left to chance."""
    table = pd.DataFrame(list(entries), columns=list(FileEntry._fields))
    table = table.astype({"size_bytes": "int64", "checksum": object, "reason": object})
    return table.sort_values("path", kind="stable", ignore_index=True)
