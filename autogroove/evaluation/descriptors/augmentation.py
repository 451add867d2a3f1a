"""The same clip in another key through another loudspeaker, at the same tempo.

What belongs here: equalising and shifting the pitch of samples, to ask whether an encoding still
knows the track. What does not: augmentation during training (`autogroove.model.training`), which
acts on images: a model must not be examined with the very transform that it was trained on.

Pitch is shifted in the usual two steps: a phase vocoder (Flanagan and Golden 1966; Laroche and
Dolson 1999) makes the clip longer or shorter at the same pitch, resampling brings it back to its
length at another pitch. Onsets stay where they were to within a few milliseconds.
"""

import numpy as np
import scipy.fft
import soxr
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

WINDOW_SAMPLES = 2048
HOP_SAMPLES = 512
EQUALISER_DECIBELS = 6.0
"""Deviation of the equaliser's curve; its extremes are about ±12 dB."""

Spectrum = NDArray[np.complex64]


def augment_clip(
    samples: NDArray[np.float32], sample_rate_hz: int, semitones: float, seed: int
) -> NDArray[np.float32]:
    """Shift the pitch of a clip and colour it with a smooth random equaliser.

    Args:
        samples: (num_samples,) float32, at least one window (2048) long.
        sample_rate_hz: of the samples.
        semitones: up or down; tempo and length stay.
        seed: of the equaliser's curve.

    Returns:
        (num_samples,) float32 with the loudness (root mean square) of the original.
    """
    ratio = 2 ** (semitones / 12)
    spectrum = _transform(samples) * _equaliser(seed)
    stretched = _invert(stretch_spectrum(spectrum, 1 / ratio))
    shifted = soxr.resample(stretched, ratio * sample_rate_hz, sample_rate_hz, quality="MQ")
    shifted = _with_length(shifted, len(samples))
    loudness = float(np.sqrt(np.mean(shifted**2)))
    if loudness == 0:
        return shifted
    louder = float(np.sqrt(np.mean(samples**2))) / loudness
    return np.asarray(shifted * louder, dtype=np.float32)


def stretch_clip(samples: NDArray[np.float32], speed: float) -> NDArray[np.float32]:
    """The same clip at another tempo and the same pitch.

    Args:
        samples: (num_samples,) float32, at least one window (2048) long.
        speed: 2 is twice as fast. Where that makes the clip too short, it goes round: it starts
            anew, after its end.

    Returns:
        (num_samples,) float32.
    """
    stretched = _invert(stretch_spectrum(_transform(samples), speed))
    return np.resize(stretched, len(samples)).astype(np.float32)


def stretch_spectrum(spectrum: Spectrum, speed: float) -> Spectrum:
    """Play frames at another speed and the same pitch (the phase vocoder, without a loop).

    Args:
        spectrum: (num_frames, num_bins) at a hop of `HOP_SAMPLES`.
        speed: 2 is twice as fast.

    Returns:
        (ceil(num_frames / speed), num_bins) complex64.
    """
    times = np.arange(0, len(spectrum), speed)
    left = times.astype(np.int64)
    share = (times - left).astype(np.float32)[:, None]
    padded = np.concatenate([spectrum, np.zeros((2, spectrum.shape[1]), np.complex64)])
    before, after = padded[left], padded[left + 1]
    magnitude = (1 - share) * np.abs(before) + share * np.abs(after)
    # How far each bin turns from one frame to the next, as unit complex numbers: their running
    # product is the phase, and nothing has to be wrapped or unwrapped.
    turn = _unit(after * np.conj(before)).astype(np.complex128)
    phase = np.empty_like(turn)
    phase[0], phase[1:] = _unit(spectrum[0]), turn[:-1]
    return np.asarray(magnitude * np.multiply.accumulate(phase, axis=0), dtype=np.complex64)


def _unit(numbers: Spectrum) -> Spectrum:
    """Numbers of length 1 in the same direction, and 1 where there is none."""
    length = np.abs(numbers)
    heard = length > 1e-20
    return np.where(heard, numbers / np.where(heard, length, 1), 1).astype(np.complex64)


def _transform(samples: NDArray[np.float32]) -> Spectrum:
    padded = np.pad(samples, WINDOW_SAMPLES // 2)
    frames = sliding_window_view(padded, WINDOW_SAMPLES)[::HOP_SAMPLES]
    return np.asarray(scipy.fft.rfft(frames * _window(), axis=1), dtype=np.complex64)


def _invert(spectrum: Spectrum) -> NDArray[np.float32]:
    """Overlap-add with squared-window normalisation, less the padding of `_transform`."""
    window = _window()
    frames = scipy.fft.irfft(spectrum, WINDOW_SAMPLES, axis=1).astype(np.float32) * window
    pieces = WINDOW_SAMPLES // HOP_SAMPLES
    total = np.zeros((len(frames) + pieces - 1, HOP_SAMPLES), np.float32)
    weight = np.zeros_like(total)
    for piece in range(pieces):
        part = slice(piece * HOP_SAMPLES, (piece + 1) * HOP_SAMPLES)
        total[piece : piece + len(frames)] += frames[:, part]
        weight[piece : piece + len(frames)] += window[part] ** 2
    samples = (total / np.maximum(weight, 1e-3)).ravel()
    return np.asarray(samples[WINDOW_SAMPLES // 2 :], dtype=np.float32)


def _equaliser(seed: int) -> NDArray[np.float32]:
    """(num_bins,) gains: a few slow cosines over log frequency, different for each seed."""
    generator = np.random.default_rng(seed)
    octaves = np.log2(1 + np.arange(WINDOW_SAMPLES // 2 + 1) / 4)
    turns = np.arange(1, 5)[:, None] * np.pi * octaves / octaves[-1]
    weights = generator.normal(size=(4, 1))
    curve = np.sqrt(2) * (weights * np.cos(turns)).sum(axis=0) / np.sqrt(4)
    return np.asarray(10 ** (EQUALISER_DECIBELS * curve / 20), dtype=np.float32)


def _with_length(samples: NDArray[np.float32], length: int) -> NDArray[np.float32]:
    kept = np.zeros(length, np.float32)
    kept[: min(length, len(samples))] = samples[:length]
    return kept


def _window() -> NDArray[np.float32]:
    return np.hanning(WINDOW_SAMPLES + 1)[:-1].astype(np.float32)
