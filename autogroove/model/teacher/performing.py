"""A groove played at a tempo: strokes and notes in time.

What belongs here: what differs from one performance to the next: unsteady hands, which take a
bar is, fills and rests, where the clip begins. What does not: the groove, pitch, or sound. Two
sounds of one performance are struck at the same times.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from autogroove.model.teacher.grooves import Groove
from autogroove.model.teacher.idioms import LANES, LAYERS, ROWS

_SNARE, _HAT, _OPEN, _TOM, _CRASH = map(LANES.index, ("snare", "hat", "open", "tom", "crash"))
_LAYER_ROWS = [[ROWS.index(lane) for lane in layer] for layer in LAYERS]
_OTHER_ROWS = sorted(set(range(len(ROWS))) - {row for rows in _LAYER_ROWS for row in rows})
_GROUPS = [*_LAYER_ROWS, *([row] for row in _OTHER_ROWS)]
_LONGEST_SECONDS = 4.0
_TAIL_SECONDS = 1.0
"""What was struck so long before the clip may still be heard in it."""


@dataclass(frozen=True, eq=False)
class Events:
    """Strokes or notes by row of `ROWS`, then time: all arrays (n,).

    `starts` and `seconds` are in seconds, `velocities` in (0, 1.5]; `steps` count from the first
    bar that is played, for the harmony.
    """

    rows: NDArray[np.int64]
    steps: NDArray[np.int64]
    starts: NDArray[np.float64]
    velocities: NDArray[np.float64]
    seconds: NDArray[np.float64]

    def take(self, chosen: NDArray[np.bool_] | NDArray[np.int64]) -> "Events":
        """Some of them."""
        return Events(
            self.rows[chosen],
            self.steps[chosen],
            self.starts[chosen],
            self.velocities[chosen],
            self.seconds[chosen],
        )


@dataclass(frozen=True, eq=False)
class Score:
    """One performance of a groove, `seconds` long; the first downbeat is at `phase_s`."""

    strokes: Events
    notes: Events
    seconds: float
    phase_s: float
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
    before = int(np.ceil((phase + _TAIL_SECONDS / 2) / bar_seconds))
    total = before + int(np.ceil((seconds - phase) / bar_seconds))
    rows, steps, beats, velocities = _read_hits(groove, total, rng)
    starts = phase + (beats - before * groove.beats_per_bar) * beat
    starts += groove.late_beats[rows] * beat + _sway(starts, unsteadiness_s, rng)
    starts += rng.normal(0, unsteadiness_s, len(rows))
    velocities *= np.exp(rng.normal(0, 0.09, len(rows)))
    played = Events(rows, steps, starts, velocities, np.zeros(len(rows)))
    played = _add_flams(played, groove.flams, rng)
    heard = (played.starts > -_TAIL_SECONDS) & (played.starts < seconds)
    played = played.take(heard)
    played = _hold(played.take(np.lexsort((played.starts, played.rows))), groove)
    drums = played.rows < len(LANES)
    return Score(
        strokes=played.take(drums),
        notes=played.take(~drums),
        seconds=seconds,
        phase_s=phase,
        steps_per_bar=groove.steps_per_bar,
        num_bars=total,
    )


def _read_hits(
    groove: Groove, total: int, rng: np.random.Generator
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]:
    """Rows, steps, beats and velocities of all hits of so many bars, rolls written out."""
    hits, splits = _lay_out(groove, total, rng)
    rows, steps = np.nonzero(hits)
    bars, inside = np.divmod(steps, groove.steps_per_bar)
    beats = bars * groove.beats_per_bar + groove.step_beats()[inside]
    velocities = hits[rows, steps].astype(np.float64)
    turns = splits[rows, steps]
    turn = np.arange(turns.sum()) - np.repeat(np.cumsum(turns) - turns, turns)
    beats = np.repeat(beats, turns) + turn / np.repeat(turns, turns) / groove.steps_per_beat
    velocities = np.repeat(velocities, turns) * 0.8**turn
    return np.repeat(rows, turns), np.repeat(steps, turns), beats, velocities


def _lay_out(
    groove: Groove, total: int, rng: np.random.Generator
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Hits and splits of so many bars from any bar on: (len(ROWS), total * steps_per_bar)."""
    size, first = groove.steps_per_bar, int(rng.integers(64))
    shape = (len(ROWS), groove.num_bars, size)
    takes = np.stack([groove.hits.reshape(shape), groove.variant.reshape(shape)])
    chosen = (rng.random(total) < 0.25).astype(int)
    cycle = (first + np.arange(total)) % groove.num_bars
    bars = takes[chosen, :, cycle].transpose(1, 0, 2).copy()  # (rows, bars, steps)
    _rest(bars, rng)
    if groove.fill_every and bars[: len(LANES)].any():
        for bar in range(total):
            if (first + bar + 1) % groove.fill_every == 0 and rng.random() < 0.7:
                _play_fill(bars, bar, groove.steps_per_beat, rng)
    splits = groove.splits.reshape(shape)[:, cycle]
    return bars.reshape(len(ROWS), -1), splits.reshape(len(ROWS), -1)


def _rest(bars: NDArray[np.float32], rng: np.random.Generator) -> None:
    """Lanes and parts that come in later or leave off, as sections of a song do. In place.

    The two that play most stay, so that the groove is always there. Lanes of a layer rest
    together: what is left of a layer could be another groove.
    """
    busy = np.argsort([np.count_nonzero(bars[group]) for group in _GROUPS])[:-2]
    for place in busy[rng.random(len(busy)) < 0.07]:
        turn = int(rng.integers(bars.shape[1] + 1))
        bars[_GROUPS[place], slice(turn, None) if rng.random() < 0.5 else slice(turn)] = 0


def _play_fill(
    bars: NDArray[np.float32], bar: int, steps_per_beat: int, rng: np.random.Generator
) -> None:
    """A fill or a break in the last beats of a bar, and perhaps a crash after it. In place."""
    size = bars.shape[2]
    length = min(size, int(rng.choice([1, 1, 2, 4])) * steps_per_beat)
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


def _add_flams(played: Events, share: float, rng: np.random.Generator) -> Events:
    """Grace notes before a share of the strong strokes of the snare."""
    strong = (played.rows == _SNARE) & (played.velocities > 0.6)
    graced = np.flatnonzero(strong & (rng.random(len(strong)) < share))
    both = played.take(np.append(np.arange(len(strong)), graced))
    both.starts[len(strong) :] -= rng.uniform(0.02, 0.035)
    both.velocities[len(strong) :] *= 0.45
    return both


def _hold(played: Events, groove: Groove) -> Events:
    """How long each event sounds at most: notes by the gates, drums until they are choked."""
    rows, starts = played.rows, played.starts
    gaps = np.append(np.diff(starts), _LONGEST_SECONDS)
    gaps[:-1][np.diff(rows) != 0] = _LONGEST_SECONDS
    pitched = rows >= len(LANES)
    gates = groove.gates[np.maximum(rows - len(LANES), 0)]
    seconds = np.where(pitched, np.clip(gaps, 0.05, None) * gates, _LONGEST_SECONDS)
    opened, closed = rows == _OPEN, starts[rows == _HAT]
    after = np.append(closed, np.inf)[np.searchsorted(closed, starts[opened] + 0.02)]
    seconds[opened] = np.clip(after - starts[opened], 0.03, _LONGEST_SECONDS)
    return Events(rows, played.steps, starts, played.velocities, seconds)
