"""Where the frames of a stream are, and where their data is.

What belongs here: walking whole frames, and gathering the main data of some of them, which lies in
pieces between headers (ISO/IEC 11172-3, 2.4.1.2 and 2.4.2.7).
What does not: what the data means.
"""

import numpy as np
from numpy.typing import NDArray

from autogroove.audio.compiling import compiled
from autogroove.audio.layer3.bits import SPARE_WORDS, Words
from autogroove.audio.layer3.tables import Integers
from autogroove.audio.mpeg import frame_bytes, header_at

RESERVOIR_BYTES = 511
"""Main data starts at most so far before its frame."""

_ALIKE = 0xFFFF0C00
"""Sync, version, layer, protection and sample rate must be those of the first frame."""
_JOINT, _MONO = 1, 3


@compiled
def walk_frames(octets: NDArray[np.uint8], start: int, places: Integers) -> int:
    """Fill the places of whole frames in a row that are all alike; how many there are.

    Mono and stereo may not change places, and no frame may use intensity stereo: -1 then.
    """
    header, position = header_at(octets, start), start
    mono = (header >> 6) & 3 == _MONO
    for count in range(len(places)):
        places[count] = position
        if position + 4 > len(octets):
            return count
        found = header_at(octets, position)
        size = frame_bytes(found)
        if (found ^ header) & _ALIKE or size == 0 or position + size > len(octets):
            return count
        mode = (found >> 6) & 3
        if (mode == _MONO) != mono or (mode == _JOINT and (found >> 4) & 1):
            return -1
        position += size
    return -1


def gather_data(
    octets: NDArray[np.uint8], places: Integers, side_bytes: int
) -> tuple[Words, Integers]:
    """The main data of frames as one, in 64-bit words, and where each frame's own data ends.

    Args:
        octets: the stream.
        places: int64 (frames + 1,): where frames start, and where the last one ends.
        side_bytes: of header and side information.

    Returns:
        The words, with spare ones behind them; int64 (frames + 1,), in bytes, from 0 on.
    """
    ends = np.concatenate([[0], np.cumsum(np.diff(places) - side_bytes)])
    data = np.zeros((ends[-1] // 8 + 1 + SPARE_WORDS) * 8, np.uint8)
    _copy_data(octets, places, side_bytes, ends, data)
    return data.view(">u8").astype(np.uint64), ends


@compiled
def _copy_data(
    octets: NDArray[np.uint8],
    places: Integers,
    side_bytes: int,
    ends: Integers,
    data: NDArray[np.uint8],
) -> None:
    for i in range(len(places) - 1):
        data[ends[i] : ends[i + 1]] = octets[places[i] + side_bytes : places[i + 1]]
