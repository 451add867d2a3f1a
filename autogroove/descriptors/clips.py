"""Descriptors of many clips, and of tracks from their clips.

What belongs here: the two value types that the card reads, and how they are made from samples.
What does not: files and stores (`autogroove.descriptors.batches`).
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import soxr
from numpy.typing import NDArray

from autogroove.descriptors.onsets import (
    ANALYSIS_RATE_HZ,
    NUM_BANDS,
    NUM_LAGS,
    SHORTEST_SAMPLES,
    Floats,
    detect_onsets,
    measure_mel,
    measure_periodicity,
)
from autogroove.descriptors.rhythm import (
    estimate_tempo,
    make_tempogram,
    normalise_modulation,
    normalise_rhythm,
    with_unit_length,
)
from autogroove.descriptors.timbre import NUM_COEFFICIENTS, summarise_timbre


@dataclass(frozen=True)
class ClipDescriptions:
    """Periodicity (n, NUM_BANDS, NUM_LAGS) and timbre (n, 60) of n clips, both float32."""

    periodicity: Floats
    timbre: Floats

    def tempogram(self) -> Floats:
        """(n, 288) onset autocorrelation of each clip, tempo left in."""
        return make_tempogram(self.periodicity)


@dataclass(frozen=True)
class TrackRhythms:
    """Tempo (n,) float64 in beats a minute or NaN; rhythm and modulation, rows of length 1."""

    tempo_bpm: NDArray[np.float64]
    rhythm: Floats
    modulation: Floats


def describe_clips(clips: Iterable[Floats], sample_rate_hz: int) -> ClipDescriptions:
    """Describe clips one after another; memory does not grow with the samples.

    Args:
        clips: mono float32 samples, any length; short ones are padded to 0.2 s.
        sample_rate_hz: of the samples; any, they are resampled to 22,050 Hz.
    """
    described = [_describe_clip(samples, sample_rate_hz) for samples in clips]
    empty = (NUM_BANDS, NUM_LAGS), (3 * NUM_COEFFICIENTS,)
    if not described:
        return ClipDescriptions(*(np.zeros((0, *shape), np.float32) for shape in empty))
    periodicity, timbre = zip(*described, strict=True)
    return ClipDescriptions(np.stack(periodicity), np.stack(timbre))


def _describe_clip(samples: Floats, sample_rate_hz: int) -> tuple[Floats, Floats]:
    if sample_rate_hz != ANALYSIS_RATE_HZ:
        samples = soxr.resample(samples, sample_rate_hz, ANALYSIS_RATE_HZ, quality="MQ")
    if len(samples) < SHORTEST_SAMPLES:
        samples = np.pad(samples, (0, SHORTEST_SAMPLES - len(samples)))
    mel = measure_mel(samples)
    return measure_periodicity(detect_onsets(mel)), summarise_timbre(mel)


def describe_tracks_rhythm(
    periodicity: Floats, clip_tracks: NDArray[np.int64], num_tracks: int
) -> TrackRhythms:
    """Tempo and rhythm of tracks from the mean periodicity of their clips.

    Args:
        periodicity: (n, NUM_BANDS, NUM_LAGS) of clips.
        clip_tracks: (n,) row of each clip's track.
        num_tracks: rows to return; a track without clips has no tempo and zero descriptors.
    """
    total = np.zeros((num_tracks, *periodicity.shape[1:]), np.float32)
    np.add.at(total, clip_tracks, periodicity)
    count = np.bincount(clip_tracks, minlength=num_tracks)
    mean = (total / np.maximum(count, 1)[:, None, None]).astype(np.float32)
    tempo = estimate_tempo(mean)
    return TrackRhythms(
        tempo,
        with_unit_length(normalise_rhythm(mean, tempo)),
        with_unit_length(normalise_modulation(mean, tempo)),
    )
