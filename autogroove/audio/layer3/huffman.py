"""From Huffman codes to the values of lines.

What belongs here: reading pairs and quadruples (ISO/IEC 11172-3, 2.4.2.7 and 2.4.3.4.6), each
value already raised to 4/3 and signed.
What does not: the codes themselves (`codes`), or gains (`spectrum`).
"""

import numpy as np
from numpy.typing import NDArray

from autogroove.audio.compiling import compiled
from autogroove.audio.layer3.bits import Words, peek, take
from autogroove.audio.layer3.codes import ESCAPED, FIRST_BITS, QUAD_BITS
from autogroove.audio.layer3.tables import Codes

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
