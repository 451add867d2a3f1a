"""From a planned track to its notes: when, what, how hard, how long.

What belongs here: bars, phrases, fills, swing, micro-timing and velocity.
What does not: sound. Times are seconds from the start of the track; the first beat is at 0.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from autogroove.source.groovebox.arrangement import Arrangement
from autogroove.source.groovebox.grooves import Groove
from autogroove.source.groovebox.harmony import bass_pitch, lead_pitch, voice_chord
from autogroove.source.groovebox.plan import DemoTrack

_PHRASE_BARS = 4
_VELOCITIES = {"X": 1.0, "x": 0.8, "o": 0.38, "L": 0.8}


@dataclass(frozen=True)
class Stroke:
    """One stroke of a drum lane."""

    lane: str
    start_seconds: float
    velocity: float


@dataclass(frozen=True)
class Note:
    """One pitched note of a part: "bass", "chords" or "lead"."""

    part: str
    pitch: int
    start_seconds: float
    seconds: float
    velocity: float


@dataclass(frozen=True)
class Score:
    """All strokes and notes of a track."""

    strokes: tuple[Stroke, ...]
    notes: tuple[Note, ...]


class _Clock:
    """Where steps fall in time: tempo, swing, and a player's inaccuracy."""

    def __init__(self, track: DemoTrack) -> None:
        self.groove = track.groove
        self.rng = track.rng("timing")
        self.jitter = track.palette.timing_seconds * track.artist_rng().uniform(0.6, 1.4)
        self.step_seconds = 60 / track.tempo_bpm / self.groove.steps_per_beat
        self.bar_seconds = self.step_seconds * self.groove.steps_per_bar
        self.num_bars = int(np.ceil(track.seconds / self.bar_seconds))

    def at(self, bar: int, step: int) -> float:
        """The exact time of a step, swung."""
        width = self.groove.swing_steps
        odd = (step // width) % 2 == 1
        shift = (2 * self.groove.swing - 1) * width if odd else 0.0
        return bar * self.bar_seconds + (step + shift) * self.step_seconds

    def played(self, bar: int, step: int, lane: str) -> float:
        """The time at which a player hits a step."""
        late = self.groove.late_seconds.get(lane, 0.0)
        return max(0.0, self.at(bar, step) + late + float(self.rng.normal(0, self.jitter)))


def write_score(track: DemoTrack, arrangement: Arrangement) -> Score:
    """The notes of a track; equal tracks give equal scores."""
    clock = _Clock(track)
    strokes = tuple(_drum_strokes(track, clock))
    bass = _bass_notes(track, clock, arrangement.legato)
    notes = (*bass, *_chord_notes(track, clock, arrangement), *_lead_notes(track, clock))
    return Score(strokes, notes)


def _drum_strokes(track: DemoTrack, clock: _Clock) -> Iterator[Stroke]:
    rng = track.rng("drums")
    groove = track.groove
    shifts = {lane: int(rng.integers(len(bars))) for lane, bars in groove.drums.items()}
    quiet = _quiet_lanes(track, rng)
    for bar in range(clock.num_bars):
        fill = _fill_of(groove, bar, rng)
        from_step = _fill_start(fill)
        for lane, bars in groove.drums.items():
            pattern = bars[(bar + shifts[lane]) % len(bars)]
            if (lane, bar // _PHRASE_BARS) in quiet:
                continue
            for step, sign in _signs(pattern):
                if step < from_step or lane == "kick":
                    yield _stroke(clock, rng, lane, bar, step, sign)
        for step, sign in _signs(fill):
            yield _stroke(clock, rng, "tom" if step % 3 else "snare", bar, step, sign)


def _quiet_lanes(track: DemoTrack, rng: np.random.Generator) -> set[tuple[str, int]]:
    """Colour lanes that rest for a phrase, so that sections differ but the groove stays."""
    colour = [lane for lane in track.groove.drums if lane in ("percussion", "ride", "hat")]
    if len(track.groove.drums) < 4 or not colour:
        return set()
    return {(lane, phrase) for lane in colour for phrase in range(9) if rng.random() < 0.15}


def _fill_of(groove: Groove, bar: int, rng: np.random.Generator) -> str:
    """A fill in the last bar of a phrase, mostly."""
    if bar % _PHRASE_BARS != _PHRASE_BARS - 1 or rng.random() < 0.35:
        return ""
    return groove.fills[int(rng.integers(len(groove.fills)))]


def _fill_start(fill: str) -> int:
    return len(fill) - len(fill.lstrip(".")) if fill else 10**6


def _signs(pattern: str) -> Iterator[tuple[int, str]]:
    return ((step, sign) for step, sign in enumerate(pattern) if sign != ".")


def _stroke(
    clock: _Clock, rng: np.random.Generator, lane: str, bar: int, step: int, sign: str
) -> Stroke:
    velocity = _VELOCITIES[sign] * float(np.exp(rng.normal(0, 0.1)))
    return Stroke(lane, clock.played(bar, step, lane), min(velocity, 1.15))


def _degree(track: DemoTrack, bar: int) -> int:
    degrees = track.progression.degrees
    return degrees[bar % len(degrees)]


def _lengths(pattern: str) -> Iterator[tuple[int, str, int]]:
    """Step, sign, and steps to the next sign or the bar's end."""
    found = list(_signs(pattern))
    ends = [step for step, _ in found[1:]] + [len(pattern)]
    return ((step, sign, end - step) for (step, sign), end in zip(found, ends, strict=True))


def _bass_notes(track: DemoTrack, clock: _Clock, legato: float) -> Iterator[Note]:
    rng = track.rng("bass")
    bars = track.groove.bass
    for bar in range(clock.num_bars):
        for step, sign, steps in _lengths(bars[bar % len(bars)]):
            pitch = bass_pitch(
                track.progression, track.tonic, _degree(track, bar), _degree(track, bar + 1), sign
            )
            held = min(steps, 2 * track.groove.steps_per_beat) * legato * clock.step_seconds
            velocity = 0.85 * float(np.exp(rng.normal(0, 0.07)))
            yield Note("bass", pitch, clock.played(bar, step, "bass"), held, velocity)


def _chord_notes(track: DemoTrack, clock: _Clock, arrangement: Arrangement) -> Iterator[Note]:
    bars, short = track.groove.chords, arrangement.stab_beats * track.groove.steps_per_beat
    for bar in range(clock.num_bars):
        pitches = _chord(track, bar)
        for step, sign, steps in _lengths(bars[bar % len(bars)]):
            held = steps if sign == "L" else min(steps, short)
            start, velocity = clock.played(bar, step, "chords"), _VELOCITIES[sign]
            for strum, pitch in enumerate(pitches):
                at = start + 0.5 * strum * track.palette.timing_seconds
                yield Note(
                    "chords", pitch + arrangement.octave, at, held * clock.step_seconds, velocity
                )


def _chord(track: DemoTrack, bar: int) -> list[int]:
    """The chord of a bar; power chords are root, fifth and octave in the low register."""
    degree = _degree(track, bar)
    if track.palette.power_chords:
        root = bass_pitch(track.progression, track.tonic, degree, degree, "1") + 12
        return [root, root + 7, root + 12]
    return voice_chord(track.progression, track.tonic, degree, track.palette.chord_voices)


def _lead_notes(track: DemoTrack, clock: _Clock) -> Iterator[Note]:
    """A sparse motif of two bars on the chords' rhythm and the beats, every other phrase."""
    rng = track.rng("lead")
    first = int(rng.integers(2))
    motif = [_motif_bar(track, rng) for _ in range(2)]
    for bar in range(clock.num_bars):
        if (bar // _PHRASE_BARS) % 2 != first or bar % _PHRASE_BARS == _PHRASE_BARS - 1:
            continue
        for step, position, steps in motif[bar % 2]:
            pitch = lead_pitch(track.progression, track.tonic, position)
            start = clock.played(bar, step, "lead")
            yield Note("lead", pitch, start, 0.9 * steps * clock.step_seconds, 0.8)


def _motif_bar(track: DemoTrack, rng: np.random.Generator) -> list[tuple[int, int, int]]:
    groove = track.groove
    grid = range(0, groove.steps_per_bar, max(1, groove.steps_per_beat // 2))
    steps = sorted(int(s) for s in rng.choice(grid, size=min(4, len(grid)), replace=False))
    walk = np.clip(2 + np.cumsum(rng.integers(-2, 3, size=len(steps))), 0, 6)
    ends = [*steps[1:], groove.steps_per_bar]
    return [
        (step, int(position), min(end - step, groove.steps_per_beat))
        for step, position, end in zip(steps, walk, ends, strict=True)
    ]
