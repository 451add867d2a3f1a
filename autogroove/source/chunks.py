"""The text chunks of RIFF (WAV) and IFF (AIFF) files.

What belongs here: the list INFO of the one, NAME, AUTH and their like of the other.
What does not: ID3 in a chunk, which mutagen reads.
"""

import os
import struct
from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

_MOST_CHUNKS = 1000
_TEXT_BYTES = 1 << 16
_LIST_BYTES = 1 << 20
_AIFF_TEXTS = (b"NAME", b"AUTH", b"(c) ")


class _Chunk(NamedTuple):
    name: bytes
    start: int
    size: int


def read_text_chunks(file: BinaryIO) -> dict[str, str]:
    """Texts by the four letters of their chunks; the first of each counts."""
    file.seek(0)
    head = file.read(12)
    little = head[:1] == b"R"
    texts: dict[str, str] = {}
    for chunk in _list_chunks(file, 12, file.seek(0, os.SEEK_END), little):
        file.seek(chunk.start)
        if little and chunk.name == b"LIST" and file.read(4) == b"INFO":
            end = chunk.start + min(chunk.size, _LIST_BYTES)
            inner = list(_list_chunks(file, chunk.start + 4, end, little))
        else:
            inner = [chunk] if not little and chunk.name in _AIFF_TEXTS else []
        for one in inner:
            file.seek(one.start)
            text = _decode(file.read(min(one.size, _TEXT_BYTES)))
            texts.setdefault(one.name.decode("latin-1"), text)
    return texts


def _list_chunks(file: BinaryIO, start: int, end: int, little: bool) -> Iterator[_Chunk]:
    for _ in range(_MOST_CHUNKS):
        file.seek(start)
        head = file.read(8) if start + 8 <= end else b""
        if len(head) < 8:
            return
        name, size = struct.unpack("<4sI" if little else ">4sI", head)
        yield _Chunk(name, start + 8, min(size, end - start - 8))
        start += 8 + size + size % 2


def _decode(raw: bytes) -> str:
    text = raw.split(b"\0", 1)[0]
    try:
        return text.decode()
    except UnicodeDecodeError:
        return text.decode("cp1252", "replace")
