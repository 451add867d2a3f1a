"""WAV files whose chunks are not where they should be.

What belongs here: finding the samples where a chunk of odd length lacks the byte that should follow
it, so that every reader looks one byte too far.
What does not: sizes that are wrong (decoders cope), or decoding.
"""

import io
import struct
from typing import BinaryIO

from autogroove.store import SeekableView

_HEAD_BYTES = 8
_MOST_CHUNKS = 1000
_LARGEST_FORMAT_BYTES = 64
_KNOWN = "data fmt fact LIST bext JUNK junk cue smpl inst PEAK iXML axml id3 ID3 PAD FLLR plst note"
_NAMES = frozenset(name.ljust(4).encode() for name in _KNOWN.split(" "))
"""Of chunks that are met in WAV files."""


class _Rewritten(SeekableView):
    """A header, and behind it the bytes [start, stop) of a file."""

    def __init__(self, head: bytes, file: BinaryIO, start: int, stop: int) -> None:
        super().__init__(len(head) + stop - start)
        self._head, self._file, self._start = head, file, start

    def read_at(self, start: int, stop: int) -> bytes:
        """The bytes of a range."""
        size = len(self._head)
        first = self._head[start:stop]
        if stop <= size:
            return first
        self._file.seek(self._start + max(0, start - size))
        return first + self._file.read(stop - max(start, size))


def rewrite_wav(stream: BinaryIO) -> SeekableView | None:
    """The same sound with a header of its format and samples alone; None where there is none."""
    size_bytes = stream.seek(0, io.SEEK_END)
    position, form = 12, b""
    for _ in range(_MOST_CHUNKS):
        stream.seek(position)
        head = stream.read(_HEAD_BYTES)
        if len(head) < _HEAD_BYTES:
            return None
        name, size = head[:4], int.from_bytes(head[4:], "little")
        start = position + _HEAD_BYTES
        if name == b"fmt " and 16 <= size <= _LARGEST_FORMAT_BYTES:
            form = stream.read(size)
        if name == b"data" and form:
            stop = min(size_bytes, start + size)
            return _Rewritten(_make_head(form, stop - start), stream, start, stop)
        position = _find_next(stream, start + size, size % 2)
    return None


def _find_next(stream: BinaryIO, stop: int, padding: int) -> int:
    """Where the next chunk begins: behind the padding, or where that is missing, at once."""
    stream.seek(stop)
    following = stream.read(padding + 4)
    is_missing = padding and following[:4] in _NAMES and following[1:] not in _NAMES
    return stop if is_missing else stop + padding


def _make_head(form: bytes, num_bytes: int) -> bytes:
    body = b"WAVE" + struct.pack("<4sI", b"fmt ", len(form)) + form
    body += struct.pack("<4sI", b"data", num_bytes)
    return struct.pack("<4sI", b"RIFF", len(body) + num_bytes) + body
