"""What the loss is made of: squared errors by clip, by frequency, in colour and in time.

What belongs here: squared errors, and shares of variance. What does not: whose they are.

An image is its colour, the mean of each row over time, and what happens in time beside it. The two
are orthogonal, so the squared error is the sum of theirs: a loss can fall by colour alone.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from autogroove.evaluation.baselines import PrincipalComponents
from autogroove.evaluation.poster.rivals import Images, Rival

BLOCK = 64
Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class SquaredErrors:
    """Sums over the pixels of an image in [0, 1].

    `clips` and `colour` are float64 (n,): of each clip, and of its row means alone. `rows` is
    float64 (bins,): of each row, over all clips.
    """

    clips: NDArray[np.float64]
    colour: NDArray[np.float64]
    rows: NDArray[np.float64]
    pixels: int

    @property
    def mean(self) -> float:
        """The mean squared error of a pixel: the loss."""
        return float(self.clips.mean() / self.pixels)

    def share_of(self, whole: "SquaredErrors", chosen: Mask | None = None) -> float:
        """Of the variance, that is of the mean image's errors, for chosen clips."""
        kept = slice(None) if chosen is None else chosen
        return _divide(self.clips[kept].sum(), whole.clips[kept].sum())

    def colour_of(self, whole: "SquaredErrors") -> float:
        """The same of the row means alone."""
        return _divide(self.colour.sum(), whole.colour.sum())

    def time_of(self, whole: "SquaredErrors") -> float:
        """The same of what happens in time."""
        mine, all_ = ((e.clips - e.colour).sum() for e in (self, whole))
        return _divide(mine, all_)


def measure_errors(rival: Rival, images: Images) -> SquaredErrors:
    """Of images uint8 (n, bins, frames)."""
    clips, colour = np.empty(len(images)), np.empty(len(images))
    rows = np.zeros(images.shape[1])
    frames = images.shape[2]
    for start in range(0, len(images), BLOCK):
        block = images[start : start + BLOCK]
        off = rival.draw(block) - block.astype(np.float32) / np.float32(255)
        by_row = np.square(off).sum(axis=2, dtype=np.float64)
        clips[start : start + BLOCK] = by_row.sum(axis=1)
        means = off.mean(axis=2, dtype=np.float64)
        colour[start : start + BLOCK] = frames * np.square(means).sum(axis=1)
        rows += by_row.sum(axis=0)
    return SquaredErrors(clips, colour, rows, images.shape[1] * frames)


def trace_components(
    components: PrincipalComponents, images: Images, whole: SquaredErrors
) -> NDArray[np.float64]:
    """(k + 1,) the share unexplained by the first 0, 1, … k principal components."""
    kept = np.square(components.encode(images), dtype=np.float64).sum(axis=0)
    summed = np.concatenate([[0.0], np.cumsum(kept)])
    return np.asarray(1 - summed / max(float(whole.clips.sum()), 1e-12))


def count_equal(curve: NDArray[np.float64], share: float) -> int | None:
    """How many components leave as little as a share; None where more than there are."""
    enough = np.flatnonzero(curve <= share)
    return int(enough[0]) if len(enough) else None


def _divide(part: float, whole: float) -> float:
    return float(part / whole) if whole > 0 else float("nan")
