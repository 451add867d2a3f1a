"""A score in a sound: samples.

What belongs here: adding strokes and notes up, then room, dynamics and damage. What does not:
the draws (`sounds`, `performing`) or the inner loops (`kernels`).
"""

from functools import lru_cache

import numpy as np
import scipy.fft
from numpy.typing import NDArray
from scipy.signal import butter, sosfilt

from autogroove.model.teacher.idioms import LANES, PARTS, ROWS
from autogroove.model.teacher.kernels import (
    SAMPLE_RATE_HZ,
    Samples,
    add_notes,
    add_plucks,
    add_room,
    add_strokes,
    compress,
    drift,
    equalise,
    pump,
)
from autogroove.model.teacher.kits import Instrument
from autogroove.model.teacher.performing import Events, Score
from autogroove.model.teacher.sounds import Harm, Mix, Sound

_PEAK = np.float32(0.9)
_GROUND_SECONDS = 24.0
_GROUND_SEED = 20
_MAJOR, _MINOR = np.array([0, 2, 4, 5, 7, 9, 11]), np.array([0, 2, 3, 5, 7, 8, 10])
_CHORD = (0, 2, 4)
_LOOP_BARS = 4
_BLOCK = 1024


def render_clip(score: Score, sound: Sound, rng: np.random.Generator) -> Samples:
    """The samples of a clip: float32 (round(score.seconds * 22,050),), mono, peak below 1.

    `rng` chooses pitches and which piece of noise is heard: what neither the rhythm nor the
    sound says.
    """
    parts = np.zeros(round(score.seconds * SAMPLE_RATE_HZ), np.float32)
    degrees = _choose_degrees(score, rng)
    for place in range(len(PARTS)):
        _add_part(parts, score.notes, degrees, sound, place)
    kicks = score.strokes.starts[score.strokes.rows == LANES.index("kick")]
    if sound.mix.pump and len(kicks):
        pump(parts, kicks, sound.mix.pump, 0.12)
    _add_drums(parts, score.strokes, sound, rng)
    if sound.mix.drone:
        _add_drone(parts, score.seconds, sound)
    return _harm(_mix(parts, sound.mix), sound.harm, sound.mix.gain, rng)


def _normalise(buffer: Samples) -> None:
    buffer *= _PEAK / (np.abs(buffer).max() + np.float32(1e-6))


def _add_drums(buffer: Samples, strokes: Events, sound: Sound, rng: np.random.Generator) -> None:
    rows = strokes.rows
    add_strokes(
        buffer,
        sound.shots,
        sound.firsts[rows],
        sound.lengths[rows],
        strokes.starts,
        sound.lane_levels[rows] * strokes.velocities**sound.contrast,
        1 - sound.softness * np.clip(1 - strokes.velocities, 0, 1),
        np.exp(rng.normal(0, sound.mistuning, len(rows))),
        strokes.seconds,
    )


def _choose_degrees(score: Score, rng: np.random.Generator) -> NDArray[np.int64]:
    """Scale degrees of every step of the clip by part: int64 (len(PARTS), steps).

    Chords change by the bar and repeat after four; the melody wanders, and repeats with them.
    """
    loop = _LOOP_BARS * score.steps_per_bar
    roots = rng.choice([0, 3, 4, 5, 1, -2], _LOOP_BARS)
    roots[0] = 0
    chord = np.repeat(roots, score.steps_per_bar)
    bass = chord + rng.choice([0, 0, 0, 4, 2, 7], loop)
    bass[:: score.steps_per_bar] = roots
    walk = np.cumsum(rng.choice([-3, -2, -1, -1, 0, 1, 1, 2, 3], loop))
    melody = np.abs((walk + 14) % 28 - 14)  # folded back, so that it stays in two octaves
    steps = np.arange(score.num_bars * score.steps_per_bar) % loop
    return np.stack([bass, chord, melody])[:, steps]


def _add_part(
    buffer: Samples, notes: Events, degrees: NDArray[np.int64], sound: Sound, place: int
) -> None:
    chosen = notes.rows == ROWS.index(PARTS[place])
    if not chosen.any():
        return
    instrument, drive = sound.instruments[place], sound.mix.part_drive[place]
    voices = _CHORD if PARTS[place] == "chords" else (0,)
    target = np.zeros_like(buffer) if drive else buffer
    for voice in voices:
        hz = _pitch_hz(degrees[place][notes.steps[chosen]] + voice, instrument, sound)
        gains = instrument.level * notes.velocities[chosen] / np.sqrt(len(voices))
        _play(target, instrument, hz, notes.starts[chosen], notes.seconds[chosen], gains)
    if drive:
        np.tanh(np.float32(drive / instrument.level) * target, out=target)
        buffer += np.float32(0.7 * instrument.level) * target


def _pitch_hz(
    degrees: NDArray[np.int64], instrument: Instrument, sound: Sound
) -> NDArray[np.float64]:
    scale = _MINOR if sound.minor else _MAJOR
    pitch = instrument.register + sound.tonic + 12 * (degrees // 7) + scale[degrees % 7]
    return np.asarray(440 * 2 ** ((pitch - 69) / 12))


def _play(
    buffer: Samples,
    instrument: Instrument,
    hz: NDArray[np.float64],
    at: NDArray[np.float64],
    seconds: NDArray[np.float64],
    gains: NDArray[np.float64],
) -> None:
    if instrument.plucked:
        noise = _ground()[0]
        add_plucks(buffer, noise, hz, at, seconds, gains, instrument.damping, instrument.loss)
    else:
        add_notes(buffer, instrument.tables, hz, at, seconds, gains, instrument.shape)


def _add_drone(buffer: Samples, seconds: float, sound: Sound) -> None:
    """A fifth held through the clip: sound without rhythm."""
    instrument = sound.instruments[PARTS.index("chords")]
    shape = np.array([0.01, 1.0, 1.0, 0.05, 0.1, 0.0, 5.0, 1.0, 0.0])
    hz = _pitch_hz(np.array([0, 4]), instrument, sound)
    gains = np.full(2, sound.mix.drone * float(np.sqrt(np.mean(buffer * buffer))))
    add_notes(
        buffer, instrument.tables, hz, np.full(2, -0.5), np.full(2, seconds + 1), gains, shape
    )


def _mix(buffer: Samples, mix: Mix) -> Samples:
    equalise(buffer, mix.sections)
    level, seconds = mix.echo
    if level:
        delay = int(seconds * SAMPLE_RATE_HZ)
        dry = buffer.copy()
        buffer[delay:] += np.float32(level) * dry[:-delay]
        buffer[2 * delay :] += np.float32(level * level) * dry[: -2 * delay]
    if mix.room[0]:
        add_room(buffer, *mix.room)
    _normalise(buffer)
    compress(buffer, *mix.squeeze)
    if mix.drive:
        np.tanh(buffer * np.float32(mix.drive), out=buffer)
    return buffer


def _harm(buffer: Samples, harm: Harm, gain: float, rng: np.random.Generator) -> Samples:
    """What happens to a recording: noise around it, an uneven tape, a poor copy."""
    rms = float(np.sqrt(np.mean(buffer * buffer)))
    levels = (harm.hiss, harm.crackle, harm.crowd)
    for noise, level in zip(_ground(), levels, strict=True):
        first = int(rng.integers(len(noise) - len(buffer)))
        if level:
            buffer += noise[first : first + len(buffer)] * np.float32(rms * level)
    if harm.drift[0]:
        moved = np.empty_like(buffer)
        drift(buffer, moved, *harm.drift, float(rng.uniform(0, 2 * np.pi)))
        buffer = moved
    if harm.codec or harm.top_hz:
        buffer = _recode(buffer, harm.codec, harm.top_hz or SAMPLE_RATE_HZ / 2)
    if harm.fade != (1.0, 1.0):
        buffer *= np.linspace(*harm.fade, len(buffer), dtype=np.float32)
    _normalise(buffer)
    if harm.bits:
        steps = np.float32(2 ** (harm.bits - 1))
        np.round(buffer * steps, out=buffer)
        buffer /= steps
    return buffer * np.float32(gain)


def _recode(buffer: Samples, coarseness: float, top_hz: float) -> Samples:
    """Blocks whose weak bins are lost and whose strong ones are rounded, as in a lossy copy."""
    half = _BLOCK // 2
    count = -(-len(buffer) // _BLOCK) * 2
    padded = np.zeros((count + 1) * half, np.float32)
    padded[: len(buffer)] = buffer
    window = np.sin(np.pi * (np.arange(_BLOCK, dtype=np.float32) + np.float32(0.5)) / _BLOCK)
    blocks = np.lib.stride_tricks.sliding_window_view(padded, _BLOCK)[::half] * window
    spectrum = scipy.fft.rfft(blocks, axis=1)
    spectrum[:, int(top_hz / SAMPLE_RATE_HZ * _BLOCK) + 1 :] = 0
    if coarseness:
        strongest = np.abs(spectrum).max(axis=1, keepdims=True)
        step = np.float32(coarseness) * strongest + np.float32(1e-9)
        spectrum = np.round(spectrum / step) * step
    blocks = scipy.fft.irfft(spectrum, axis=1) * window
    padded[:] = 0
    for first in (0, 1):  # blocks overlap by half: the even ones side by side, then the odd
        laid = blocks[first::2].reshape(-1)
        padded[first * half : first * half + len(laid)] += laid
    return padded[: len(buffer)]


@lru_cache(maxsize=1)
def _ground() -> tuple[Samples, Samples, Samples]:
    """White noise, the crackle of a record and a crowd, of RMS 1; clips hear pieces of them."""
    rng = np.random.default_rng(_GROUND_SEED)
    size = int(_GROUND_SECONDS * SAMPLE_RATE_HZ)
    hiss = rng.standard_normal(size, dtype=np.float32)
    crackle = _scatter(rng, size, 400, (900, 6000))
    swell = np.interp(np.arange(size), np.linspace(0, size, 40), rng.uniform(0.3, 1.0, 40))
    voices = _band(rng.standard_normal(size), (250, 3500))
    claps = _scatter(rng, size, 1500, (700, 4000))
    crowd = swell * (voices + claps)
    return hiss, crackle.astype(np.float32), (crowd / crowd.std()).astype(np.float32)


def _scatter(
    rng: np.random.Generator, size: int, count: int, span_hz: tuple[float, float]
) -> NDArray[np.float64]:
    """Clicks at random times, of RMS 1."""
    clicks = np.zeros(size)
    clicks[rng.integers(0, size, count)] = rng.uniform(1, 8, count) * rng.choice([-1, 1], count)
    return _band(clicks, span_hz)


def _band(values: NDArray[np.float64], span_hz: tuple[float, float]) -> NDArray[np.float64]:
    sections = butter(2, span_hz, "bandpass", fs=SAMPLE_RATE_HZ, output="sos")
    filtered = sosfilt(sections, values)
    return np.asarray(filtered / filtered.std())
