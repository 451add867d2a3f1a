"""Which rows of the image tell tracks apart, and how many dimensions the images have.

What belongs here: variances, quantiles by row and principal components from merged sums.
What does not: counting, or drawing.
"""

import numpy as np
from numpy.typing import NDArray

from autogroove.analysis.statistics import Statistics

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
