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

from autogroove.audio import SILENT_RMS, Band, resample_clips
from autogroove.audio.layer3 import compiled
from autogroove.config import ClipSettings, SpectrogramSettings
from autogroove.errors import SettingsError

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

    band: Band
    hop: int
    window: NDArray[np.float32]
    mel: NDArray[np.float32] | None


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
        band=Band(rate, top_hz, hop * (settings.num_frames - 1) + length),
        hop=hop,
        window=(factor * (0.5 - 0.5 * np.cos(turns))).astype(np.float32),
        mel=mel,
    )


def _mel_filters(
    settings: SpectrogramSettings, rate: int, length: int, top_hz: float
) -> NDArray[np.float32]:
    """Triangles on Slaney's mel scale, each of area 1: float32 (num_bins, bins in use)."""
    from librosa.filters import mel

    filters: NDArray[np.float32] = mel(
        sr=rate, n_fft=length, n_mels=settings.num_bins, fmin=settings.mel_low_hz, fmax=top_hz
    )
    used = np.flatnonzero(filters.any(axis=0))
    return np.ascontiguousarray(filters[:, : used[-1] + 1], dtype=np.float32)


def make_images(
    samples: NDArray[np.float32], sample_rate_hz: int, settings: SpectrogramSettings
) -> NDArray[np.uint8]:
    """Images of clips.

    Args:
        samples: float32 (n, m), mono clips at any sample rate.
        sample_rate_hz: that rate.
        settings: the recipe.

    Returns:
        uint8 (n, num_bins, num_frames): round(255 * tanh(gain * x)). A silent clip is black.
    """
    spectra = _measure_frames(samples, sample_rate_hz, settings)
    images = np.empty((len(samples), *image_shape(settings)), np.uint8)
    levels = np.empty(spectra.shape[1:], np.uint8)
    for spectrum, image in zip(spectra, images, strict=True):
        offset, factor = _normalise(spectrum, settings)
        _draw(spectrum.reshape(-1), np.float32(offset), np.float32(factor), levels.reshape(-1))
        image[:] = levels.T
    return images


def _measure_frames(
    samples: NDArray[np.float32], sample_rate_hz: int, settings: SpectrogramSettings
) -> NDArray[np.float32]:
    """Magnitudes before normalisation: float32 (n, num_frames, num_bins); of a silent clip, zeros.

    In units of full scale * samples of the window at `settings.sample_rate_hz`.
    """
    plan = plan_transform(settings)
    band = plan.band
    working = resample_clips(samples, sample_rate_hz, band.rate_hz, band.top_hz, band.num_samples)
    spectra = np.zeros((len(samples), settings.num_frames, settings.num_bins), np.float32)
    frames = np.empty((settings.num_frames, len(plan.window)), np.float32)
    for clip, spectrum in zip(working, spectra, strict=True):
        if _sum_squares(clip) < SILENT_RMS**2 * len(clip):
            continue
        _window(clip, plan.window, plan.hop, frames)
        transformed = scipy.fft.rfft(frames, axis=1)
        if plan.mel is None:
            _take_magnitudes(transformed, spectrum)
        else:
            _gather_mel(transformed, plan.mel, spectrum)
    return spectra


def _normalise(value: NDArray[np.float32], settings: SpectrogramSettings) -> tuple[float, float]:
    """What to subtract and to multiply with, before tanh."""
    if settings.normalisation == "corpus":
        return 0.0, settings.gain / settings.corpus_scale
    low, high = float(value.min()), float(value.max())
    if not high > low:
        return 0.0, 0.0
    energy = _sum_squares(value.reshape(-1))
    # (v / energy - low / energy) / (high / energy - low / energy): the poster's two steps.
    return low, settings.gain / energy / (high / energy - low / energy)


@compiled
def _window(
    clip: NDArray[np.float32], window: NDArray[np.float32], hop: int, frames: NDArray[np.float32]
) -> None:
    """frames[j] = clip[j * hop : j * hop + len(window)] * window."""
    for j in range(frames.shape[0]):
        for i in range(frames.shape[1]):
            frames[j, i] = clip[j * hop + i] * window[i]


@compiled
def _sum_squares(values: NDArray[np.float32]) -> float:
    """Float32 sums of 2048 values at a time, so that they stay exact enough."""
    total = 0.0
    for start in range(0, len(values), 2048):
        partial = np.float32(0)
        for i in range(start, min(len(values), start + 2048)):
            partial += values[i] * values[i]
        total += float(partial)
    return total


@compiled
def _take_magnitudes(transformed: NDArray[np.complex64], spectrum: NDArray[np.float32]) -> None:
    for j in range(spectrum.shape[0]):
        row, out = transformed[j], spectrum[j]
        for k in range(len(out)):
            out[k] = np.sqrt(row[k].real * row[k].real + row[k].imag * row[k].imag)


@compiled
def _gather_mel(
    transformed: NDArray[np.complex64], mel: NDArray[np.float32], spectrum: NDArray[np.float32]
) -> None:
    """spectrum[j, b] = sum over k of mel[b, k] * |transformed[j, k]|; most of mel is zeros."""
    bands, kept = mel.shape
    magnitudes = np.empty((1, kept), np.float32)
    first, last = np.zeros(bands, np.int64), np.zeros(bands, np.int64)
    for b in range(bands):
        used = np.flatnonzero(mel[b])
        if len(used):
            first[b], last[b] = used[0], used[-1] + 1
    for j in range(len(spectrum)):
        _take_magnitudes(transformed[j : j + 1], magnitudes)
        for b in range(bands):
            total = np.float32(0)
            for k in range(first[b], last[b]):
                total += mel[b, k] * magnitudes[0, k]
            spectrum[j, b] = total


@compiled
def _draw(
    values: NDArray[np.float32], offset: np.float32, factor: np.float32, levels: NDArray[np.uint8]
) -> None:
    """levels = round(255 * tanh((values - offset) * factor)).

    tanh as a rational function, 13 over 6 (the coefficients of Eigen's ptanh): within 2e-7 of
    it, and unlike a call it fills the vector unit.
    """
    for i in range(len(values)):
        x = min((values[i] - offset) * factor, np.float32(7.9))
        y = x * x
        p = np.float32(-2.76076847742355e-16) * y + np.float32(2.00018790482477e-13)
        p = p * y + np.float32(-8.60467152213735e-11)
        p = p * y + np.float32(5.12229709037114e-08)
        p = p * y + np.float32(1.48572235717979e-05)
        p = p * y + np.float32(6.37261928875436e-04)
        p = p * y + np.float32(4.89352455891786e-03)
        q = np.float32(1.19825839466702e-06) * y + np.float32(1.18534705686654e-04)
        q = q * y + np.float32(2.26843463243900e-03)
        q = q * y + np.float32(4.89352518554385e-03)
        levels[i] = np.uint8(np.int32(np.float32(255) * (x * p / q) + np.float32(0.5)))
