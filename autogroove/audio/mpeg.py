"""How long an MPEG audio stream really is.

What belongs here: walking the frame headers (ISO/IEC 11172-3, 2.4.1.3) without decoding, and the
Xing/Info frame by which a stream says its own length.
What does not: decoding.

Decoders take a stream's length from its Xing frame, or guess it from the first frame's bit rate:
a stream of variable bit rate without one is then cut short in silence, and one with a wrong frame
promises what is not there. Reading every header costs a thousandth of decoding.
"""

from dataclasses import dataclass
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from autogroove.audio.layer3.bits import compiled

_BLOCK_BYTES = 4 << 20
_LONGEST_FRAME = 8192
_SEARCH_BYTES = 1 << 18
"""A first frame is looked for this far behind the tags; noise holds no chain of frames."""

_SAME_STREAM = 0xFFFE0C00
"""Sync, version, layer and sample rate: what all frames of one stream share."""

BIT_RATES = np.array(
    [
        [0, 32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448, 0],
        [0, 32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384, 0],
        [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 0],
        [0, 32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256, 0],
        [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160, 0],
    ],
    dtype=np.int64,
)
"""kbit/s; rows: MPEG-1 layers I, II, III; MPEG-2 layer I; MPEG-2 layers II and III."""
DECODER_DELAY = 529
SAMPLE_RATES = np.array([44100, 48000, 32000], dtype=np.int64)


@dataclass(frozen=True)
class MpegScan:
    """What the headers of a stream say when all of them are read."""

    first_frame: int
    """Offset of the first frame in bytes."""
    header: int
    """The first frame's header, 32 bits."""
    num_frames: int
    """Frames that hold audio (the Xing frame holds none)."""
    promised_frames: int | None
    """What the Xing or VBRI frame says; None where there is none, or it does not say."""

    @property
    def sample_rate_hz(self) -> int:
        """Samples per second."""
        return int(SAMPLE_RATES[(self.header >> 10) & 3]) >> _rate_shift(self.header)

    @property
    def samples_per_frame(self) -> int:
        """384, 1152 or 576 by layer and version."""
        return frame_samples(self.header)

    @property
    def num_samples(self) -> int:
        """Samples of all frames that are there."""
        return self.num_frames * self.samples_per_frame


def _rate_shift(header: int) -> int:
    return {3: 0, 2: 1, 0: 2}[(header >> 19) & 3]


def frame_samples(header: int) -> int:
    """Samples of one frame."""
    layer = 4 - ((header >> 17) & 3)
    if layer == 1:
        return 384
    return 1152 if layer == 2 or (header >> 19) & 3 == 3 else 576


@compiled
def frame_bytes(header: int) -> int:
    """Bytes of the frame with this header; 0 where it is none, or of free format."""
    version, layer = (header >> 19) & 3, 4 - ((header >> 17) & 3)
    rate, kbps = (header >> 10) & 3, (header >> 12) & 15
    if (header >> 21) & 0x7FF != 0x7FF or version == 1 or layer == 4 or rate == 3:
        return 0
    if version == 3:
        bits, shift = BIT_RATES[layer - 1, kbps] * 1000, 0
    else:
        bits, shift = BIT_RATES[3 if layer == 1 else 4, kbps] * 1000, 1 if version == 2 else 2
    samples_per_second = SAMPLE_RATES[rate] >> shift
    padding = (header >> 9) & 1
    if layer == 1:
        return (12 * bits // samples_per_second + padding) * 4 if bits else 0
    slots = 72 if layer == 3 and version != 3 else 144
    return slots * bits // samples_per_second + padding if bits else 0


@compiled
def header_at(octets: NDArray[np.uint8], position: int) -> int:
    """Four bytes as one number, most significant first."""
    number = np.int64(0)
    for i in range(4):
        number = (number << 8) | np.int64(octets[position + i])
    return int(number)


@compiled
def _find_first(octets: NDArray[np.uint8], start: int, stop: int) -> int:
    """The first of three frames in a row that belong to one stream; -1 where there is none."""
    for position in range(start, min(stop, len(octets) - 4)):
        header = header_at(octets, position)
        following, seen = position, 0
        while seen < 3 and following + 4 <= len(octets):
            found = header_at(octets, following)
            if (found ^ header) & _SAME_STREAM or frame_bytes(found) == 0:
                break
            following += frame_bytes(found)
            seen += 1
        if seen == 3 or (seen and following == len(octets)):
            return position
    return -1


@compiled
def _walk(octets: NDArray[np.uint8], start: int, stop: int, header: int) -> tuple[int, int]:
    """Where the walk ends (at or beyond `stop`), and how many whole frames it met."""
    position, frames = start, 0
    while position < stop and position + 4 <= len(octets):
        found = header_at(octets, position)
        size = frame_bytes(found)
        if (found ^ header) & _SAME_STREAM or size == 0:
            position += 1
        else:
            position += size
            frames += position <= len(octets)
    return position, frames


def scan_mpeg(stream: BinaryIO) -> MpegScan | None:
    """Read every frame header of a stream; None where it is no MPEG audio, or of free format."""
    start = tag_bytes(stream)
    stream.seek(start)
    octets = np.frombuffer(stream.read(_BLOCK_BYTES), np.uint8)
    first = _find_first(octets, 0, _SEARCH_BYTES)
    if first < 0:
        return None
    header = header_at(octets, first)
    tagged, promised = read_xing(bytes(octets[first : first + _LONGEST_FRAME]))
    num_frames = _count_frames(stream, octets, first, header)
    return MpegScan(start + first, int(header), num_frames - tagged, promised)


def _count_frames(stream: BinaryIO, octets: NDArray[np.uint8], first: int, header: int) -> int:
    """Frames of the rest of a stream, of which `octets` is the block read last."""
    position, num_frames = first, 0
    while len(octets):
        more = np.frombuffer(stream.read(_BLOCK_BYTES), np.uint8)
        stop = len(octets)
        joined = np.concatenate([octets, more[:_LONGEST_FRAME]]) if len(more) else octets
        position, frames = _walk(joined, position, stop, header)
        num_frames += frames
        position, octets = max(0, position - stop), more
    return num_frames


def tag_bytes(stream: BinaryIO) -> int:
    """Length of the ID3v2 tags that a stream starts with (id3.org, 2.4.0, 3.1)."""
    position = 0
    while True:
        stream.seek(position)
        head = stream.read(10)
        if len(head) < 10 or head[:3] != b"ID3":
            return position
        size = sum((byte & 0x7F) << 7 * (3 - i) for i, byte in enumerate(head[6:]))
        position += 10 + size + (10 if head[5] & 0x10 else 0)


def read_xing(frame: bytes) -> tuple[bool, int | None]:
    """Whether the first frame only describes the stream, and the frames that it promises."""
    mono, mpeg1 = frame[3] >> 6 == 3, (frame[1] >> 3) & 3 == 3
    offset = 4 + ((17 if mono else 32) if mpeg1 else (9 if mono else 17))
    for start in (offset, offset + 2):
        if frame[start : start + 4] in (b"Xing", b"Info"):
            says = frame[start + 7] & 1
            return True, int.from_bytes(frame[start + 8 : start + 12], "big") if says else None
    if frame[36:40] == b"VBRI":
        return True, int.from_bytes(frame[50:54], "big")
    return False, None


def read_delay(frame: bytes) -> int:
    """Samples to skip before a track starts, from the LAME part of its Xing frame.

    The encoder's delay and the decoder's own of 529 samples; 0 where nothing is said.
    """
    mono, mpeg1 = frame[3] >> 6 == 3, (frame[1] >> 3) & 3 == 3
    offset = 4 + ((17 if mono else 32) if mpeg1 else (9 if mono else 17))
    flags = frame[offset + 7]
    offset += 8 + 4 * (flags & 1) + 2 * (flags & 2) + 25 * (flags & 4) + (flags & 8) // 2
    says = frame[offset + 21 : offset + 23]
    return ((says[0] << 4) | (says[1] >> 4)) + DECODER_DELAY if frame[offset] else 0


def make_xing(header: int, num_frames: int) -> bytes:
    """A frame that says how many frames follow, for a stream that does not say it."""
    version, mono = (header >> 19) & 3, (header >> 6) & 3 == 3
    header = (header | 0x10000) & ~0x0000F200
    header |= (9 if version == 3 else 8) << 12
    offset = 4 + ((17 if mono else 32) if version == 3 else (9 if mono else 17))
    body = b"Xing" + (1).to_bytes(4, "big") + num_frames.to_bytes(4, "big")
    frame = header.to_bytes(4, "big") + bytes(offset - 4) + body
    return frame.ljust(frame_bytes(header), b"\0")
