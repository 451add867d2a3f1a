"""The clips that a card is measured on.

What belongs here: matching the sampled tracks with their descriptors and with what encoders made
of them, clip by clip.
What does not: reading their images (`card_inputs`).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from autogroove.errors import AutogrooveError, MissingObject
from autogroove.evaluation.descriptors.storing import Descriptions
from autogroove.model import read_encodings
from autogroove.store import PartRef, Store


@dataclass(frozen=True)
class SampledClips:
    """The sampled clips: their tracks, their rows in the descriptions, and the augmented ones."""

    tracks: pd.DataFrame
    clip_tracks: NDArray[np.int64]
    described: NDArray[np.int64]
    augmented: NDArray[np.int64]
    """(m,) row in `clip_tracks` of each clip that was augmented."""
    augmentations: NDArray[np.int64]
    """(m,) its place among the augmented descriptions and images."""


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
    # The first clip of a track is the one that is augmented.
    names = table["fingerprint"].iloc[described.augmented_rows].reset_index(drop=True)
    place = pd.Index(tracks["fingerprint"]).get_indexer(pd.Index(names))
    known = place >= 0
    return SampledClips(
        tracks, clip_tracks, described_rows, first[place[known]], np.flatnonzero(known)
    )


def read_clip_codes(
    store: Store, parts: Sequence[PartRef | str], clips: SampledClips
) -> NDArray[np.float32]:
    """(num_clips, d) encodings in the order of the sampled clips.

    Args:
        store: where the encodings are.
        parts: the objects that `encode_segment` wrote, or their keys.
        clips: the sampled ones.

    Raises:
        MissingObject: an object, or a clip in all of them, is not there.
    """
    read = read_encodings(store, parts)
    where = pd.MultiIndex.from_arrays([read.fingerprints, read.clips])
    names = clips.tracks["fingerprint"].to_numpy()[clips.clip_tracks]
    first = np.searchsorted(clips.clip_tracks, clips.clip_tracks)
    wanted = pd.MultiIndex.from_arrays([names, np.arange(len(names)) - first])
    rows = where.get_indexer(wanted)
    if (rows < 0).any():
        raise MissingObject(f"{int((rows < 0).sum())} sampled clips have no encodings.")
    return np.asarray(read.encodings[rows], dtype=np.float32)
