"""Descriptors of rhythm and timbre that the card measures encodings against."""

from autogroove.descriptors.clips import ClipDescriptions, describe_clips, describe_tracks_rhythm
from autogroove.descriptors.disguise import disguise_clip
from autogroove.descriptors.rhythm import estimate_tempo

__all__ = [
    "ClipDescriptions",
    "describe_clips",
    "describe_tracks_rhythm",
    "disguise_clip",
    "estimate_tempo",
]
