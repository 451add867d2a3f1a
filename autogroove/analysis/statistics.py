"""What is counted about the images of a segment: small sums that merge exactly.

What belongs here: the value `Statistics`, merging it, and its bytes in the store.
What does not: counting (`counting`), or what the counts mean (`summary`).

Counts and products are of whole numbers (grey levels) below 2^53, which float64 holds exactly:
parts merged in any order equal the whole, to the bit. `clip_squares`, `track_squares` and
`modulation` do so to rounding.
"""

from collections.abc import Iterable
from dataclasses import dataclass, fields
from functools import reduce
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load, save

Sums = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Statistics:
    """Sums over the clips of one or many segments. b: rows of an image; f: frames of it."""

    num_clips: int
    num_black: int
    """Clips that are black all over: silent ones."""
    level_counts: NDArray[np.int64]
    """(b, 256) how often each grey level occurs in each row."""
    clip_squares: Sums
    """(b,) sum over clips of (sum of the row's levels in the clip)^2 / f."""
    track_squares: Sums
    """(b,) sum over tracks of (sum of the row's levels in the track)^2 / (clips * f)."""
    frame_products: Sums
    """(b, b) sum over all frames of level_i * level_j."""
    block_sums: Sums
    """(d,) sum over clips of the image reduced to d blocks."""
    block_products: Sums
    """(d, d) sum over clips of block_i * block_j."""
    modulation: Sums
    """(bands, f // 2 + 1) sum over clips of the power spectrum of each band's envelope."""
    tracks: Sums
    """(n, 5) one row a track: see `TRACK_COLUMNS`."""


TRACK_COLUMNS = (
    "duration_seconds",
    "sample_rate_hz",
    "channels",
    "clipped_share",
    "silent_share",
)
"""Columns of `Statistics.tracks`; NaN where ingest did not measure it."""


def merge_statistics(parts: Iterable[Statistics]) -> Statistics:
    """The statistics of several segments as one; two at a time are in memory.

    Raises:
        ValueError: there are none, or they are of different recipes.
    """
    listed = iter(parts)
    first = next(listed, None)
    if first is None:
        raise ValueError("There are no statistics to merge.")
    return reduce(_merge_two, listed, first)


def _merge_two(left: Statistics, right: Statistics) -> Statistics:
    if left.frame_products.shape != right.frame_products.shape:
        raise ValueError("Statistics of images of different shapes cannot be merged.")
    merged = {
        field.name: getattr(left, field.name) + getattr(right, field.name)
        for field in fields(Statistics)
        if field.name != "tracks"
    }
    return Statistics(tracks=np.concatenate([left.tracks, right.tracks]), **merged)


_COUNTS = ("num_clips", "num_black")
_SYMMETRIC = ("frame_products", "block_products")


def pack_statistics(statistics: Statistics) -> bytes:
    """Statistics as bytes (safetensors); of symmetric sums only the upper triangle."""
    arrays = {
        field.name: np.atleast_1d(getattr(statistics, field.name)) for field in fields(Statistics)
    }
    for name in _SYMMETRIC:
        arrays[name] = arrays[name][np.triu_indices(len(arrays[name]))]
    return bytes(save({name: np.ascontiguousarray(array) for name, array in arrays.items()}))


def unpack_statistics(data: bytes) -> Statistics:
    """What `pack_statistics` wrote."""
    arrays: dict[str, Any] = load(data)
    for name, size in (
        ("frame_products", len(arrays["level_counts"])),
        ("block_products", len(arrays["block_sums"])),
    ):
        whole = np.zeros((size, size))
        upper = np.triu_indices(size)
        whole[upper] = arrays[name]
        whole.T[upper] = arrays[name]
        arrays[name] = whole
    for name in _COUNTS:
        arrays[name] = int(arrays[name][0])
    return Statistics(**arrays)
