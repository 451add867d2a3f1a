"""Where the frames of a stream are, and what each says of its granules."""

import numpy as np
from numpy.typing import NDArray

from autogroove.audio.layer3.bits import SPARE_WORDS, Words, compiled
from autogroove.audio.layer3.tables import LINES, LONG, MIXED, SHORT, Integers
from autogroove.audio.mpeg_headers import frame_bytes, header_at

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


LENGTH, BIG, GAIN, FACTOR_BITS, TYPE, KIND = 0, 1, 2, 3, 4, 5
"""Columns: bits of scalefactors and lines, lines in pairs, global gain, scalefac_compress, ..."""

TABLE, REGION, WINDOW_GAIN = 6, 9, 12
"""Three columns each: the code of a region, the line behind it, the gain of a short window."""

EMPHASIS, COARSE, QUAD, SHARED = 15, 16, 17, 18
"""preflag, scalefac_scale, count1table_select, and the four bits of scfsi."""

COLUMNS = 19


@compiled
def read_bits(octets: NDArray[np.uint8], position: int, count: int) -> int:
    """The `count` <= 16 bits from bit `position` on; three octets from there must exist."""
    at, number = position >> 3, 0
    for i in range(3):
        number = (number << 8) | int(np.int64(octets[at + i]))
    return (number >> (24 - (position & 7) - count)) & ((1 << count) - 1)


@compiled
def read_side_info(
    octets: NDArray[np.uint8], start: int, channels: int, long_ends: Integers, side: Integers
) -> int:
    """Fill the rows of a frame, granule by granule and channel by channel.

    Args:
        octets: the stream.
        start: where the side information starts; the frame holds at least 40 octets from there.
        channels: 1 or 2.
        long_ends: the lines behind the long scalefactor bands.
        side: int64 (4, COLUMNS), filled in order.

    Returns:
        main_data_begin: how many octets before this frame's own data its main data starts; -1
        where something is said that cannot be.
    """
    bit = 8 * start + (14 if channels == 1 else 12)
    for channel in range(channels):
        side[channel, SHARED] = 0
        side[channels + channel, SHARED] = read_bits(octets, bit, 4)
        bit += 4
    for row in range(2 * channels):
        bit = _read_row(octets, bit, long_ends, side[row])
        if bit < 0:
            return -1
        shared = row >= channels and side[row, SHARED] and side[row, KIND] == LONG
        if shared and side[row - channels, KIND] != LONG:
            return -1
    return read_bits(octets, 8 * start, 9)


@compiled
def _read_row(octets: NDArray[np.uint8], bit: int, long_ends: Integers, row: Integers) -> int:
    """One granule of one channel: where the next one starts, -1 where it cannot be."""
    row[LENGTH] = read_bits(octets, bit, 12)
    row[BIG] = 2 * read_bits(octets, bit + 12, 9)
    row[GAIN] = read_bits(octets, bit + 21, 8)
    row[FACTOR_BITS] = read_bits(octets, bit + 29, 4)
    bit += 33
    if read_bits(octets, bit, 1):
        row[TYPE] = read_bits(octets, bit + 1, 2)
        mixed = read_bits(octets, bit + 3, 1)
        row[TABLE] = read_bits(octets, bit + 4, 5)
        row[TABLE + 1] = read_bits(octets, bit + 9, 5)
        row[TABLE + 2] = 0
        for window in range(3):
            row[WINDOW_GAIN + window] = read_bits(octets, bit + 14 + 3 * window, 3)
        row[REGION], row[REGION + 1] = 36, LINES
        row[KIND] = LONG if row[TYPE] != 2 else MIXED if mixed else SHORT
        if row[TYPE] == 0 or (mixed and row[TYPE] != 2):
            return -1
    else:
        row[TYPE], row[KIND] = 0, LONG
        for region in range(3):
            row[TABLE + region] = read_bits(octets, bit + 1 + 5 * region, 5)
            row[WINDOW_GAIN + region] = 0
        first = read_bits(octets, bit + 16, 4) + 1
        second = first + read_bits(octets, bit + 20, 3) + 1
        row[REGION] = long_ends[first - 1]
        row[REGION + 1] = long_ends[second - 1] if second <= 22 else LINES
    row[REGION + 2] = LINES
    bit += 23
    row[EMPHASIS] = read_bits(octets, bit, 1)
    row[COARSE] = read_bits(octets, bit + 1, 1)
    row[QUAD] = read_bits(octets, bit + 2, 1)
    return bit + 3 if row[BIG] <= LINES else -1
