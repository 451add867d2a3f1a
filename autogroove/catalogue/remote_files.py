"""A folder behind any fsspec URL: an object store, a web server, memory.

What belongs here: one listing for the whole tree, and checksums that can be trusted.
What does not: patience (`network`), and which library serves a URL (`autogroove.storage`).
"""

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, BinaryIO, cast

import fsspec
import pandas as pd

from autogroove.catalogue.files import FileEntry, tabulate_files
from autogroove.catalogue.network import (
    ask_about,
    describe_version,
    explained_source,
    open_remote,
    read_patiently,
)
from autogroove.catalogue.paths import has_audio_name, is_hidden, to_real_path, to_safe_path
from autogroove.catalogue.reasons import Reason
from autogroove.errors import SourceError

READAHEAD_BYTES = 1 << 20
HEAD_BYTES = 1 << 16
"""What one request brings of a file that is read on, and of one that is opened for its tags."""
_CONTENT_ETAG = re.compile(r"[0-9a-f]{32}(-\d+)?")


@dataclass(frozen=True)
class RemoteFiles:
    """The files below an fsspec URL."""

    url: str

    def __reduce__(self) -> tuple[type["RemoteFiles"], tuple[str]]:
        return RemoteFiles, (self.url,)

    @cached_property
    def _opened(self) -> tuple[fsspec.AbstractFileSystem, str]:
        filesystem, root = open_remote(self.url)
        return filesystem, root.rstrip("/")

    @property
    def is_local(self) -> bool:
        """Never."""
        return False

    def list_audio(self) -> pd.DataFrame:
        """See `Files.list_audio`. One recursive listing, and none is opened."""
        filesystem, root = self._opened
        with explained_source(self.url):
            found = filesystem.find(root, detail=True)
            if not found and not filesystem.exists(root):
                raise SourceError(f"{self.url} is not there.")
        return tabulate_files(self._describe(found, len(root) + 1))

    def _describe(self, found: dict[str, dict[str, Any]], start: int) -> Iterator[FileEntry]:
        wanted = {
            name: info
            for name, info in found.items()
            if has_audio_name(name) and not is_hidden(name[start:])
        }
        incomplete = [n for n, info in wanted.items() if info.get("size") is None]
        with ThreadPoolExecutor(16) as pool:
            wanted |= dict(zip(incomplete, pool.map(self._complete, incomplete), strict=True))
        for name, info in wanted.items():
            path, size = to_safe_path(name[start:]), int(info.get("size") or 0)
            if info.get("type") == "absent":
                yield FileEntry(path, 0, "", None, Reason.unreadable, "It is listed but not there.")
            else:
                yield FileEntry(path, size, describe_version(info), _trust(info))

    def _complete(self, name: str) -> dict[str, Any]:
        try:
            return dict(self._opened[0].info(name))
        except FileNotFoundError:
            return {"type": "absent"}

    def _real(self, path: str) -> str:
        return f"{self._opened[1]}/{to_real_path(path)}"

    def has_file(self, path: str) -> bool:
        """Whether a file of that safe path is there."""
        info = ask_about(f"{self.url}/{to_real_path(path)}")
        return info is not None and info["type"] == "file"

    def read(self, path: str) -> bytes:
        """A whole file, in one request."""
        name = self._real(path)
        return bytes(read_patiently(lambda: self._opened[0].cat_file(name)))

    def open(self, path: str) -> BinaryIO:
        """A file, seekable, read by ranges."""
        return self._open(path, READAHEAD_BYTES)

    def open_head(self, path: str) -> BinaryIO:
        """The file itself: only what is touched is fetched."""
        return self._open(path, HEAD_BYTES)

    def _open(self, path: str, ahead: int) -> BinaryIO:
        name, filesystem = self._real(path), self._opened[0]
        options = {"block_size": ahead, "cache_type": "readahead"}
        return cast(BinaryIO, read_patiently(lambda: filesystem.open(name, "rb", **options)))

    def local_path(self, path: str) -> Path | None:
        """None: it is elsewhere."""
        return None


def _trust(info: dict[str, Any]) -> str | None:
    """A fingerprint from an object store's own checksum of the content, or None.

    S3's ETag is an MD5 of the bytes, or of the parts' MD5s. A web server's is often only size
    and time, and those never come with S3's other fields.
    """
    if "md5Hash" in info:
        return f"md5-{info['md5Hash']}"
    etag = str(info.get("ETag", "")).strip('"')
    is_object = "Key" in info and "LastModified" in info
    return f"etag-{etag}" if is_object and _CONTENT_ETAG.fullmatch(etag) else None
