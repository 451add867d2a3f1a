"""What the data report says in sentences, and the gain before tanh that it advises."""

from dataclasses import dataclass
from typing import Any

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


_BANDS = 16

_GROOVE_HZ = (0.5, 8.0)


def write_findings(report: dict[str, Any]) -> list[str]:
    """Sentences for people, the most useful first."""
    return [
        _on_gain(report["gain"]),
        _on_saturation(report["gain"]),
        _on_rows(report["rows"]),
        _on_components(report["components"]),
        _on_modulation(report["modulation"]),
        _on_audio(report),
    ]


def _on_gain(gain: dict[str, Any]) -> str:
    used, best = gain["used"], gain["recommended"]
    curve = gain["curve"]
    reached = float(np.interp(best, curve["gains"], curve["entropy_bits"]))
    now = f"The gain is {used:g}: grey levels carry {gain['entropy_bits']:.2f} of 8 bits."
    if 0.67 < best / used < 1.5:
        return f"{now} That is close to the best, {best:.3g}."
    return f"{now} At {best:.3g} they would carry {reached:.2f}, with at most 10 % above .98."


def _on_saturation(gain: dict[str, Any]) -> str:
    text = (
        f"{gain['share_dark']:.0%} of pixels are below .02 and {gain['share_bright']:.0%} above "
        f".98. The rule 0.55 / median gives a gain of {gain['by_median_rule']:.3g}."
    )
    if max(gain["share_censored"], gain["share_zero"]) > 0.02:
        text += (
            f" {gain['share_censored']:.1%} of pixels are white and {gain['share_zero']:.1%} black:"
            " what they were before tanh is a guess."
        )
    return text


def _on_rows(rows: dict[str, Any]) -> str:
    hz = np.array(rows["frequency_hz"])
    share = np.array(rows["between_track_share"])
    bands = np.array_split(np.arange(len(hz)), min(_BANDS, len(hz)))
    apart = [float(share[band].mean()) for band in bands]
    moving = [float(np.mean(np.array(rows["within_clips_variance"])[band])) for band in bands]
    best, rhythm = bands[int(np.argmax(apart))], bands[int(np.argmax(moving))]
    return (
        f"Of a row's variance {min(apart):.0%} to {max(apart):.0%} lies between tracks, most at "
        f"{hz[best[0]]:.0f} to {hz[best[-1]]:.0f} Hz: rows that tell tracks apart. Rows change "
        f"most within clips at {hz[rhythm[0]]:.0f} to {hz[rhythm[-1]]:.0f} Hz: rhythm shows there."
    )


def _on_components(components: dict[str, Any]) -> str:
    images, frames = components["images"], components["frames"]
    return (
        f"Images, reduced to {images['dimensions']} blocks, need {images['needed_for']['90%']} "
        f"components for 90 % of their variance (effective rank {images['effective_rank']:.0f}); "
        f"single frames {frames['needed_for']['90%']} of {frames['dimensions']} "
        f"(effective rank {frames['effective_rank']:.0f})."
    )


def _on_modulation(modulation: dict[str, Any]) -> str:
    hz = np.array(modulation["frequency_hz"])
    shares = np.array(modulation["shares"])
    in_groove = (hz >= _GROOVE_HZ[0]) & (hz < _GROOVE_HZ[1])
    by_band = shares[:, in_groove].sum(axis=1)
    best = int(np.argmax(by_band))
    low, high = modulation["bands_hz"][best]
    top = f"{_GROOVE_HZ[0]:g} to {_GROOVE_HZ[1]:g} Hz"
    return (
        f"Envelopes hold {by_band.min():.0%} to {by_band.max():.0%} of their movement at {top}, "
        f"where beats are; most in the band {low:.0f} to {high:.0f} Hz. Frames reach "
        f"{hz[-1]:.1f} Hz."
    )


def _on_audio(report: dict[str, Any]) -> str:
    audio = report["audio"]
    parts = [
        f"{audio['clipping_tracks']} of {report['tracks']} tracks clip",
        f"{report['clips']['black']} of {report['clips']['total']} clips are silent",
    ]
    low_pass = audio["low_pass_hz"]
    if low_pass["known"]:
        median = low_pass["quantiles"][3]
        parts.append(
            f"of {low_pass['measured']} tracks listened to whole, the encoder cut off the treble "
            f"of {low_pass['known']} (median {median:.0f} Hz)"
        )
    return f"{', '.join(parts)}."
