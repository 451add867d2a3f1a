"""Random sounds: a kit, instruments, their balance, the room, and what harms a recording.

What belongs here: every draw that changes how a clip sounds but not its rhythm. What does not:
single drums and instruments (`kits`), or adding it all up (`rendering`).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from autogroove.model.teacher.idioms import LANES, PARTS
from autogroove.model.teacher.kernels import SAMPLE_RATE_HZ, Samples
from autogroove.model.teacher.kits import Instrument, draw_instrument, draw_shots

_LANE_LEVELS = np.array([0.7, 0.6, 0.4, 0.25, 0.25, 0.25, 0.45, 0.35, 0.2, 0.5, 0.3])
_MUTED_TOGETHER = (("hat", "open", "ride"), ("high", "shaker"), ("low",))


@dataclass(frozen=True, eq=False)
class Mix:
    """What a studio does. Levels are factors, times seconds."""

    sections: NDArray[np.float64]
    """Three biquads for `equalise`."""
    part_drive: NDArray[np.float64]
    """(len(PARTS),); 0 where a part is clean."""
    drone: float
    """Level of a held chord, beside the RMS of everything else."""
    pump: float
    """How far the kick pushes everything else down, 0 to 1."""
    echo: tuple[float, float]
    """Level and time of two repeats."""
    room: tuple[float, float, float, float]
    """Level, time, dullness and size for `add_room`."""
    squeeze: tuple[float, float, float]
    """Threshold, slope and release for `compress`."""
    drive: float
    gain: float


@dataclass(frozen=True)
class Harm:
    """What happens to a recording. Levels are relative to its RMS; 0: none."""

    hiss: float
    crackle: float
    crowd: float
    drift: tuple[float, float]
    """Depth in seconds and rate in hz of an uneven tape."""
    codec: float
    """Step of rounding, beside the strongest bin of a block."""
    top_hz: float
    bits: int
    fade: tuple[float, float]
    """Level at the beginning and at the end."""


@dataclass(frozen=True, eq=False)
class Sound:
    """Everything that a clip sounds like; the same sound may play any score."""

    kit: int
    shots: Samples
    """One stroke of each lane, one after the other: `firsts` and `lengths` say where."""
    firsts: NDArray[np.int64]
    lengths: NDArray[np.int64]
    lane_levels: NDArray[np.float64]
    instruments: tuple[Instrument, ...]
    softness: float
    """How much duller a weak stroke is than a strong one, 0 to 1."""
    mistuning: float
    """Spread of the speed of strokes, as a share."""
    contrast: float
    """Power to which velocities are raised."""
    tonic: int
    minor: bool
    mix: Mix
    harm: Harm


def draw_sound(kit: int, rng: np.random.Generator, *, damage: float) -> Sound:
    """A random sound of a family of kits; `damage` is the share of sounds with each harm."""
    shots = draw_shots(kit, rng)
    lengths = np.array([len(shot) for shot in shots])
    levels = _LANE_LEVELS * np.exp(rng.normal(0, 0.45, len(LANES)))
    return Sound(
        kit=kit,
        shots=np.concatenate(shots),
        firsts=np.cumsum(lengths) - lengths,
        lengths=lengths,
        lane_levels=_mute(levels, rng) * np.exp(rng.normal(0.1, 0.3)),
        instruments=tuple(draw_instrument(kit, part, rng) for part in PARTS),
        softness=float(rng.uniform(0, 0.8)),
        mistuning=_sometimes(0.5, (0.001, 0.02), rng),
        contrast=float(rng.uniform(0.8, 1.8)),
        tonic=int(rng.integers(-6, 6)),
        minor=bool(rng.random() < 0.5),
        mix=_draw_mix(rng),
        harm=_draw_harm(rng, damage),
    )


def _sometimes(share: float, span: tuple[float, float], rng: np.random.Generator) -> float:
    """A draw from the span in a share of sounds, else 0."""
    drawn = float(rng.uniform(*span))
    return drawn if rng.random() < share else 0.0


def _mute(levels: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.float64]:
    """Cymbals or small percussion far back in some mixes: the groove is still there."""
    for group in _MUTED_TOGETHER:
        if rng.random() < 0.08:
            levels[[LANES.index(lane) for lane in group]] *= 0.15
    return levels


def _draw_mix(rng: np.random.Generator) -> Mix:
    return Mix(
        sections=_draw_equaliser(rng),
        part_drive=np.array([_sometimes(0.25, (1, 8), rng) for _ in PARTS]),
        drone=_sometimes(0.3, (0.02, 0.25), rng),
        pump=_sometimes(0.12, (0.2, 0.8), rng),
        echo=(_sometimes(0.15, (0.1, 0.35), rng), float(rng.uniform(0.08, 0.45))),
        room=(
            0.0 if rng.random() < 0.25 else float(10 ** rng.uniform(-2.0, -0.7)),
            float(rng.uniform(0.15, 1.8)),
            float(rng.uniform(0.25, 0.9)),
            float(rng.uniform(0.6, 1.6)),
        ),
        squeeze=(
            float(rng.uniform(0.08, 0.4)),
            float(rng.uniform(0, 0.8)),
            float(rng.uniform(0.03, 0.4)),
        ),
        drive=_sometimes(0.4, (0.5, 5), rng),
        gain=float(10 ** (rng.uniform(-18, 0) / 20)),
    )


def _draw_harm(rng: np.random.Generator, damage: float) -> Harm:
    fades = rng.uniform(0.15, 1.0, 2) if rng.random() < damage else (1.0, 1.0)
    return Harm(
        hiss=float(10 ** (rng.uniform(-58, -16) / 20)),
        crackle=_sometimes(damage / 2, (0.02, 0.2), rng),
        crowd=_sometimes(damage, (0.02, 0.3), rng),
        drift=(_sometimes(damage, (0.0003, 0.003), rng), float(rng.uniform(0.3, 6))),
        codec=_sometimes(damage, (0.02, 0.15), rng),
        top_hz=_sometimes(damage, (2200, 8500), rng),
        bits=int(_sometimes(damage / 2, (5, 9), rng)),
        fade=(float(fades[0]), float(fades[1])),
    )


def _draw_equaliser(rng: np.random.Generator) -> NDArray[np.float64]:
    """Shelf, bell, shelf: float64 (3, 5)."""
    bass = _shelf(rng.uniform(80, 300), rng.normal(0, 5), high=False)
    bell = _bell(10 ** rng.uniform(2.3, 3.8), rng.normal(0, 5), rng.uniform(0.5, 2))
    return np.array([bass, bell, _shelf(rng.uniform(2000, 6000), rng.normal(0, 5), high=True)])


def _bell(hz: float, decibels: float, quality: float) -> NDArray[np.float64]:
    """A peak or a dip (Bristow-Johnson's cookbook): b0 b1 b2 a1 a2."""
    a, w = 10 ** (decibels / 40), 2 * np.pi * hz / SAMPLE_RATE_HZ
    alpha, cos = np.sin(w) / (2 * quality), np.cos(w)
    taps = [1 + alpha * a, -2 * cos, 1 - alpha * a, -2 * cos, 1 - alpha / a]
    return np.asarray(np.array(taps) / (1 + alpha / a))


def _shelf(hz: float, decibels: float, *, high: bool) -> NDArray[np.float64]:
    """A shelf above or below a frequency (the same cookbook, slope 1): b0 b1 b2 a1 a2."""
    a, w = 10 ** (decibels / 40), 2 * np.pi * hz / SAMPLE_RATE_HZ
    sign = -1 if high else 1
    cos, root = sign * np.cos(w), np.sqrt(2 * a) * np.sin(w)
    up, down = a + 1, a - 1
    taps = [
        a * (up - down * cos + root),
        sign * 2 * a * (down - up * cos),
        a * (up - down * cos - root),
        sign * -2 * (down + up * cos),
        up + down * cos - root,
    ]
    return np.asarray(np.array(taps) / (up + down * cos + root))
