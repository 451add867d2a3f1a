"""Pictures of clusters: a map of encodings in two dimensions.

What belongs here: the drawing. What does not: clustering.
"""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import hsv_to_rgb
from numpy.typing import NDArray

from autogroove.figures.canvas import INK, MUTED, clean_text, new_figure, style_axes, to_png
from autogroove.figures.projection import project_plane

_LISTED = 16
_MOST_POINTS = 6000


def project_encodings(encodings: NDArray[np.float32]) -> NDArray[np.float64]:
    """Encodings (n, d) to their first two principal components, (n, 2)."""
    centre = np.mean(encodings, axis=0, dtype=np.float64)
    return project_plane(np.asarray(encodings, np.float64) - centre)


def draw_cluster_map(
    points: NDArray[np.floating],
    labels: NDArray[np.integer],
    exemplars: Sequence[int] = (),
    titles: Sequence[str] = (),
    *,
    noun: str = "tracks",
) -> bytes:
    """PNG of tracks as dots coloured by cluster, exemplars numbered, largest clusters listed.

    Args:
        points: (n, 2), as `project_encodings` gives them.
        labels: (n,) the cluster of each track.
        exemplars: rows of `points` that are exemplars.
        titles: a text for each exemplar; anything that a tag may hold.
        noun: what the dots are.
    """
    figure = new_figure(900, 520)
    grid = figure.add_gridspec(1, 2, width_ratios=(2.4, 1))
    chart, listing = figure.add_subplot(grid[0]), figure.add_subplot(grid[1])
    clusters, sizes = np.unique(labels, return_counts=True)
    colours = dict(zip(clusters.tolist(), _colours(len(clusters)), strict=True))
    _scatter(chart, points, labels, colours)
    _number_exemplars(chart, points, labels, exemplars, dict(zip(clusters, sizes, strict=True)))
    counted = f"{len(points)} {noun} in {len(clusters)} clusters"
    style_axes(chart, counted, "first principal component", "second principal component")
    _list_clusters(listing, labels, exemplars, titles, colours)
    return to_png(figure)


def _colours(count: int) -> list[tuple[float, float, float]]:
    """Neighbours in the list far apart in hue, by the golden ratio; three lightnesses."""
    numbers = np.arange(count)
    hues = numbers * 0.61803398875 % 1
    values = np.array([0.85, 0.62, 0.95])[numbers % 3]
    rgb = hsv_to_rgb(np.stack([hues, np.full(count, 0.72), values], axis=-1))
    return [(float(r), float(g), float(b)) for r, g, b in rgb]


def _scatter(
    axes: Axes,
    points: NDArray[np.floating],
    labels: NDArray[np.integer],
    colours: dict[int, tuple[float, float, float]],
) -> None:
    """All points, or evenly many of them where they would be a blot."""
    step = -(-len(points) // _MOST_POINTS) or 1
    shown = slice(None, None, step)
    size = float(np.clip(9000 / max(1, len(points[shown])), 3, 26))
    tint = [colours[int(label)] for label in labels[shown]]
    axes.scatter(
        points[shown, 0], points[shown, 1], s=size, c=tint or None, linewidths=0, alpha=0.75
    )


def _by_size(labels: NDArray[np.integer], exemplars: Sequence[int]) -> list[int]:
    """Positions in `exemplars`, of the largest cluster first."""
    sizes = {int(c): int(n) for c, n in zip(*np.unique(labels, return_counts=True), strict=True)}
    return sorted(range(len(exemplars)), key=lambda i: (-sizes[int(labels[exemplars[i]])], i))


def _number_exemplars(
    axes: Axes,
    points: NDArray[np.floating],
    labels: NDArray[np.integer],
    exemplars: Sequence[int],
    sizes: dict[int, int],
) -> None:
    for number, position in enumerate(_by_size(labels, exemplars)[:_LISTED], start=1):
        x, y = points[exemplars[position]]
        axes.plot(x, y, "o", ms=13, mfc="white", mec=INK, mew=1.1)
        axes.text(x, y, str(number), fontsize=7, ha="center", va="center", color=INK)


def _list_clusters(
    axes: Axes,
    labels: NDArray[np.integer],
    exemplars: Sequence[int],
    titles: Sequence[str],
    colours: dict[int, tuple[float, float, float]],
) -> None:
    axes.set_axis_off()
    axes.set_xlim(0, 1)
    axes.set_ylim(_LISTED + 1.5, -0.5)
    order = _by_size(labels, exemplars)
    for number, position in enumerate(order[:_LISTED], start=1):
        cluster = int(labels[exemplars[position]])
        size = int(np.count_nonzero(labels == cluster))
        title = clean_text(titles[position], 26) if position < len(titles) else f"cluster {cluster}"
        axes.plot(0.03, number, "s", ms=8, color=colours[cluster])
        text = f"{number}  {title} ({size})"
        axes.text(0.09, number, text, fontsize=8, va="center", color=INK, parse_math=False)
    if order:
        axes.text(0, 0, "Exemplars, by size", fontsize=8.5, va="center", color=MUTED)
    if len(order) > _LISTED:
        rest = f"and {len(order) - _LISTED} smaller clusters"
        axes.text(0.09, _LISTED + 1, rest, fontsize=8, va="center", color=MUTED)
