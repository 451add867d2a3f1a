"""What a file's first bytes say it is."""

from dataclasses import dataclass
from typing import BinaryIO

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
}


def name_container(head: bytes) -> Container | None:
    """The format that a file's first bytes, its ID3 tags left out, are the mark of."""
    if head[4:8] in (b"ftyp", b"moov", b"mdat", b"wide") or head[4:12] == b"free\0\0\0\0":
        return Container("MP4")
    return next((found for mark, found in _CONTAINERS.items() if head.startswith(mark)), None)


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
"""From here on a size is what a recorder or a pipe writes for "until the end"."""
_MOST_CHUNKS = 1000
_BYTES_PER_SECOND = 176_400


def refuse_cut_chunks(stream: BinaryIO, head: bytes, size_bytes: int, seconds: float) -> None:
    """Whether the chunk of samples in WAV or AIFF reaches beyond the file by some seconds.

    Only that chunk counts: the size of the whole is wrong in many files that hold every sample.

    Raises:
        AudioFault: truncated.
    """
    if head[:4] not in (b"RIFF", b"FORM"):
        return
    order = "little" if head[:4] == b"RIFF" else "big"
    position, rate = 12, _BYTES_PER_SECOND
    for _ in range(_MOST_CHUNKS):
        stream.seek(position)
        chunk = stream.read(24)
        size = int.from_bytes(chunk[4:8], order)  # type: ignore[arg-type]
        if chunk[:4] == b"fmt ":
            rate = int.from_bytes(chunk[16:20], "little")
        if chunk[:4] in (b"data", b"SSND"):
            missing = position + 8 + size - size_bytes
            if 0 < size < _UNKNOWN_SIZES and missing > seconds * rate:
                there = f"{size - missing} bytes of samples of {size} are there."
                raise AudioFault(Reason.truncated, there)
            return
        if len(chunk) < 8:
            return
        position += 8 + size + (size & 1)
