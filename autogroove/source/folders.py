"""A folder of music, on this machine or behind any fsspec URL."""

import os
import re
import stat
from collections import deque
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, BinaryIO, cast

import fsspec
import pandas as pd

from autogroove.errors import SourceError
from autogroove.source.files import (
    FileEntry,
    has_audio_name,
    is_hidden,
    open_regular,
    tabulate_files,
    to_real_path,
    to_safe_path,
)
from autogroove.source.network import (
    ask_about,
    describe_version,
    explained_source,
    open_remote,
    read_patiently,
)
from autogroove.source.tracks import Reason


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
        with self.open(path) as file:
            return file.read()

    def open(self, path: str) -> BinaryIO:
        """A file, seekable."""
        return open_regular(self.local_path(path))

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
