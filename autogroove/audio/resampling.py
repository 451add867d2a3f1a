"""From one sample rate to another, keeping only the band that the picture shows.

What belongs here: the design of the filter and the kernel that applies it.
What does not: the choice of the rate (`autogroove.segments.spectrogram`).

The filter is a Kaiser-windowed sinc in polyphase form (Oppenheim and Schafer, Discrete-Time
Signal Processing, 7.6 and 4.6): flat up to the picture's highest frequency, 80 dB down wherever
an alias or an image could fall onto the picture, and free in between. That freedom makes it
short: some forty taps from 44.1 kHz to 11.025 kHz where the picture ends at 2.8 kHz.
"""

from dataclasses import dataclass
from functools import lru_cache
from math import ceil, gcd, pi

import numpy as np
from numpy.typing import NDArray

from autogroove.audio.layer3.bits import compiled

STOP_BAND_DB = 80.0
_RUN = 1024


@dataclass(frozen=True, eq=False)
class Resampler:
    """The filter from one rate to another: output n lies at source sample n * step / phases."""

    taps: NDArray[np.float32]
    """Shape (phases, 2 * half)."""
    step: int
    half: int


@lru_cache(maxsize=64)
def design_resampler(source_hz: int, target_hz: int, top_hz: float) -> Resampler:
    """The filter that keeps 0 to `top_hz` on the way from one rate to another."""
    divisor = gcd(source_hz, target_hz)
    phases, step = target_hz // divisor, source_hz // divisor
    lower = min(source_hz, target_hz)
    passes = min(top_hz, 0.45 * lower)
    width = (lower - 2 * passes) / source_hz
    half = ceil(((STOP_BAND_DB - 7.95) / (2.285 * 2 * pi * width) + 1) / 2)
    distance = np.arange(1 - half, half + 1) - np.arange(phases)[:, None] / phases
    taps = np.sinc(distance * lower / source_hz) * _kaiser(distance / half)
    taps /= taps.sum(axis=1, keepdims=True)
    return Resampler(np.ascontiguousarray(taps, dtype=np.float32), step, half)


def _kaiser(position: NDArray[np.float64]) -> NDArray[np.float64]:
    """The Kaiser window on [-1, 1]; beta by Kaiser's formula for the stop band."""
    beta = 0.1102 * (STOP_BAND_DB - 8.7)
    inside = np.sqrt(np.clip(1 - position**2, 0, None))
    return np.asarray(np.i0(beta * inside) / np.i0(beta))


def resample_clips(
    clips: NDArray[np.float32], source_hz: int, target_hz: int, top_hz: float, num_samples: int
) -> NDArray[np.float32]:
    """Clips at another rate.

    Args:
        clips: float32 (n, m) at `source_hz`; silence is assumed before and after.
        source_hz, target_hz: the two sample rates.
        top_hz: what is above need not survive, and may hold aliases.
        num_samples: length of the result.

    Returns:
        float32 (n, num_samples); sample i lies at i / target_hz seconds.
    """
    if source_hz == target_hz and clips.shape[1] == num_samples:
        return clips
    out = np.zeros((len(clips), num_samples), np.float32)
    if source_hz == target_hz:
        kept = min(num_samples, clips.shape[1])
        out[:, :kept] = clips[:, :kept]
        return out
    design = design_resampler(source_hz, target_hz, top_hz)
    reach = (num_samples * design.step) // len(design.taps) + 2 * design.half
    padded = np.zeros(design.half - 1 + max(clips.shape[1], reach), np.float32)
    for clip, row in zip(clips, out, strict=True):
        padded[design.half - 1 : design.half - 1 + len(clip)] = clip
        if len(design.taps) == 1:
            _decimate(padded, deal_taps(design.taps[0], design.step), row)
        else:
            _filter(padded, design.taps, design.step, row)
    return out


def deal_taps(taps: NDArray[np.float32], step: int) -> NDArray[np.float32]:
    """Taps as rows of `step`, filled up with zeros to a multiple of four rows."""
    groups = -(-len(taps) // (4 * step)) * 4
    weights = np.zeros((groups, step), np.float32)
    weights.reshape(-1)[: len(taps)] = taps
    return weights


@compiled
def _filter(
    padded: NDArray[np.float32], taps: NDArray[np.float32], step: int, out: NDArray[np.float32]
) -> None:
    """out[n] = sum over t of taps[phase, t] * padded[start + t], start and phase of n * step."""
    phases, width = taps.shape
    start, phase = 0, 0
    for n in range(len(out)):
        total = np.float32(0)
        for t in range(width):
            total += taps[phase, t] * padded[start + t]
        out[n] = total
        phase += step
        start += phase // phases
        phase %= phases


@compiled
def _decimate(
    padded: NDArray[np.float32], weights: NDArray[np.float32], out: NDArray[np.float32]
) -> None:
    """out[n] = sum over t of taps[t] * padded[n * step + t]."""
    groups, step = weights.shape
    rows = np.empty((step, _RUN + groups), np.float32)
    stretch = np.zeros((_RUN + groups) * step, np.float32)
    for low in range(0, len(out), _RUN):
        part = padded[low * step : (low + _RUN + groups) * step]
        stretch[: len(part)] = part
        stretch[len(part) :] = 0
        decimate_run(stretch, weights, rows, out[low : low + _RUN])


@compiled
def decimate_run(
    samples: NDArray[np.float32],
    weights: NDArray[np.float32],
    rows: NDArray[np.float32],
    run: NDArray[np.float32],
) -> None:
    """run[n] = sum over t of taps[t] * samples[n * step + t].

    The samples are dealt out to `step` rows, so that one tap meets a run of neighbours: that
    fills the vector unit, four taps at a time.
    """
    groups, step = weights.shape
    _deal(samples, rows, len(run) + groups)
    run[:] = 0
    for d in range(step):
        for group in range(0, groups, 4):
            a, b, c, e = weights[group : group + 4, d]
            row = rows[d, group:]
            for j in range(len(run)):
                run[j] += a * row[j] + b * row[j + 1] + c * row[j + 2] + e * row[j + 3]


@compiled
def _deal(samples: NDArray[np.float32], rows: NDArray[np.float32], count: int) -> None:
    """rows[d, i] = samples[i * step + d]; a step that is spelled out fills the vector unit."""
    step = len(rows)
    if step == 4:
        a, b, c, e = rows[0], rows[1], rows[2], rows[3]
        for i in range(count):
            a[i] = samples[4 * i]
            b[i] = samples[4 * i + 1]
            c[i] = samples[4 * i + 2]
            e[i] = samples[4 * i + 3]
        return
    for d in range(step):
        row = rows[d]
        for i in range(count):
            row[i] = samples[i * step + d]
