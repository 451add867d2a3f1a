"""The sounds of the groovebox: drum kits, instruments, and how they are mixed.

What belongs here: every choice that shapes timbre, in one frozen value a palette.
What does not: when anything is played (`grooves`). The genre label of the demo is the palette.
"""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Instrument:
    """A pitched sound: two sets of harmonics and an envelope.

    `steady` and `bright` give amplitudes by harmonic number; the bright part dies away with
    `bright_seconds`. Envelope: attack, decay time constant toward `sustain`, release.
    """

    steady: Mapping[int, float]
    bright: Mapping[int, float]
    bright_seconds: float
    attack_seconds: float
    decay_seconds: float
    sustain: float
    release_seconds: float
    detune_cents: float = 0.0
    vibrato_cents: float = 0.0


@dataclass(frozen=True)
class Kit:
    """A drum kit, by the few numbers that the drum synthesis needs."""

    kick_hz: float
    kick_sweep: float
    kick_seconds: float
    kick_click: float
    snare_hz: float
    snare_noise: float
    snare_seconds: float
    hat_hz: float
    hat_seconds: float
    metal: float
    percussion_hz: float
    percussion_noise: float
    crush: bool = False


@dataclass(frozen=True)
class Palette:
    """A family of sound: kit, bass, chords and lead, and the room that they are in."""

    name: str
    genre: str
    genre_id: int
    kit: Kit
    bass: Instrument
    chords: Instrument
    lead: Instrument
    chord_voices: int = 3
    power_chords: bool = False
    chord_drive: float = 0.0
    bass_drive: float = 0.0
    levels: tuple[float, float, float, float] = (1.0, 0.5, 0.7, 0.4)
    room: float = 0.2
    room_seconds: float = 0.6
    width: float = 0.5
    timing_seconds: float = 0.004
    energy: float = 0.6
    acousticness: float = 0.5


def _saw(top: int, fall: float = 1.0) -> dict[int, float]:
    return {k: float(k**-fall) for k in range(1, top + 1)}


def _odd(top: int, fall: float = 1.0) -> dict[int, float]:
    return {k: float(k**-fall) for k in range(1, top + 1, 2)}


ELECTRONIC = Palette(
    "electronic",
    "Electronic",
    15,
    Kit(48, 3.5, 0.32, 0.5, 190, 0.9, 0.16, 8200, 0.045, 0.2, 520, 0.3),
    bass=Instrument(_saw(6, 1.4), _saw(14), 0.12, 0.004, 0.4, 0.7, 0.03),
    chords=Instrument(_saw(12, 1.3), _saw(30, 0.9), 0.25, 0.012, 0.6, 0.7, 0.08, detune_cents=11),
    lead=Instrument(_odd(15, 1.1), _saw(20), 0.1, 0.006, 0.3, 0.5, 0.08, vibrato_cents=8),
    levels=(1.0, 0.45, 0.51, 0.31),
    room=0.16,
    room_seconds=0.9,
    width=0.8,
    timing_seconds=0.0012,
    energy=0.8,
    acousticness=0.05,
)
ROCK = Palette(
    "rock",
    "Rock",
    12,
    Kit(58, 2.2, 0.26, 0.8, 175, 1.0, 0.24, 6200, 0.07, 0.7, 310, 0.2),
    bass=Instrument(_saw(8, 1.1), _saw(18, 0.8), 0.08, 0.003, 0.6, 0.6, 0.03),
    chords=Instrument(_saw(14), _saw(24, 0.8), 0.3, 0.004, 1.2, 0.8, 0.05, detune_cents=5),
    lead=Instrument(_saw(18, 0.9), _saw(24, 0.7), 0.4, 0.01, 0.8, 0.8, 0.06, vibrato_cents=14),
    power_chords=True,
    chord_drive=7.0,
    bass_drive=1.5,
    levels=(1.0, 0.4, 0.51, 0.26),
    room=0.12,
    room_seconds=0.5,
    width=0.9,
    timing_seconds=0.006,
    energy=0.85,
    acousticness=0.1,
)
FOLK = Palette(
    "folk",
    "Folk",
    17,
    Kit(82, 1.4, 0.18, 0.3, 240, 0.45, 0.11, 5200, 0.09, 0.0, 420, 0.55),
    bass=Instrument({1: 1, 2: 0.45, 3: 0.15}, _saw(8, 1.2), 0.06, 0.005, 0.5, 0.1, 0.05),
    chords=Instrument(
        {1: 1, 2: 0.6, 3: 0.35, 4: 0.2, 5: 0.1}, _saw(22, 0.75), 0.09, 0.002, 0.45, 0.0, 0.06
    ),
    lead=Instrument({1: 1, 2: 0.2, 3: 0.08}, {2: 0.3, 4: 0.1}, 0.1, 0.05, 1.0, 0.9, 0.08, 0.0, 18),
    chord_voices=4,
    levels=(0.8, 0.43, 0.83, 0.26),
    room=0.14,
    room_seconds=0.4,
    width=0.45,
    timing_seconds=0.008,
    energy=0.4,
    acousticness=0.9,
)
JAZZ = Palette(
    "jazz",
    "Jazz",
    4,
    Kit(66, 1.3, 0.22, 0.15, 205, 0.8, 0.2, 4300, 0.06, 0.9, 350, 0.35),
    bass=Instrument({1: 1, 2: 0.7, 3: 0.3, 4: 0.12}, _saw(9, 1.3), 0.05, 0.012, 0.7, 0.1, 0.05),
    chords=Instrument(
        {1: 1, 2: 0.5, 3: 0.22, 4: 0.15, 5: 0.06}, _saw(14, 0.9), 0.12, 0.002, 0.8, 0.0, 0.12
    ),
    lead=Instrument({1: 1, 4: 0.25}, {4: 0.5, 10: 0.25}, 0.07, 0.002, 0.9, 0.0, 0.15),
    chord_voices=4,
    levels=(0.75, 0.49, 0.75, 0.45),
    room=0.2,
    room_seconds=0.8,
    width=0.55,
    timing_seconds=0.007,
    energy=0.4,
    acousticness=0.75,
)
SOUL = Palette(
    "soul",
    "Soul-RnB",
    14,
    Kit(54, 1.8, 0.24, 0.4, 215, 0.75, 0.13, 7000, 0.05, 0.4, 460, 0.4),
    bass=Instrument({1: 1, 2: 0.35, 3: 0.22, 4: 0.1}, _saw(12), 0.07, 0.004, 0.5, 0.45, 0.04),
    chords=Instrument(
        {1: 1, 2: 0.12, 3: 0.05}, {2: 0.4, 7: 0.3, 14: 0.1}, 0.18, 0.004, 1.0, 0.15, 0.1, 6
    ),
    lead=Instrument({1: 1, 2: 0.8, 3: 0.6, 4: 0.1, 6: 0.3, 8: 0.25}, {}, 0.1, 0.01, 1, 0.9, 0.05),
    chord_voices=4,
    chord_drive=0.8,
    levels=(0.9, 0.52, 0.75, 0.21),
    room=0.15,
    room_seconds=0.6,
    width=0.6,
    timing_seconds=0.005,
    energy=0.55,
    acousticness=0.35,
)
INTERNATIONAL = Palette(
    "international",
    "International",
    2,
    Kit(74, 1.6, 0.3, 0.2, 330, 0.25, 0.12, 9500, 0.03, 0.0, 620, 0.15),
    bass=Instrument({1: 1, 3: 0.2, 4: 0.25}, _odd(9), 0.04, 0.003, 0.4, 0.0, 0.05),
    chords=Instrument({1: 1, 4: 0.3}, {4: 0.6, 10: 0.4}, 0.03, 0.001, 0.22, 0.0, 0.08),
    lead=Instrument({1: 1, 2: 0.5, 3: 0.2}, {2: 0.6, 3: 0.5, 5: 0.3}, 0.15, 0.003, 0.5, 0, 0.12),
    chord_voices=3,
    levels=(0.85, 0.45, 0.93, 0.39),
    room=0.22,
    room_seconds=0.7,
    width=0.75,
    timing_seconds=0.005,
    energy=0.6,
    acousticness=0.6,
)

PALETTES: tuple[Palette, ...] = (ELECTRONIC, ROCK, FOLK, JAZZ, SOUL, INTERNATIONAL)
"""Every palette, in the order of the factorial design."""
