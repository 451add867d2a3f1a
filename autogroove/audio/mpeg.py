"""Where an MPEG audio stream is in its file, and how long it really is.

What belongs here: walking the frame headers without decoding.
What does not: what one header says (`mpeg_headers`), or decoding.

Three headers in a row that belong together are a stream; noise and pictures hold no such thing.
So whatever lies in front of a stream, in it or behind it is passed over: tags of a wrong size,
padding, the rest of a frame that was cut, covers. Reading every header costs a thousandth of
decoding.
"""

import io
from dataclasses import dataclass
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from autogroove.audio.layer3.bits import compiled
from autogroove.audio.mpeg_headers import (
    Promise,
    frame_bytes,
    frame_rate_hz,
    frame_samples,
    header_at,
    is_header,
    read_promise,
)

_BLOCK_BYTES = 4 << 20
_LOOK_BYTES = 1 << 15
"""Three of the longest frames fit in."""
_SEARCH_BYTES = 32 << 20
"""So much without a stream in it ends the search."""
_LONGEST_FREE = 5000

_SAME_STREAM = 0xFFFE0C00
"""Sync, version, layer and sample rate: what all frames of one stream share."""
_SAME_FREE = 0xFFFEFC00
"""And the bit rate."""


@dataclass(frozen=True)
class MpegScan:
    """What the headers of a stream say when all of them are read."""

    first_frame: int
    """Offset of the first frame in bytes."""
    stop: int
    """Offset behind the last whole frame."""
    header: int
    """The first frame's header, 32 bits."""
    num_frames: int
    """Frames that hold audio (the Xing frame holds none)."""
    promise: Promise | None = None
    """What the Xing or VBRI frame says; None where there is none."""
    is_plain: bool = True
    """Whether the frames lie in a row, and are alike in rate and in being mono or not."""
    is_free: bool = False
    """Whether it is of free format."""
    is_cut: bool = False
    """Whether the file ends in the middle of a frame."""
    is_last: bool = False
    """Whether the file ends with its last frame, without a tag behind it."""
    num_bytes: int = 0
    """Of all frames together."""

    @property
    def is_sparse(self) -> bool:
        """Whether most of what lies between the first frame and the last is something else."""
        return 2 * self.num_bytes < self.stop - self.first_frame

    @property
    def sample_rate_hz(self) -> int:
        """Samples per second."""
        return frame_rate_hz(self.header)

    @property
    def samples_per_frame(self) -> int:
        """384, 1152 or 576 by layer and version."""
        return frame_samples(self.header)

    @property
    def num_samples(self) -> int:
        """Samples of all frames that are there, less what the encoder added."""
        added = self.promise.delay + self.promise.padding if self.promise is not None else 0
        return max(0, self.num_frames * self.samples_per_frame - added)

    @property
    def missing_samples(self) -> int:
        """Samples that were promised and are not there: the end of the file was lost.

        A promised number of frames alone says little: tools that cut and join streams leave the
        old one. It is believed where the file ends in the middle of a frame, or with a frame and
        too early for the bytes that were promised as well.
        """
        if self.promise is None or self.promise.num_frames is None:
            return 0
        promised = self.promise.num_bytes or 0
        is_short = promised > self.stop - self.first_frame
        if (promised and not is_short) or not (self.is_cut or (is_short and self.is_last)):
            return 0
        return max(0, self.promise.num_frames - self.num_frames) * self.samples_per_frame


def scan_mpeg(stream: BinaryIO) -> MpegScan | None:
    """Read every frame header of a stream; None where it is no MPEG audio."""
    start = tag_bytes(stream)
    found = _scan_from(stream, start)
    # A tag's size may be a lie, so that it reaches into the audio.
    return found or (_scan_from(stream, 10) if start else None)


HEADER, FRAMES, FIRST, STOP, FREE, CHANGED, CUT, LOST, BYTES = range(9)
"""Of the state of a walk: the header that frames must be like, how many there were, where the
first one starts and the last one ends, bytes of a frame of free format without its padding,
whether the stream changed on the way, whether it ends in a frame, since where no frame fits, and
bytes of all frames."""


def _scan_from(stream: BinaryIO, start: int) -> MpegScan | None:
    stream.seek(start)
    state = np.full(9, -1, np.int64)
    state[[FRAMES, FREE, CHANGED, CUT, BYTES]] = 0
    state[LOST] = start
    octets, position, offset = np.empty(0, np.uint8), 0, start
    while True:
        octets = np.concatenate([octets, _read(stream, _BLOCK_BYTES + _LOOK_BYTES - len(octets))])
        is_last = len(octets) < _BLOCK_BYTES + _LOOK_BYTES
        stop = len(octets) if is_last else _BLOCK_BYTES
        position = _walk(octets, position, stop, offset, is_last, state)
        if is_last or (state[LOST] >= 0 and offset + position - state[LOST] > _SEARCH_BYTES):
            break
        octets, position, offset = octets[stop:], position - stop, offset + stop
    return _conclude(stream, state) if state[FRAMES] else None


def _read(stream: BinaryIO, size: int) -> NDArray[np.uint8]:
    """So many bytes; fewer only at the end of the stream."""
    parts = []
    while size and (part := stream.read(size)):
        parts.append(part)
        size -= len(part)
    return np.frombuffer(b"".join(parts), np.uint8)


def _conclude(stream: BinaryIO, state: NDArray[np.int64]) -> MpegScan:
    _, frames, first, stop, free, changed, cut, _, num_bytes = (int(value) for value in state)
    stream.seek(first)
    frame = stream.read(8192).ljust(64, b"\0")
    size = stream.seek(0, io.SEEK_END)
    promise = read_promise(frame)
    header = int.from_bytes(frame[:4], "big")
    num_frames = frames - (promise is not None)
    return MpegScan(
        first, stop, header, num_frames, promise, not changed, bool(free), bool(cut), stop == size,
        num_bytes,
    )  # fmt: skip


@compiled
def _walk(
    octets: NDArray[np.uint8],
    start: int,
    stop: int,
    offset: int,
    is_last: bool,
    state: NDArray[np.int64],
) -> int:
    """Go on from `start` to `stop` or a little beyond, and say where; the state is updated.

    `offset` is where the octets lie in the file; with `is_last` it ends with them.
    """
    position = start
    while position < stop and position + 4 <= len(octets):
        if state[LOST] >= 0:
            position, free = _find_stream(octets, position, stop, is_last)
            if position >= stop:
                return position
            state[HEADER], state[FREE] = header_at(octets, position), free
            if state[FRAMES]:
                state[CHANGED] = 1
            else:
                state[FIRST] = offset + position
            state[LOST] = -1
        found = header_at(octets, position)
        size = _size(found, state[FREE])
        if (found ^ state[HEADER]) & _SAME_STREAM or size == 0:
            state[LOST] = offset + position
            continue
        if position + size > len(octets):
            state[CUT] = 1
            return len(octets)
        if ((found >> 6) & 3 == 3) != ((state[HEADER] >> 6) & 3 == 3):
            state[CHANGED] = 1
        position += size
        state[FRAMES] += 1
        state[BYTES] += size
        state[STOP] = offset + position
    return max(position, stop)


@compiled
def _size(header: int, free: int) -> int:
    """Bytes of a frame; `free` is what those of free format have without their padding."""
    size = frame_bytes(header)
    if size == 0 and free and is_header(header) and (header >> 12) & 15 == 0:
        size = free + ((header >> 9) & 1)
    return size


@compiled
def _find_stream(
    octets: NDArray[np.uint8], start: int, stop: int, is_last: bool
) -> tuple[int, int]:
    """The first of three frames in a row that belong to one stream, and `free` of it.

    At the end of the file fewer are enough if they end with it. The place is `stop` where there is
    none.
    """
    for position in range(start, min(stop, len(octets) - 4)):
        if octets[position] != 0xFF:
            continue
        header = header_at(octets, position)
        if not is_header(header):
            continue
        if (header >> 12) & 15:
            if _has_chain(octets, position, header, 0, is_last):
                return position, 0
            continue
        for size in range(24, min(_LONGEST_FREE, len(octets) - position - 4)):
            following = header_at(octets, position + size)
            if (following ^ header) & _SAME_FREE == 0:
                free = size - ((header >> 9) & 1)
                if _has_chain(octets, position, header, free, False):
                    return position, free
    return stop, 0


@compiled
def _has_chain(
    octets: NDArray[np.uint8], start: int, header: int, free: int, is_last: bool
) -> bool:
    position, seen = start, 0
    while seen < 3 and position + 4 <= len(octets):
        found = header_at(octets, position)
        size = _size(found, free)
        if (found ^ header) & _SAME_STREAM or size == 0:
            break
        position += size
        seen += 1
    return bool(seen == 3 or (is_last and seen and position == len(octets)))


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
