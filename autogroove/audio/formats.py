"""What a file's first bytes say it is."""

from dataclasses import dataclass
from typing import BinaryIO, Literal

from autogroove.audio.files import AudioFault
from autogroove.source import Reason

_NOT_AUDIO = {
    b"\x89PNG": "a PNG picture",
    b"\xff\xd8\xff": "a JPEG picture",
    b"GIF8": "a GIF picture",
    b"%PDF": "a PDF document",
    b"PK\x03\x04": "a zip archive",
    b"\x1f\x8b": "a gzip archive",
    b"\x7fELF": "a program",
    b"MThd": "MIDI, which is notes and no sound",
}


@dataclass(frozen=True)
class Container:
    """A format that is known by its first bytes."""

    name: str
    by_libsndfile: bool = False
    """Whether libsndfile may know it."""
    form: str | None = None
    """FFmpeg's name, where FFmpeg itself may take it for something else."""


_CONTAINERS = {
    b"RIFF": Container("WAV", by_libsndfile=True),
    b"RIFX": Container("WAV", by_libsndfile=True),
    b"RF64": Container("WAV", by_libsndfile=True),
    b"riff": Container("Wave64", by_libsndfile=True),
    b"fLaC": Container("FLAC", by_libsndfile=True),
    b"OggS": Container("Ogg", by_libsndfile=True),
    b"FORM": Container("AIFF", by_libsndfile=True),
    b"caff": Container("CAF", by_libsndfile=True),
    b".snd": Container("AU", by_libsndfile=True),
    b"\x30\x26\xb2\x75": Container("Windows Media"),
    b"MAC ": Container("Monkey's Audio"),
    b"wvpk": Container("WavPack"),
    b"MP+": Container("Musepack"),
    b"MPCK": Container("Musepack"),
    b"TTA1": Container("True Audio"),
    b"tBaK": Container("TAK"),
    b"ajkg": Container("Shorten"),
    b"OFR ": Container("OptimFROG"),
    b"DSD ": Container("DSF"),
    b"FRM8": Container("DSDIFF"),
    b"\x1a\x45\xdf\xa3": Container("Matroska or WebM"),
    b".RMF": Container("RealMedia"),
    b".ra\xfd": Container("RealAudio"),
    b"#!AMR": Container("AMR"),
    b"FLV\x01": Container("Flash video"),
    b"\x7f\xfe\x80\x01": Container("DTS", form="dts"),
    b"\x0b\x77": Container("AC-3"),
    b"\x00\x00\x01\xba": Container("an MPEG program stream"),
}
HEAD_BYTES = 1 << 15
"""From so many bytes a format is told: three of the longest frames of AAC."""
_TS_PACKET = 188


_BOXES = (b"ftyp", b"moov", b"mdat", b"wide")
"""What an MP4 begins with, behind a size."""


def name_container(head: bytes) -> Container | None:
    """The format that a file's first bytes, its ID3 tags left out, are the mark of."""
    if head[4:8] in _BOXES or head[4:12] == b"free\0\0\0\0":
        return Container("MP4")
    if _is_adts(head):
        return Container("AAC (ADTS)", form="aac")
    if len(head) > 2 * _TS_PACKET and head[: 2 * _TS_PACKET + 1 : _TS_PACKET] == b"GGG":
        return Container("an MPEG transport stream")
    return next((found for mark, found in _CONTAINERS.items() if head.startswith(mark)), None)


def _is_adts(head: bytes) -> bool:
    """Whether it begins with three frames of AAC in a row (ISO/IEC 13818-7, 6.2).

    Their mark is that of MPEG audio with a layer that there is not, so that some of them may look
    like frames of free format.
    """
    position = 0
    for _ in range(3):
        frame = head[position : position + 6]
        if len(frame) < 6 or frame[0] != 0xFF or frame[1] & 0xF6 != 0xF0:
            return False
        size = (frame[3] & 3) << 11 | frame[4] << 3 | frame[5] >> 5
        position += max(size, 7)
    return True


def refuse_non_audio(head: bytes) -> None:
    """Look at a file's first bytes for what is certainly no audio.

    Raises:
        AudioFault: not_audio, with what it seems to be.
    """
    for magic, name in _NOT_AUDIO.items():
        if head.startswith(magic):
            raise AudioFault(Reason.not_audio, f"It is {name}.")
    text = head.lstrip(b"\xef\xbb\xbf \t\r\n")[:256].lower()
    if text.startswith((b"<!doctype", b"<html", b"<?xml", b"<head", b"<body")):
        raise AudioFault(Reason.not_audio, "It is a web page.")


_UNKNOWN_SIZES = 0x7FF00000
"""From here on a size of 32 bits is what a recorder or a pipe writes for "until the end"."""
_MOST_CHUNKS = 1000
_BYTES_PER_SECOND = 176_400
_COMPRESSED = 8_000
"""Bytes of a second of AAC, rather less than more."""


@dataclass(frozen=True)
class _Chunks:
    """How a format divides a file into chunks: a name, a size, and what the name says."""

    first: int
    """Where the first chunk begins."""
    order: Literal["little", "big"]
    samples: bytes
    """The name of the chunk of samples, or how it begins."""
    name_bytes: int = 4
    size_bytes: int = 4
    size_has_head: bool = False
    """Whether a size counts the name and itself."""
    multiple: int = 2
    """Chunks are padded to a multiple of so many bytes."""

    @property
    def head_bytes(self) -> int:
        return self.name_bytes + self.size_bytes

    def read_size(self, chunk: bytes) -> int:
        """Bytes behind a chunk's head."""
        size = int.from_bytes(chunk[self.name_bytes : self.head_bytes], self.order)
        return size - self.head_bytes if self.size_has_head else size


_CHUNKED = {
    b"RIFF": _Chunks(12, "little", b"data"),
    b"FORM": _Chunks(12, "big", b"SSND"),
    b"riff": _Chunks(40, "little", b"data", 16, 8, size_has_head=True, multiple=8),
    b"caff": _Chunks(8, "big", b"data", 4, 8, multiple=1),
}


def refuse_cut_chunks(stream: BinaryIO, head: bytes, size_bytes: int, seconds: float) -> None:
    """Whether the chunk of samples reaches beyond the file by some seconds.

    Only that chunk counts: the size of the whole is wrong in many files that hold every sample.

    Raises:
        AudioFault: truncated.
    """
    if head[:4] == b".snd":
        size = int.from_bytes(head[8:12], "big")
        _refuse_missing(int.from_bytes(head[4:8], "big"), size, size_bytes, seconds)
    if head[4:8] in _BOXES:
        _refuse_cut_boxes(stream, size_bytes, seconds)
    if (layout := _CHUNKED.get(head[:4])) is None:
        return
    position, rate = layout.first, _BYTES_PER_SECOND
    for _ in range(_MOST_CHUNKS):
        stream.seek(position)
        chunk = stream.read(24)
        if len(chunk) < layout.head_bytes:
            return
        size, start = layout.read_size(chunk), position + layout.head_bytes
        if chunk[:4] == b"fmt " and layout.name_bytes == 4:
            rate = int.from_bytes(chunk[16:20], "little")
        if chunk.startswith(layout.samples):
            _refuse_missing(start, size, size_bytes, seconds, rate)
            return
        if size < 0:
            return
        position = start + size + -size % layout.multiple


def _refuse_missing(
    start: int, size: int, size_bytes: int, seconds: float, rate: int = _BYTES_PER_SECOND
) -> None:
    missing = start + size - size_bytes
    if 0 < size < _UNKNOWN_SIZES and missing > seconds * rate:
        there = f"{size - missing} bytes of samples of {size} are there."
        raise AudioFault(Reason.truncated, there)


def _refuse_cut_boxes(stream: BinaryIO, size_bytes: int, seconds: float) -> None:
    """The same of MP4: its boxes begin with their size, which counts all of the box."""
    position = 0
    for _ in range(_MOST_CHUNKS):
        stream.seek(position)
        box = stream.read(16)
        if len(box) < 8:
            return
        size, head_bytes = int.from_bytes(box[:4], "big"), 8
        if size == 1:
            size, head_bytes = int.from_bytes(box[8:16], "big"), 16
        if box[4:8] == b"mdat":
            start = position + head_bytes
            _refuse_missing(start, size - head_bytes, size_bytes, seconds, _COMPRESSED)
        if size < head_bytes:
            return
        position += size
