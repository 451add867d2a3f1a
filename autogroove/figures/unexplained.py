"""How much of the variance is left: by how many numbers, and by frequency.

What belongs here: drawing. What does not: shares of variance.
"""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from autogroove.figures.canvas import (
    BLUE,
    GREEN,
    INK,
    MUTED,
    ORANGE,
    new_figure,
    style_axes,
    to_png,
)


def draw_unexplained(
    curve: NDArray[np.floating],
    network: tuple[int, float],
    frequencies_hz: NDArray[np.floating],
    by_row: Mapping[str, NDArray[np.floating]],
) -> bytes:
    """PNG of the share of variance unexplained, 1 being the mean image.

    Args:
        curve: (k + 1,) by the first 0, 1, … k principal components.
        network: how many numbers a network keeps, and the share that it leaves.
        frequencies_hz: (bins,) of the rows of images.
        by_row: shares (bins,) by the name of who draws.
    """
    figure = new_figure(960, 380)
    left, right = figure.subplots(1, 2)
    style_axes(left, "Unexplained variance of held-out clips", "numbers of a code", "share")
    left.plot(range(1, len(curve)), curve[1:], color=ORANGE, label="principal components")
    left.plot(*network, "o", color=BLUE, ms=8, label="network")
    is_above = network[1] > curve[min(network[0], len(curve) - 1)]
    left.annotate(
        f"{network[1]:.3f}",
        network,
        textcoords="offset points",
        xytext=(-8, 6 if is_above else -14),
        ha="right",
        fontsize=9,
        color=INK,
    )
    left.set_xscale("log", base=2)
    left.xaxis.set_major_formatter("{x:.0f}")
    left.set_ylim(0, max(1.0, 1.05 * network[1]))
    left.legend(frameon=False, fontsize=9, labelcolor=INK, loc="lower left")
    style_axes(right, "The same by frequency", "kHz", "share")
    for (name, shares), colour in zip(by_row.items(), (BLUE, ORANGE, GREEN), strict=False):
        right.plot(np.asarray(frequencies_hz) / 1000, shares, color=colour, lw=1.2, label=name)
    right.axhline(1, color=MUTED, lw=1, ls="--")
    right.set_ylim(0, 1.2)
    right.legend(frameon=False, fontsize=9, labelcolor=INK, loc="lower right")
    return to_png(figure)
