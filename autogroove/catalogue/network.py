"""Asking a file system that may be far away: patience, and faults that mean what they say.

What belongs here: trying again, and telling "not there" from "does not answer". The difference
matters: a collection whose metadata was overlooked for a moment would get other track ids.
What does not: what is asked (`remote_files`, `ranges`).
"""

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any, TypeVar

import aiohttp
import fsspec

from autogroove.errors import SourceError, StoreError
from autogroove.storage import open_filesystem
from autogroove.storage.faults import explained

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
