"""Which excerpts of a track become pictures.

What belongs here: where clips lie in a track, and the value that carries their samples.
What does not: decoding.
"""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from autogroove.config import ClipSettings


@dataclass(frozen=True)
class Band:
    """What a picture needs of the audio: a reader may give that and no more."""

    rate_hz: int
    """Sample rate at which the picture is computed."""
    top_hz: float
    """What is above is not seen, and may hold aliases."""
    num_samples: int
    """Samples of one clip at that rate."""


@dataclass(frozen=True)
class TrackMeasures:
    """What was seen in passing while a track was read, for the data report."""

    duration_seconds: float
    sample_rate_hz: int
    channels: int
    clipped_share: float
    """Share of the samples of its clips at or beyond .999 of full scale; where the file was decoded
    in part, of those mono samples."""
    silent_share: float
    """Share of its clips that are silent."""


@dataclass(frozen=True)
class TrackClips:
    """The clips of one track: mono, float32, at the file's rate or a lower one."""

    samples: NDArray[np.float32]
    """Shape (num_clips, clip_samples); a padded tail is zeros."""
    sample_rate_hz: int
    measures: TrackMeasures
    seconds: dict[str, float] = field(default_factory=dict, compare=False)


def place_clips(num_samples: int, sample_rate_hz: int, settings: ClipSettings) -> list[int]:
    """First samples of a track's clips, ascending; none where not one clip fits.

    A track is divided into as many equal parts as it has clips, and each clip is the middle of
    its part: 30 s give 0, 10 and 20 s; an hour gives 595, 1795 and 2995 s. A track that falls
    short of whole clips by no more than the tolerance has them side by side from its start, and
    the last one is padded.

    Formula: start(i) = (i + 1/2) * max(T, n * c) / n - c / 2, with T the track's and c the
    clip's length and n = min(clips_per_track, floor((T + tolerance) / c)).
    """
    clip = clip_length(sample_rate_hz, settings)
    tolerance = round(settings.tail_tolerance_seconds * sample_rate_hz)
    num_clips = min(settings.clips_per_track, (num_samples + tolerance) // clip)
    whole = max(num_samples, num_clips * clip)
    return [((2 * i + 1) * whole - num_clips * clip) // (2 * num_clips) for i in range(num_clips)]


def clip_length(sample_rate_hz: int, settings: ClipSettings) -> int:
    """Samples of one clip."""
    return round(settings.clip_seconds * sample_rate_hz)
