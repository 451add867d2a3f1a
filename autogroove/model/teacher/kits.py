"""Kits and instruments: families of sounds, and single ones drawn from them.

What belongs here: reading `sounds.toml`, and the draws of one drum or one instrument. What does
not: balance and everything after it (`sounds`).
"""

import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from autogroove.model.teacher.idioms import LANES, PARTS
from autogroove.model.teacher.kernels import SAMPLE_RATE_HZ, TABLE_SAMPLES, Samples, strike

Range = tuple[float, float]
Entry = TypeVar("Entry")

_BASSES = ("finger", "upright", "sub", "acid")
_REGISTERS = (36, 55, 67)
_LEVELS = (0.3, 0.12, 0.2)
_LONGEST_SECONDS = 1.2
_WINDOW_SAMPLES = 1024
_TONE_PEAK = 100.0
"""Of the spectrum of a short tone of level 1, so long a window over it."""


@dataclass(frozen=True)
class Body:
    """Something to strike: a ringing part and a hissing part, as ranges to draw from."""

    partials: tuple[float, ...] = (1.0,)
    hz: Range = (100, 200)
    seconds: Range = (0.05, 0.1)
    sweep: Range = (1.0, 1.0)
    tone: float = 1.0
    hiss: Range = (0, 0)
    hiss_seconds: Range = (0.02, 0.05)
    low_hz: Range = (200, 800)
    high_hz: Range = (5000, 10000)
    bursts: tuple[int, int] = (1, 1)
    attack: Range = (0, 0)
    click: Range = (0, 0)
    square: bool = False


@dataclass(frozen=True)
class Timbre:
    """An instrument, as ranges: harmonics, an envelope, modulation. Times are seconds."""

    fall: Range = (0.8, 1.6)
    odd: bool = False
    attack: Range = (0.002, 0.01)
    decay: Range = (0.2, 1.0)
    sustain: Range = (0.3, 0.8)
    release: Range = (0.02, 0.1)
    bright_seconds: Range = (0.05, 0.3)
    vibrato: Range = (0, 0)
    ratio: tuple[float, ...] = ()
    index: Range = (0, 0)
    plucked: bool = False


@dataclass(frozen=True)
class KitFamily:
    """What plays each lane, in the order of `LANES`, and the instruments that go with it."""

    name: str
    bodies: tuple[Body, ...]
    instruments: Mapping[str, Timbre]
    length: float = 1.0
    top_hz: float = 11000.0


@dataclass(frozen=True, eq=False)
class Instrument:
    """A drawn timbre: tables and shape for `add_notes`, or a string's damping and loss."""

    tables: Samples
    shape: NDArray[np.float64]
    plucked: bool
    damping: float
    loss: float
    register: int
    level: float


def _read_families() -> tuple[KitFamily, ...]:
    text = (Path(__file__).parent / "sounds.toml").read_text(encoding="utf-8")
    tree = tomllib.loads(text)
    bodies = {name: _read(Body, entry) for name, entry in tree["bodies"].items()}
    timbres = {name: _read(Timbre, entry) for name, entry in tree["timbres"].items()}
    return tuple(
        KitFamily(
            name,
            tuple(bodies[body] for body in entry.pop("bodies").split()),
            {timbre: timbres[timbre] for timbre in entry.pop("instruments").split()},
            **entry,
        )
        for name, entry in tree["kits"].items()
    )


def _read(kind: Callable[..., Entry], entry: dict[str, Any]) -> Entry:
    return kind(**{key: tuple(v) if isinstance(v, list) else v for key, v in entry.items()})


_FAMILIES = _read_families()

KITS: tuple[str, ...] = tuple(family.name for family in _FAMILIES)
"""Names of the families of kits; a lesson gives each clip's place in them."""


def draw_shots(kit: int, rng: np.random.Generator) -> list[Samples]:
    """One stroke of each lane: float32 (n,) at 22,050 Hz, about equally loud."""
    family = _FAMILIES[kit]
    return [_draw_shot(family, body, rng) for body, _ in zip(family.bodies, LANES, strict=True)]


def _draw_shot(family: KitFamily, body: Body, rng: np.random.Generator) -> Samples:
    hz = body.hz[0] * (body.hz[1] / body.hz[0]) ** rng.random()
    partials = hz * np.array(body.partials) * np.exp(rng.normal(0, 0.02, len(body.partials)))
    levels = body.tone * rng.uniform(0.4, 1.0, len(partials)) / np.arange(1, len(partials) + 1)
    seconds = rng.uniform(*body.seconds) * family.length
    hiss_seconds = rng.uniform(*body.hiss_seconds) * family.length
    tone = [seconds, rng.uniform(*body.sweep), rng.uniform(0.01, 0.04), float(body.square)]
    hiss = [
        rng.uniform(*body.hiss),
        hiss_seconds,
        rng.uniform(*body.low_hz),
        min(rng.uniform(*body.high_hz), family.top_hz),
        rng.integers(body.bursts[0], body.bursts[1] + 1),
        rng.uniform(0.006, 0.014),
        rng.uniform(*body.attack),
        rng.uniform(*body.click),
    ]
    longest = max(seconds, hiss_seconds if hiss[0] else 0) * 5 + 0.03
    out = np.zeros(int(min(longest, _LONGEST_SECONDS) * SAMPLE_RATE_HZ), np.float32)
    noise = rng.standard_normal(len(out), dtype=np.float32)
    strike(out, noise, partials, levels, np.array(tone), np.array(hiss))
    out[-100:] *= np.linspace(1, 0, 100, dtype=np.float32)
    return _level(out)


def _level(shot: Samples) -> Samples:
    """Between equal peaks, with which a hiss is too weak beside a tone, and equal spectral ones."""
    begin = shot[:_WINDOW_SAMPLES]
    strongest = np.abs(np.fft.rfft(begin * np.hanning(len(begin)))).max() / _TONE_PEAK
    shot /= np.float32(np.abs(shot).max() ** 0.65 * strongest**0.35 + 1e-9)
    return shot


def draw_instrument(kit: int, part: str, rng: np.random.Generator) -> Instrument:
    """An instrument for a part, of those that go with a family of kits."""
    family, place = _FAMILIES[kit], PARTS.index(part)
    fitting = [name for name in family.instruments if (name in _BASSES) == (part == "bass")]
    names = fitting or list(family.instruments)
    timbre = family.instruments[names[int(rng.integers(len(names)))]]
    register = _REGISTERS[place] + int(rng.integers(-5, 6))
    shape = [
        rng.uniform(*timbre.attack),
        rng.uniform(*timbre.decay),
        rng.uniform(*timbre.sustain),
        rng.uniform(*timbre.release),
        rng.uniform(*timbre.bright_seconds),
        rng.uniform(*timbre.vibrato),
        rng.uniform(4, 7),
        float(rng.choice(timbre.ratio)) if timbre.ratio else 1.0,
        rng.uniform(*timbre.index),
    ]
    return Instrument(
        tables=_draw_tables(timbre, register, rng),
        shape=np.array(shape),
        plucked=timbre.plucked,
        damping=float(rng.uniform(0.1, 0.5)),
        loss=1.5 / rng.uniform(*timbre.decay),
        register=register,
        level=_LEVELS[place] * float(np.exp(rng.normal(0, 0.45))),
    )


def _draw_tables(timbre: Timbre, register: int, rng: np.random.Generator) -> Samples:
    """One period of the steady harmonics and one of those that die away: (2, TABLE_SAMPLES).

    Harmonics go up to the highest note of the part, so that none folds back.
    """
    top_hz = 440 * 2 ** ((register + 24 - 69) / 12)
    ranks = np.arange(1, int(np.clip(9500 / top_hz, 1, 40)) + 1)
    steady = ranks ** -rng.uniform(*timbre.fall) * rng.uniform(0.5, 1.0, len(ranks))
    if timbre.odd:
        steady[1::2] *= 0.1
    steady[0] = 1.0
    bright = steady * ranks ** rng.uniform(0.2, 0.8) * rng.uniform(0, 1.0)
    if timbre.ratio:  # modulation brings its own harmonics
        steady[1:] = 0
    return np.stack([_make_table(steady), _make_table(bright)])


def _make_table(levels: NDArray[np.float64]) -> Samples:
    spectrum = np.zeros(TABLE_SAMPLES // 2 + 1, np.complex128)
    spectrum[1 : len(levels) + 1] = -0.5j * TABLE_SAMPLES * levels
    wave = np.fft.irfft(spectrum)
    return np.asarray(wave / (np.sqrt(np.sum(levels**2)) + 1e-9), np.float32)
