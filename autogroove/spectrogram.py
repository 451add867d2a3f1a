"""From the samples of clips to images.

What belongs here: the recipe of the image: short-time Fourier transform, scale, normalisation,
tanh, grey levels. A notebook may call `make_images` on any samples.
What does not: decoding, or storage.

The recipe of the `poster` preset: the magnitude of the short-time Fourier transform, cropped to
256 x 256; divided by the clip's total energy; rescaled to [0, 1]; times `gain`; tanh. Dividing by
the energy cancels in the rescaling (both are one factor for the whole clip); it is done all the
same, because the poster says so. Magnitude, not power: half the decibels to squeeze through
tanh and 255 grey levels, so that quiet partials keep more than one level.

What an image shows is defined by `sample_rate_hz`, whatever rate a file has: row k of a linear
image is the band around k * sample_rate_hz / window_samples, column j starts j * hop_samples /
sample_rate_hz seconds into the clip. The transform itself runs at the lowest rate that still
holds the picture's band: window and hop, shortened alike, give the same picture for less.
"""

from dataclasses import dataclass
from functools import lru_cache
from math import gcd

import numpy as np
import scipy.fft
from numpy.typing import NDArray

from autogroove.audio.compiling import compiled
from autogroove.audio.decoding import SILENT_RMS
from autogroove.audio.resampling import resample_clips
from autogroove.config import ClipSettings, SpectrogramSettings
from autogroove.errors import SettingsError

Floats = NDArray[np.float32]
Images = NDArray[np.uint8]

_ROOM = 2.5
"""Sampling at this many times the highest frequency leaves the filter room to be short."""


def image_shape(settings: SpectrogramSettings) -> tuple[int, int]:
    """Rows (frequency, lowest first) and columns (time) of an image."""
    return settings.num_bins, settings.num_frames


def top_frequency_hz(settings: SpectrogramSettings) -> float:
    """The highest frequency that an image shows."""
    if settings.scale == "mel":
        return min(settings.mel_top_hz, settings.sample_rate_hz / 2)
    return settings.num_bins * settings.sample_rate_hz / settings.window_samples


def check_recipe(clip: ClipSettings, settings: SpectrogramSettings) -> None:
    """See that images of this recipe can be made.

    Raises:
        SettingsError: more rows than the transform has, or more time than a clip lasts.
    """
    if settings.scale == "linear" and settings.num_bins > settings.window_samples // 2:
        raise SettingsError(
            f"spectrogram.num_bins is {settings.num_bins}, but a window of "
            f"{settings.window_samples} samples has {settings.window_samples // 2} bins."
        )
    samples = settings.hop_samples * (settings.num_frames - 1) + settings.window_samples
    if samples > clip.clip_seconds * settings.sample_rate_hz:
        raise SettingsError(
            f"{settings.num_frames} frames take {samples / settings.sample_rate_hz:.2f} s, but "
            f"clip.clip_seconds is {clip.clip_seconds:g}. Lower spectrogram.hop_samples or "
            "spectrogram.num_frames."
        )


@dataclass(frozen=True, eq=False)
class Transform:
    """The recipe as it is computed: everything that does not depend on the samples."""

    rate_hz: int
    hop: int
    window: Floats
    num_samples: int
    top_hz: float
    kept: int
    mel: Floats | None


@lru_cache(maxsize=16)
def plan_transform(settings: SpectrogramSettings) -> Transform:
    """Choose the rate to work at and prepare window and mel filters for it."""
    top_hz = top_frequency_hz(settings)
    shared = gcd(gcd(settings.window_samples, settings.hop_samples), settings.sample_rate_hz)
    fits = (d for d in range(1, shared + 1) if shared % d == 0 and settings.window_samples // d > 8)
    factor = max((d for d in fits if settings.sample_rate_hz / d >= _ROOM * top_hz), default=1)
    length, hop = settings.window_samples // factor, settings.hop_samples // factor
    rate = settings.sample_rate_hz // factor
    turns = 2 * np.pi * np.arange(length) / length
    mel = _mel_filters(settings, rate, length, top_hz) if settings.scale == "mel" else None
    return Transform(
        rate_hz=rate,
        hop=hop,
        window=(factor * (0.5 - 0.5 * np.cos(turns))).astype(np.float32),
        num_samples=hop * (settings.num_frames - 1) + length,
        top_hz=top_hz,
        kept=settings.num_bins if mel is None else mel.shape[1],
        mel=mel,
    )


def _mel_filters(settings: SpectrogramSettings, rate: int, length: int, top_hz: float) -> Floats:
    """Triangles on Slaney's mel scale, each of area 1: float32 (num_bins, bins in use)."""
    from librosa.filters import mel

    filters: Floats = mel(
        sr=rate, n_fft=length, n_mels=settings.num_bins, fmin=settings.mel_low_hz, fmax=top_hz
    )
    used = np.flatnonzero(filters.any(axis=0))
    return np.ascontiguousarray(filters[:, : used[-1] + 1], dtype=np.float32)


def make_images(samples: Floats, sample_rate_hz: int, settings: SpectrogramSettings) -> Images:
    """Images of clips.

    Args:
        samples: float32 (n, m), mono clips at any sample rate.
        sample_rate_hz: that rate.
        settings: the recipe.

    Returns:
        uint8 (n, num_bins, num_frames): round(255 * tanh(gain * x)). A silent clip is black.
    """
    values = measure_spectrograms(samples, sample_rate_hz, settings)
    images = np.empty(values.shape, np.uint8)
    for value, image in zip(values, images, strict=True):
        offset, factor = _normalise(value, settings)
        _draw(value, np.float32(offset), np.float32(factor), image)
    return images


def measure_spectrograms(
    samples: Floats, sample_rate_hz: int, settings: SpectrogramSettings
) -> Floats:
    """Magnitudes before normalisation.

    Returns:
        float32 (n, num_bins, num_frames), in units of full scale * samples of the window at
        `settings.sample_rate_hz`; of a silent clip, zeros.
    """
    plan = plan_transform(settings)
    working = resample_clips(samples, sample_rate_hz, plan.rate_hz, plan.top_hz, plan.num_samples)
    values = np.empty((len(samples), *image_shape(settings)), np.float32)
    frames = np.empty((settings.num_frames, len(plan.window)), np.float32)
    for clip, value in zip(working, values, strict=True):
        if clip.std() < SILENT_RMS:
            value[:] = 0
            continue
        _window(clip, plan.window, plan.hop, frames)
        spectrum = scipy.fft.rfft(frames, axis=1)
        if plan.mel is None:
            _take_magnitudes(spectrum, value)
        else:
            _gather_mel(spectrum, plan.mel, value)
    return values


def _normalise(value: Floats, settings: SpectrogramSettings) -> tuple[float, float]:
    """What to subtract and to multiply with, before tanh."""
    if settings.normalisation == "corpus":
        return 0.0, settings.gain / settings.corpus_scale
    low, high = float(value.min()), float(value.max())
    if not high > low:
        return 0.0, 0.0
    energy = float(np.square(value, dtype=np.float64).sum())
    # (v / energy - low / energy) / (high / energy - low / energy): the poster's two steps.
    return low, settings.gain / energy / (high / energy - low / energy)


@compiled
def _window(clip: Floats, window: Floats, hop: int, frames: Floats) -> None:
    """frames[j] = clip[j * hop : j * hop + len(window)] * window."""
    for j in range(frames.shape[0]):
        for i in range(frames.shape[1]):
            frames[j, i] = clip[j * hop + i] * window[i]


@compiled
def _take_magnitudes(spectrum: NDArray[np.complex64], value: Floats) -> None:
    for j in range(value.shape[1]):
        for k in range(value.shape[0]):
            bin_ = spectrum[j, k]
            value[k, j] = np.sqrt(bin_.real * bin_.real + bin_.imag * bin_.imag)


@compiled
def _gather_mel(spectrum: NDArray[np.complex64], mel: Floats, value: Floats) -> None:
    """value[b, j] = sum over k of mel[b, k] * |spectrum[j, k]|; most of mel is zeros."""
    bands, kept = mel.shape
    magnitudes = np.empty(kept, np.float32)
    first, last = np.zeros(bands, np.int64), np.zeros(bands, np.int64)
    for b in range(bands):
        used = np.flatnonzero(mel[b])
        if len(used):
            first[b], last[b] = used[0], used[-1] + 1
    for j in range(value.shape[1]):
        for k in range(kept):
            bin_ = spectrum[j, k]
            magnitudes[k] = np.sqrt(bin_.real * bin_.real + bin_.imag * bin_.imag)
        for b in range(bands):
            total = np.float32(0)
            for k in range(first[b], last[b]):
                total += mel[b, k] * magnitudes[k]
            value[b, j] = total


@compiled
def _draw(value: Floats, offset: np.float32, factor: np.float32, image: Images) -> None:
    for k in range(value.shape[0]):
        for j in range(value.shape[1]):
            level = np.tanh((value[k, j] - offset) * factor)
            image[k, j] = np.uint8(np.float32(255) * level + np.float32(0.5))
