"""Pictures of a training: losses by epoch.

What belongs here: drawing. What does not: losses themselves.
"""

from collections.abc import Mapping, Sequence
from typing import Protocol

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from autogroove.figures.canvas import (
    BLUE,
    INK,
    MUTED,
    ORANGE,
    new_figure,
    style_axes,
    to_png,
)


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


def draw_loss_curve(history: LossHistory, levels: Mapping[str, float] | None = None) -> bytes:
    """PNG of training and dev loss by epoch, with the best dev loss marked.

    `levels` are losses by name to compare with: of the mean image, say. Each is a dashed line.
    """
    figure = new_figure(720, 400)
    axes = figure.add_subplot()
    style_axes(axes, "Loss by epoch", "epoch", "loss")
    lines = (("train", BLUE, history.train_loss), ("dev", ORANGE, history.dev_loss))
    for name, colour, losses in lines:
        axes.plot(range(1, len(losses) + 1), losses, color=colour, label=name, marker="o", ms=3)
    _mark_best(axes, list(history.dev_loss))
    for name, level in (levels or {}).items():
        axes.axhline(level, color=MUTED, lw=1, ls="--")
        axes.annotate(
            name,
            (1, level),
            xycoords=("axes fraction", "data"),
            ha="right",
            va="bottom",
            fontsize=8,
            color=MUTED,
            bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.8, "pad": 1},
        )
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
