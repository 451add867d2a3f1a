"""A picture of a search: every trial's way up the ladder, and what each setting had to do with it.

What belongs here: drawing. What does not: trials, or what is best.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator, NullFormatter

from autogroove.figures.canvas import (
    BLUE,
    INK,
    MUTED,
    ORANGE,
    RED,
    clean_text,
    new_figure,
    style_axes,
    to_png,
)

_COLUMNS = 3
_MOST_SETTINGS = 9
_LOG_FROM = 20.0
"""Numbers that span more than this factor are drawn by their logarithm."""


class DrawnTrial(Protocol):
    """What the picture needs of a trial."""

    @property
    def number(self) -> int:
        """Its place in the search."""
        ...

    @property
    def state(self) -> str:
        """complete, pruned or failed."""
        ...

    @property
    def rungs(self) -> Mapping[int, float]:
        """The objective after so many epochs."""
        ...

    @property
    def values(self) -> Mapping[str, Any]:
        """The settings that the search changes."""
        ...


def draw_search(trials: Sequence[DrawnTrial], finals: Mapping[int, Sequence[float]]) -> bytes:
    """PNG: the objective of each trial, and below it against each setting, trial 0 in a ring.

    Args:
        trials: in the order of their numbers.
        finals: objectives of each finalist, one a seed, by the trial's number.
    """
    names = list(trials[0].values)[:_MOST_SETTINGS] if trials else []
    rows = -(-len(names) // _COLUMNS)
    figure = new_figure(960, 400 + 220 * rows)
    grid = figure.add_gridspec(1 + rows, _COLUMNS, height_ratios=[1.7] + [1.0] * rows)
    _draw_order(figure.add_subplot(grid[0, :]), trials, finals)
    shared: Axes | None = None
    for place, name in enumerate(names):
        cell = grid[1 + place // _COLUMNS, place % _COLUMNS]
        axes = figure.add_subplot(cell, sharey=shared)
        shared = shared or axes
        _draw_setting(axes, trials, name)
    return to_png(figure)


def _draw_order(
    axes: Axes, trials: Sequence[DrawnTrial], finals: Mapping[int, Sequence[float]]
) -> None:
    style_axes(axes, "Objective by trial", "trial", "objective")
    measured = [trial for trial in trials if trial.rungs]
    epochs = sorted({epoch for trial in measured for epoch in trial.rungs})
    for trial in measured:
        heights = list(trial.rungs.values())
        axes.plot([trial.number] * len(heights), heights, "-", color=MUTED, lw=0.8, zorder=1)
    for place, epoch in enumerate(epochs):
        at = [(t.number, t.rungs[epoch]) for t in measured if epoch in t.rungs]
        shade = 0.25 + 0.75 * (place + 1) / len(epochs)
        axes.plot(
            *zip(*at, strict=True),
            "o",
            color=BLUE,
            alpha=shade,
            ms=5,
            mew=0,
            label=f"after {epoch} epoch{'' if epoch == 1 else 's'}",
        )
    _mark(axes, [t for t in measured if t.state == "pruned"], "x", MUTED, "given up")
    _mark(axes, [t for t in measured if t.state == "failed"], "x", RED, "failed")
    seeds = [(number + 0.18, value) for number, values in finals.items() for value in values]
    if seeds:
        axes.plot(
            *zip(*seeds, strict=True),
            "D",
            color=ORANGE,
            ms=4.5,
            mew=0,
            label="finalist, to the end",
        )
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    axes.margins(x=0.03, y=0.12)
    if measured:
        axes.legend(
            *axes.get_legend_handles_labels(),
            frameon=False,
            fontsize=8,
            labelcolor=INK,
            loc="lower right",
            bbox_to_anchor=(1.0, 1.0),
            ncols=len(epochs) + 3,
            columnspacing=1.0,
            handletextpad=0.2,
            borderaxespad=0.1,
        )


def _mark(axes: Axes, trials: Sequence[DrawnTrial], sign: str, colour: str, name: str) -> None:
    ends = [(t.number, t.rungs[max(t.rungs)]) for t in trials]
    if ends:
        axes.plot(*zip(*ends, strict=True), sign, color=colour, ms=9, mew=1.6, label=name)


def _draw_setting(axes: Axes, trials: Sequence[DrawnTrial], name: str) -> None:
    style_axes(axes, clean_text(name))
    top = max((max(t.rungs) for t in trials if t.rungs), default=0)
    done = [t for t in trials if t.state == "complete" and top in t.rungs]
    shown: list[Any] = [t.values[name] for t in done]
    numbers = [_as_number(value) for value in shown]
    heights = [t.rungs[top] for t in done]
    if all(number is not None for number in numbers):
        x = np.array(numbers, float)
        if len(x) and x.min() > 0 and x.max() / x.min() > _LOG_FROM:
            axes.set_xscale("log")
            axes.xaxis.set_minor_formatter(NullFormatter())
        else:
            axes.xaxis.set_major_locator(MaxNLocator(4))
    else:
        order = sorted({str(value) for value in shown})
        x = np.array([order.index(str(value)) for value in shown], float)
        literal: dict[str, Any] = {"parse_math": False}
        axes.set_xticks(range(len(order)), [_shorten(name) for name in order], **literal)
        axes.tick_params(axis="x", labelsize=6.5)
        axes.set_xlim(-0.5, len(order) - 0.5)
    axes.plot(x, heights, "o", color=BLUE, ms=5, mew=0)
    is_base = [trial.number == 0 for trial in done]
    axes.plot(x[is_base], np.array(heights)[is_base], "o", ms=10, mfc="none", mec=ORANGE)


def _shorten(text: str) -> str:
    """A choice as a label: a list in lines of three, anything else as it is."""
    try:
        value = json.loads(text)
    except ValueError:
        value = text
    if not isinstance(value, list):
        return clean_text(text, 14)
    parts = [clean_text(str(each), 6) for each in value[:9]]
    return "\n".join("-".join(parts[i : i + 3]) for i in range(0, len(parts), 3))


def _as_number(value: Any) -> float | None:
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError:
            return None
    return float(value) if isinstance(value, int | float) else None
