"""What is counted about the images of a segment: small sums that merge exactly.

From them: which rows of the image tell tracks apart, and how many dimensions there are.
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


EXPLAINED = (0.5, 0.8, 0.9, 0.95)


def row_quantiles(statistics: Statistics, shares: tuple[float, ...]) -> NDArray[np.float64]:
    """Grey levels in [0, 1] below which a share of each row's pixels lies: (len(shares), b)."""
    below = np.cumsum(statistics.level_counts, axis=1)
    total = np.maximum(below[:, -1:], 1)
    found = [(below < share * total).sum(axis=1) for share in shares]
    return np.asarray(found, np.float64) / 255


def split_variance(statistics: Statistics) -> dict[str, NDArray[np.float64]]:
    """Variance of each row's grey levels, and its three parts, each (b,).

    total = between tracks + between clips of a track + within a clip, the law of total variance;
    all in units of grey level squared, with levels in [0, 1].
    """
    levels = np.arange(256) / 255
    pixels = np.maximum(statistics.level_counts.sum(axis=1), 1)
    mean = statistics.level_counts @ levels / pixels
    total = statistics.level_counts @ levels**2 / pixels - mean**2
    by_track = statistics.track_squares / pixels / 255**2 - mean**2
    by_clip = statistics.clip_squares / pixels / 255**2 - mean**2
    return {
        "mean": mean,
        "total": np.maximum(total, 0),
        "between_tracks": np.maximum(by_track, 0),
        "between_clips": np.maximum(by_clip - by_track, 0),
        "within_clips": np.maximum(total - by_clip, 0),
    }


def frame_spectrum(statistics: Statistics) -> NDArray[np.float64]:
    """Variances of the principal components of single frames (columns of images), descending."""
    levels = np.arange(256.0)
    sums = statistics.level_counts @ levels
    num_frames = statistics.level_counts[0].sum()
    return _spectrum(statistics.frame_products, sums, float(num_frames))


def block_spectrum(statistics: Statistics) -> NDArray[np.float64]:
    """Variances of the principal components of whole images reduced to blocks, descending."""
    num_clips = float(statistics.num_clips)
    return _spectrum(statistics.block_products, statistics.block_sums, num_clips)


def _spectrum(
    products: NDArray[np.float64], sums: NDArray[np.float64], count: float
) -> NDArray[np.float64]:
    count = max(count, 1.0)
    covariance = products / count - np.outer(sums / count, sums / count)
    return np.asarray(np.maximum(np.linalg.eigvalsh(covariance)[::-1], 0) / 255**2)


def effective_rank(spectrum: NDArray[np.float64]) -> float:
    """exp of the entropy of the variances' shares (Roy and Vetterli 2007)."""
    shares = spectrum[spectrum > 0] / max(spectrum.sum(), 1e-300)
    return float(np.exp(-(shares * np.log(shares)).sum())) if len(shares) else 0.0


def components_for(spectrum: NDArray[np.float64]) -> dict[str, int]:
    """How many components explain 50, 80, 90 and 95 % of the variance."""
    total = spectrum.sum()
    if total <= 0:
        return {f"{share:.0%}": 0 for share in EXPLAINED}
    explained = np.cumsum(spectrum) / total
    return {
        f"{share:.0%}": int(np.searchsorted(explained, share - 1e-12) + 1) for share in EXPLAINED
    }
