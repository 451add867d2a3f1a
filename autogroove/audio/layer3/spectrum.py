"""From the bits of a granule to the lines of its spectrum.

What belongs here: scalefactors, the regions of a spectrum, requantisation (ISO/IEC 11172-3,
2.4.3.4.5 to 2.4.3.4.8), of the lines that are needed and no others.
What does not: what the lines become (`hybrid`), or which channels are wanted (`granules`).
"""

import numpy as np
from numpy.typing import NDArray

from autogroove.audio.compiling import compiled
from autogroove.audio.layer3.bits import Words, take
from autogroove.audio.layer3.codes import QUAD_BITS
from autogroove.audio.layer3.huffman import read_pairs, read_quads
from autogroove.audio.layer3.sideinfo import (
    BIG,
    COARSE,
    EMPHASIS,
    FACTOR_BITS,
    GAIN,
    KIND,
    QUAD,
    REGION,
    SHARED,
    TABLE,
    WINDOW_GAIN,
)
from autogroove.audio.layer3.tables import (
    LONG,
    LOWEST_QUARTER,
    MIXED,
    Bands,
    Codes,
    Integers,
)

_LOW_BITS = np.array([0, 0, 0, 0, 3, 1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4], np.int64)
_HIGH_BITS = np.array([0, 1, 2, 3, 0, 1, 2, 3, 1, 2, 3, 1, 2, 3, 2, 3], np.int64)
_SHARED_FROM = np.array([0, 6, 11, 16, 21], np.int64)
_EMPHASES = np.array([0] * 11 + [1, 1, 1, 1, 2, 2, 3, 3, 3, 2, 0], np.int64)


@compiled
def read_spectrum(
    words: Words,
    position: int,
    end: int,
    row: Integers,
    quarters: int,
    codes: Codes,
    bands: Bands,
    factors: Integers,
    lines: NDArray[np.float32],
    spectrum: NDArray[np.float32],
) -> int:
    """Add the lines of one granule of one channel to a spectrum.

    Args:
        words: the main data.
        position, end: the granule's bits; all of them exist.
        row: what the side information says of it.
        quarters: added to its gain, in quarters of a power of two.
        codes, bands: tables.
        factors: int64 (39,): this channel's scalefactors, kept from the granule before.
        lines: float32 (580,), for work.
        spectrum: float32 (576,), by subband.

    Returns:
        0, or -1 where the bits cannot be what the side information says.
    """
    position = _read_factors(words, position, row, factors)
    stop = min(row[BIG], bands.limits[row[KIND]])
    line = 0
    for region in range(3):
        last = min(stop, row[REGION + region])
        if line < last:
            table = row[TABLE + region]
            position = read_pairs(words, position, end, line, last, table, codes, lines)
            line = last
        if position < 0 or position > end:
            return -1
    if row[BIG] < bands.limits[row[KIND]]:
        stop, first = bands.limits[row[KIND]], row[QUAD] << QUAD_BITS
        line = read_quads(words, position, end, line, stop, first, codes.quads, lines)
    _requantise(row, quarters, codes.gains, bands, factors, lines, line, spectrum)
    return 0


@compiled
def _read_factors(words: Words, position: int, row: Integers, factors: Integers) -> int:
    low, high = _LOW_BITS[row[FACTOR_BITS]], _HIGH_BITS[row[FACTOR_BITS]]
    if row[KIND] == LONG:
        for group in range(4):
            bits = low if group < 2 else high
            if row[SHARED] >> (3 - group) & 1:
                continue
            for i in range(_SHARED_FROM[group], _SHARED_FROM[group + 1]):
                factors[i] = take(words, position, bits)
                position += bits
        factors[21] = 0
        return position
    split = 17 if row[KIND] == MIXED else 18
    for i in range(split + 18):
        bits = low if i < split else high
        factors[i] = take(words, position, bits)
        position += bits
    factors[split + 18 : split + 21] = 0
    return position


@compiled
def _requantise(
    row: Integers,
    quarters: int,
    gains: NDArray[np.float32],
    bands: Bands,
    factors: Integers,
    lines: NDArray[np.float32],
    num_lines: int,
    spectrum: NDArray[np.float32],
) -> None:
    """spectrum[place of i] += gain of i's band * lines[i]."""
    kind, coarse = row[KIND], 2 << row[COARSE]
    level = row[GAIN] - 210 + quarters - LOWEST_QUARTER
    num_long = 22 if kind == LONG else 8 if kind == MIXED else 0
    start = 0
    for group in range(bands.counts[kind]):
        stop = min(bands.ends[kind, group], num_lines)
        if start >= stop:
            break
        if group < num_long:
            emphasis = _EMPHASES[group] if row[EMPHASIS] else 0
            gain = gains[level - coarse * (factors[group] + emphasis)]
            for i in range(start, stop):
                spectrum[i] += gain * lines[i]
        else:
            window = (group - num_long) % 3
            gain = gains[level - coarse * factors[group] - 8 * row[WINDOW_GAIN + window]]
            for i in range(start, stop):
                place = bands.places[kind, i]
                if place < bands.num_lines:
                    spectrum[place] += gain * lines[i]
        start = stop
