"""The numbers of Layer III that do not depend on a stream.

What belongs here: scalefactor bands, where the lines of a block go, powers, the synthesis window
(ISO/IEC 11172-3, tables B.6, B.8, 2.4.3.4 and annex D of the reconstruction), and the named
tuples in which kernels are given them.
What does not: the Huffman codes (`codes`).
"""

from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from autogroove.audio.layer3.codes import LINBITS, look_up_pairs, look_up_quads

Integers = NDArray[np.int64]

LINES = 576
SLOTS = 18
SUBBANDS = 32

LONG, SHORT, MIXED = 0, 1, 2
"""What a block's lines are: one transform of 36, three of 12, or the first two subbands long."""

_LONG_WIDTHS = (
    (4, 4, 4, 4, 4, 4, 6, 6, 8, 8, 10, 12, 16, 20, 24, 28, 34, 42, 50, 54, 76, 158),
    (4, 4, 4, 4, 4, 4, 6, 6, 6, 8, 10, 12, 16, 18, 22, 28, 34, 40, 46, 54, 54, 192),
    (4, 4, 4, 4, 4, 4, 6, 6, 8, 10, 12, 16, 20, 24, 30, 38, 46, 56, 68, 84, 102, 26),
)
_SHORT_WIDTHS = (
    (4, 4, 4, 4, 6, 8, 10, 12, 14, 18, 22, 30, 56),
    (4, 4, 4, 4, 6, 6, 10, 12, 14, 16, 20, 26, 66),
    (4, 4, 4, 4, 6, 8, 12, 16, 20, 26, 34, 42, 12),
)

LOWEST_QUARTER = -336
"""Gains go from 2 ** (LOWEST_QUARTER / 4) on, in quarters of a power of two."""


class Codes(NamedTuple):
    """What a granule's lines are read with."""

    pairs: NDArray[np.int32]
    roots: Integers
    linbits: Integers
    quads: NDArray[np.int32]
    powers: NDArray[np.float32]
    """x ** (4/3) for x from 0 to 15 + 2 ** 13."""
    signed: NDArray[np.float32]
    """The same with its sign, for x from -15 to 15."""
    gains: NDArray[np.float32]
    """2 ** (q / 4) for q from LOWEST_QUARTER on."""


class Bands(NamedTuple):
    """How lines are grouped at one sample rate, by the kind of block."""

    ends: Integers
    """Shape (3, 40): the line behind each group that shares a scalefactor."""
    counts: Integers
    """Groups, by kind."""
    places: Integers
    """Shape (3, 576): where a line goes: 18 * subband + its number there."""
    limits: Integers
    """Lines that are needed, by kind; even."""
    num_lines: int
    """Places that are needed: 18 * subbands."""


@lru_cache(maxsize=1)
def make_codes() -> Codes:
    """The tables for reading lines."""
    pairs, roots = look_up_pairs()
    powers = np.arange(16 + (1 << 13)) ** (4 / 3)
    small = np.arange(-15, 16)
    return Codes(
        pairs,
        roots,
        LINBITS,
        look_up_quads(),
        powers.astype(np.float32),
        (np.sign(small) * np.abs(small) ** (4 / 3)).astype(np.float32),
        (2.0 ** (np.arange(LOWEST_QUARTER, 64) / 4)).astype(np.float32),
    )


@lru_cache(maxsize=16)
def make_bands(rate_index: int, num_subbands: int) -> Bands:
    """The grouping at 44.1, 48 or 32 kHz (index 0 to 2), for the lowest subbands."""
    long, short = _LONG_WIDTHS[rate_index], _SHORT_WIDTHS[rate_index]
    threes = [width for width in short for _ in range(3)]
    groups = [list(long), threes, [*long[:8], *threes[9:]]]
    ends = np.full((3, 40), LINES, np.int64)
    for row, widths in zip(ends, groups, strict=True):
        row[: len(widths)] = np.cumsum(widths)
    places = np.stack([_places(short, first) for first in (LINES, 0, 36)])
    num_lines = 18 * num_subbands
    limits = [int(np.flatnonzero(row < num_lines)[-1]) + 1 for row in places]
    return Bands(
        ends,
        np.array([len(widths) for widths in groups]),
        places,
        np.array([limit + limit % 2 for limit in limits]),
        num_lines,
    )


def _places(short: tuple[int, ...], first: int) -> Integers:
    """Lines of short blocks come by band, window, frequency; a subband wants them by frequency."""
    places = np.arange(LINES)
    start = 0
    for width in short:
        if 3 * start >= first:
            lines = np.arange(3 * width)
            places[3 * start + lines] = 3 * (start + lines % width) + lines // width
        start += width
    return places


def synthesis_window() -> NDArray[np.float64]:
    """The window D of the synthesis filter: float64 (512,)."""
    half = np.array(_WINDOW.split(), np.int64)
    whole = np.concatenate([half, half[255:0:-1]])
    signs = 1 - 2 * (np.arange(512) // 64 % 2)
    return whole * signs / 65536


_WINDOW = """
    0 -1 -1 -1 -1 -1 -1 -2 -2 -2 -2 -3 -3 -4 -4 -5 -5 -6 -7 -7 -8 -9 -10 -11 -13 -14 -16 -17
    -19 -21 -24 -26 -29 -31 -35 -38 -41 -45 -49 -53 -58 -63 -68 -73 -79 -85 -91 -97 -104 -111
    -117 -125 -132 -139 -147 -154 -161 -169 -176 -183 -190 -196 -202 -208 -213 -218 -222 -225
    -227 -228 -228 -227 -224 -221 -215 -208 -200 -189 -177 -163 -146 -127 -106 -83 -57 -29 2
    36 72 111 153 197 244 294 347 401 459 519 581 645 711 779 848 919 991 1064 1137 1210 1283
    1356 1428 1498 1567 1634 1698 1759 1817 1870 1919 1962 2001 2032 2057 2075 2085 2087 2080
    2063 2037 2000 1952 1893 1822 1739 1644 1535 1414 1280 1131 970 794 605 402 185 -45 -288
    -545 -814 -1095 -1388 -1692 -2006 -2330 -2663 -3004 -3351 -3705 -4063 -4425 -4788 -5153
    -5517 -5879 -6237 -6589 -6935 -7271 -7597 -7910 -8209 -8491 -8755 -8998 -9219 -9416 -9585
    -9727 -9838 -9916 -9959 -9966 -9935 -9863 -9750 -9592 -9389 -9139 -8840 -8492 -8092 -7640
    -7134 -6574 -5959 -5288 -4561 -3776 -2935 -2037 -1082 -70 998 2122 3300 4533 5818 7154
    8540 9975 11455 12980 14548 16155 17799 19478 21189 22929 24694 26482 28289 30112 31947
    33791 35640 37489 39336 41176 43006 44821 46617 48390 50137 51853 53534 55178 56778 58333
    59838 61289 62684 64019 65290 66494 67629 68692 69679 70590 71420 72169 72835 73415 73908
    74313 74630 74856 74992 75038"""
