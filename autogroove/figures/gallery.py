"""Rows of images: clips above their reconstructions, or the clips of a cluster.

What belongs here: drawing. What does not: which images.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

from autogroove.figures.canvas import INK, MUTED, clean_text, new_figure, to_png

_MOST_COLUMNS = 6
_MOST_PIXELS = 128
_CELL = (140, 145)
_TITLE_LETTERS = 20


def draw_reconstructions(
    images: NDArray[Any], reconstructions: NDArray[Any], titles: Sequence[str] | None = None
) -> bytes:
    """PNG of images above what the model makes of them, low frequencies below, time rightward.

    Args:
        images: (n, num_bins, num_frames), uint8 or floats in [0, 1]; the first six are shown.
        reconstructions: as `images`.
        titles: one text an image; anything that a tag may hold.
    """
    count = min(len(images), len(reconstructions))
    rows = (images[:count], reconstructions[:count])
    return draw_gallery(rows, ("clip", "reconstruction"), (titles or (),))


def draw_gallery(
    rows: Sequence[NDArray[Any]], names: Sequence[str], titles: Sequence[Sequence[str]] = ()
) -> bytes:
    """PNG of rows of images, low frequencies below, time rightward.

    Args:
        rows: of each row (n, num_bins, num_frames), uint8 or floats in [0, 1]; the first six are
            shown, and a row may be shorter than others.
        names: what each row is.
        titles: of the images, by row; anything that a tag may hold. Rows without come last.
    """
    count = max(1, min(_MOST_COLUMNS, max(map(len, rows), default=0)))
    width, height = _CELL
    extra = sum(1 for row in titles if row)
    figure = new_figure(width * count + 50, height * max(1, len(rows)) + 25 * extra + 25)
    cells = figure.subplots(max(1, len(rows)), count, squeeze=False)
    for axes in cells.flat:
        axes.set_xticks([])
        axes.set_yticks([])
    for place, (row, name) in enumerate(zip(rows, names, strict=True)):
        for column, axes in enumerate(cells[place]):
            if column < len(row):
                _show(axes, row[column])
            else:
                axes.set_axis_off()
        shown = titles[place][:count] if place < len(titles) else ()
        for axes, title in zip(cells[place], shown, strict=False):
            text = clean_text(title, _TITLE_LETTERS)
            axes.set_title(text, fontsize=8, color=INK, parse_math=False)
        cells[place][0].set_ylabel(name, fontsize=9, color=MUTED, parse_math=False)
    return to_png(figure)


def _show(axes: Axes, image: NDArray[Any]) -> None:
    axes.imshow(
        _shrink(image),
        origin="lower",
        aspect="auto",
        cmap="magma",
        vmin=0,
        vmax=1,
        interpolation="nearest",
    )


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
