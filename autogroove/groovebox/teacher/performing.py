"""A groove played at a tempo: strokes and notes in time.

What belongs here: what differs from one performance to the next: unsteady hands, which take a
bar is, fills and breaks, where the clip begins. What does not: the groove, pitch, or sound. Two
sounds of one performance are struck at the same times.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from autogroove.groovebox.teacher.grooves import Groove
from autogroove.groovebox.teacher.idioms import LANES, ROWS

_SNARE, _HAT, _OPEN = (LANES.index(lane) for lane in ("snare", "hat", "open"))
_TOM, _CRASH = LANES.index("tom"), LANES.index("crash")
_LONGEST_SECONDS = 4.0


@dataclass(frozen=True, eq=False)
class Events:
    """Strokes or notes: rows of `ROWS`, start and length in seconds, velocity in (0, 1.2].

    `steps` and `bars` count from the first bar of the clip, for the harmony.
    """

    rows: NDArray[np.int64]
    starts: NDArray[np.float64]
    seconds: NDArray[np.float64]
    velocities: NDArray[np.float64]
    steps: NDArray[np.int64]
    bars: NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Score:
    """One performance of a groove, `seconds` long; the first downbeat is at `phase_s`."""

    strokes: Events
    notes: Events
    seconds: float
    phase_s: float
    tempo_bpm: float
    steps_per_bar: int
    num_bars: int


def perform(
    groove: Groove,
    tempo_bpm: float,
    phase_share: float,
    rng: np.random.Generator,
    *,
    seconds: float,
    unsteadiness_s: float,
) -> Score:
    """Play a groove from any place: the first downbeat falls `phase_share` of a bar into the clip.

    `unsteadiness_s` is the spread of the hands in seconds. Bars before the first downbeat are
    played too, so that their sound is still there when the clip begins.
    """
    beat = 60 / tempo_bpm
    bar_seconds = groove.beats_per_bar * beat
    phase = phase_share * bar_seconds
    before = int(np.ceil((phase + 0.5) / bar_seconds))
    total = before + int(np.ceil((seconds - phase) / bar_seconds))
    hits = _lay_out(groove, total, rng)
    rows, steps = np.nonzero(hits)
    bars, inside = np.divmod(steps, groove.steps_per_bar)
    exact = (bars - before) * bar_seconds + phase + groove.step_beats()[inside] * beat
    starts = exact + groove.late_beats[rows] * beat + _sway(exact, unsteadiness_s, rng)
    starts += rng.normal(0, unsteadiness_s, len(rows))
    velocities = hits[rows, steps] * np.exp(rng.normal(0, 0.09, len(rows)))
    order = np.lexsort((starts, rows))
    order = order[(starts[order] > -1.0) & (starts[order] < seconds)]
    rows, starts, steps = rows[order], starts[order], steps[order]
    lengths = _lengths(rows, starts)
    pitched = rows >= len(LANES)
    gates = groove.gates[rows[pitched] - len(LANES)]
    lengths[pitched] *= gates
    _choke(rows, starts, lengths)

    def take(chosen: NDArray[np.bool_]) -> Events:
        return Events(
            rows[chosen],
            starts[chosen],
            lengths[chosen],
            velocities[order][chosen].astype(np.float64),
            steps[chosen],
            steps[chosen] // groove.steps_per_bar,
        )

    return Score(
        take(~pitched), take(pitched), seconds, phase, tempo_bpm, groove.steps_per_bar, total
    )


def _lay_out(groove: Groove, total: int, rng: np.random.Generator) -> NDArray[np.float32]:
    """The hits of all bars of the clip: (len(ROWS), total * steps_per_bar)."""
    size, first = groove.steps_per_bar, int(rng.integers(64))
    shape = (len(ROWS), groove.num_bars, size)
    takes = np.stack([groove.hits.reshape(shape), groove.variant.reshape(shape)])
    chosen = (rng.random(total) < 0.25).astype(int)
    cycle = (first + np.arange(total)) % groove.num_bars
    bars = takes[chosen, :, cycle].transpose(1, 0, 2).copy()  # (rows, bars, steps)
    if bars[: len(LANES)].any() and groove.fill_every:
        for bar in range(total):
            if (first + bar + 1) % groove.fill_every == 0 and rng.random() < 0.7:
                _play_fill(bars, bar, groove, rng)
    return bars.reshape(len(ROWS), -1)


def _play_fill(
    bars: NDArray[np.float32], bar: int, groove: Groove, rng: np.random.Generator
) -> None:
    """A fill or a break in the last beats of a bar, and perhaps a crash after it."""
    size = groove.steps_per_bar
    length = min(size, int(rng.choice([1, 1, 2, 4])) * groove.steps_per_beat)
    begin = size - length
    bars[1 : len(LANES), bar, begin:] = 0
    if rng.random() < 0.25:
        bars[0, bar, begin:] = 0
        return
    struck = rng.random(length) < rng.uniform(0.4, 0.95)
    toms = rng.random(length) < np.linspace(0.1, 0.9, length)
    levels = np.linspace(0.5, 1.0, length) * struck
    bars[_SNARE, bar, begin:] = np.where(toms, 0, levels)
    bars[_TOM, bar, begin:] = np.where(toms, levels, 0)
    if bar + 1 < bars.shape[1] and rng.random() < 0.5:
        bars[_CRASH, bar + 1, 0] = 0.9


def _sway(
    times: NDArray[np.float64], unsteadiness_s: float, rng: np.random.Generator
) -> NDArray[np.float64]:
    """A pulse that slowly gains and loses a little, all players together."""
    turns = 2 * np.pi * (rng.uniform(0.05, 0.25) * times + rng.random())
    return np.asarray(1.5 * unsteadiness_s * np.sin(turns))


def _lengths(rows: NDArray[np.int64], starts: NDArray[np.float64]) -> NDArray[np.float64]:
    """Seconds to the next event of the row."""
    gaps = np.full(len(rows), _LONGEST_SECONDS)
    if len(rows) > 1:
        same = rows[1:] == rows[:-1]
        gaps[:-1][same] = np.diff(starts)[same]
    return np.clip(gaps, 0.05, _LONGEST_SECONDS)


def _choke(
    rows: NDArray[np.int64], starts: NDArray[np.float64], lengths: NDArray[np.float64]
) -> None:
    """Drums ring as long as they like, but a closed hat ends an open one. In place."""
    lengths[rows < len(LANES)] = _LONGEST_SECONDS
    opened, closed = rows == _OPEN, np.sort(starts[rows == _HAT])
    if opened.any() and len(closed):
        after = np.append(closed, np.inf)[np.searchsorted(closed, starts[opened] + 0.02)]
        lengths[opened] = np.clip(after - starts[opened], 0.03, _LONGEST_SECONDS)
