"""A folder behind any fsspec URL: an object store, a web server, memory.

What belongs here: one listing for the whole tree, checksums that can be trusted, reading with
patience.
What does not: which library serves a URL (`autogroove.storage`).
"""

import logging
import re
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any, BinaryIO, TypeVar, cast

import aiohttp
import fsspec
import pandas as pd

from autogroove.catalogue.files import FileEntry, tabulate_files
from autogroove.catalogue.paths import has_audio_name, is_hidden, to_real_path, to_safe_path
from autogroove.errors import SourceError, StoreError
from autogroove.storage import open_filesystem

T = TypeVar("T")
logger = logging.getLogger(__name__)

READAHEAD_BYTES = 1 << 20
HEAD_BYTES = 1 << 16
"""What one request brings of a file that is read on, and of one that is opened for its tags."""
ATTEMPTS = 3
_LASTING = (FileNotFoundError, PermissionError, IsADirectoryError, NotADirectoryError)
_VERSIONS = (
    "ETag",
    "etag",
    "md5Hash",
    "mtime",
    "LastModified",
    "last_modified",
    "updated",
    "created",
)
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
        try:
            found = filesystem.find(root, detail=True)
        except PermissionError as error:
            raise SourceError(
                f"No permission to list {self.url}. Check the credentials."
            ) from error
        except (OSError, aiohttp.ClientError) as error:
            raise SourceError(f"{self.url} cannot be listed: {error}") from error
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
            infos = pool.map(self._opened[0].info, incomplete)
            wanted |= dict(zip(incomplete, infos, strict=True))
        for name, info in wanted.items():
            size = int(info.get("size") or 0)
            yield FileEntry(to_safe_path(name[start:]), size, describe_version(info), _trust(info))

    def _real(self, path: str) -> str:
        return f"{self._opened[1]}/{to_real_path(path)}"

    def has_file(self, path: str) -> bool:
        """Whether a file of that safe path is there."""
        return bool(self._opened[0].isfile(self._real(path)))

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


def open_remote(url: str) -> tuple[fsspec.AbstractFileSystem, str]:
    """The file system of a source's URL.

    Raises:
        SourceError: the protocol is unknown.
    """
    try:
        return open_filesystem(url)
    except StoreError as error:
        raise SourceError(str(error)) from error


def read_patiently(fetch: Callable[[], T]) -> T:
    """What `fetch` returns, tried again where a network may have hiccuped.

    Raises:
        OSError: it failed for good.
    """
    for attempt in range(1, ATTEMPTS + 1):
        try:
            return fetch()
        except _LASTING:
            raise
        except (OSError, aiohttp.ClientError) as error:
            if attempt == ATTEMPTS:
                raise OSError(f"{error or type(error).__name__}") from error
            logger.info("Trying again after %r", error)
            time.sleep(0.25 * 4**attempt)
    raise AssertionError("unreachable")


def describe_version(info: dict[str, Any]) -> str:
    """What a listing says that changes when the file does; "" where it says nothing."""
    for name in _VERSIONS:
        if (value := info.get(name)) is not None:
            return value.isoformat() if isinstance(value, datetime) else str(value).strip('"')
    return ""


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
