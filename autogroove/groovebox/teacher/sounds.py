"""Random sounds: kits, instruments, balance, room and damage.

What belongs here: the families of kits as data, and every draw that changes how a clip sounds but
not its rhythm. What does not: adding it up (`rendering`).
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from autogroove.groovebox.teacher.idioms import LANES, PARTS
from autogroove.groovebox.teacher.kernels import SAMPLE_RATE_HZ, TABLE_SAMPLES, Samples, strike

Range = tuple[float, float]


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


_SKIN, _WOOD, _BAR = (1.0, 1.59, 2.14, 2.65), (1.0, 2.57, 4.1), (1.0, 2.76, 5.4)
_METAL = (0.53, 0.71, 0.83, 1.0, 1.31, 1.57)

BODIES: Mapping[str, Body] = {
    "kick": Body(_SKIN[:2], (44, 80), (0.05, 0.13), (1.5, 3.5), 1.0, (0.0, 0.1), click=(0.1, 0.9)),
    "boom": Body((1.0,), (36, 58), (0.12, 0.4), (1.3, 4.5), click=(0, 0.3)),
    "punch": Body((1.0,), (44, 62), (0.06, 0.14), (3, 6), hiss=(0, 0.1), click=(0.2, 0.8)),
    "thud": Body(_SKIN[:3], (55, 95), (0.03, 0.08), (1.1, 1.6), 1.0, (0.05, 0.3), high_hz=(500, 3000)),
    "snare": Body(_SKIN[:3], (150, 260), (0.03, 0.08), (1, 1.5), 0.7, (0.4, 1.1), (0.04, 0.12), (400, 1800), click=(0, 0.5)),
    "noise": Body((1.0,), (160, 320), (0.02, 0.06), (1, 2), 0.4, (0.6, 1.2), (0.03, 0.16), (600, 3000)),
    "sweep": Body((1.0,), (180, 260), (0.02, 0.03), tone=0.1, hiss=(0.8, 1.2), hiss_seconds=(0.03, 0.09), low_hz=(800, 3000), attack=(0.004, 0.015)),
    "clap": Body((1.0,), (800, 1200), (0.005, 0.01), tone=0.1, hiss=(0.9, 1.2), hiss_seconds=(0.03, 0.12), low_hz=(600, 1400), high_hz=(3000, 8000), bursts=(2, 4)),
    "rim": Body(_WOOD, (600, 1900), (0.006, 0.02), tone=1.0, hiss=(0.0, 0.3), hiss_seconds=(0.003, 0.01), click=(0.1, 0.6)),
    "hat": Body(_METAL, (3500, 8500), (0.015, 0.05), tone=0.25, hiss=(0.5, 1.0), hiss_seconds=(0.012, 0.05), low_hz=(4000, 8500), high_hz=(9500, 11000), square=True),
    "open": Body(_METAL, (3000, 7500), (0.1, 0.3), tone=0.25, hiss=(0.5, 1.0), hiss_seconds=(0.08, 0.3), low_hz=(3000, 7500), high_hz=(9500, 11000), square=True),
    "ride": Body(_METAL, (2200, 5200), (0.12, 0.5), tone=0.35, hiss=(0.3, 0.7), hiss_seconds=(0.05, 0.3), low_hz=(2500, 6500), high_hz=(9500, 11000), click=(0.2, 0.8), square=True),
    "crash": Body(_METAL, (1500, 4200), (0.3, 0.8), tone=0.3, hiss=(0.8, 1.2), hiss_seconds=(0.3, 0.7), low_hz=(900, 4000), square=True),
    "conga": Body(_SKIN, (150, 330), (0.04, 0.13), (1, 1.2), 1.0, (0, 0.2), (0.004, 0.02), click=(0.1, 0.5)),
    "tom": Body(_SKIN[:2], (75, 160), (0.07, 0.2), (1.1, 1.9), 1.0, (0, 0.2), click=(0.1, 0.4)),
    "bongo": Body(_SKIN, (320, 620), (0.02, 0.06), (1, 1.1), 1.0, (0, 0.2), (0.003, 0.01), click=(0.1, 0.6)),
    "cowbell": Body((1.0, 1.48), (480, 900), (0.03, 0.12), tone=1.0, low_hz=(300, 500), square=True),
    "block": Body(_WOOD, (700, 2600), (0.01, 0.04), click=(0, 0.4)),
    "agogo": Body(_BAR, (650, 1500), (0.05, 0.2), click=(0.1, 0.4)),
    "triangle": Body((1.0, 2.3, 3.1), (2200, 4200), (0.05, 0.5)),
    "shaker": Body((1.0,), (500, 900), (0.01, 0.02), tone=0.0, hiss=(0.8, 1.2), hiss_seconds=(0.015, 0.05), low_hz=(2500, 7000), high_hz=(9000, 11000), attack=(0.002, 0.02)),
    "jingle": Body(_METAL, (5000, 8500), (0.03, 0.1), tone=0.2, hiss=(0.6, 1.0), hiss_seconds=(0.02, 0.09), low_hz=(4500, 8500), high_hz=(10000, 11000), bursts=(1, 3), square=True),
    "blip": Body((1.0, 2.0), (250, 2400), (0.004, 0.04), (0.6, 2.5)),
    "tick": Body((1.0,), (1500, 5000), (0.002, 0.008), hiss=(0.2, 1.0), hiss_seconds=(0.001, 0.006), low_hz=(300, 4000)),
    "breath": Body((1.0, 1.3), (180, 500), (0.01, 0.04), (1, 2), 0.3, (0.7, 1.2), (0.02, 0.1), (900, 3500), (3500, 9000), attack=(0, 0.006)),
    "slap": Body(_SKIN, (220, 420), (0.015, 0.05), (1, 1.3), 0.6, (0.4, 0.9), (0.006, 0.025), (500, 1800), (3000, 9000), click=(0.2, 0.8)),
    "anvil": Body((1.0, 1.51, 2.02, 2.74, 3.6), (400, 1600), (0.04, 0.3), (1, 1), 1.0, (0.1, 0.4), (0.005, 0.03), click=(0.1, 0.5)),
    "timpani": Body((1.0, 1.5, 1.98, 2.44), (65, 120), (0.12, 0.4), (1, 1.05), click=(0, 0.2)),
}  # fmt: skip


@dataclass(frozen=True)
class KitFamily:
    """What plays each lane, in the order of `LANES`, and the instruments that go with it."""

    name: str
    bodies: tuple[str, ...]
    instruments: tuple[str, ...]
    length: float = 1.0
    top_hz: float = 11000.0


def _family(name: str, bodies: str, instruments: str, length: float = 1.0, top_hz: float = 11e3) -> KitFamily:
    return KitFamily(name, tuple(bodies.split()), tuple(instruments.split()), length, top_hz)


_FAMILIES = (
    #                        kick  snare rim   hat  open ride  low   high  shaker tom  crash
    _family("studio", "kick snare rim hat open ride conga cowbell shaker tom crash", "finger epiano guitar organ saw"),
    _family("garage", "kick snare rim hat open ride tom block jingle tom crash", "finger saw guitar square reed", 1.5),
    _family("brushes", "thud sweep rim hat open ride conga block shaker tom crash", "upright piano vibes flute guitar", 0.9),
    _family("boom_machine", "boom noise rim hat open ride conga cowbell shaker boom crash", "sub saw bell pad pluck", 1.2),
    _family("punch_machine", "punch clap rim hat open ride tom blip shaker tom crash", "acid saw square pad stab"),
    _family("dusty", "thud snare tick hat open ride conga bongo shaker tom crash", "upright epiano vibes guitar flute", 0.7, 5500),
    _family("hands", "conga slap block shaker jingle agogo conga bongo shaker tom jingle", "upright guitar marimba flute pluck"),
    _family("street", "tom snare block jingle agogo agogo tom block shaker tom crash", "brass reed accordion guitar finger", 1.1),
    _family("iron", "punch anvil tick tick anvil anvil timpani anvil jingle anvil crash", "acid stab square bell sub", 1.2),
    _family("chip", "blip noise blip tick noise tick blip blip tick blip noise", "square saw pluck bell acid", 0.6),
    _family("orchestra", "timpani snare block triangle jingle triangle timpani agogo jingle timpani crash", "strings flute brass fiddle reed"),
    _family("mouth", "thud breath tick breath breath breath slap blip shaker thud breath", "reed flute accordion pad finger", 0.8),
    _family("clicks", "blip tick tick tick noise tick blip blip tick boom noise", "sub epiano pad vibes stab", 0.6),
    _family("session", "thud slap block shaker jingle triangle conga block shaker tom jingle", "fiddle accordion whistle banjo guitar", 0.9),
)  # fmt: skip
KITS: tuple[str, ...] = tuple(family.name for family in _FAMILIES)
"""Names of the families of kits; a lesson gives each clip's place in them."""


@dataclass(frozen=True)
class Timbre:
    """An instrument, as ranges: harmonics that fall by `fall`, an envelope, modulation."""

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


_HELD, _DEAD = (0.85, 1.0), (0.0, 0.0)
TIMBRES: Mapping[str, Timbre] = {
    "finger": Timbre((1.2, 2), sustain=(0.1, 0.5)),
    "upright": Timbre((1.6, 2.6), sustain=_DEAD, decay=(0.15, 0.5)),
    "sub": Timbre((2.5, 4), sustain=_HELD),
    "acid": Timbre((0.7, 1.1), sustain=(0.2, 0.9), bright_seconds=(0.03, 0.15)),
    "saw": Timbre((0.8, 1.2), sustain=_HELD),
    "square": Timbre((0.8, 1.2), True, sustain=_HELD),
    "stab": Timbre((0.7, 1.2), sustain=_DEAD, decay=(0.05, 0.25)),
    "pad": Timbre((1.2, 2), attack=(0.03, 0.25), sustain=_HELD, release=(0.1, 0.4)),
    "organ": Timbre((0.5, 1.4), True, (0.002, 0.02), sustain=_HELD, release=(0.01, 0.04), vibrato=(0, 0.006)),
    "piano": Timbre((1.2, 1.9), sustain=_DEAD, decay=(0.3, 1.2)),
    "epiano": Timbre(ratio=(1, 14, 7), index=(0.4, 2), sustain=_DEAD, decay=(0.4, 1.2)),
    "bell": Timbre(ratio=(1.41, 3.5, 2.76), index=(1, 4), sustain=_DEAD, decay=(0.2, 1.0), release=(0.1, 0.5)),
    "vibes": Timbre(ratio=(4, 3.9), index=(0.3, 1), sustain=_DEAD, decay=(0.4, 1.5), release=(0.1, 0.4)),
    "marimba": Timbre(ratio=(4, 9.2), index=(0.3, 1.2), sustain=_DEAD, decay=(0.06, 0.25)),
    "flute": Timbre((2, 3.2), attack=(0.02, 0.08), sustain=_HELD, vibrato=(0, 0.01)),
    "whistle": Timbre((2.4, 3.5), attack=(0.005, 0.03), sustain=_HELD, vibrato=(0, 0.008)),
    "fiddle": Timbre((0.8, 1.2), attack=(0.015, 0.07), sustain=_HELD, vibrato=(0, 0.01)),
    "strings": Timbre((1, 1.4), attack=(0.03, 0.15), sustain=_HELD, vibrato=(0.002, 0.01), release=(0.05, 0.2)),
    "reed": Timbre((0.6, 1.1), True, (0.01, 0.04), sustain=_HELD),
    "accordion": Timbre((0.6, 1.1), attack=(0.01, 0.05), sustain=_HELD, vibrato=(0, 0.006)),
    "brass": Timbre((0.7, 1.2), attack=(0.015, 0.06), sustain=_HELD, bright_seconds=(0.1, 0.5)),
    "guitar": Timbre(plucked=True, decay=(0.5, 2)),
    "banjo": Timbre(plucked=True, decay=(0.15, 0.5)),
    "pluck": Timbre(plucked=True, decay=(0.1, 0.8)),
}  # fmt: skip


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


@dataclass(frozen=True, eq=False)
class Sound:
    """A kit, instruments and a mix. `effects` are in the order in which they are applied."""

    kit: int
    shots: Samples
    firsts: NDArray[np.int64]
    lengths: NDArray[np.int64]
    lane_levels: NDArray[np.float64]
    instruments: tuple[Instrument, ...]
    part_drive: NDArray[np.float64]
    softness: float
    """How much duller a weak stroke is than a strong one, 0 to 1."""
    mistuning: float
    """Spread of the speed of strokes, as a share."""
    contrast: float
    """Power to which velocities are raised."""
    tonic: int
    minor: bool
    sections: NDArray[np.float64]
    room: tuple[float, float, float, float]
    squeeze: tuple[float, float, float]
    drive: float
    top_hz: float
    drift: tuple[float, float]
    codec: float
    crush: int
    hiss: float
    crowd: float
    gain: float


def draw_sound(kit: int, rng: np.random.Generator, *, damage: float) -> Sound:
    """A random sound of a family of kits; `damage` is the share of sounds with each harm."""
    family = _FAMILIES[kit]
    shots = [_draw_shot(family, body, rng) for body in family.bodies]
    lengths = np.array([len(shot) for shot in shots])
    levels = _LANE_LEVELS * np.exp(rng.normal(0, 0.45, len(LANES)))
    return Sound(
        kit=kit,
        shots=np.concatenate(shots),
        firsts=np.cumsum(lengths) - lengths,
        lengths=lengths,
        lane_levels=_mute(levels, rng) * np.exp(rng.normal(0.1, 0.3)),
        instruments=tuple(_draw_instrument(family, part, rng) for part in PARTS),
        part_drive=np.where(rng.random(len(PARTS)) < 0.25, rng.uniform(1, 8, len(PARTS)), 0),
        softness=float(rng.uniform(0, 0.8)),
        mistuning=float(rng.choice([0, rng.uniform(0, 0.02)])),
        contrast=float(rng.uniform(0.8, 1.8)),
        tonic=int(rng.integers(-6, 6)),
        minor=bool(rng.random() < 0.5),
        sections=_draw_equaliser(rng),
        room=_draw_room(rng),
        squeeze=(float(rng.uniform(0.08, 0.4)), float(rng.uniform(0, 0.8)), float(rng.uniform(0.03, 0.4))),
        drive=float(rng.choice([0, rng.uniform(0.5, 5)], p=[0.6, 0.4])),
        top_hz=float(rng.uniform(2200, 8500)) if rng.random() < damage else 0.0,
        drift=(float(rng.uniform(0.0003, 0.003)), float(rng.uniform(0.3, 6))) if rng.random() < damage else (0.0, 1.0),
        codec=float(rng.uniform(0.02, 0.15)) if rng.random() < damage else 0.0,
        crush=int(rng.integers(5, 9)) if rng.random() < damage / 2 else 0,
        hiss=float(10 ** (rng.uniform(-70, -28) / 20)),
        crowd=float(10 ** (rng.uniform(-45, -22) / 20)) if rng.random() < damage else 0.0,
        gain=float(10 ** (rng.uniform(-18, 0) / 20)),
    )  # fmt: skip


_LANE_LEVELS = np.array([0.7, 0.6, 0.4, 0.25, 0.25, 0.25, 0.45, 0.35, 0.2, 0.5, 0.3])
_PART_LEVELS = (0.4, 0.22, 0.32)
_REGISTERS = (36, 55, 67)


def _mute(levels: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.float64]:
    """Cymbals or small percussion, whole, far back in some mixes: the groove is still there."""
    for group in (("hat", "open", "ride"), ("high", "shaker"), ("low",)):
        if rng.random() < 0.08:
            levels[[LANES.index(lane) for lane in group]] *= 0.15
    return levels


def _draw(span: Range, rng: np.random.Generator) -> float:
    return float(rng.uniform(*span))


def _draw_shot(family: KitFamily, name: str, rng: np.random.Generator) -> Samples:
    """One stroke: float32 (n,), peak 1."""
    body = BODIES[name]
    hz = body.hz[0] * (body.hz[1] / body.hz[0]) ** rng.random()
    partials = hz * np.array(body.partials) * np.exp(rng.normal(0, 0.02, len(body.partials)))
    levels = body.tone * rng.uniform(0.4, 1.0, len(partials)) / np.arange(1, len(partials) + 1)
    seconds = _draw(body.seconds, rng) * family.length
    hiss_seconds = _draw(body.hiss_seconds, rng) * family.length
    bursts = int(rng.integers(body.bursts[0], body.bursts[1] + 1))
    tone = np.array([seconds, _draw(body.sweep, rng), rng.uniform(0.01, 0.04), float(body.square)])
    hiss = np.array([
        _draw(body.hiss, rng), hiss_seconds, _draw(body.low_hz, rng), min(_draw(body.high_hz, rng), family.top_hz),
        bursts, rng.uniform(0.006, 0.014), _draw(body.attack, rng), _draw(body.click, rng),
    ])  # fmt: skip
    longest = max(seconds, hiss_seconds if hiss[0] else 0) * 5 + 0.03
    out = np.zeros(int(min(longest, 1.2) * SAMPLE_RATE_HZ), np.float32)
    strike(out, rng.standard_normal(len(out), dtype=np.float32), partials, levels, tone, hiss)
    out[-100:] *= np.linspace(1, 0, 100, dtype=np.float32)
    return out / (np.abs(out).max() + np.float32(1e-9))


def _draw_instrument(family: KitFamily, part: str, rng: np.random.Generator) -> Instrument:
    place = PARTS.index(part)
    low = ("finger", "upright", "sub", "acid")
    fitting = [n for n in family.instruments if (n in low) == (part == "bass")] or family.instruments
    timbre = TIMBRES[fitting[int(rng.integers(len(fitting)))]]
    register = _REGISTERS[place] + int(rng.integers(-5, 6))
    # Harmonics up to the highest note of the part, so that none folds back.
    top_note = 440 * 2 ** ((register + 24 - 69) / 12)
    count = int(np.clip(9500 / top_note, 1, 40))
    ranks = np.arange(1, count + 1)
    steady = ranks ** -_draw(timbre.fall, rng) * rng.uniform(0.5, 1.0, count)
    if timbre.odd:
        steady[1::2] *= 0.1
    steady[0] = 1.0
    bright = steady * ranks ** rng.uniform(0.2, 0.8) * rng.uniform(0, 1.0)
    if timbre.ratio:
        steady[1:] = 0
    ratio = float(rng.choice(timbre.ratio)) if timbre.ratio else 1.0
    shape = [
        _draw(timbre.attack, rng), _draw(timbre.decay, rng), _draw(timbre.sustain, rng),
        _draw(timbre.release, rng), _draw(timbre.bright_seconds, rng), _draw(timbre.vibrato, rng),
        rng.uniform(4, 7), ratio, _draw(timbre.index, rng),
    ]  # fmt: skip
    return Instrument(
        tables=np.stack([_make_table(steady), _make_table(bright)]),
        shape=np.array(shape),
        plucked=timbre.plucked,
        damping=float(rng.uniform(0.1, 0.5)),
        loss=1.5 / _draw(timbre.decay, rng),
        register=register,
        level=_PART_LEVELS[place] * float(np.exp(rng.normal(0, 0.35))),
    )


def _make_table(levels: NDArray[np.float64]) -> Samples:
    """One period of harmonics, first the fundamental."""
    spectrum = np.zeros(TABLE_SAMPLES // 2 + 1, np.complex128)
    spectrum[1 : len(levels) + 1] = -0.5j * TABLE_SAMPLES * levels
    wave = np.fft.irfft(spectrum)
    return (wave / (np.sqrt(np.sum(levels**2)) + 1e-9)).astype(np.float32)


def _draw_room(rng: np.random.Generator) -> tuple[float, float, float, float]:
    """Level, seconds, dullness, size."""
    level = 0.0 if rng.random() < 0.25 else float(10 ** rng.uniform(-2.0, -0.7))
    return level, float(rng.uniform(0.15, 1.8)), float(rng.uniform(0.25, 0.9)), float(rng.uniform(0.6, 1.6))


def _draw_equaliser(rng: np.random.Generator) -> NDArray[np.float64]:
    """Shelf, bell, shelf: float64 (3, 5)."""
    bass = _shelf(rng.uniform(80, 300), rng.normal(0, 5), high=False)
    bell = _bell(10 ** rng.uniform(2.3, 3.8), rng.normal(0, 5), rng.uniform(0.5, 2))
    return np.array([bass, bell, _shelf(rng.uniform(2000, 6000), rng.normal(0, 5), high=True)])


def _bell(hz: float, decibels: float, quality: float) -> list[float]:
    """A peak or a dip (Bristow-Johnson's cookbook)."""
    a, w = 10 ** (decibels / 40), 2 * np.pi * hz / SAMPLE_RATE_HZ
    alpha, cos = np.sin(w) / (2 * quality), np.cos(w)
    scale = 1 + alpha / a
    return [(1 + alpha * a) / scale, -2 * cos / scale, (1 - alpha * a) / scale, -2 * cos / scale, (1 - alpha / a) / scale]


def _shelf(hz: float, decibels: float, *, high: bool) -> list[float]:
    """A shelf above or below a frequency (Bristow-Johnson's cookbook, slope 1)."""
    a, w = 10 ** (decibels / 40), 2 * np.pi * hz / SAMPLE_RATE_HZ
    cos = -np.cos(w) if high else np.cos(w)
    root, sign = 2 * np.sqrt(a) * np.sin(w) / np.sqrt(2), -1 if high else 1
    scale = (a + 1) + (a - 1) * cos + root
    b = [a * ((a + 1) - (a - 1) * cos + root), sign * 2 * a * ((a - 1) - (a + 1) * cos), a * ((a + 1) - (a - 1) * cos - root)]
    return [*(x / scale for x in b), sign * -2 * ((a - 1) + (a + 1) * cos) / scale, ((a + 1) + (a - 1) * cos - root) / scale]
