"""Reading files that may be far away: patience, faults that mean "later", ranges of a file."""

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

import aiohttp
import fsspec

from autogroove.errors import SourceError, StoreError
from autogroove.source.files import open_regular
from autogroove.store import SeekableView, explained, open_filesystem

T = TypeVar("T")

logger = logging.getLogger(__name__)

ATTEMPTS = 3
"""Where the client does not try again by itself; the one for S3 does."""

_ABSENT = (401, 403, 404, 410)
"""Answers of web servers for what they do not have, or do not show."""

_LASTING = (FileNotFoundError, PermissionError, IsADirectoryError, NotADirectoryError)

_NETWORK = ("aiohttp.", "botocore.", "aiobotocore.", "fsspec.", "urllib3.")

_VERSIONS = ("ETag", "etag", "md5Hash", "mtime", "LastModified", "last_modified", "updated")


def open_remote(url: str) -> tuple[fsspec.AbstractFileSystem, str]:
    """The file system of a source's URL, and the path in it.

    Raises:
        SourceError: the protocol is unknown, or the URL is none.
    """
    with explained_source(url):
        return open_filesystem(url)


@contextmanager
def explained_source(url: str) -> Iterator[None]:
    """Raise a `SourceError` for whatever a file system raises inside."""
    try:
        with explained(url):
            yield
    except StoreError as error:
        raise SourceError(str(error)) from error


def ask_about(url: str) -> dict[str, Any] | None:
    """What a file system says of one file; None: it is not there.

    Raises:
        SourceError: it does not answer, so that nothing can be concluded.
    """
    filesystem, path = open_remote(url)
    with explained_source(url):
        try:
            return _try_again(lambda: dict(filesystem.info(path)))
        except FileNotFoundError as error:
            cause = error.__cause__
            if isinstance(cause, aiohttp.ClientError | TimeoutError) and (
                getattr(cause, "status", None) not in _ABSENT
            ):
                raise ConnectionError(f"{cause or type(cause).__name__}") from error
            return None


def read_patiently(fetch: Callable[[], T]) -> T:
    """What `fetch` returns, tried again where a network may have hiccuped.

    Raises:
        OSError: it failed for good.
    """
    try:
        return _try_again(fetch)
    except OSError:
        raise
    except Exception as error:
        if not is_network_fault(error):
            raise
        raise OSError(f"{error or type(error).__name__}") from error


def _try_again(fetch: Callable[[], T]) -> T:
    for attempt in range(1, ATTEMPTS):
        try:
            return fetch()
        except _LASTING:
            raise
        except Exception as error:
            may_pass = isinstance(error, OSError) or is_network_fault(error)
            if not may_pass or _was_patient(error):
                raise
            logger.info("Trying again after %r", error)
            time.sleep(0.25 * 4**attempt)
    return fetch()


def is_network_fault(error: BaseException) -> bool:
    """Whether an exception, of whatever base, comes from a client of a network."""
    return type(error).__module__.startswith(_NETWORK)


def _was_patient(error: BaseException) -> bool:
    """Whether S3's client raised it, after its own attempts."""
    cause = error.__cause__ or error
    return type(cause).__module__.startswith(("botocore.", "aiobotocore."))


def describe_version(info: dict[str, Any]) -> str:
    """What a listing says that changes when the file does; "" where it says nothing."""
    for name in (*_VERSIONS, "created"):
        if (value := info.get(name)) is not None:
            return value.isoformat() if isinstance(value, datetime) else str(value).strip('"')
    return ""


@dataclass(frozen=True)
class RangedFile:
    """A file of known size whose ranges can be fetched, by any number of threads at once.

    fsspec's own buffered files guess what is wanted next; a zip's directory says it exactly, so
    every range is asked for as it is, without a cache.
    """

    url: str

    def __reduce__(self) -> tuple[type["RangedFile"], tuple[str]]:
        return RangedFile, (self.url,)

    @property
    def is_local(self) -> bool:
        """Whether it is a file of this machine."""
        return "://" not in self.url

    @cached_property
    def _info(self) -> dict[str, Any]:
        if self.is_local:
            status = Path(self.url).stat()
            return {"size": status.st_size, "mtime": status.st_mtime_ns}
        info = ask_about(self.url)
        if info is None:
            raise SourceError(f"{self.url} is not there.")
        return info

    @property
    def is_folder(self) -> bool:
        """Whether a folder has this name.

        Raises:
            SourceError: nothing has.
        """
        return not self.is_local and self._info.get("type") == "directory"

    @property
    def size_bytes(self) -> int:
        """Bytes of the whole file.

        Raises:
            SourceError: it is not there, or its server does not tell.
        """
        if self._info.get("size") is None:
            raise SourceError(
                f"The server does not say how large {self.url} is, so that it cannot be read by "
                "ranges. Download it and give the file."
            )
        return int(self._info["size"])

    @property
    def version(self) -> str:
        """What changes when the file does."""
        return f"{self.size_bytes}-{describe_version(self._info)}"

    def fetch(self, start: int, stop: int) -> bytes:
        """The bytes of [start, stop), in one request; fewer only where the file ends.

        Raises:
            OSError: they cannot be read, or the server ignores ranges.
        """
        stop = min(stop, self.size_bytes)
        if start < 0 or stop <= start:
            return b""
        data = read_patiently(self._fetcher(start, stop))
        if len(data) != stop - start:
            raise OSError(f"{self.url} does not answer to ranges")
        return data

    def _fetcher(self, start: int, stop: int) -> Callable[[], bytes]:
        if self.is_local:
            return lambda: _read_range(self.url, start, stop)
        filesystem, path = open_remote(self.url)
        return lambda: bytes(filesystem.cat_file(path, start=start, end=stop))


def _read_range(path: str, start: int, stop: int) -> bytes:
    with open_regular(path) as file:
        file.seek(start)
        return file.read(stop - start)


_TAIL_BYTES = 1 << 16


class TailReader(SeekableView):
    """A seekable view of a ranged file for a reader that starts at its end.

    The last 64 KiB come with the first request; whatever lies before them is asked for as
    it is read.
    """

    def __init__(self, ranged: RangedFile) -> None:
        super().__init__(ranged.size_bytes)
        self._ranged = ranged
        self._tail_start = max(0, ranged.size_bytes - _TAIL_BYTES)
        self._tail = ranged.fetch(self._tail_start, ranged.size_bytes)

    def read_at(self, start: int, stop: int) -> bytes:
        """The bytes of a range."""
        if start >= self._tail_start:
            return self._tail[start - self._tail_start : stop - self._tail_start]
        before = self._ranged.fetch(start, min(stop, self._tail_start))
        return before + self._tail[: max(0, stop - self._tail_start)]
