"""Whether two tracks hold the same sound, at any level, in any codec, cut a little differently.

What belongs here: the comparison of stored images. What does not: which tracks are worth it
(`recordings`).

A print is a track's images made coarse, each row less its mean, so that a timbre which lasts says
nothing. Two clips are slid past each other, and what counts is the best correlation of the parts
that overlap. Clips of a recording that was cut elsewhere overlap in part, so each clip of the
track that has fewer is looked for in all clips of the other, and the median says how many of
them are there. Notes and strokes at the same moments cannot be had by chance: `benchmarks/
versions.py` measures it.
"""

from dataclasses import dataclass

import numpy as np
import scipy.fft
from numpy.typing import NDArray

ROWS = 32
FRAMES_PER_SECOND = 26.0
LEAST_OVERLAP_SECONDS = 4.0


@dataclass(frozen=True, eq=False)
class Print:
    """What is kept of a track: float16 (clips, rows, frames), and frames a second."""

    rows: NDArray[np.float16]
    rate: float


def make_print(images: NDArray[np.uint8], frames_per_second: float) -> Print:
    """The print of a track from its images uint8 (clips, num_bins, num_frames)."""
    clips, bins, frames = images.shape
    high = max(1, bins // ROWS)
    wide = max(1, round(frames_per_second / FRAMES_PER_SECOND))
    whole = images[:, : bins // high * high, : frames // wide * wide]
    coarse = whole.reshape(clips, bins // high, high, -1).sum(axis=2, dtype=np.float32)
    coarse = coarse.reshape(clips, bins // high, -1, wide).sum(axis=3) / (high * wide)
    coarse -= coarse.mean(axis=2, keepdims=True)
    return Print(coarse.astype(np.float16), frames_per_second / wide)


def compare_prints(first: Print, second: Print) -> float:
    """The correlation, at most 1, that half of the clips of the shorter track reach or pass.

    0 where a track has no clips, or where two prints are of different recipes.
    """
    if not len(first.rows) or not len(second.rows) or first.rows.shape[1:] != second.rows.shape[1:]:
        return 0.0
    best = _correlate(first, second).max(axis=-1)
    found = best.max(axis=1) if len(best) <= best.shape[1] else best.max(axis=0)
    return float(np.median(found))


def _correlate(first: Print, second: Print) -> NDArray[np.float32]:
    """Of each clip with each at each shift of enough overlap, float32 (clips, clips, shifts)."""
    num = first.rows.shape[2]
    least = min(num, max(1, round(LEAST_OVERLAP_SECONDS * first.rate)))
    size = scipy.fft.next_fast_len(2 * num, real=True)
    spectra = [scipy.fft.rfft(each.rows.astype(np.float32), size) for each in (first, second)]
    crossed = np.einsum("ikf,jkf->ijf", spectra[0], spectra[1].conj())
    products = scipy.fft.irfft(crossed, size)
    shifts = np.arange(least - num, num - least + 1)
    start, stop = np.maximum(shifts, 0), np.minimum(num, num + shifts)
    powers = [_sum_up(each) for each in (first, second)]
    mine = powers[0][:, stop] - powers[0][:, start]
    theirs = powers[1][:, stop - shifts] - powers[1][:, start - shifts]
    scale = np.sqrt(np.maximum(mine[:, None] * theirs[None], 1e-6))
    return np.asarray(products[:, :, shifts] / scale, dtype=np.float32)


def _sum_up(found: Print) -> NDArray[np.float64]:
    """Power of all frames before each, (clips, frames + 1)."""
    power = (found.rows.astype(np.float64) ** 2).sum(axis=1)
    return np.concatenate([np.zeros((len(power), 1)), power.cumsum(axis=1)], axis=1)
