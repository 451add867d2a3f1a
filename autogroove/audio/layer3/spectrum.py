"""From the bits of a granule, through Huffman codes, to the lines of its spectrum."""

import numpy as np
from numpy.typing import NDArray

from autogroove.audio.layer3.bits import Words, compiled, peek, take
from autogroove.audio.layer3.codes import ESCAPED, FIRST_BITS, QUAD_BITS
from autogroove.audio.layer3.frames import (
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
from autogroove.audio.layer3.tables import LONG, LOWEST_QUARTER, MIXED, Bands, Codes, Integers

_FIRST_SHIFT = 64 - FIRST_BITS

_QUAD_SHIFT = 64 - QUAD_BITS

_AT_ONCE = 3
"""Pairs from one look at the words: with its signs a pair takes at most 21 bits, or is escaped."""


@compiled
def read_pairs(
    words: Words,
    position: int,
    end: int,
    line: int,
    stop: int,
    table: int,
    codes: Codes,
    lines: NDArray[np.float32],
) -> int:
    """Lines that come in pairs, from `line` up to `stop`, both even.

    Returns:
        The position behind them; -1 where there is no such code, or the bits end before.
    """
    if table == 0:
        lines[line:stop] = 0
        return position
    start = codes.roots[table]
    if start < 0:
        return -1
    root, pairs, signed = np.uint64(start), codes.pairs, codes.signed
    while line < stop:
        if position > end:
            return -1
        window = peek(words, position)
        for _ in range(_AT_ONCE):
            entry = int(np.int64(pairs[root + (window >> np.uint64(_FIRST_SHIFT))]))
            if entry < 0:
                rest = (window << np.uint64(FIRST_BITS)) >> np.uint64(64 - (-entry & 15))
                entry = int(np.int64(pairs[np.uint64(-entry >> 4) + rest]))
            length = (entry >> 10) & 63
            position += length
            if entry & ESCAPED:
                position = _read_large(words, position, entry, table, codes, line, lines)
                line += 2
                break
            lines[np.uint64(line)] = signed[np.uint64(entry & 31)]
            lines[np.uint64(line + 1)] = signed[np.uint64((entry >> 5) & 31)]
            line += 2
            if line >= stop:
                break
            window <<= np.uint64(length)
    return position


@compiled
def _read_large(
    words: Words,
    position: int,
    entry: int,
    table: int,
    codes: Codes,
    line: int,
    lines: NDArray[np.float32],
) -> int:
    """A pair of which one value or both are 15 and go on, and its signs."""
    linbits = codes.linbits[table]
    for i in range(2):
        value = (entry >> (5 * i) & 31) - 15
        if value == 15:
            value += take(words, position, linbits)
            position += linbits
        lines[line + i] = codes.powers[value]
        if value:
            if take(words, position, 1):
                lines[line + i] = -lines[line + i]
            position += 1
    return position


@compiled
def read_quads(
    words: Words,
    position: int,
    end: int,
    line: int,
    stop: int,
    start: int,
    quads: NDArray[np.int32],
    lines: NDArray[np.float32],
) -> int:
    """Lines that come in fours, until the granule's bits or the lines end.

    Encoders may write a last quadruple that does not fit: it does not count. `start` is where
    the code starts in `quads`; up to three lines behind `stop` are written.

    Returns:
        The line behind the last one.
    """
    while line < stop and position < end:
        window = peek(words, position)
        entry = int(np.int64(quads[np.uint64(start) + (window >> np.uint64(_QUAD_SHIFT))]))
        position += entry >> 8
        if position > end:
            break
        for i in range(4):
            lines[np.uint64(line + i)] = (entry >> (2 * i) & 1) - (entry >> (2 * i + 1) & 1)
        line += 4
    return min(line, stop)


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
