"""Tempo where the tags are silent.

What belongs here: beats per minute from stored spectrograms, for tempo jumps and colours.
What does not: rhythm as a similarity; that is what encodings are for.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from autogroove.listening.cancellation import raise_if_cancelled

if TYPE_CHECKING:
    from autogroove.listening.library import TrackLibrary

SLOWEST_BPM, FASTEST_BPM = 60.0, 200.0
CENTRE_BPM, WIDTH_OCTAVES = 120.0, 0.9
"""Listeners prefer a beat near 120 bpm; log-normal weight as in Ellis, "Beat tracking by dynamic
programming" (2007), which settles most octave errors."""


def estimate_tempo(clips: NDArray[np.uint8], frames_per_second: float) -> float:
    """Beats per minute of one track from its spectrograms uint8 (clips, bins, frames).

    Onset strength is the rise of each bin, summed; its autocorrelation, averaged over clips and
    weighted toward 120 bpm, peaks at the beat. NaN where nothing ever rises. The card
    measures audio instead (`autogroove.evaluation`).
    """
    rises = np.maximum(np.diff(clips.astype(np.float32), axis=-1), 0).sum(axis=1)
    rises -= rises.mean(axis=1, keepdims=True)
    num = rises.shape[1]
    power = np.abs(np.fft.rfft(rises, 2 * num)) ** 2
    repeats = np.fft.irfft(power.mean(axis=0))[:num] / np.arange(num, 0, -1)
    lags = np.arange(1, num // 2)
    bpm = 60 * frames_per_second / lags
    usable = (bpm >= SLOWEST_BPM) & (bpm <= FASTEST_BPM)
    weight = np.exp(-0.5 * (np.log2(bpm / CENTRE_BPM) / WIDTH_OCTAVES) ** 2)
    strength = np.where(usable, repeats[1 : num // 2] * weight, 0)
    if not len(strength) or strength.max() <= 0:
        return float("nan")
    return 60 * frames_per_second / _refine_peak(repeats, int(lags[np.argmax(strength)]))


def fill_tempos(collection: "TrackLibrary", positions: Sequence[int]) -> None:
    """Estimate the unknown tempos of some tracks and remember them in the collection."""
    rate = find_frame_rate(collection.release.settings)
    for at in positions:
        raise_if_cancelled()
        if rate is not None and np.isnan(collection.tempos[at]):
            clips = collection.release.clips(int(collection.release.track_ids[at]))
            collection.tempos[at] = estimate_tempo(np.asarray(clips), rate)


def find_frame_rate(settings: Mapping[str, Any]) -> float | None:
    """Frames a second of a release's spectrograms; None where its settings do not say."""
    spectrogram = settings.get("spectrogram", {})
    rate, hop = spectrogram.get("sample_rate_hz"), spectrogram.get("hop_samples")
    return float(rate) / float(hop) if rate and hop else None


def _refine_peak(repeats: NDArray[np.floating], lag: int) -> float:
    """The top of a parabola through a peak and its neighbours, in frames."""
    before, at, after = repeats[lag - 1 : lag + 2]
    bend = before - 2 * at + after
    shift = 0.0 if bend >= 0 else 0.5 * (before - after) / bend
    return lag + float(np.clip(shift, -0.5, 0.5))
