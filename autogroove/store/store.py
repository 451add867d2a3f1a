"""A place for immutable objects, by key.

What belongs here: reading, creating, listing and deleting whole objects.
What does not: how a local file is written safely (`local`), how a URL is opened
(`filesystems`), what a listing says (`listing`), how an error is told (`faults`).
"""

import os
import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import fsspec
from fsspec.implementations.local import LocalFileSystem

from autogroove.errors import MissingObject, StoreError
from autogroove.store import local
from autogroove.store.faults import (
    explained,
    is_bucket_missing,
    is_damaged_answer,
    says_already_there,
)
from autogroove.store.filesystems import open_filesystem
from autogroove.store.listing import (
    DAMAGED,
    StoredObject,
    describe_object,
    is_leftover,
    list_children,
    list_local,
    list_remote,
)

if TYPE_CHECKING:
    from zarr.abc.store import Store as ZarrStore

_KEY_PART = re.compile(r"[A-Za-z0-9][A-Za-z0-9._=-]*")
_ATTEMPTS = 3
_DELETED_AT_ONCE = 1000
_LARGE_BYTES = 32 << 20


class Store:
    """A place for immutable objects: a local folder or any fsspec URL.

    A store is only its URL: it travels between processes as that, and credentials come from the
    environment of each process, never from the object.

    Raises:
        StoreError: from every method, when the place cannot be used.
    """

    def __init__(self, url: str | os.PathLike[str]) -> None:
        text = os.fspath(url)
        remote = "://" in text
        self.url = text.rstrip("/") if remote else str(Path(text).expanduser().resolve())
        if self.url.endswith(":"):
            raise StoreError(f"{text} names no place. Write a folder, or s3://BUCKET/FOLDER.")
        self._opened_in: tuple[int, fsspec.AbstractFileSystem, str] | None = None

    def __repr__(self) -> str:
        return f"Store({self.url!r})"

    def __reduce__(self) -> tuple[type["Store"], tuple[str]]:
        return Store, (self.url,)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Store) and other.url == self.url

    def __hash__(self) -> int:
        return hash(self.url)

    @property
    def _opened(self) -> tuple[fsspec.AbstractFileSystem, str]:
        """File system and root; opened anew after a fork, which fsspec does not survive."""
        if self._opened_in is None or self._opened_in[0] != os.getpid():
            filesystem, root = open_filesystem(self.url)
            self._opened_in = os.getpid(), filesystem, root.rstrip("/")
        return self._opened_in[1:]

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

    def _folder(self, prefix: str) -> str:
        return self._path(prefix) if prefix else self._opened[1]

    def read(self, key: str, most_bytes: int | None = None) -> bytes:
        """The bytes of an object, as many as the store says it has.

        Raises:
            MissingObject: it is not there.
            StoreError: it is larger than `most_bytes`; then nothing is read.
        """
        with explained(f"{self.url}/{key}"):
            path = self._path(key)
            for _ in range(_ATTEMPTS):
                size_bytes = int(self._opened[0].info(path)["size"])
                if most_bytes is not None and size_bytes > most_bytes:
                    raise StoreError(
                        f"{self.url}/{key} has {size_bytes} bytes where at most {most_bytes} are "
                        "expected. It is damaged: delete it and run again."
                    )
                data = self._read_whole(path, size_bytes)
                if data is not None and len(data) == size_bytes:
                    return data
        raise StoreError(f"{self.url}/{key}: again and again damaged bytes come.")

    def _read_whole(self, path: str, size_bytes: int) -> bytes | None:
        """The bytes of an object, or None if they came damaged."""
        if self.is_local:
            return Path(path).read_bytes()
        # s3fs asks for the size once more where it might read large objects in parallel.
        is_s3 = "s3" in self._opened[0].protocol
        small = {"max_concurrency": 1} if is_s3 and size_bytes < _LARGE_BYTES else {}
        try:
            return bytes(self._opened[0].cat_file(path, **small))
        except Exception as error:
            if is_damaged_answer(error):
                return None
            raise

    def write(self, key: str, data: bytes) -> None:
        """Put an object, whole or not at all. The same key must always carry the same bytes."""
        with explained(f"{self.url}/{key}"):
            if self.is_local:
                local.replace_file(Path(self._path(key)), data)
            else:
                self._opened[0].pipe_file(self._path(key), data)

    def create(self, key: str, data: bytes) -> bool:
        """Put an object only where none is; False means that somebody else was first.

        Where an answer was lost on the way, False may also mean that an earlier attempt of this
        very call was first: put something unique in the object and read it back.
        """
        with explained(f"{self.url}/{key}"):
            if self.is_local:
                return local.create_file(Path(self._path(key)), data)
            try:
                self._opened[0].pipe_file(self._path(key), data, mode="create")
            except OSError as error:
                if says_already_there(error):
                    return False
                raise
            return True

    def exists(self, key: str) -> bool:
        """Whether an object is there."""
        try:
            self.stat(key)
        except MissingObject:
            return False
        return True

    def size(self, key: str) -> int:
        """Bytes of an object.

        Raises:
            MissingObject: it is not there.
        """
        return self.stat(key).size_bytes

    def stat(self, key: str) -> StoredObject:
        """Size and time of an object, by the store's own clock.

        Raises:
            MissingObject: it is not there.
        """
        with explained(f"{self.url}/{key}"):
            info = self._opened[0].info(self._path(key))
            if info["type"] != "file":
                raise MissingObject(f"{self.url}/{key} is a folder, not an object.")
            return describe_object(key, info)

    def objects(self, prefix: str = "", *, leftovers: bool = False) -> Iterator[StoredObject]:
        """Every object below a prefix, in the order of its key.

        `leftovers` adds the temporary files that a crash may leave on a local disk, and what was
        set aside.
        """
        filesystem, root = self._opened
        with explained(f"{self.url}/{prefix}"):
            if self.is_local:
                found = list_local(Path(root), Path(self._folder(prefix)))
            else:
                found = list_remote(filesystem, root, self._folder(prefix))
        for each in sorted(found, key=lambda each: each.key):
            if leftovers or not is_leftover(each.key):
                yield each

    def folders(self, prefix: str) -> list[str]:
        """Names of the folders directly below a prefix, sorted; none where it is absent.

        A server may show a folder for a while after its last object is gone.
        """
        return self._children(prefix, "directory")

    def names(self, prefix: str) -> list[str]:
        """Names of the objects directly below a prefix, sorted; none where it is absent."""
        return self._children(prefix, "file")

    def _children(self, prefix: str, kind: str) -> list[str]:
        with explained(f"{self.url}/{prefix}"):
            return list_children(self._opened[0], self._folder(prefix), kind)

    def delete(self, key: str) -> None:
        """Remove one object; one that is already gone is no error."""
        self.delete_all([key])

    def set_aside(self, key: str) -> str:
        """Keep a damaged object under a name that says so, until it is swept; that name.

        Raises:
            MissingObject: it is not there.
        """
        aside = f"{key}{DAMAGED}{datetime.now(UTC):%Y%m%dT%H%M%S%f}"
        with explained(self.locate(key)):
            if self.is_local:
                os.replace(self._path(key), self._path(aside))
                os.utime(self._path(aside))  # it is kept for as long as new garbage is
            else:
                self.write(aside, self.read(key))
                self.delete(key)
        return aside

    def delete_all(self, keys: Iterable[str]) -> None:
        """Remove objects, and local folders that become empty; absent ones are no error."""
        paths = [self._path(key) for key in keys]
        with explained(self.url):
            if self.is_local:
                local.remove_files([Path(path) for path in paths], Path(self._opened[1]))
                return
            for start in range(0, len(paths), _DELETED_AT_ONCE):
                try:
                    self._opened[0].rm(paths[start : start + _DELETED_AT_ONCE])
                except FileNotFoundError as error:
                    if is_bucket_missing(error):
                        raise

    def zarr(self, prefix: str, *, read_only: bool = True) -> "ZarrStore":
        """A Zarr store for the group or array below a prefix."""
        from zarr.storage import FsspecStore, LocalStore

        if self.is_local:
            return LocalStore(self._path(prefix), read_only=read_only)
        filesystem, root = open_filesystem(self.locate(prefix), asynchronous=True)
        if not filesystem.async_impl:
            return FsspecStore.from_url(self.locate(prefix), read_only=read_only)
        return FsspecStore(filesystem, path=root, read_only=read_only)


def _check(key: str) -> None:
    """A key is relative, and no part of it can climb out of the store."""
    if not all(_KEY_PART.fullmatch(part) for part in key.split("/")):
        raise StoreError(f"{key!r} is not a key of a store: parts are letters, digits and ._=-")
