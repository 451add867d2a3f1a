"""A score in a sound: samples.

What belongs here: adding strokes and notes up, then room, dynamics and damage. What does not:
the draws (`sounds`, `performing`) or the inner loops (`kernels`).
"""

from functools import lru_cache

import numpy as np
import scipy.fft
from numpy.typing import NDArray
from scipy.signal import butter, sosfilt

from autogroove.groovebox.teacher.idioms import PARTS, ROWS
from autogroove.groovebox.teacher.kernels import (
    SAMPLE_RATE_HZ,
    Samples,
    add_notes,
    add_plucks,
    add_room,
    add_strokes,
    compress,
    drift,
    equalise,
)
from autogroove.groovebox.teacher.performing import Events, Score
from autogroove.groovebox.teacher.sounds import Instrument, Sound

_PEAK = 0.9
_GROUND_SECONDS = 24.0
_MAJOR, _MINOR = np.array([0, 2, 4, 5, 7, 9, 11]), np.array([0, 2, 3, 5, 7, 8, 10])
_BLOCK = 1024


def render_clip(score: Score, sound: Sound, rng: np.random.Generator) -> Samples:
    """The samples of a clip: float32 (round(score.seconds * 22,050),), mono, peak below 1.

    `rng` chooses pitches and which piece of noise is heard: what neither the rhythm nor the
    sound says.
    """
    buffer = np.zeros(round(score.seconds * SAMPLE_RATE_HZ), np.float32)
    _add_drums(buffer, score.strokes, sound, rng)
    pitches = _choose_pitches(score, sound, rng)
    for place, part in enumerate(PARTS):
        _add_part(buffer, score.notes, ROWS.index(part), pitches, sound, place)
    _normalise(buffer)
    equalise(buffer, sound.sections)
    level, seconds, dull, size = sound.room
    if level:
        add_room(buffer, level, seconds, dull, size)
    _normalise(buffer)
    threshold, slope, release = sound.squeeze
    compress(buffer, threshold, slope, release)
    if sound.drive:
        np.tanh(buffer * np.float32(sound.drive), out=buffer)
    return _damage(buffer, sound, rng)


def _normalise(buffer: Samples) -> None:
    buffer *= np.float32(_PEAK) / (np.abs(buffer).max() + np.float32(1e-6))


def _add_drums(buffer: Samples, strokes: Events, sound: Sound, rng: np.random.Generator) -> None:
    rows, count = strokes.rows, len(strokes.rows)
    add_strokes(
        buffer,
        sound.shots,
        sound.firsts[rows],
        sound.lengths[rows],
        strokes.starts,
        sound.lane_levels[rows] * strokes.velocities**sound.contrast,
        1 - sound.softness * np.clip(1 - strokes.velocities, 0, 1),
        np.exp(rng.normal(0, sound.mistuning, count)),
        strokes.seconds,
    )


def _choose_pitches(score: Score, sound: Sound, rng: np.random.Generator) -> NDArray[np.int64]:
    """Scale degrees of every step of the clip by part: int64 (len(PARTS), steps).

    Chords change by the bar and repeat after four; the melody wanders, and repeats with them.
    """
    loop = 4 * score.steps_per_bar
    roots = rng.choice([0, 3, 4, 5, 1, -2], 4)
    roots[0] = 0
    chord = np.repeat(roots, score.steps_per_bar)
    bass = chord + rng.choice([0, 0, 0, 4, 2, 7], loop)
    bass[:: score.steps_per_bar] = chord[:: score.steps_per_bar]
    walk = np.cumsum(rng.choice([-2, -1, -1, 0, 1, 1, 2], loop))
    melody = np.abs((walk + 14) % 28 - 14)  # folded back, so that it stays in two octaves
    steps = np.arange(score.num_bars * score.steps_per_bar) % loop
    return np.stack([bass, chord, melody])[:, steps]


def _add_part(
    buffer: Samples,
    notes: Events,
    row: int,
    degrees: NDArray[np.int64],
    sound: Sound,
    place: int,
) -> None:
    chosen = notes.rows == row
    if not chosen.any():
        return
    instrument, drive = sound.instruments[place], sound.part_drive[place]
    voices = (0, 2, 4) if PARTS[place] == "chords" else (0,)
    target = np.zeros_like(buffer) if drive else buffer
    for voice in voices:
        degree = degrees[place][notes.steps[chosen]] + voice
        scale = _MINOR if sound.minor else _MAJOR
        pitch = instrument.register + sound.tonic + 12 * (degree // 7) + scale[degree % 7]
        hz = 440 * 2 ** ((pitch - 69) / 12)
        gains = instrument.level * notes.velocities[chosen] / np.sqrt(len(voices))
        _play(target, instrument, hz, notes.starts[chosen], notes.seconds[chosen], gains)
    if drive:
        buffer += np.tanh(np.float32(drive) * target) * np.float32(instrument.level)


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


def _damage(buffer: Samples, sound: Sound, rng: np.random.Generator) -> Samples:
    """What happens to a recording: noise around it, an uneven tape, a poor copy."""
    level = np.float32(np.sqrt(np.mean(buffer * buffer)))
    hiss, crowd = _ground()
    for noise, share in ((hiss, sound.hiss), (crowd, sound.crowd)):
        if share:
            first = int(rng.integers(len(noise) - len(buffer)))
            buffer += noise[first : first + len(buffer)] * (level * np.float32(4 * share))
    if sound.drift[0]:
        moved = np.empty_like(buffer)
        drift(buffer, moved, *sound.drift, float(rng.uniform(0, 6.28)))
        buffer = moved
    if sound.codec or sound.top_hz:
        buffer = _recode(buffer, sound.codec, sound.top_hz or SAMPLE_RATE_HZ / 2)
    _normalise(buffer)
    if sound.crush:
        buffer = np.round(buffer * 2 ** (sound.crush - 1)) / np.float32(2 ** (sound.crush - 1))
    return buffer * np.float32(sound.gain)


def _recode(buffer: Samples, coarseness: float, top_hz: float) -> Samples:
    """Blocks whose weak bins are lost and whose strong ones are rounded, as in a lossy copy."""
    half = _BLOCK // 2
    count = -(-len(buffer) // half)
    padded = np.zeros((count + 1) * half, np.float32)
    padded[: len(buffer)] = buffer
    window = np.sin(np.pi * (np.arange(_BLOCK, dtype=np.float32) + np.float32(0.5)) / _BLOCK)
    blocks = np.lib.stride_tricks.sliding_window_view(padded, _BLOCK)[::half] * window
    spectrum = scipy.fft.rfft(blocks, axis=1)
    spectrum[:, int(top_hz / SAMPLE_RATE_HZ * _BLOCK) + 1 :] = 0
    if coarseness:
        step = np.float32(coarseness) * np.abs(spectrum).max(axis=1, keepdims=True) + np.float32(1e-9)
        parts = spectrum.view(np.float32).reshape(*spectrum.shape, 2)
        np.multiply(np.round(parts / step[..., None]), step[..., None], out=parts)
    blocks = scipy.fft.irfft(spectrum, axis=1) * window
    padded[:] = 0
    padded[: len(blocks[::2]) * _BLOCK] += blocks[::2].reshape(-1)[: len(padded)]
    odd = blocks[1::2].reshape(-1)
    padded[half : half + len(odd)] += odd[: len(padded) - half]
    return padded[: len(buffer)]


@lru_cache(maxsize=1)
def _ground() -> tuple[Samples, Samples]:
    """White noise and a crowd, of RMS 1; clips hear pieces of them."""
    rng = np.random.default_rng(np.random.SeedSequence(20240229))
    size = int(_GROUND_SECONDS * SAMPLE_RATE_HZ)
    hiss = rng.standard_normal(size, dtype=np.float32)
    swell = np.interp(np.arange(size), np.linspace(0, size, 40), rng.uniform(0.3, 1.0, 40))
    voices = sosfilt(butter(2, (250, 3500), "bandpass", fs=SAMPLE_RATE_HZ, output="sos"), rng.standard_normal(size))
    claps = np.zeros(size)
    places = rng.integers(0, size, 1500)
    claps[places] = rng.uniform(1, 8, len(places)) * rng.choice([-1, 1], len(places))
    claps = sosfilt(butter(2, (700, 4000), "bandpass", fs=SAMPLE_RATE_HZ, output="sos"), claps)
    crowd = swell * (voices / voices.std() + claps / claps.std())
    return hiss, (crowd / crowd.std()).astype(np.float32)
