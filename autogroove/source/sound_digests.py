"""What the sound of a file is called, whatever its tags say.

What belongs here: which bytes of a file are sound, format by format, and their digest.
What does not: the digest of the whole file (`fingerprints`).

Two files with one sound digest differ in their tags alone. Where the tags lie between the sound
(Matroska, WebM, Wave64, CAF and whatever else is not listed here) there is no digest, and a file
whose tags changed counts as another one.
"""

import hashlib
import os
import struct
from collections.abc import Callable, Iterator
from typing import Any, BinaryIO, NamedTuple

_BLOCK_BYTES = 1 << 20
_MOST_PARTS = 1 << 20
_LARGEST_FILE_BYTES = 1 << 62
_LEAST_SHARE = 0.1
_ID3V1_BYTES = 128
_APE_BYTES = 32


class _Span(NamedTuple):
    start: int
    stop: int


def digest_sound(file: BinaryIO) -> str | None:
    """A name for the sound of an opened file; None where its format does not let one tell.

    Nor where what is found is a small part of the file: then a header does not tell the truth.

    Raises:
        OSError: it cannot be read.
    """
    start = _after_id3v2(file)
    stop = _before_trailing_tags(file, file.seek(0, os.SEEK_END))
    file.seek(start)
    head = file.read(12)
    for kind, (is_it, list_spans) in _FORMATS.items():
        if is_it(head):
            spans = list(list_spans(file, start, stop))
            num_bytes = sum(span.stop - span.start for span in spans)
            is_sound = num_bytes > _LEAST_SHARE * (stop - start)
            return f"{kind}-{_digest(file, spans)}" if is_sound else None
    return None


def _digest(file: BinaryIO, spans: list[_Span]) -> str:
    digest = hashlib.sha256()
    for span in spans:
        file.seek(span.start)
        left = span.stop - span.start
        while left > 0 and (block := file.read(min(left, _BLOCK_BYTES))):
            digest.update(block)
            left -= len(block)
    return digest.hexdigest()


def _after_id3v2(file: BinaryIO) -> int:
    """Where the tags in front end; some files have several, or zeros behind them."""
    start = 0
    while (head := _read_at(file, start, 10))[:3] == b"ID3" and len(head) == 10:
        size = sum((byte & 0x7F) << (7 * (3 - i)) for i, byte in enumerate(head[6:10]))
        start += 10 + size + (10 if head[5] & 0x10 else 0)
    if not start:
        return 0
    while block := _read_at(file, start, _BLOCK_BYTES):
        if kept := block.lstrip(b"\0"):
            return start + len(block) - len(kept)
        start += len(block)
    return start


def _before_trailing_tags(file: BinaryIO, stop: int) -> int:
    """Where ID3v1 and APEv2 behind the sound begin, in whatever order."""
    while True:
        if _read_at(file, stop - _ID3V1_BYTES, 3) == b"TAG":
            stop -= _ID3V1_BYTES
            continue
        footer = _read_at(file, stop - _APE_BYTES, _APE_BYTES)
        if footer[:8] != b"APETAGEX":
            return stop
        size, flags = struct.unpack("<I4xI", footer[12:24])
        size += _APE_BYTES if flags >> 31 else 0
        if not _APE_BYTES <= size <= stop:
            return stop
        stop -= size


def _read_at(file: BinaryIO, start: int, num_bytes: int) -> bytes:
    if not 0 <= start < _LARGEST_FILE_BYTES:
        return b""
    file.seek(start)
    return file.read(num_bytes)


def _list_stream(file: BinaryIO, start: int, stop: int) -> Iterator[_Span]:
    """Formats whose tags lie before and behind them alone."""
    yield _Span(start, stop)


def _list_flac(file: BinaryIO, start: int, stop: int) -> Iterator[_Span]:
    """What STREAMINFO says, with the MD5 of the samples, and the frames."""
    at = start + 4
    for _ in range(_MOST_PARTS):
        head = _read_at(file, at, 4)
        if len(head) < 4:
            return
        after = at + 4 + int.from_bytes(head[1:], "big")
        if not head[0] & 0x7F:
            yield _Span(at + 4, after)
        at = after
        if head[0] & 0x80:
            break
    yield _Span(at, stop)


def _list_boxes(file: BinaryIO, start: int, stop: int) -> Iterator[_Span]:
    """MP4's media data; where they are is said in a box that moves when tags grow."""
    for _ in range(_MOST_PARTS):
        head = _read_at(file, start, 16)
        if start >= stop or len(head) < 8:
            return
        size, skip = int.from_bytes(head[:4], "big"), 8
        if size == 1:
            size, skip = int.from_bytes(head[8:], "big"), 16
        after = stop if size == 0 else start + size
        if after < start + skip:
            return
        if head[4:8] == b"mdat":
            yield _Span(start + skip, min(after, stop))
        start = after


def _list_chunks(
    wanted: tuple[bytes, ...], layout: str
) -> Callable[[BinaryIO, int, int], Iterator[_Span]]:
    def list_spans(file: BinaryIO, start: int, stop: int) -> Iterator[_Span]:
        at = start + 12
        for _ in range(_MOST_PARTS):
            head = _read_at(file, at, 8)
            if len(head) < 8:
                return
            name, size = struct.unpack(layout, head)
            if name in wanted:
                yield _Span(at + 8, min(at + 8 + size, stop))
            at += 8 + size + size % 2

    return list_spans


def _list_asf(file: BinaryIO, start: int, stop: int) -> Iterator[_Span]:
    """All behind the header, in which the tags are."""
    size = int.from_bytes(_read_at(file, start + 16, 8), "little")
    if 24 <= size < stop - start:
        yield _Span(start + size, stop)


def _list_pages(file: BinaryIO, start: int, stop: int) -> Iterator[_Span]:
    """The payload of Ogg's pages but for the packets with tags: page numbers and checksums change
    with the size of those. Each stream of a chain has its own headers."""
    headers: dict[bytes, int] = {}
    for _ in range(_MOST_PARTS):
        head = _read_at(file, start, 27 + 255)
        if head[:4] != b"OggS" or len(head) < 27:
            return
        lacing = head[27 : 27 + head[26]]
        payload = start + 27 + len(lacing)
        serial, is_first = head[14:18], bool(head[5] & 2)
        if is_first:
            headers[serial] = _count_headers(_read_at(file, payload, 8))
            yield _Span(payload, payload + sum(lacing))
        elif headers.get(serial, 0) <= 0:
            yield _Span(payload, payload + sum(lacing))
        headers[serial] = headers.get(serial, 0) - sum(size < 255 for size in lacing)
        start = payload + sum(lacing)


def _count_headers(packet: bytes) -> int:
    """Packets before the sound: Vorbis has a third one, which lies with the tags."""
    return 3 if packet[1:7] == b"vorbis" else 2


_STREAMS: frozenset[bytes] = frozenset((b"wvpk", b"MAC ", b"MPCK", b"MP+", b"TTA1", b"TTA2"))
_List = Callable[[BinaryIO, int, int], Iterator[_Span]]
_FORMATS: dict[str, tuple[Callable[[bytes], Any], _List]] = {
    "flac": (lambda head: head[:4] == b"fLaC", _list_flac),
    "ogg": (lambda head: head[:4] == b"OggS", _list_pages),
    "mp4": (lambda head: head[4:8] == b"ftyp", _list_boxes),
    "wav": (lambda head: head[:4] == b"RIFF", _list_chunks((b"fmt ", b"data"), "<4sI")),
    "aiff": (lambda head: head[:4] == b"FORM", _list_chunks((b"COMM", b"SSND"), ">4sI")),
    "asf": (lambda head: head[:4] == b"\x30\x26\xb2\x75", _list_asf),
    "mpeg": (lambda head: head[:1] == b"\xff" and head[1:2] >= b"\xe0", _list_stream),
    "stream": (lambda head: head[:4] in _STREAMS or head[:3] in _STREAMS, _list_stream),
}
