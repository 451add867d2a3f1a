"""What one frame of MPEG audio says of itself (ISO/IEC 11172-3, 2.4.1.3), and the Xing frame.

The Xing, Info or VBRI frame is the first of many streams. It holds no audio, but says how long the
stream is, and where LAME wrote it also what the encoder added in front of the music and behind it.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from autogroove.audio.layer3.bits import compiled

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


def frame_rate_hz(header: int) -> int:
    """Samples per second."""
    return int(SAMPLE_RATES[(header >> 10) & 3]) >> {3: 0, 2: 1, 0: 2}[(header >> 19) & 3]


def frame_samples(header: int) -> int:
    """Samples of one frame: 384, 1152 or 576 by layer and version."""
    layer = 4 - ((header >> 17) & 3)
    if layer == 1:
        return 384
    return 1152 if layer == 2 or (header >> 19) & 3 == 3 else 576


@compiled
def is_header(header: int) -> bool:
    """Whether four bytes can start a frame, of whatever bit rate."""
    version, layer = (header >> 19) & 3, 4 - ((header >> 17) & 3)
    rate, kbps = (header >> 10) & 3, (header >> 12) & 15
    fits = (header >> 21) & 0x7FF == 0x7FF and version != 1 and layer != 4
    return bool(fits and rate != 3 and kbps != 15)


@compiled
def frame_bytes(header: int) -> int:
    """Bytes of the frame with this header; 0 where it is none, or of free format."""
    if not is_header(header):
        return 0
    version, layer = (header >> 19) & 3, 4 - ((header >> 17) & 3)
    rate, kbps = (header >> 10) & 3, (header >> 12) & 15
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


@dataclass(frozen=True)
class Promise:
    """What a stream's first frame says of the stream; each is None where it does not say."""

    num_frames: int | None = None
    num_bytes: int | None = None
    """From that first frame on."""
    delay: int = 0
    """Samples to skip before a track starts: the encoder's delay and the decoder's own."""
    padding: int = 0
    """Samples to drop at its end."""


def read_promise(frame: bytes) -> Promise | None:
    """What the Xing, Info or VBRI frame promises; None where the frame is an ordinary one."""
    offset = _xing_offset(frame)
    for start in (offset, offset + 2):
        if frame[start : start + 4] in (b"Xing", b"Info"):
            return _read_xing(frame, start)
    if frame[36:40] == b"VBRI" and len(frame) >= 54:
        return Promise(_number(frame, 50), _number(frame, 46))
    return None


def _xing_offset(frame: bytes) -> int:
    mono, mpeg1 = frame[3] >> 6 == 3, (frame[1] >> 3) & 3 == 3
    return 4 + ((17 if mono else 32) if mpeg1 else (9 if mono else 17))


def _read_xing(frame: bytes, start: int) -> Promise:
    flags, at = frame[start + 7], start + 8
    num_frames = _number(frame, at) if flags & 1 else None
    at += 4 * (flags & 1)
    num_bytes = _number(frame, at) if flags & 2 else None
    at += 2 * (flags & 2) + 25 * (flags & 4) + (flags & 8) // 2
    says = frame[at + 21 : at + 24]
    if len(says) < 3 or not frame[at]:
        return Promise(num_frames, num_bytes)
    delay, padding = (says[0] << 4) | (says[1] >> 4), ((says[1] & 15) << 8) | says[2]
    return Promise(num_frames, num_bytes, delay + DECODER_DELAY, max(0, padding - DECODER_DELAY))


def _number(frame: bytes, at: int) -> int:
    return int.from_bytes(frame[at : at + 4], "big")
