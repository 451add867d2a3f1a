"""Random grooves.

What belongs here: every draw that makes a rhythm what it is: pattern, accents, swing, lateness.
What does not: what one performance of it does differently (`performing`), or sound (`sounds`).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from autogroove.model.teacher.idioms import LANES, PARTS, ROWS, SIGNS, Idiom, find_idiom

Hits = NDArray[np.float32]
_CORE = ("kick", "snare", "rim", "low", "high")
_FREE_METRES = (
    (4.0, 4), (4.0, 4), (4.0, 3), (3.0, 4), (3.0, 2), (2.0, 6), (5.0, 2), (3.5, 4), (2.5, 4),
)  # fmt: skip
"""Beats and steps a beat of grooves drawn by rule."""


@dataclass(frozen=True, eq=False)
class Groove:
    """A rhythm, without tempo, key or sound.

    `hits` is float32 (len(ROWS), num_steps): velocities, 0 where nothing is played; `variant` is
    another take of it, that a player may take for a bar. `swing` is where the second of two
    groups of `swing_steps` steps falls (0.5 straight). `late_beats` (len(ROWS),) lays rows behind
    (positive) the beat; `gates` (len(PARTS),) is how long notes are held, as a share of the time
    to the next. `tempo_bpm` is the tempo that the groove was thought up at.
    """

    idiom: int
    beats_per_bar: float
    steps_per_beat: int
    num_bars: int
    hits: Hits
    variant: Hits
    swing: float
    swing_steps: int
    late_beats: NDArray[np.float32]
    gates: NDArray[np.float32]
    tempo_bpm: float
    splits: NDArray[np.int64]
    """(len(ROWS), num_steps): strokes that a hit is split into, as rolls are; mostly 1."""
    flams: float
    """Share of strong strokes of the snare that have a weak one just before."""
    fill_every: int
    """Bars from fill to fill; 0 where there are none."""

    @property
    def steps_per_bar(self) -> int:
        """Steps of a bar."""
        return round(self.beats_per_bar * self.steps_per_beat)

    def step_beats(self) -> NDArray[np.float64]:
        """Where the steps of a bar fall, swung, in beats from its start."""
        steps, width = np.arange(self.steps_per_bar), self.swing_steps
        pair, inside = np.divmod(steps, 2 * width)
        early = np.minimum(inside, width) * 2 * self.swing
        late = np.maximum(inside - width, 0) * 2 * (1 - self.swing)
        # A pair that the bar cuts off stays straight.
        whole = (pair + 1) * 2 * width <= self.steps_per_bar
        return np.where(whole, pair * 2 * width + early + late, steps) / self.steps_per_beat

    def hit_beats(self) -> NDArray[np.float64]:
        """When each step of each row is played: beats, (len(ROWS), num_steps)."""
        bars = np.arange(self.num_bars)[:, None] * self.beats_per_bar
        steps = (bars + self.step_beats()).reshape(-1)
        return np.asarray(steps + self.late_beats[:, None])


def draw_groove(
    idiom_place: int, kind: str, rng: np.random.Generator, mixed_with: int | None = None
) -> Groove:
    """A random groove of an idiom; `kind` is "drums", "band" or "tune".

    `mixed_with` is the place of an idiom on the same grid, from which some of the rows are taken.
    """
    idiom = find_idiom(idiom_place)
    if not idiom.patterns:
        beats, steps = _FREE_METRES[int(rng.integers(len(_FREE_METRES)))]
        idiom = replace(idiom, beats=beats, steps_per_beat=steps, swing=(0.5, 0.64))
    elif mixed_with is not None:
        idiom = _mix_idioms(idiom, find_idiom(mixed_with), rng)
    draw_bar = _BAR_DRAWS.get(idiom.name, _draw_idiomatic_bar)
    num_bars = int(rng.choice([1, 2, 3, 4], p=[0.35, 0.4, 0.05, 0.2]))
    rows = _choose_rows(idiom, kind, rng)
    hits = _draw_bars(idiom, rows, num_bars, draw_bar, rng)
    low, high = idiom.tempo_bpm
    swing = float(rng.uniform(*idiom.swing)) if rng.random() < 0.7 else idiom.swing[0]
    return Groove(
        idiom=idiom_place,
        beats_per_bar=idiom.beats,
        steps_per_beat=idiom.steps_per_beat,
        num_bars=num_bars,
        hits=hits,
        variant=vary_hits(hits, rng),
        swing=swing,
        swing_steps=idiom.swing_steps,
        late_beats=_draw_lateness(idiom, rng),
        gates=rng.uniform(0.3, 1.0, len(PARTS)).astype(np.float32),
        tempo_bpm=float(low * (high / low) ** rng.random()),
        splits=_draw_splits(hits, rng),
        flams=float(rng.uniform(0.1, 0.6)) if rng.random() < 0.1 else 0.0,
        fill_every=int(rng.choice([0, 2, 4, 8], p=[0.35, 0.1, 0.35, 0.2])),
    )


def _draw_splits(hits: Hits, rng: np.random.Generator) -> NDArray[np.int64]:
    """Rolls here and there in one or two lanes of some grooves."""
    splits = np.ones(hits.shape, np.int64)
    if rng.random() < 0.2:
        lanes = rng.choice(len(LANES), 2, replace=False)
        chosen = rng.random((2, hits.shape[1])) < rng.uniform(0.05, 0.25)
        splits[lanes] = np.where(chosen, rng.choice([2, 2, 3, 4], chosen.shape), 1)
    return splits


def share_grid(first: Idiom, second: Idiom) -> bool:
    """Whether patterns of one fit into bars of the other."""
    return (first.beats, first.steps_per_beat) == (second.beats, second.steps_per_beat)


def _mix_idioms(idiom: Idiom, other: Idiom, rng: np.random.Generator) -> Idiom:
    rows = {
        row: other.patterns[row]
        for row in ROWS
        if row in other.patterns and rng.random() < (0.4 if row in idiom.patterns else 0.25)
    }
    return replace(idiom, patterns={**idiom.patterns, **rows})


def _draw_lateness(idiom: Idiom, rng: np.random.Generator) -> NDArray[np.float32]:
    """Lanes a little off the beat, some clearly; the kick is the beat."""
    late = rng.normal(0, 0.008, len(ROWS)) + idiom.late * rng.random(len(ROWS))
    far = rng.random(len(ROWS)) < 0.08
    late[far] += rng.choice([-1, 1], far.sum()) * rng.uniform(0.03, 0.08, far.sum())
    late[0] = 0.0
    return late.astype(np.float32)


def _choose_rows(idiom: Idiom, kind: str, rng: np.random.Generator) -> list[str]:
    """Which rows play: two or more lanes of drums, one or more parts."""
    there = list(idiom.patterns) or list(ROWS)
    lanes = [row for row in there if row in LANES and row not in ("tom", "crash")]
    rng.shuffle(lanes)
    lanes.sort(key=lambda lane: lane not in _CORE)
    density = rng.uniform(0.35, 1.0)
    kept = [lane for k, lane in enumerate(lanes) if k < 2 or rng.random() < density]
    if kind == "drums" or (not idiom.patterns and kind != "tune"):
        kept += [row for row in ("crash", "tom") if row in idiom.patterns]
    parts = [part for part in PARTS if part in there]
    if kind == "drums":
        return kept
    if kind == "tune":
        drone = [part for part in ("bass", "chords") if part in parts and rng.random() < 0.4]
        return ["melody", *drone]
    return kept + [part for part in parts if part == "bass" or rng.random() < 0.65]


BarDraw = Callable[[Idiom, str, np.random.Generator], Hits]


def _draw_bars(
    idiom: Idiom,
    rows: Sequence[str],
    num_bars: int,
    draw_bar: BarDraw,
    rng: np.random.Generator,
) -> Hits:
    """Bars of all rows; later bars mostly repeat the first, with a change here and there."""
    size = idiom.steps_per_bar
    hits = np.zeros((len(ROWS), num_bars * size), np.float32)
    for row in rows:
        place = ROWS.index(row)
        first = _mutate(draw_bar(idiom, row, rng), row, rng)
        for bar in range(num_bars):
            chance = rng.random()
            drawn = first
            if bar and chance < 0.3:
                drawn = draw_bar(idiom, row, rng)
            elif bar and chance < 0.6:
                drawn = _mutate(first, row, rng)
            hits[place, bar * size : (bar + 1) * size] = drawn
    accents = np.exp(rng.normal(0, 0.08, hits.shape)).astype(np.float32)
    return np.asarray(np.minimum(hits * accents, 1), np.float32)


def _draw_idiomatic_bar(idiom: Idiom, row: str, rng: np.random.Generator) -> Hits:
    bars = idiom.patterns[row]
    signs = [SIGNS.get(sign, (0.0, 0.0)) for sign in bars[int(rng.integers(len(bars)))]]
    chances, levels = np.array(signs, np.float32).T
    return np.where(rng.random(len(chances)) < chances, levels, 0).astype(np.float32)


def _draw_euclidean_bar(idiom: Idiom, row: str, rng: np.random.Generator) -> Hits:
    """So many hits as evenly as the grid allows (Toussaint 2005), turned, with accents."""
    size = idiom.steps_per_bar
    cycle = size if rng.random() < 0.75 else max(3, size // 2)
    most = max(2, cycle // 3 if row in _CORE else cycle)
    steps, count = np.arange(size), int(rng.integers(1, most + 1))
    shift = int(rng.integers(cycle)) if row != "kick" else 0
    struck = ((steps + shift) % cycle * count) % cycle < count
    strong = steps % idiom.steps_per_beat == (
        0 if rng.random() < 0.6 else idiom.steps_per_beat // 2
    )
    return np.where(struck, np.where(strong, 0.95, 0.6), 0).astype(np.float32)


def _draw_random_bar(idiom: Idiom, row: str, rng: np.random.Generator) -> Hits:
    """Each step by chance; some lanes like the beat, others shun it."""
    steps = np.arange(idiom.steps_per_bar)
    strength = (steps % idiom.steps_per_beat == 0) + 0.5 * (steps % 2 == 0) + 0.25
    chances = rng.uniform(0.15, 0.8) * strength ** rng.uniform(-0.6, 1.5)
    levels = rng.choice([0.35, 0.7, 1.0], len(steps), p=[0.3, 0.45, 0.25])
    return np.where(rng.random(len(steps)) < np.minimum(chances, 1.0), levels, 0).astype(np.float32)


_BAR_DRAWS: dict[str, BarDraw] = {"euclid": _draw_euclidean_bar, "chance": _draw_random_bar}


def _mutate(bar: Hits, row: str, rng: np.random.Generator) -> Hits:
    """A bar with, perhaps, a hit moved, added or left out."""
    bar = bar.copy()
    chances = rng.random(3)
    struck = np.flatnonzero(bar)
    if chances[0] < 0.35 and len(struck):
        old, move = int(rng.choice(struck)), int(rng.choice([-2, -1, 1, 2]))
        new = (old + move) % len(bar)
        bar[old], bar[new] = bar[new], bar[old]
    if chances[1] < 0.35:
        level = rng.choice([0.35, 0.7]) if row in LANES else 0.7
        bar[int(rng.integers(len(bar)))] = level
    if chances[2] < 0.25 and len(struck) > 2:
        bar[int(rng.choice(struck))] = 0
    return bar


def vary_hits(hits: Hits, rng: np.random.Generator) -> Hits:
    """Another take: a ghost more or less, a hit left out."""
    variant = hits.copy()
    weak = (hits > 0) & (hits < 0.5) & (rng.random(hits.shape) < 0.3)
    variant[weak] = 0
    for row in np.flatnonzero(hits.any(axis=1)):
        if rng.random() < 0.3:
            variant[row, int(rng.integers(hits.shape[1]))] = rng.choice([0.0, 0.35, 0.6])
    return variant
