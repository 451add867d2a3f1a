"""From the lines of a spectrum to samples of subbands.

What belongs here: alias reduction, the inverse transforms, windows and overlap (ISO/IEC 11172-3,
2.4.3.4.9 and 2.4.3.4.10), the inversion of odd subbands among them.
What does not: the subbands' synthesis (`synthesis`).

All of this is linear, and so it is done once for the sum of channels whose blocks are alike. The
transform of 36 is a DCT-IV of 18 unfolded: x[i] = Y[i + 9], Y odd around its end. Window, sign of
the unfolding and inversion are one factor, held by `Transforms.windows`.
"""

from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from autogroove.audio.layer3.bits import compiled
from autogroove.audio.layer3.tables import LONG, MIXED, SLOTS, Integers

Doubles = NDArray[np.float64]

_ALIASES = np.array([-0.6, -0.535, -0.33, -0.185, -0.095, -0.041, -0.0142, -0.0037])
_LONG_PART = 8
"""The window of the two long subbands of a mixed block of short ones."""


class Transforms(NamedTuple):
    """The linear maps of a granule. Rows are times or lines, lanes are subbands."""

    cosines: NDArray[np.float32]
    """Shape (18, 18): the DCT-IV."""
    threes: NDArray[np.float32]
    """Shape (36, 18): three transforms of 12, with their windows and overlaps."""
    windows: NDArray[np.float32]
    """Shape (9, 36, lanes): by block type, 4 more where mixed."""
    sources: Integers
    """Shape (36,): the row of the DCT-IV from which a time is unfolded."""
    direct: NDArray[np.float32]
    """Shape (8,): of the alias butterflies."""
    crossed: NDArray[np.float32]


@lru_cache(maxsize=4)
def make_transforms(lanes: int) -> Transforms:
    """The maps for the lowest `lanes` subbands."""
    n = np.arange(SLOTS)
    times = np.arange(36)
    cosines = np.cos(np.pi / 72 * np.outer(2 * n + 1, 2 * n + 1))
    folded = (times + 9) % 72
    sources = np.where(folded < 18, folded, np.where(folded < 36, 35 - folded, folded - 36))
    unfold = np.where(folded < 18, 1.0, -1.0)
    inverts = np.where(np.outer(times % 2, np.arange(lanes) % 2), -1.0, 1.0)
    windows = np.zeros((9, 36, lanes))
    for kind in (0, 1, 3):
        windows[kind] = (_window(kind) * unfold)[:, None] * inverts
    windows[2] = windows[6] = inverts
    windows[6, :, :2] = 0
    windows[_LONG_PART, :, :2] = windows[0, :, :2]
    scale = 1 / np.sqrt(1 + _ALIASES**2)
    return Transforms(
        cosines.astype(np.float32),
        _three_transforms().astype(np.float32),
        windows.astype(np.float32),
        sources.astype(np.int64),
        scale.astype(np.float32),
        (_ALIASES * scale).astype(np.float32),
    )


def _window(kind: int) -> Doubles:
    """The window of a long block: normal (0), before short ones (1), behind them (3)."""
    window: Doubles = np.sin(np.pi / 36 * np.arange(0.5, 36))
    short: Doubles = np.sin(np.pi / 12 * np.arange(0.5, 12))
    if kind == 1:
        window[18:] = np.concatenate([np.ones(6), short[6:], np.zeros(6)])
    elif kind == 3:
        window[:18] = np.concatenate([np.zeros(6), short[:6], np.ones(6)])
    return window


def _three_transforms() -> Doubles:
    """x[6 + 6 w + i] += sin(pi / 12 (i + 1/2)) cos(pi / 24 (2 i + 7) (2 k + 1)) X[3 k + w]."""
    i, k = np.arange(12)[:, None], np.arange(6)
    part: Doubles = np.sin(np.pi / 12 * (i + 0.5)) * np.cos(np.pi / 24 * (2 * i + 7) * (2 * k + 1))
    whole = np.zeros((36, 18))
    for window in range(3):
        whole[6 + 6 * window : 18 + 6 * window, window::3] = part
    return whole


@compiled
def add_block(
    spectrum: NDArray[np.float32],
    kind: int,
    block_type: int,
    transforms: Transforms,
    rows: NDArray[np.float32],
    samples: NDArray[np.float32],
    overlap: NDArray[np.float32],
) -> None:
    """Add what a spectrum gives to the samples of this granule and to those of the next.

    Args:
        spectrum: float32 (576,), by subband.
        kind, block_type: of the block.
        transforms: the maps.
        rows: float32 (36 + 18, lanes), for work.
        samples: float32 (18, lanes), by time.
        overlap: float32 (18, lanes), by time.
    """
    lines, times = rows[:SLOTS], rows[SLOTS:]
    _lay_out(spectrum, kind, transforms, lines)
    window = transforms.windows[block_type + (4 if kind == MIXED else 0)]
    if kind == LONG:
        _multiply(transforms.cosines, lines, times[:SLOTS])
        _unfold(times, window, transforms.sources, samples, overlap)
        return
    _multiply(transforms.threes, lines, times)
    _apply(times, window, samples, overlap)
    if kind == MIXED:
        _multiply(transforms.cosines, lines, times[:SLOTS])
        _unfold(times, transforms.windows[_LONG_PART], transforms.sources, samples, overlap)


@compiled
def _lay_out(
    spectrum: NDArray[np.float32], kind: int, transforms: Transforms, lines: NDArray[np.float32]
) -> None:
    """lines[k, lane] = spectrum[18 lane + k], neighbours of long blocks freed of their aliases."""
    lanes = lines.shape[1]
    for lane in range(lanes):
        part = spectrum[SLOTS * lane : SLOTS * lane + SLOTS]
        for k in range(SLOTS):
            lines[k, lane] = part[k]
    joined = lanes - 1 if kind == LONG else 1 if kind == MIXED else 0
    for lane in range(joined):
        part = spectrum[SLOTS * lane : SLOTS * lane + 2 * SLOTS]
        for i in range(8):
            below, above = part[17 - i], part[18 + i]
            direct, crossed = transforms.direct[i], transforms.crossed[i]
            lines[17 - i, lane] = below * direct - above * crossed
            lines[i, lane + 1] = above * direct + below * crossed


@compiled
def _multiply(
    matrix: NDArray[np.float32], lines: NDArray[np.float32], times: NDArray[np.float32]
) -> None:
    """times = matrix @ lines, 18 lines."""
    for n in range(len(matrix)):
        c, out = matrix[n], times[n]
        for lane in range(lines.shape[1]):
            out[lane] = (
                c[0] * lines[0, lane]
                + c[1] * lines[1, lane]
                + c[2] * lines[2, lane]
                + c[3] * lines[3, lane]
                + c[4] * lines[4, lane]
                + c[5] * lines[5, lane]
                + c[6] * lines[6, lane]
                + c[7] * lines[7, lane]
                + c[8] * lines[8, lane]
                + c[9] * lines[9, lane]
                + c[10] * lines[10, lane]
                + c[11] * lines[11, lane]
                + c[12] * lines[12, lane]
                + c[13] * lines[13, lane]
                + c[14] * lines[14, lane]
                + c[15] * lines[15, lane]
                + c[16] * lines[16, lane]
                + c[17] * lines[17, lane]
            )


@compiled
def _unfold(
    times: NDArray[np.float32],
    window: NDArray[np.float32],
    sources: Integers,
    samples: NDArray[np.float32],
    overlap: NDArray[np.float32],
) -> None:
    for i in range(SLOTS):
        first, second = times[sources[i]], times[sources[SLOTS + i]]
        for lane in range(samples.shape[1]):
            samples[i, lane] += window[i, lane] * first[lane]
            overlap[i, lane] += window[SLOTS + i, lane] * second[lane]


@compiled
def _apply(
    times: NDArray[np.float32],
    window: NDArray[np.float32],
    samples: NDArray[np.float32],
    overlap: NDArray[np.float32],
) -> None:
    for i in range(SLOTS):
        for lane in range(samples.shape[1]):
            samples[i, lane] += window[i, lane] * times[i, lane]
            overlap[i, lane] += window[SLOTS + i, lane] * times[SLOTS + i, lane]
