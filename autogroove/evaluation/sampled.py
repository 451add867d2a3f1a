"""The clips that a card is measured on.

What belongs here: matching the sampled tracks with their descriptors, clip by clip.
What does not: reading their images and encodings (`gathering`).
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from autogroove.descriptors.batches import Descriptions
from autogroove.errors import AutogrooveError


@dataclass(frozen=True)
class SampledClips:
    """The sampled clips: their tracks, their rows in the descriptions, and the disguised ones."""

    tracks: pd.DataFrame
    clip_tracks: NDArray[np.int64]
    described: NDArray[np.int64]
    disguised: NDArray[np.int64]
    """(m,) row in `clip_tracks` of each clip that was disguised."""
    disguises: NDArray[np.int64]
    """(m,) its place among the disguised descriptions and images."""


def match_clips(sample: pd.DataFrame, described: Descriptions) -> SampledClips:
    """Tracks whose every clip is described, and where the descriptions of each clip are."""
    table = described.table
    plain = table[~table["disguised"]]
    counts = plain.groupby("fingerprint").size()
    complete = sample["fingerprint"].map(counts).fillna(0) == sample["clips"].astype("int64")
    tracks = sample[complete].reset_index(drop=True)
    if tracks.empty:
        raise AutogrooveError(
            "No track could be described, so that there is nothing to measure. Look at the "
            "warnings of the evaluation for the reasons."
        )
    num_clips = tracks["clips"].to_numpy(dtype=np.int64)
    clip_tracks = np.repeat(np.arange(len(tracks)), num_clips)
    first = np.cumsum(num_clips) - num_clips
    clip = np.arange(len(clip_tracks)) - first[clip_tracks]
    where = pd.Series(plain.index, index=[plain["fingerprint"], plain["clip"]])
    wanted = [tracks["fingerprint"].to_numpy()[clip_tracks], clip]
    described_rows = where.loc[pd.MultiIndex.from_arrays(wanted)].to_numpy(dtype=np.int64)
    # The first clip of a track is the one that is disguised.
    names = table["fingerprint"][table["disguised"]].reset_index(drop=True)
    place = pd.Index(tracks["fingerprint"]).get_indexer(pd.Index(names))
    known = place >= 0
    return SampledClips(
        tracks, clip_tracks, described_rows, first[place[known]], np.flatnonzero(known)
    )
