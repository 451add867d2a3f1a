"""From one member of a batch to its images.

What belongs here: the steps for one track, in this process.
What does not: which tracks, or where images are written.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from autogroove.audio import AudioFault, AudioFile, fetch_audio, read_clips
from autogroove.audio.clips import TrackMeasures
from autogroove.catalogue.reasons import Reason
from autogroove.catalogue.tracks import Source
from autogroove.config import Settings
from autogroove.segments.planning import Member
from autogroove.spectrogram import make_images, plan_transform


@dataclass(frozen=True)
class TrackImages:
    """The images of one track and what was measured on the way."""

    images: NDArray[np.uint8]
    """Shape (num_clips, num_bins, num_frames)."""
    measures: TrackMeasures
    seconds: dict[str, float]


Maker = Callable[[Member], TrackImages]
"""Makes the images of one member, or raises AudioFault."""


def make_track(source: Source, settings: Settings, member: Member) -> TrackImages:
    """The images of one track.

    Raises:
        AudioFault: the track cannot be used.
    """
    started = time.perf_counter()
    file = fetch_audio(source, member.path, member.size_bytes, member.fingerprint)
    fetched = time.perf_counter()
    made = draw_track(file, settings)
    return TrackImages(made.images, made.measures, {"fetch": fetched - started, **made.seconds})


def draw_track(file: AudioFile, settings: Settings) -> TrackImages:
    """The images of a file.

    Raises:
        AudioFault: the file cannot be used.
    """
    try:
        band = plan_transform(settings.spectrogram).band
        clips = read_clips(file, settings.clip, band)
        started = time.perf_counter()
        images = make_images(clips.samples, clips.sample_rate_hz, settings.spectrogram)
    except MemoryError as error:
        raise AudioFault(Reason.out_of_memory, str(error)) from error
    seconds = {**clips.seconds, "transform": time.perf_counter() - started}
    return TrackImages(images, clips.measures, seconds)
