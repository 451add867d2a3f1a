"""Where bytes live: the only module that knows fsspec, s3fs and local paths.

What belongs here: reading, creating, listing and deleting whole objects by key, and opening the
file systems that sources are on.
What does not: what an object means or how it is named. Callers bring keys.

Local writes go to a temporary file in the same folder and are renamed, so that an object is
whole or absent. Object stores give that by themselves.
"""

import errno
import os
import re
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

import fsspec
from fsspec.implementations.local import LocalFileSystem
from zarr.abc.store import Store as ZarrStore
from zarr.storage import FsspecStore, LocalStore

from autogroove.errors import MissingObject, StoreError

_KEY_PART = re.compile(r"[A-Za-z0-9][A-Za-z0-9._=-]*")
_ALREADY_THERE = {"PreconditionFailed", "ConditionalRequestConflict", "412", "409"}
_TEMPORARY = ".part-"


@dataclass(frozen=True)
class StoredObject:
    """One object of a listing."""

    key: str
    size_bytes: int
    modified: datetime


def open_filesystem(url: str) -> tuple[fsspec.AbstractFileSystem, str]:
    """The file system of a URL (chains such as `zip::https://…` too) and the path in it.

    Raises:
        StoreError: the protocol is unknown or its library is missing.
    """
    protocol = url.split("://")[0].rsplit("::", 1)[-1] if "://" in url else "file"
    options: dict[str, Any] = {}
    if protocol in ("s3", "s3a"):
        options = {"use_listings_cache": False}
    try:
        chained = {protocol: options} if options and "::" in url else options
        filesystem, root = fsspec.core.url_to_fs(url, **chained)
    except (ValueError, ImportError) as error:
        raise StoreError(f"Cannot open {url}: {error}") from error
    return filesystem, str(root)


class Store:
    """A place for immutable objects: a local folder or any fsspec URL.

    A store is only its URL: it travels between processes as that, and credentials come from the
    environment of each process, never from the object.

    Raises:
        StoreError: from every method, when the place cannot be used.
    """

    def __init__(self, url: str | os.PathLike[str]) -> None:
        text = os.fspath(url)
        self.url = text.rstrip("/") if "://" in text else str(Path(text).expanduser().resolve())

    def __repr__(self) -> str:
        return f"Store({self.url!r})"

    def __reduce__(self) -> tuple[type["Store"], tuple[str]]:
        return Store, (self.url,)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Store) and other.url == self.url

    def __hash__(self) -> int:
        return hash(self.url)

    @cached_property
    def _opened(self) -> tuple[fsspec.AbstractFileSystem, str]:
        filesystem, root = open_filesystem(self.url)
        return filesystem, root.rstrip("/")

    @property
    def is_local(self) -> bool:
        """Whether the store is a folder of this machine."""
        return isinstance(self._opened[0], LocalFileSystem)

    def locate(self, key: str) -> str:
        """Where an object is, as a path or URL for people and for other tools."""
        _check(key)
        return f"{self.url}/{key}"

    def _path(self, key: str) -> str:
        _check(key)
        return f"{self._opened[1]}/{key}"

    def read(self, key: str) -> bytes:
        """The bytes of an object.

        Raises:
            MissingObject: it is not there.
        """
        with _explained(self.url, key):
            return bytes(self._opened[0].cat_file(self._path(key)))

    def write(self, key: str, data: bytes) -> None:
        """Put an object, whole or not at all. The same key must always carry the same bytes."""
        with _explained(self.url, key):
            if self.is_local:
                _replace(Path(self._path(key)), data)
            else:
                self._opened[0].pipe_file(self._path(key), data)

    def create(self, key: str, data: bytes) -> bool:
        """Put an object only where none is; False means that somebody else was first."""
        with _explained(self.url, key):
            if self.is_local:
                return _link_once(Path(self._path(key)), data)
            try:
                self._opened[0].pipe_file(self._path(key), data, mode="create")
            except FileExistsError:
                return False
            except OSError as error:
                if _says_already_there(error):
                    return False
                raise
            return True

    def exists(self, key: str) -> bool:
        """Whether an object is there."""
        with _explained(self.url, key):
            return bool(self._opened[0].isfile(self._path(key)))

    def size(self, key: str) -> int:
        """Bytes of an object.

        Raises:
            MissingObject: it is not there.
        """
        with _explained(self.url, key):
            return int(self._opened[0].info(self._path(key))["size"])

    def objects(self, prefix: str = "") -> Iterator[StoredObject]:
        """Every object below a prefix, in the order of its key."""
        base = self._path(prefix) if prefix else self._opened[1]
        with _explained(self.url, prefix):
            found = self._opened[0].find(base, detail=True)
        start = len(self._opened[1]) + 1
        for path in sorted(found):
            if _TEMPORARY not in path:
                info = found[path]
                yield StoredObject(path[start:], int(info["size"]), _modified(info))

    def folders(self, prefix: str) -> list[str]:
        """Names of the folders directly below a prefix, sorted; none where it is absent."""
        with _explained(self.url, prefix):
            try:
                rows = self._opened[0].ls(self._path(prefix), detail=True)
            except FileNotFoundError:
                return []
        found = (r["name"].rstrip("/") for r in rows if r["type"] == "directory")
        return sorted(name.rsplit("/", 1)[-1] for name in found)

    def names(self, prefix: str) -> list[str]:
        """Names of the objects directly below a prefix, sorted; none where it is absent."""
        with _explained(self.url, prefix):
            try:
                rows = self._opened[0].ls(self._path(prefix), detail=True)
            except FileNotFoundError:
                return []
        found = (r["name"].rsplit("/", 1)[-1] for r in rows if r["type"] == "file")
        return sorted(name for name in found if _TEMPORARY not in name)

    def delete(self, key: str) -> None:
        """Remove one object; one that is already gone is no error."""
        with _explained(self.url, key):
            try:
                self._opened[0].rm_file(self._path(key))
            except FileNotFoundError:
                return

    def delete_below(self, prefix: str) -> None:
        """Remove a folder with everything in it; one that is already gone is no error."""
        with _explained(self.url, prefix):
            try:
                self._opened[0].rm(self._path(prefix), recursive=True)
            except FileNotFoundError:
                return

    def zarr(self, prefix: str, *, read_only: bool = True) -> ZarrStore:
        """A Zarr store for the group or array below a prefix."""
        path = self._path(prefix)
        if self.is_local:
            return LocalStore(path, read_only=read_only)
        return FsspecStore.from_url(
            self.locate(prefix),
            storage_options={"use_listings_cache": False} if self.url.startswith("s3") else None,
            read_only=read_only,
        )


def _check(key: str) -> None:
    """A key is relative, and no part of it can climb out of the store."""
    if not all(_KEY_PART.fullmatch(part) for part in key.split("/")):
        raise StoreError(f"{key!r} is not a key of a store: parts are letters, digits and ._=-")


def _replace(path: Path, data: bytes) -> None:
    temporary = _write_temporary(path, data)
    try:
        os.replace(temporary, path)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise


def _link_once(path: Path, data: bytes) -> bool:
    """A hard link fails where the name exists, and shows the object only once it is whole."""
    temporary = _write_temporary(path, data)
    try:
        os.link(temporary, path)
    except FileExistsError:
        return False
    finally:
        temporary.unlink(missing_ok=True)
    return True


def _write_temporary(path: Path, data: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f"{path.name}{_TEMPORARY}{uuid.uuid4().hex}")
    try:
        with temporary.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
    except OSError:
        temporary.unlink(missing_ok=True)
        raise
    return temporary


def _modified(info: dict[str, Any]) -> datetime:
    value = info.get("LastModified", info.get("mtime", 0.0))
    return value if isinstance(value, datetime) else datetime.fromtimestamp(float(value), UTC)


def _says_already_there(error: OSError) -> bool:
    """Whether a failed conditional create says that the object exists (SeaweedFS, AWS)."""
    response = getattr(error.__cause__, "response", None) or {}
    return str(response.get("Error", {}).get("Code", "")) in _ALREADY_THERE


@contextmanager
def _explained(url: str, key: str) -> Iterator[None]:
    """Turn what a file system raises into a sentence with the place and the remedy."""
    place = f"{url}/{key}" if key else url
    try:
        yield
    except FileNotFoundError as error:
        raise MissingObject(f"{place} is not there.") from error
    except PermissionError as error:
        raise StoreError(
            f"No permission for {place}. Check the folder's owner, or the S3 credentials."
        ) from error
    except OSError as error:
        raise StoreError(f"{place}: {_remedy(error)}") from error


def _remedy(error: OSError) -> str:
    if error.errno == errno.ENOSPC:
        return "no space is left. Free some, or choose another --store."
    if error.errno == errno.EROFS:
        return "the file system is read-only. Choose another --store."
    return f"{error or type(error).__name__}"
