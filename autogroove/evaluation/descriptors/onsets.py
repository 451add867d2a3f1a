"""From samples of clips to mel spectra, onsets and their periodicity.

What belongs here: the short-time analysis that every descriptor of the card starts from.
What does not: tempo and rhythm, which read periodicities (`rhythm`), and the images that the
model sees (`autogroove.segments.spectrogram`): the card must not judge a model by its own input.
"""

from functools import cache

import numpy as np
import scipy.fft
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

ANALYSIS_RATE_HZ = 22050
WINDOW_SAMPLES = 1024
HOP_SAMPLES = 256
SHORTEST_SAMPLES = 4 * WINDOW_SAMPLES
"""What is shorter has too few frames to repeat anything."""
LAG_SECONDS = HOP_SAMPLES / ANALYSIS_RATE_HZ
NUM_LAGS = 416
"""Lags of a periodicity: 4.83 s, which is four beats down to 50 beats a minute."""
NUM_BETWEEN = 138
"""Lags to either side between two bands: ±1.6 s, which is two beats down to 75 a minute."""
NUM_MELS = 40
BAND_EDGES_HZ = (0.0, 200.0, 2000.0, ANALYSIS_RATE_HZ / 2)
"""Kick and bass, snare and voice, hats: onsets are counted in three bands."""
NUM_BANDS = len(BAND_EDGES_HZ) - 1
BAND_PAIRS = ((0, 1), (0, 2), (1, 2))

_INAUDIBLE = 1e-9


def measure_mel(samples: NDArray[np.float32]) -> NDArray[np.float32]:
    """Mel power spectra of one clip.

    Args:
        samples: (num_samples,) float32 at `ANALYSIS_RATE_HZ`, at least one window long.

    Returns:
        (num_frames, NUM_MELS) float32 power; a frame every `LAG_SECONDS`.
    """
    frames = sliding_window_view(samples, WINDOW_SAMPLES)[::HOP_SAMPLES]
    spectrum = scipy.fft.rfft(frames * _window(), axis=1)
    power = spectrum.real**2 + spectrum.imag**2
    return np.asarray(power @ mel_filters(), dtype=np.float32)


def detect_onsets(mel: NDArray[np.float32]) -> NDArray[np.float32]:
    """Onset strength in three bands: the rectified rise of the compressed mel spectrum.

    Each mel band is weighed against its own mean before compression, so that an equaliser or a
    gain leaves the onsets nearly as they were (adaptive whitening, Stowell and Plumbley 2007).

    Args:
        mel: (num_frames, NUM_MELS) power.

    Returns:
        (num_frames, NUM_BANDS) float32, zero throughout for silence.
    """
    level = mel.mean(axis=0)
    floor = 1e-4 * level.max() + 1e-12
    compressed = np.log1p(10 * mel / (level + floor))
    rise = np.zeros_like(compressed)
    rise[2:] = np.maximum(compressed[2:] - compressed[:-2], 0)
    return np.asarray(rise @ _band_groups(), dtype=np.float32)


def measure_periodicity(onsets: NDArray[np.float32]) -> NDArray[np.float32]:
    """Autocorrelation of each band's onsets, unbiased, 1 at lag zero.

    Args:
        onsets: (num_frames, NUM_BANDS).

    Returns:
        (NUM_BANDS, NUM_LAGS) float32; all zero for a band without onsets, and zero at lags
        beyond two thirds of the clip, where too little of it overlaps itself.
    """
    num_frames = len(onsets)
    usable = min(NUM_LAGS, 2 * num_frames // 3)
    spectrum, size = _transform(onsets)
    power = spectrum.real**2 + spectrum.imag**2
    lagged = scipy.fft.irfft(power, size, axis=1)[:, :usable]
    overlap = 1 - np.arange(usable) / num_frames
    energy = lagged[:, :1]
    periodicity = np.zeros((onsets.shape[1], NUM_LAGS), np.float32)
    heard = energy[:, 0] > _INAUDIBLE
    periodicity[heard, :usable] = (lagged / overlap)[heard] / energy[heard]
    return periodicity


def relate_bands(onsets: NDArray[np.float32]) -> NDArray[np.float32]:
    """Correlation of each two bands' onsets, one delayed against the other, unbiased.

    Which instrument answers which, and when: an autocorrelation of each band for itself cannot
    know it.

    Args:
        onsets: (num_frames, NUM_BANDS).

    Returns:
        (len(BAND_PAIRS), 2 · NUM_BETWEEN + 1) float32; lag zero is in the middle, and the second
        band comes later to the right of it. All zero where a band has no onsets.
    """
    num_frames = len(onsets)
    reach = min(NUM_BETWEEN, num_frames // 3)
    lags = np.arange(-reach, reach + 1)
    spectrum, size = _transform(onsets)
    energy = scipy.fft.irfft(spectrum.real**2 + spectrum.imag**2, size, axis=1)[:, 0]
    between = np.zeros((len(BAND_PAIRS), 2 * NUM_BETWEEN + 1), np.float32)
    for row, (one, other) in zip(between, BAND_PAIRS, strict=True):
        length = np.sqrt(energy[one] * energy[other])
        if length > _INAUDIBLE:
            crossed = scipy.fft.irfft(np.conj(spectrum[one]) * spectrum[other], size)[lags]
            row[NUM_BETWEEN + lags] = crossed / length / (1 - np.abs(lags) / num_frames)
    return between


def _transform(onsets: NDArray[np.float32]) -> tuple[NDArray[np.complex64], int]:
    """Spectra (NUM_BANDS, …) of centred onsets, padded so that nothing wraps around; the size."""
    centred = (onsets - onsets.mean(axis=0)).T
    size = scipy.fft.next_fast_len(2 * len(onsets), real=True)
    return scipy.fft.rfft(centred, size, axis=1), size


@cache
def mel_filters() -> NDArray[np.float32]:
    """(WINDOW_SAMPLES // 2 + 1, NUM_MELS) triangles, evenly spaced in HTK mel, of unit area."""
    bins_hz = np.arange(WINDOW_SAMPLES // 2 + 1) * ANALYSIS_RATE_HZ / WINDOW_SAMPLES
    corners = _mel_to_hz(np.linspace(0, _hz_to_mel(ANALYSIS_RATE_HZ / 2), NUM_MELS + 2))
    low, middle, high = corners[:-2], corners[1:-1], corners[2:]
    rising = (bins_hz[:, None] - low) / (middle - low)
    falling = (high - bins_hz[:, None]) / (high - middle)
    triangles = np.maximum(0, np.minimum(rising, falling))
    return np.asarray(triangles * 2 / (high - low), dtype=np.float32)


def mel_centres_hz() -> NDArray[np.float64]:
    """(NUM_MELS,) the frequency at the peak of each filter."""
    return _mel_to_hz(np.linspace(0, _hz_to_mel(ANALYSIS_RATE_HZ / 2), NUM_MELS + 2))[1:-1]


def _hz_to_mel(frequency_hz: float) -> float:
    return float(2595 * np.log10(1 + frequency_hz / 700))


def _mel_to_hz(mels: NDArray[np.float64]) -> NDArray[np.float64]:
    return 700 * (10 ** (mels / 2595) - 1)


@cache
def _window() -> NDArray[np.float32]:
    return np.hanning(WINDOW_SAMPLES + 1)[:-1].astype(np.float32)


@cache
def _band_groups() -> NDArray[np.float32]:
    """(NUM_MELS, NUM_BANDS): the mean over the mel bands of each onset band."""
    band = np.searchsorted(BAND_EDGES_HZ, mel_centres_hz(), side="right") - 1
    members = (band[:, None] == np.arange(NUM_BANDS)).astype(np.float32)
    return np.asarray(members / members.sum(axis=0), dtype=np.float32)
