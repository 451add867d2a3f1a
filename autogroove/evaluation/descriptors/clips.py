"""Descriptors of many clips, and of tracks from their clips."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import scipy.fft
import soxr
from numpy.typing import NDArray

from autogroove.evaluation.descriptors.onsets import (
    ANALYSIS_RATE_HZ,
    BAND_PAIRS,
    NUM_BANDS,
    NUM_BETWEEN,
    NUM_LAGS,
    SHORTEST_SAMPLES,
    detect_onsets,
    measure_mel,
    measure_periodicity,
    relate_bands,
)
from autogroove.evaluation.descriptors.rhythm import (
    estimate_tempo,
    make_tempogram,
    normalise_between,
    normalise_modulation,
    normalise_rhythm,
    with_unit_length,
)

NUM_COEFFICIENTS = 20


def summarise_timbre(mel: NDArray[np.float32]) -> NDArray[np.float32]:
    """Mean and deviation of 20 MFCCs, and the deviation of their first difference.

    Args:
        mel: (num_frames, NUM_MELS) power of one clip.

    Returns:
        (60,) float32, finite for silence too.
    """
    decibels = 10 * np.log10(np.maximum(mel, 1e-10))
    cepstrum = scipy.fft.dct(decibels, axis=1, norm="ortho")[:, :NUM_COEFFICIENTS]
    change = np.diff(cepstrum, axis=0)
    parts = (cepstrum.mean(axis=0), cepstrum.std(axis=0), change.std(axis=0))
    return np.concatenate(parts).astype(np.float32)


BETWEEN_SHAPE = (len(BAND_PAIRS), 2 * NUM_BETWEEN + 1)


@dataclass(frozen=True)
class ClipDescriptions:
    """Descriptors of n clips, float32.

    Attributes:
        periodicity: (n, NUM_BANDS, NUM_LAGS).
        timbre: (n, 60).
        between: (n, pairs, 2 · NUM_BETWEEN + 1), or None where bands were not related.
    """

    periodicity: NDArray[np.float32]
    timbre: NDArray[np.float32]
    between: NDArray[np.float32] | None = None

    def take(self, rows: NDArray[np.int64]) -> "ClipDescriptions":
        """The descriptors of some of the clips, in another order."""
        between = None if self.between is None else self.between[rows]
        return ClipDescriptions(self.periodicity[rows], self.timbre[rows], between)

    def tempogram(self) -> NDArray[np.float32]:
        """(n, 288) onset autocorrelation of each clip, tempo left in."""
        return make_tempogram(self.periodicity)


@dataclass(frozen=True)
class TrackRhythms:
    """Tempo (n,) float64 in beats a minute or NaN; the others have rows of length 1, or zero."""

    tempo_bpm: NDArray[np.float64]
    rhythm: NDArray[np.float32]
    modulation: NDArray[np.float32]
    between: NDArray[np.float32]


def describe_clips(clips: Iterable[NDArray[np.float32]], sample_rate_hz: int) -> ClipDescriptions:
    """Describe clips one after another; memory does not grow with the samples.

    Args:
        clips: mono float32 samples, any length; short ones are padded to 0.2 s.
        sample_rate_hz: of the samples; any, they are resampled to 22,050 Hz.
    """
    described = [_describe_clip(samples, sample_rate_hz) for samples in clips]
    if not described:
        shapes = (NUM_BANDS, NUM_LAGS), (3 * NUM_COEFFICIENTS,), BETWEEN_SHAPE
        return ClipDescriptions(*(np.zeros((0, *shape), np.float32) for shape in shapes))
    periodicity, timbre, between = zip(*described, strict=True)
    return ClipDescriptions(np.stack(periodicity), np.stack(timbre), np.stack(between))


def _describe_clip(
    samples: NDArray[np.float32], sample_rate_hz: int
) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]:
    if sample_rate_hz != ANALYSIS_RATE_HZ:
        samples = soxr.resample(samples, sample_rate_hz, ANALYSIS_RATE_HZ, quality="MQ")
    if len(samples) < SHORTEST_SAMPLES:
        samples = np.pad(samples, (0, SHORTEST_SAMPLES - len(samples)))
    mel = measure_mel(samples)
    onsets = detect_onsets(mel)
    return measure_periodicity(onsets), summarise_timbre(mel), relate_bands(onsets)


def describe_tracks_rhythm(
    periodicity: NDArray[np.float32],
    clip_tracks: NDArray[np.int64],
    num_tracks: int,
    between: NDArray[np.float32] | None = None,
) -> TrackRhythms:
    """Tempo and rhythm of tracks from the mean descriptors of their clips.

    Args:
        periodicity: (n, NUM_BANDS, NUM_LAGS) of clips.
        clip_tracks: (n,) row of each clip's track.
        num_tracks: rows to return; a track without clips has no tempo and zero descriptors.
        between: (n, pairs, 2 · NUM_BETWEEN + 1) of clips; None leaves that descriptor zero.
    """
    mean = _average(periodicity, clip_tracks, num_tracks)
    tempo = estimate_tempo(mean)
    if between is None:
        between = np.zeros((len(clip_tracks), *BETWEEN_SHAPE), np.float32)
    return TrackRhythms(
        tempo,
        with_unit_length(normalise_rhythm(mean, tempo)),
        with_unit_length(normalise_modulation(mean, tempo)),
        with_unit_length(normalise_between(_average(between, clip_tracks, num_tracks), tempo)),
    )


def _average(
    clips: NDArray[np.float32], clip_tracks: NDArray[np.int64], num_tracks: int
) -> NDArray[np.float32]:
    """(num_tracks, …) the mean over the clips of each track."""
    total = np.zeros((num_tracks, *clips.shape[1:]), np.float32)
    np.add.at(total, clip_tracks, clips)
    count = np.bincount(clip_tracks, minlength=num_tracks)
    return np.asarray(total / np.maximum(count, 1)[:, None, None], dtype=np.float32)
