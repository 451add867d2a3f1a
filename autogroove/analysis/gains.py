"""The gain before tanh: what grey levels would be under another one, and which one to choose.

What belongs here: undoing tanh on counted grey levels, entropy and saturation by gain.
What does not: counting.

A stored level l stands for values x before tanh with 255 tanh(x) between l - 1/2 and l + 1/2, so
the counts give the distribution function of x at 255 points. Two ends are censored: level 255
says only that x is above 3.47, level 0 only that it is below 0.002. Inside a level x is taken to
be even in log x; in the ends it is taken to go on as a log-normal, as magnitudes nearly do, with
the slope of the last octave that is known. Results that rest on the ends say so.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

DARK, BRIGHT = 0.02, 0.98
MOST_BRIGHT = 0.10
"""At most so many pixels may be above `BRIGHT`."""
_MEDIAN_TARGET = 0.55
_EDGES = np.arctanh((np.arange(255) + 0.5) / 255)
_SPAN = 1000.0
_TAIL_POINTS = 24


@dataclass(frozen=True)
class Distribution:
    """The distribution function of values before tanh, divided by the gain they were drawn at."""

    values: NDArray[np.float64]
    """Ascending, from the smallest to the largest value that is thought possible."""
    shares: NDArray[np.float64]
    """Share of pixels below each."""

    def share_below(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Share of pixels below each value."""
        return np.interp(np.log(values), np.log(self.values), self.shares)

    def quantile(self, share: float) -> float:
        """The value below which a share of pixels lies."""
        return float(np.exp(np.interp(share, self.shares, np.log(self.values))))


def undo_tanh(counts: NDArray[np.int64], gain: float, largest: float | None) -> Distribution:
    """The distribution before tanh of pixels with these counts of grey levels (256,).

    `largest` is the largest value there can be (1 where every clip is scaled to its own peak);
    None: twice where the last level begins.
    """
    edges = _EDGES / gain
    top = max(2 * edges[-1] if largest is None else largest, 1.0001 * edges[-1])
    shares = np.cumsum(counts)[:-1] / max(1, counts.sum())
    low = edges[0] / np.geomspace(_SPAN, 1, _TAIL_POINTS, endpoint=False)
    high = np.geomspace(edges[-1], top, _TAIL_POINTS + 1)[1:]
    below = _go_on(edges, shares, low, near=0)
    above = _go_on(edges, shares, high, near=-1)
    below[0], above[-1] = 0.0, 1.0
    return Distribution(np.concatenate([low, edges, high]), np.concatenate([below, shares, above]))


def _go_on(
    edges: NDArray[np.float64], shares: NDArray[np.float64], values: NDArray[np.float64], near: int
) -> NDArray[np.float64]:
    """Shares below values beyond an end (`near` 0 or -1), by a log-normal through that end."""
    inside = 2 * edges[0] if near == 0 else edges[-1] / 2
    known = np.array([np.interp(inside, edges, shares), shares[near]])
    if known.min() <= 0 or known.max() >= 1:
        return np.full(len(values), known[1])
    inner, outer = ndtri(known)
    slope = max(0.0, (outer - inner) / np.log(edges[near] / inside))
    return np.asarray(ndtr(outer + slope * np.log(values / edges[near])))


def entropy_at(distribution: Distribution, gain: float) -> float:
    """Entropy of the 256 grey levels under a gain, in bits; 8 is the most."""
    below = distribution.share_below(_EDGES / gain)
    shares = np.diff(np.concatenate([[0.0], below, [1.0]]))
    shares = shares[shares > 0]
    return float(-(shares * np.log2(shares)).sum())


def bright_at(distribution: Distribution, gain: float) -> float:
    """Share of pixels above .98 under a gain."""
    return float(1 - distribution.share_below(np.array([np.arctanh(BRIGHT) / gain]))[0])


def dark_at(distribution: Distribution, gain: float) -> float:
    """Share of pixels below .02 under a gain."""
    return float(distribution.share_below(np.array([np.arctanh(DARK) / gain]))[0])


def list_gains(gain: float) -> NDArray[np.float64]:
    """Gains to look at: from a thousandth to thirty times the present one."""
    return np.asarray(gain * np.geomspace(1e-3, 30, 91))


def recommend_gain(distribution: Distribution, gains: NDArray[np.float64]) -> float:
    """The gain of the highest entropy among those that leave at most 10 % of pixels above .98."""
    allowed = [g for g in gains if bright_at(distribution, g) <= MOST_BRIGHT] or [gains[0]]
    return float(max(allowed, key=lambda g: entropy_at(distribution, g)))


def median_gain(distribution: Distribution) -> float:
    """The rule of thumb 0.55 / median, which puts the median pixel in the middle grey."""
    return _MEDIAN_TARGET / distribution.quantile(0.5)
