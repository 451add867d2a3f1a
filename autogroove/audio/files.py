"""From a path to bytes that are what the catalogue says, and what a file can do wrong."""

import hashlib
import io
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

from autogroove.source import Reason, Source, is_network_fault
from autogroove.store import SeekableView


class AudioFault(Exception):
    """One track cannot be used. Never leaves the segment writer.

    `detail` is at most 200 characters of text about the file, for people.
    """

    def __init__(self, reason: Reason, detail: str = "") -> None:
        super().__init__(f"{reason.value}: {detail}")
        self.reason = reason
        self.detail = " ".join(detail.split())[:200]

    def __reduce__(self) -> tuple[type["AudioFault"], tuple[Reason, str]]:
        return AudioFault, (self.reason, self.detail)


class FaultKeepingFile(SeekableView):
    """A file that ends where it cannot be read; `fault` says why."""

    def __init__(self, file: BinaryIO) -> None:
        super().__init__(file.seek(0, io.SEEK_END))
        self._file = file
        self.fault: Exception | None = None

    def read_at(self, start: int, stop: int) -> bytes:
        """The bytes of a range, or none from the first fault on."""
        if self.fault is not None:
            return b""
        try:
            self._file.seek(start)
            return self._file.read(stop - start)
        except Exception as error:
            if not isinstance(error, OSError) and not is_network_fault(error):
                raise
            self.fault = error
            return b""


WHOLE_FILE_BYTES = 32 << 20
"""Files up to this size are read at once; of larger ones only the parts that are wanted."""

_BLOCK_BYTES = 1 << 20

_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class AudioFile:
    """One audio file: its bytes, or a way to open it where it is large."""

    path: str
    size_bytes: int
    open: Callable[[], BinaryIO]
    content: bytes | None = None


def fetch_audio(source: Source, path: str, size_bytes: int, fingerprint: str) -> AudioFile:
    """The file of a track, checked to be the one that was catalogued.

    Where the fingerprint is the SHA-256 of the bytes, they are digested again: of a small file
    exactly the bytes that will be decoded, of a large one the file just before.

    Raises:
        AudioFault: it is empty, cannot be read, or is no longer what the catalogue says.
    """
    try:
        file = _fetch(source, path, size_bytes)
        digest = _digest(file) if _SHA256.fullmatch(fingerprint) else fingerprint
    except OSError as error:
        raise _unreadable(error) from error
    if file.size_bytes != size_bytes or digest != fingerprint:
        raise AudioFault(Reason.changed_while_reading, "The bytes are not those of the scan.")
    if not size_bytes:
        raise AudioFault(Reason.empty, "The file has no bytes.")
    return file


def _fetch(source: Source, path: str, size_bytes: int) -> AudioFile:
    local = source.local_path(path)
    if local is not None:
        return open_path(local)
    if size_bytes <= WHOLE_FILE_BYTES:
        return open_bytes(path, source.read(path))
    return AudioFile(path, size_bytes, lambda: source.open(path))


def open_bytes(path: str, content: bytes) -> AudioFile:
    """A file that is in memory."""
    return AudioFile(path, len(content), lambda: io.BytesIO(content), content)


def open_path(path: Path) -> AudioFile:
    """A file of this machine: read at once where it is small."""
    size_bytes = path.stat().st_size
    if size_bytes <= WHOLE_FILE_BYTES:
        return open_bytes(path.name, path.read_bytes())
    return AudioFile(path.name, size_bytes, lambda: path.open("rb"))


@contextmanager
def reading(file: AudioFile) -> Iterator[BinaryIO]:
    """The file, open. Where its bytes cannot be read, that is the track's fault, whatever a
    decoder made of their absence.

    Raises:
        AudioFault: unreadable.
    """
    try:
        opened = file.open()
    except OSError as error:
        raise _unreadable(error) from error
    with opened:
        noting = None if file.content is not None else FaultKeepingFile(opened)
        try:
            yield opened if noting is None else cast(BinaryIO, noting)
        except AudioFault:
            if noting is None or noting.fault is None:
                raise
        if noting is not None and noting.fault is not None:
            raise _unreadable(noting.fault) from noting.fault


def _unreadable(error: Exception) -> AudioFault:
    return AudioFault(Reason.unreadable, str(getattr(error, "strerror", None) or error))


def _digest(file: AudioFile) -> str:
    if file.content is not None:
        return hashlib.sha256(file.content).hexdigest()
    digest = hashlib.sha256()
    with reading(file) as opened:
        while block := opened.read(_BLOCK_BYTES):
            digest.update(block)
    return digest.hexdigest()
