"""What a track's bytes are called, and its tags, from one reading of the file.

What belongs here: reading the files that are new or changed, several at a time.
What does not: deciding which those are (`scan`), and decoding.

A fingerprint is the SHA-256 of the bytes (64 hex digits) where they are read here. Where the
place knows a checksum of the content already, it is that: `crc32-…` with both sizes from an
archive's directory, `etag-…` or `md5-…` from an object store.
"""

import hashlib
import logging
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, BinaryIO, NamedTuple

from autogroove.source.files import Files
from autogroove.source.network import is_network_fault
from autogroove.source.sound_digests import digest_sound
from autogroove.source.tags import read_tags

LOCAL_THREADS = 2
REMOTE_THREADS = 16
"""Hashing is bound by two cores here, waiting for a network by neither."""
_BLOCK_BYTES = 1 << 20

logger = logging.getLogger(__name__)

Progress = Callable[[int, int], None]


class Unread(NamedTuple):
    """A file whose bytes are not known, or whose tags are not."""

    row: int
    path: str
    size_bytes: int
    checksum: str | None
    """A checksum that stands for the bytes, so that at most the head is read."""


class Fingerprinted(NamedTuple):
    """What was found in one file."""

    row: int
    fingerprint: str | None
    """None: it could not be read, and `fault` says why."""
    tags: dict[str, Any]
    bytes_read: int
    fault: str | None = None
    sound: str | None = None
    """See `sound_digests`. Only of files of this machine: elsewhere it would be read twice."""


def fingerprint_files(
    files: Files, unread: list[Unread], *, with_tags: bool, progress: Progress | None = None
) -> Iterator[Fingerprinted]:
    """What is in each file, in the order given. A file that cannot be read is a result too."""

    def look(file: Unread) -> Fingerprinted:
        try:
            return _look_into(files, file, with_tags)
        except Exception as error:
            if not isinstance(error, OSError) and not is_network_fault(error):
                raise
            fault = getattr(error, "strerror", None) or str(error) or type(error).__name__
            return Fingerprinted(file.row, None, {}, 0, fault)

    with ThreadPoolExecutor(LOCAL_THREADS if files.is_local else REMOTE_THREADS) as pool:
        try:
            for done, found in enumerate(pool.map(look, unread), start=1):
                if progress is not None:
                    progress(done, len(unread))
                yield found
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


def _look_into(files: Files, file: Unread, with_tags: bool) -> Fingerprinted:
    if file.checksum is not None:
        if not with_tags:
            return Fingerprinted(file.row, file.checksum, {}, 0)
        with files.open_head(file.path) as opened:
            return Fingerprinted(
                file.row, file.checksum, read_tags(opened, file.size_bytes, file.path), 0
            )
    digest, num_read = hashlib.sha256(), 0
    with files.open(file.path) as opened:
        while block := opened.read(_BLOCK_BYTES):
            digest.update(block)
            num_read += len(block)
        tags = read_tags(opened, file.size_bytes, file.path) if with_tags else {}
        sound = _name_sound(opened) if files.is_local else None
    return Fingerprinted(file.row, digest.hexdigest(), tags, num_read, sound=sound)


def _name_sound(opened: BinaryIO) -> str | None:
    """Files are hostile: whatever goes wrong in one, its sound has no name."""
    try:
        return digest_sound(opened)
    except Exception as error:
        logger.debug("No sound: %r", error)
        return None
