"""What keeps the grooves of the demo collection out of lessons.

What belongs here: telling whether a groove plays a bar of the demo. What does not: drawing
another. Weights that learned from lessons have then never heard the rhythms that the demo's
labels are about.

Bars are compared as the onsets of three layers: kick; snare or rim; hat, open hat or ride. The
demo's other lanes are left out, as are accents, so that more is refused than is equal; so is a
bar that begins elsewhere, and one written at half or twice the tempo.
"""

from functools import lru_cache
from itertools import product

import numpy as np
from numpy.typing import NDArray

from autogroove.model.teacher.grooves import Groove
from autogroove.model.teacher.idioms import LAYERS, ROWS
from autogroove.source.groovebox import GROOVES

_DEMO_NAMES = {"open": "open_hat"}
_ALL_LAYERS = 2 ** len(LAYERS) - 1
_TOLERANCE = 0.26
"""How far from the demo's grid, in its steps, a swung onset is still that step."""


def plays_demo(groove: Groove) -> bool:
    """Whether any bar of the groove, or of its other take, is a bar of the demo."""
    shapes = _demo_shapes()
    swung, straight = groove.step_beats(), _straight(groove)
    for hits in (groove.hits, groove.variant):
        codes = _layer_codes(hits)
        if np.bitwise_or.reduce(codes) != _ALL_LAYERS:
            continue  # every bar of the demo has all three layers
        for beats in (swung, straight):
            if any(bar in shapes for bar in _bars(groove, codes, beats)):
                return True
    return False


@lru_cache(maxsize=1)
def _demo_shapes() -> frozenset[bytes]:
    """Every bar that the demo can play, turned to its least rotation."""
    shapes = set()
    for groove in GROOVES:
        lanes = {
            lane: groove.drums[_DEMO_NAMES.get(lane, lane)]
            for layer in LAYERS
            for lane in layer
            if _DEMO_NAMES.get(lane, lane) in groove.drums
        }
        for bars in product(*lanes.values()):
            codes = np.zeros(groove.steps_per_bar, np.uint8)
            for lane, bar in zip(lanes, bars, strict=True):
                codes |= np.array([sign != "." for sign in bar], np.uint8) << _layer_of(lane)
            shapes.add(_least_rotation(codes))
    return frozenset(shapes)


def _layer_of(lane: str) -> int:
    return next(place for place, layer in enumerate(LAYERS) if lane in layer)


def _layer_codes(hits: NDArray[np.float32]) -> NDArray[np.uint8]:
    """One number a step: a bit for each layer that has an onset there."""
    codes = np.zeros(hits.shape[1], np.uint8)
    for place, layer in enumerate(LAYERS):
        struck = (hits[[ROWS.index(lane) for lane in layer]] > 0).any(axis=0)
        codes |= struck.astype(np.uint8) << np.uint8(place)
    return codes


def _straight(groove: Groove) -> NDArray[np.float64]:
    return np.arange(groove.steps_per_bar) / groove.steps_per_beat


def _bars(groove: Groove, codes: NDArray[np.uint8], beats: NDArray[np.float64]) -> set[bytes]:
    """What a listener could take for a bar: the groove's bars, their halves, and pairs of them."""
    bars = np.arange(groove.num_bars)[:, None] * groove.beats_per_bar
    times = (bars + beats).reshape(-1)
    struck = codes > 0
    times, codes = times[struck], codes[struck]
    total = groove.num_bars * groove.beats_per_bar
    if groove.num_bars % 2:  # so that pairs close
        times, codes, total = np.append(times, times + total), np.append(codes, codes), 2 * total
    found = set()
    for span in (groove.beats_per_bar / 2, groove.beats_per_bar, 2 * groove.beats_per_bar):
        pieces = np.floor(times / span + 1e-9).astype(int)
        for size in (12, 16):
            places = (times - pieces * span) / span * size
            whole = np.rint(places).astype(int)
            fits = np.abs(places - whole) < _TOLERANCE
            for piece in range(round(total / span)):
                inside = pieces == piece
                if inside.any() and fits[inside].all():
                    grid = np.zeros(size, np.uint8)
                    np.bitwise_or.at(grid, whole[inside] % size, codes[inside])
                    found.add(_least_rotation(grid))
    return found


def _least_rotation(codes: NDArray[np.uint8]) -> bytes:
    text = codes.tobytes() * 2
    return min(text[k : k + len(codes)] for k in range(len(codes)))
