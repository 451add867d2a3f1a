"""The file of a track if it is still the one that a catalogue lists, for those who give it away.

What belongs here: opening a track's file long after the scan, and refusing what the scan would
not have taken for it.
What does not: reading audio in a run, which finds changed bytes by their fingerprint.

A release outlives its source. What is at a track's path today may be a pipe, a device, another
file, or a link to one that is nobody's business. So a local file is opened without following
links, judged by what was opened and not by its name, and must have the size that was listed. The
scan does follow links: one is followed here too where it leads to the very bytes that were listed.
"""

import errno
import hashlib
import os
import stat
import zlib
from io import BufferedReader
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from autogroove.source.files import open_regular, to_real_path
from autogroove.source.folders import LocalFiles
from autogroove.source.sources import Collection

_BLOCK_BYTES = 1 << 20

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC

_MOST_KNOWN = 10_000
_known_digests: dict[tuple[int, ...], str] = {}
"""Of linked files, by device, inode, size and times: players ask for a file piece by piece."""


class ChangedFile(OSError):
    """What is at a track's path now is not what was listed."""


def open_unchanged(source: Collection, path: str, size_bytes: int, fingerprint: str) -> BinaryIO:
    """The file of a track, seekable, as the catalogue describes it.

    Raises:
        ChangedFile: something else is there now.
        OSError: nothing is there, or it cannot be read.
    """
    if isinstance(source.files, LocalFiles):
        return _open_local(Path(source.files.root), path, size_bytes, fingerprint)
    file = source.open(path)
    try:
        _compare_size(file, size_bytes)
        _compare_checksum(file, fingerprint)
    except BaseException:
        file.close()
        raise
    return file


def _open_local(root: Path, path: str, size_bytes: int, fingerprint: str) -> BinaryIO:
    parts = PurePosixPath(to_real_path(path)).parts
    if not parts or ".." in parts or parts[0] == "/":
        raise ChangedFile("The path leads out of the source.")
    # Before opening: merely to open some devices has effects.
    if not stat.S_ISREG(root.joinpath(*parts).stat().st_mode):
        raise ChangedFile("It is no file any more.")
    try:
        file, is_linked = _open_without_links(root, parts), False
    except OSError as error:
        if error.errno not in (errno.ELOOP, errno.ENOTDIR):
            raise
        file, is_linked = open_regular(root.joinpath(*parts)), True
    try:
        _compare_size(file, size_bytes)
        if is_linked and _digest_once(file) != fingerprint:
            raise ChangedFile("It is a link to another file now.")
    except BaseException:
        file.close()
        raise
    return file


def _open_without_links(root: Path, parts: tuple[str, ...]) -> BufferedReader:
    """Each folder is opened from the one before, so that no link can come between.

    Raises:
        OSError: ELOOP or ENOTDIR where some part is a link.
    """
    folder = os.open(root, _FOLDER)
    try:
        for name in parts[:-1]:
            inner = os.open(name, _FOLDER | os.O_NOFOLLOW, dir_fd=folder)
            os.close(folder)
            folder = inner
        return open_regular(parts[-1], os.O_NOFOLLOW, dir_fd=folder)
    finally:
        os.close(folder)


def _digest_once(file: BufferedReader) -> str:
    """SHA-256 of a file; of one that did not change since, as it was found then."""
    status = os.fstat(file.fileno())
    times = status.st_mtime_ns, status.st_ctime_ns
    identity = (status.st_dev, status.st_ino, status.st_size, *times)
    if identity not in _known_digests:
        if len(_known_digests) >= _MOST_KNOWN:
            _known_digests.clear()
        file.seek(0)
        _known_digests[identity] = hashlib.file_digest(file, "sha256").hexdigest()
    return _known_digests[identity]


def _compare_size(file: BinaryIO, size_bytes: int) -> None:
    if file.seek(0, os.SEEK_END) != size_bytes:
        raise ChangedFile("It has another size now.")


def _compare_checksum(file: BinaryIO, fingerprint: str) -> None:
    """By the checksum that the place itself keeps, where the catalogue has it."""
    kind, _, checksum = fingerprint.partition("-")
    if kind == "crc32":
        file.seek(0)
        found = 0
        while block := file.read(_BLOCK_BYTES):
            found = zlib.crc32(block, found)
        if not checksum.startswith(f"{found:08x}-"):
            raise ChangedFile("It has another checksum now.")
    if kind == "etag":
        details = getattr(file, "details", None) or {}
        found_tag = str(details.get("ETag", "")).strip('"')
        if found_tag and found_tag != checksum:
            raise ChangedFile("It has another checksum now.")
