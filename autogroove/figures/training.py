"""Pictures of a training: losses by epoch, and images beside their reconstructions.

What belongs here: drawing. What does not: losses or reconstructions themselves.
"""

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from autogroove.figures.canvas import (
    BLUE,
    INK,
    MUTED,
    ORANGE,
    clean_text,
    new_figure,
    style_axes,
    to_png,
)

_MOST_PAIRS = 6
_MOST_PIXELS = 128


class LossHistory(Protocol):
    """Losses, one value an epoch: a training's history or a model's summary."""

    @property
    def train_loss(self) -> Sequence[float]:
        """Mean loss over the training clips."""
        ...

    @property
    def dev_loss(self) -> Sequence[float]:
        """Mean loss over the dev clips."""
        ...


def draw_loss_curve(history: LossHistory) -> bytes:
    """PNG of training and dev loss by epoch, with the best dev loss marked."""
    figure = new_figure(720, 400)
    axes = figure.add_subplot()
    style_axes(axes, "Loss by epoch", "epoch", "loss")
    lines = (("train", BLUE, history.train_loss), ("dev", ORANGE, history.dev_loss))
    for name, colour, losses in lines:
        axes.plot(range(1, len(losses) + 1), losses, color=colour, label=name, marker="o", ms=3)
    _mark_best(axes, list(history.dev_loss))
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    axes.set_xlim(0.5, max(1, len(history.train_loss), len(history.dev_loss)) + 0.5)
    if any(len(losses) for _, _, losses in lines):
        axes.legend(frameon=False, fontsize=9, labelcolor=INK)
    return to_png(figure)


def _mark_best(axes: Axes, losses: list[float]) -> None:
    finite = [loss if np.isfinite(loss) else np.inf for loss in losses]
    if not finite or min(finite) == np.inf:
        return
    best = int(np.argmin(finite))
    axes.plot(best + 1, losses[best], "o", ms=9, mfc="none", mec=ORANGE)
    axes.annotate(
        f"{losses[best]:.4g}",
        (best + 1, losses[best]),
        textcoords="offset points",
        xytext=(-4, 12),
        ha="right" if best else "left",
        fontsize=9,
        color=INK,
    )


def draw_reconstructions(
    images: NDArray[Any], reconstructions: NDArray[Any], titles: Sequence[str] | None = None
) -> bytes:
    """PNG of images above what the model makes of them, low frequencies below, time rightward.

    Args:
        images: (n, num_bins, num_frames), uint8 or floats in [0, 1]; the first six are shown.
        reconstructions: as `images`.
        titles: one text an image; anything that a tag may hold.
    """
    count = min(len(images), len(reconstructions), _MOST_PAIRS)
    figure = new_figure(140 * max(count, 1) + 50, 340)
    rows = figure.subplots(2, max(count, 1), squeeze=False)
    for axes in rows.flat:
        axes.set_xticks([])
        axes.set_yticks([])
    for column in range(count):
        for axes, shown in zip(rows[:, column], (images, reconstructions), strict=True):
            axes.imshow(
                _shrink(shown[column]),
                origin="lower",
                aspect="auto",
                cmap="magma",
                vmin=0,
                vmax=1,
                interpolation="nearest",
            )
        title = clean_text(titles[column], 22) if titles and column < len(titles) else ""
        rows[0, column].set_title(title, fontsize=8, color=INK, parse_math=False)
    for axes, name in zip(rows[:, 0], ("clip", "reconstruction"), strict=True):
        axes.set_ylabel(name, fontsize=9, color=MUTED)
    return to_png(figure)


def _shrink(image: NDArray[Any]) -> NDArray[np.float32]:
    """Grey levels in [0, 1] at no more pixels than are drawn, by the mean of blocks."""
    scale = 255.0 if image.dtype == np.uint8 else 1.0
    grey = np.asarray(image, np.float32) / np.float32(scale)
    for axis in (0, 1):
        step = -(-grey.shape[axis] // _MOST_PIXELS)
        edges = np.arange(0, grey.shape[axis], step)
        widths = np.diff([*edges, grey.shape[axis]]).astype(np.float32)
        sums = np.add.reduceat(grey, edges, axis=axis)
        grey = sums / (widths[:, None] if axis == 0 else widths)
    return np.asarray(np.clip(np.nan_to_num(grey), 0, 1), np.float32)
