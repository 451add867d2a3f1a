"""What periodicities say: tempo, and rhythm with the tempo taken out.

What belongs here: descriptors that are functions of periodicities alone, for many tracks at once.
What does not: how a periodicity is measured (`onsets`), or how descriptors are compared
(`autogroove.evaluation`).

All functions take periodicities of shape (n, NUM_BANDS, NUM_LAGS) as `measure_periodicity` gives
them, averaged over the clips of a track or of one clip.
"""

from functools import cache

import numpy as np
from numpy.typing import NDArray

from autogroove.evaluation.descriptors.onsets import LAG_SECONDS, NUM_BETWEEN, NUM_LAGS

TEMPO_RANGE_BPM = (50.0, 220.0)
TEMPO_STEP = 0.005
"""Candidates of tempo are this fraction apart: an eighth of the 4 % that count as agreement."""
PREFERRED_BPM = 120.0
PREFERRED_WIDTH_OCTAVES = 1.0
FOLDED_BPM = 75.0
"""Rhythm is compared at the tempo folded into [FOLDED_BPM, 2 · FOLDED_BPM)."""
STEPS_PER_BEAT = 12
BEATS_PER_PATTERN = 4
MODULATIONS_PER_BEAT = np.arange(1, 33) / 4
NUM_TEMPOGRAM_LAGS = 96


def estimate_tempo(periodicity: NDArray[np.float32]) -> NDArray[np.float64]:
    """Tempo of each track in beats a minute, NaN where nothing repeats.

    The periodicity, summed over bands, is read at one, two and four beats of each candidate;
    candidates are weighed by a log-normal preference around 120 (Ellis 2007). Half and double
    tempo remain confusable, so that every use of a tempo here is octave-tolerant.
    """
    together = np.maximum(periodicity, 0).sum(axis=1)
    candidates, comb, preference = _tempo_candidates()
    salience = together @ comb
    best = np.argmax(salience * preference, axis=1)
    rows = np.arange(len(best))
    heard = salience[rows, best] > 1e-6
    tempo = _refine(salience, best, candidates)
    return np.where(heard, tempo, np.nan)


def _refine(
    salience: NDArray[np.float64], best: NDArray[np.intp], candidates: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Move to the top of the local peak, by at most 2 %: the preference tilts it slightly."""
    reach = round(0.02 / TEMPO_STEP)
    near = np.clip(best[:, None] + np.arange(-reach, reach + 1), 0, len(candidates) - 1)
    top = np.argmax(np.take_along_axis(salience, near, axis=1), axis=1)
    return np.asarray(candidates[near[np.arange(len(best)), top]])


def fold_tempo(tempo_bpm: NDArray[np.float64]) -> NDArray[np.float64]:
    """The same tempo, halved or doubled into [FOLDED_BPM, 2 · FOLDED_BPM)."""
    octaves = np.floor(np.log2(tempo_bpm / FOLDED_BPM))
    return np.asarray(tempo_bpm / 2**octaves)


def normalise_rhythm(
    periodicity: NDArray[np.float32], tempo_bpm: NDArray[np.float64]
) -> NDArray[np.float32]:
    """Onset autocorrelation against beats instead of seconds, in three bands.

    After Foote, Cooper and Nam (2002, beat spectrum) and Holzapfel and Stylianou (2011, tempo
    taken out by scaling the lag axis). Twelve steps a beat hold both triplets and sixteenths; the
    first is left out, because it lies within the width of an onset.

    Returns:
        (n, NUM_BANDS · (STEPS_PER_BEAT · BEATS_PER_PATTERN − 1)) float32 ≥ 0; zero without a
        tempo.
    """
    steps = np.arange(2, STEPS_PER_BEAT * BEATS_PER_PATTERN + 1) / STEPS_PER_BEAT
    period_seconds = 60 / fold_tempo(tempo_bpm)
    lags = period_seconds[:, None] * steps / LAG_SECONDS
    return _peaks(_read_at(periodicity, np.where(np.isfinite(lags), lags, NUM_LAGS)))


def normalise_between(
    between: NDArray[np.float32], tempo_bpm: NDArray[np.float64]
) -> NDArray[np.float32]:
    """Correlation between bands against beats instead of seconds, up to two beats either way.

    Args:
        between: (n, pairs, 2 · NUM_BETWEEN + 1) as `relate_bands` gives it.
        tempo_bpm: (n,).

    Returns:
        (n, pairs · 49) float32 ≥ 0; zero without a tempo.
    """
    steps = np.arange(-2 * STEPS_PER_BEAT, 2 * STEPS_PER_BEAT + 1) / STEPS_PER_BEAT
    lags = NUM_BETWEEN + 60 / fold_tempo(tempo_bpm)[:, None] * steps / LAG_SECONDS
    return _peaks(_read_at(between, np.where(np.isfinite(lags), lags, 2 * NUM_BETWEEN + 1)))


def normalise_modulation(
    periodicity: NDArray[np.float32], tempo_bpm: NDArray[np.float64]
) -> NDArray[np.float32]:
    """Onset modulation spectrum at multiples of the beat's frequency, in three bands.

    After Peeters (2011). The Fourier magnitude of the periodicity, from a quarter of the beat's
    frequency to eight times it: another view of the same onsets, for a model that is given
    autocorrelations.

    Returns:
        (n, NUM_BANDS · 32) float32 ≥ 0; zero without a tempo.
    """
    taper = np.hanning(2 * NUM_LAGS + 1)[NUM_LAGS:-1]
    size = 4096
    spectrum = np.abs(np.fft.rfft(periodicity * taper, size, axis=2)).astype(np.float32)
    beat_hz = fold_tempo(tempo_bpm)[:, None] / 60
    bins = beat_hz * MODULATIONS_PER_BEAT * LAG_SECONDS * size
    return _peaks(_read_at(spectrum, np.where(np.isfinite(bins), bins, size)))


def make_tempogram(periodicity: NDArray[np.float32]) -> NDArray[np.float32]:
    """Onset autocorrelation at 96 lags from 0.1 to 4 s, evenly spaced in their logarithm.

    Tempo is left in: this is the baseline that hears little but tempo.

    Returns:
        (n, NUM_BANDS · NUM_TEMPOGRAM_LAGS) float32 rows of length 1: without that, aperiodic
        tracks lie near zero and are everybody's neighbours.
    """
    lags = np.geomspace(0.1, 4.0, NUM_TEMPOGRAM_LAGS) / LAG_SECONDS
    read = _read_at(periodicity, np.broadcast_to(lags, (len(periodicity), len(lags))))
    return with_unit_length(read.reshape(len(read), -1))


def _peaks(pattern: NDArray[np.float32]) -> NDArray[np.float32]:
    """What rises above each band's mean: without this any two rhythms would look alike."""
    above = pattern - pattern.mean(axis=2, keepdims=True)
    return np.asarray(np.maximum(above, 0).reshape(len(pattern), -1), dtype=np.float32)


def with_unit_length(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    """Rows divided by their length; a row of zeros stays one."""
    length = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.asarray(rows / np.maximum(length, 1e-12), dtype=np.float32)


def _read_at(curves: NDArray[np.float32], positions: NDArray[np.float64]) -> NDArray[np.float32]:
    """Linear interpolation of (n, bands, length) at (n, p) places; zero beyond the end."""
    length = curves.shape[2]
    left = np.clip(np.floor(positions).astype(np.int64), 0, length - 2)
    share = (positions - left)[:, None, :]
    index = np.broadcast_to(left[:, None, :], (len(curves), curves.shape[1], left.shape[1]))
    low = np.take_along_axis(curves, index, axis=2)
    high = np.take_along_axis(curves, index + 1, axis=2)
    inside = ((positions >= 0) & (positions <= length - 1))[:, None, :]
    read = np.where(inside, (1 - share) * low + share * high, 0)
    return np.asarray(read, dtype=np.float32)


@cache
def _tempo_candidates() -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Tempi (c,), a comb that reads periodicities (NUM_LAGS, c), and a preference (c,)."""
    low, high = TEMPO_RANGE_BPM
    candidates = np.exp(np.arange(np.log(low), np.log(high), TEMPO_STEP))
    lags = np.eye(NUM_LAGS, dtype=np.float32)[None]
    comb = np.zeros((NUM_LAGS, len(candidates)))
    for beats in (1, 2, 4):
        positions = (60 / candidates * beats / LAG_SECONDS)[None]
        comb += _read_at(lags, positions)[0] / 3
    distance = np.log2(candidates / PREFERRED_BPM) / PREFERRED_WIDTH_OCTAVES
    return candidates, comb, np.exp(-0.5 * distance**2)
