"""Small pictures as SVG paths: numbers to coordinates.

What belongs here: the geometry of the map, the loss curve and the card's strips.
What does not: colours and markup (`report.html`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

MOST_POINTS = 4000
"""More would make a page of megabytes; a fixed sample stands for the rest."""

Places = NDArray[np.float32]


@dataclass(frozen=True)
class Dot:
    """One track on the map, in a square of 1,000."""

    x: float
    y: float
    hue: int
    exemplar: bool
    name: str


@dataclass(frozen=True)
class Curve:
    """A line as the points of an SVG polyline."""

    name: str
    points: str
    first: float
    last: float


@dataclass(frozen=True)
class Mark:
    """A value on a strip, 0 … 100."""

    name: str
    at: float
    text: str


@dataclass(frozen=True)
class Strip:
    """One row of the card: the value, its interval and its baselines on one line."""

    name: str
    arrow: str
    value: Mark
    span: tuple[float, float] | None
    baselines: tuple[Mark, ...]
    beats: bool


def place_dots(
    places: Places, clusters: NDArray[np.int64], exemplars: NDArray[np.bool_], names: Sequence[str]
) -> list[Dot]:
    """Tracks on the map, exemplars last so that they lie on top."""
    num = len(places)
    shown = np.arange(num)
    if num > MOST_POINTS:
        others = np.random.default_rng(0).permutation(np.flatnonzero(~exemplars))
        elected = np.flatnonzero(exemplars)[:MOST_POINTS]
        shown = np.concatenate([others[: MOST_POINTS - len(elected)], elected])
    shown = shown[np.argsort(exemplars[shown], kind="stable")]
    return [
        Dot(
            x=round(500 + 470 * float(places[at, 0]), 1),
            y=round(500 - 470 * float(places[at, 1]), 1),
            hue=int(clusters[at] * 137.508 + 290) % 360,
            exemplar=bool(exemplars[at]),
            name=names[at],
        )
        for at in shown.tolist()
    ]


def trace_losses(losses: Mapping[str, Sequence[float]]) -> list[Curve]:
    """Loss by epoch as curves in 600 × 200; the smallest at the bottom."""
    every = [value for series in losses.values() for value in series if np.isfinite(value)]
    if not every:
        return []
    low, high = min(every), max(every)
    span = (high - low) or 1.0
    curves = []
    for name, series in losses.items():
        step = 600 / max(1, len(series) - 1)
        points = [
            f"{at * step:.1f},{190 - 180 * (value - low) / span:.1f}"
            for at, value in enumerate(series)
            if np.isfinite(value)
        ]
        if points:
            curves.append(Curve(name, " ".join(points), float(series[0]), float(series[-1])))
    return curves


def lay_strip(row: Mapping[str, Any]) -> Strip:
    """One measured row of a card's JSON."""
    baselines = {name: float(each["value"]) for name, each in row["baselines"].items()}
    value = float(row["value"])
    ends = [float(each) for each in (row.get("low"), row.get("high")) if each is not None]
    every = [value, *baselines.values(), *ends]
    start, stop = min(0.0, *every), max(every)
    stop = 1.0 if 0.3 < stop <= 1 else stop
    unit = 100 / ((stop - start) or 1.0)

    def mark(name: str, number: float) -> Mark:
        return Mark(name, round((number - start) * unit, 2), show_number(number))

    return Strip(
        name=str(row["name"]),
        arrow={"higher": "↑", "lower": "↓"}.get(row["better"], ""),
        value=mark("release", value),
        span=(mark("", ends[0]).at, mark("", ends[1]).at) if len(ends) == 2 else None,
        baselines=tuple(mark(name, number) for name, number in sorted(baselines.items())),
        beats=_beats(row["better"], value, list(baselines.values())),
    )


def show_number(value: float) -> str:
    """Three decimals below ten, one above."""
    return f"{value:.3f}" if abs(value) < 10 else f"{value:,.1f}"


def _beats(better: str, value: float, baselines: list[float]) -> bool:
    if not baselines or better not in ("higher", "lower"):
        return False
    return value > max(baselines) if better == "higher" else value < min(baselines)
