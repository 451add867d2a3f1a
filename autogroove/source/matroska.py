"""The tags of Matroska and WebM, which mutagen does not read.

What belongs here: from the elements of a file to texts by name. What does not: what they mean.
"""

import os
from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

BEGINNING = b"\x1a\x45\xdf\xa3"

_SEGMENT, _INFO, _TITLE = 0x18538067, 0x1549A966, 0x7BA9
_TAGS, _TAG, _TARGETS, _TARGET_LEVEL = 0x1254C367, 0x7373, 0x63C0, 0x68CA
_SIMPLE, _NAME, _STRING = 0x67C8, 0x45A3, 0x4487

_ALBUM_LEVEL = 50
_MOST_ELEMENTS = 100_000
_TEXT_BYTES = 1 << 16


class _Element(NamedTuple):
    kind: int
    start: int
    stop: int


def read_matroska(file: BinaryIO) -> dict[str, str]:
    """Texts by name in capitals; what is said of the album begins with "ALBUM "."""
    texts: dict[str, str] = {}
    end = file.seek(0, os.SEEK_END)
    for segment in _list_elements(file, 0, end):
        if segment.kind != _SEGMENT:
            continue
        for part in _list_elements(file, segment.start, segment.stop):
            if part.kind == _INFO:
                _keep(texts, "TITLE", _find_text(file, part, _TITLE))
            if part.kind == _TAGS:
                for tag in _list_elements(file, part.start, part.stop):
                    _read_tag(file, tag, texts)
    return texts


def _read_tag(file: BinaryIO, tag: _Element, texts: dict[str, str]) -> None:
    inner = list(_list_elements(file, tag.start, tag.stop)) if tag.kind == _TAG else []
    level = 0
    for targets in (each for each in inner if each.kind == _TARGETS):
        for each in _list_elements(file, targets.start, targets.stop):
            if each.kind == _TARGET_LEVEL:
                level = int.from_bytes(_read(file, each), "big")
    for simple in (each for each in inner if each.kind == _SIMPLE):
        name = _find_text(file, simple, _NAME).upper()
        prefix = "ALBUM " if level >= _ALBUM_LEVEL else ""
        _keep(texts, prefix + name, _find_text(file, simple, _STRING))


def _keep(texts: dict[str, str], name: str, text: str) -> None:
    if text:
        texts.setdefault(name, text)


def _find_text(file: BinaryIO, parent: _Element, kind: int) -> str:
    for each in _list_elements(file, parent.start, parent.stop):
        if each.kind == kind:
            return _read(file, each).decode("utf-8", "replace").strip("\0 ")
    return ""


def _read(file: BinaryIO, element: _Element) -> bytes:
    file.seek(element.start)
    return file.read(min(element.stop - element.start, _TEXT_BYTES))


def _list_elements(file: BinaryIO, start: int, stop: int) -> Iterator[_Element]:
    """The elements between two places; one of unknown size ends where its parent does."""
    for _ in range(_MOST_ELEMENTS):
        file.seek(start)
        head = file.read(12) if start < stop else b""
        id_bytes = _count_bytes(head[:1], 4)
        size_bytes = _count_bytes(head[id_bytes : id_bytes + 1], 8)
        if not id_bytes or not size_bytes:
            return
        kind = int.from_bytes(head[:id_bytes], "big")
        mask = (1 << 7 * size_bytes) - 1
        size = int.from_bytes(head[id_bytes : id_bytes + size_bytes], "big") & mask
        inside = start + id_bytes + size_bytes
        after = stop if size == mask else min(inside + size, stop)
        yield _Element(kind, inside, after)
        start = after


def _count_bytes(first: bytes, most: int) -> int:
    """How long a number of variable length is, by its first byte; 0 where it is none."""
    length = 9 - first[0].bit_length() if first and first[0] else 0
    return length if length <= most else 0
