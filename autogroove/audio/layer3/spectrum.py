"""From the bits of a granule to the lines of its spectrum.

What belongs here: scalefactors, Huffman decoding, requantisation (ISO/IEC 11172-3, 2.4.3.4.1 to
2.4.3.4.7), of the lines that are needed and no others.
What does not: what the lines become (`hybrid`), or which channels are wanted (`granules`).

Bits are read from 64-bit words, most significant first. A granule is read past its end by no more
than its scalefactors (144 bits) and one pair (47): SPARE_WORDS follow the last end.
"""

import numpy as np
from numpy.typing import NDArray

from autogroove.audio.compiling import compiled
from autogroove.audio.layer3.codes import ESCAPED, FIRST_BITS, QUAD_BITS
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
    Floats,
    Integers,
)

Words = NDArray[np.uint64]
SPARE_WORDS = 8

_LOW_BITS = np.array([0, 0, 0, 0, 3, 1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4], np.int64)
_HIGH_BITS = np.array([0, 1, 2, 3, 0, 1, 2, 3, 1, 2, 3, 1, 2, 3, 2, 3], np.int64)
_SHARED_FROM = np.array([0, 6, 11, 16, 21], np.int64)
_EMPHASES = np.array([0] * 11 + [1, 1, 1, 1, 2, 2, 3, 3, 3, 2, 0], np.int64)

_FIRST_SHIFT = 64 - FIRST_BITS
_QUAD_SHIFT = 64 - QUAD_BITS
_QUADS_AT = 1 << QUAD_BITS


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
    lines: Floats,
    spectrum: Floats,
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
            position = _read_pairs(words, position, end, line, last, table, codes, lines)
            line = last
        if position < 0 or position > end:
            return -1
    if row[BIG] < bands.limits[row[KIND]]:
        first = _QUADS_AT * row[QUAD]
        stop = bands.limits[row[KIND]]
        line = _read_quads(words, position, end, line, stop, codes.quads[first:], lines)
    _requantise(row, quarters, codes.gains, bands, factors, lines[:line], spectrum)
    return 0


@compiled
def _peek(words: Words, position: int) -> np.uint64:
    """The 64 bits from a position on."""
    at, shift = np.uint64(position >> 6), np.uint64(position & 63)
    rest = (words[at + np.uint64(1)] >> np.uint64(1)) >> (np.uint64(63) - shift)
    return (words[at] << shift) | rest


@compiled
def _take(words: Words, position: int, count: int) -> int:
    """`count` <= 63 bits as a number."""
    return np.int64((_peek(words, position) >> np.uint64(1)) >> np.uint64(63 - count))


@compiled
def _read_factors(words: Words, position: int, row: Integers, factors: Integers) -> int:
    low, high = _LOW_BITS[row[FACTOR_BITS]], _HIGH_BITS[row[FACTOR_BITS]]
    if row[KIND] == LONG:
        for group in range(4):
            bits = low if group < 2 else high
            if row[SHARED] >> (3 - group) & 1:
                continue
            for i in range(_SHARED_FROM[group], _SHARED_FROM[group + 1]):
                factors[i] = _take(words, position, bits)
                position += bits
        factors[21] = 0
        return position
    split = 17 if row[KIND] == MIXED else 18
    for i in range(split + 18):
        bits = low if i < split else high
        factors[i] = _take(words, position, bits)
        position += bits
    factors[split + 18 : split + 21] = 0
    return position


@compiled
def _read_pairs(
    words: Words,
    position: int,
    end: int,
    line: int,
    stop: int,
    table: int,
    codes: Codes,
    lines: Floats,
) -> int:
    """Lines that come in pairs, up to `stop`; the position behind them, -1 without such a code."""
    if table == 0:
        lines[line:stop] = 0
        return position
    root = codes.roots[table]
    if root < 0:
        return -1
    pairs, signed, linbits = codes.pairs[root:], codes.signed, codes.linbits[table]
    while line < stop and position <= end:
        window = _peek(words, position)
        entry = np.int64(pairs[window >> np.uint64(_FIRST_SHIFT)])
        if entry < 0:
            window <<= np.uint64(FIRST_BITS)
            entry = -entry
            at = np.uint64(entry >> 4) + (window >> np.uint64(64 - (entry & 15)))
            entry = np.int64(codes.pairs[at])
        position += (entry >> 10) & 63
        if entry & ESCAPED:
            position = _read_large(words, position, entry, linbits, codes.powers, lines[line:])
        else:
            lines[line] = signed[np.uint64(entry & 31)]
            lines[line + 1] = signed[np.uint64((entry >> 5) & 31)]
        line += 2
    return position if line >= stop else -1


@compiled
def _read_large(
    words: Words, position: int, entry: int, linbits: int, powers: Floats, pair: Floats
) -> int:
    """A pair of which one value or both are 15 and go on, and its signs."""
    for i in range(2):
        value = (entry >> (5 * i) & 31) - 15
        if value == 15:
            value += _take(words, position, linbits)
            position += linbits
        pair[i] = powers[value]
        if value:
            if _take(words, position, 1):
                pair[i] = -pair[i]
            position += 1
    return position


@compiled
def _read_quads(
    words: Words,
    position: int,
    end: int,
    line: int,
    stop: int,
    quads: NDArray[np.int32],
    lines: Floats,
) -> int:
    """Lines that come in fours, until the granule's bits or the lines end; the line behind them.

    Encoders may write a last quadruple that does not fit: it does not count.
    """
    while line < stop and position < end:
        entry = np.int64(quads[_peek(words, position) >> np.uint64(_QUAD_SHIFT)])
        position += entry >> 8
        if position > end:
            break
        for i in range(4):
            lines[line + i] = (entry >> (2 * i) & 1) - (entry >> (2 * i + 1) & 1)
        line += 4
    return min(line, stop)


@compiled
def _requantise(
    row: Integers,
    quarters: int,
    gains: Floats,
    bands: Bands,
    factors: Integers,
    lines: Floats,
    spectrum: Floats,
) -> None:
    """spectrum[place of i] += gain of i's band * lines[i]."""
    kind, coarse = row[KIND], 2 << row[COARSE]
    level = row[GAIN] - 210 + quarters - LOWEST_QUARTER
    num_long = 22 if kind == LONG else 8 if kind == MIXED else 0
    start = 0
    for group in range(bands.counts[kind]):
        stop = min(bands.ends[kind, group], len(lines))
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
