"""The design of the demo collection: which tracks there are, with every parameter known.

What belongs here: the factorial design (groove × palette × repetition), artists, splits, titles
and the random draws that make each track its own.
What does not: sound. `score` turns a planned track into notes, `mix` into samples.
"""

import hashlib
import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from autogroove.source.groovebox.grooves import GROOVES, Groove
from autogroove.source.groovebox.harmony import PROGRESSIONS, Progression
from autogroove.source.groovebox.palettes import PALETTES, Palette

GROOVEBOX_VERSION = 4
"""Changes whenever the same spec would give other bytes."""

_FIRST_TRACK_ID, _TRACK_ID_STEP = 103, 97

_HALVES = (lambda g: g < 4, lambda g: g % 2 == 0, lambda g: (g // 2) % 2 == 0)

_SPLITS = ("training", "training", "validation", "training", "test", "training")


@dataclass(frozen=True)
class DemoSpec:
    """What a demo collection is made of; equal specs give equal collections.

    `num_tracks` keeps the first so many tracks of the design, whose order is balanced: every
    prefix covers grooves and palettes as evenly as it can.
    """

    num_tracks: int | None = None
    repetitions: int = 6
    seed: int = 0
    track_seconds: float = 30.0
    version: int = GROOVEBOX_VERSION


@dataclass(frozen=True)
class DemoTrack:
    """One planned track: everything that its sound and its metadata depend on."""

    track_id: int
    groove_index: int
    palette_index: int
    repetition: int
    seed: int
    seconds: float
    tempo_bpm: float
    tonic: int
    progression_index: int
    artist: str
    artist_id: int
    album: str
    title: str
    split: str

    @property
    def groove(self) -> Groove:
        """The rhythm."""
        return GROOVES[self.groove_index]

    @property
    def palette(self) -> Palette:
        """The sound; its genre is the track's genre label."""
        return PALETTES[self.palette_index]

    @property
    def progression(self) -> Progression:
        """The chords."""
        return PROGRESSIONS[self.progression_index]

    @property
    def path(self) -> str:
        """Where FMA's layout has it, below the collection's root."""
        return f"fma_small/{self.track_id // 1000:03d}/{self.track_id:06d}.mp3"

    def rng(self, subject: str) -> np.random.Generator:
        """Random numbers of one subject, so that a change to one leaves the others alone."""
        return _rng(self.seed, subject)

    def artist_rng(self) -> np.random.Generator:
        """Random numbers that all tracks of an artist share."""
        return _rng(self.artist_id, "artist")


def plan_demo(spec: DemoSpec) -> list[DemoTrack]:
    """Every track of a demo collection, in design order.

    Grooves and palettes are crossed exactly. An artist plays one palette and half of the
    grooves, each once; over repetitions the halves change, so that neither an artist nor a
    split tells a groove. Tempi are stratified over the repetitions of a cell.
    """
    total = spec.repetitions * len(GROOVES) * len(PALETTES)
    count = total if spec.num_tracks is None else min(spec.num_tracks, total)
    return list(_plan_whole(spec.repetitions, spec.seed, spec.track_seconds)[:count])


@lru_cache(maxsize=8)
def _plan_whole(repetitions: int, seed: int, seconds: float) -> tuple[DemoTrack, ...]:
    cells = len(GROOVES) * len(PALETTES)
    return tuple(
        _plan_track(position, *_cell(position), repetitions, seed, seconds)
        for position in range(repetitions * cells)
    )


def _cell(position: int) -> tuple[int, int, int]:
    """Groove, palette and repetition: diagonals of the table, so that prefixes are balanced."""
    num_grooves, num_palettes = len(GROOVES), len(PALETTES)
    repetition, rest = divmod(position, num_grooves * num_palettes)
    shift = rest // math.lcm(num_grooves, num_palettes)
    return rest % num_grooves, (rest + shift) % num_palettes, repetition


def _plan_track(
    position: int,
    groove: int,
    palette: int,
    repetition: int,
    repetitions: int,
    seed: int,
    seconds: float,
) -> DemoTrack:
    artist = _artist_of(groove, repetition)
    artist_id = 1 + palette + len(PALETTES) * artist
    track_seed = _digest_int("track", GROOVEBOX_VERSION, seed, groove, palette, repetition)
    rng = _rng(track_seed, "plan")
    artist_name, album = name_artist(artist_id)
    return DemoTrack(
        track_id=_FIRST_TRACK_ID + _TRACK_ID_STEP * position,
        groove_index=groove,
        palette_index=palette,
        repetition=repetition,
        seed=track_seed,
        seconds=seconds,
        tempo_bpm=_draw_tempo(GROOVES[groove], palette, repetition, repetitions, rng),
        tonic=int(rng.integers(12)),
        progression_index=int(rng.integers(len(PROGRESSIONS))),
        artist=artist_name,
        artist_id=artist_id,
        album=album,
        title=name_track(position),
        split=_SPLITS[(artist + palette) % len(_SPLITS)],
    )


def _artist_of(groove: int, repetition: int) -> int:
    """Two artists a repetition; three ways to halve the grooves, then their complements."""
    in_half = _HALVES[repetition % 3](groove)
    swapped = (repetition // 3) % 2 == 1
    return 2 * repetition + int(in_half == swapped)


def _draw_tempo(
    groove: Groove, palette: int, repetition: int, repetitions: int, rng: np.random.Generator
) -> float:
    """A tempo within the groove's range, one stratum a repetition, rotated by palette."""
    stratum = (repetition + palette) % repetitions
    share = (stratum + rng.random()) / repetitions
    low, high = groove.tempo_bpm
    return round(float(low * (high / low) ** share), 2)


def _digest_int(*parts: object) -> int:
    text = "/".join(map(str, parts)).encode()
    return int.from_bytes(hashlib.blake2b(text, digest_size=8).digest(), "big")


def _rng(seed: int, subject: str) -> np.random.Generator:
    return np.random.default_rng(_digest_int(seed, subject))


_COLOURS = (
    "Amber", "Cobalt", "Copper", "Crimson", "Ivory", "Jade", "Lilac", "Marble", "Ochre", "Opal",
    "Pewter", "Russet", "Saffron", "Silver", "Teal", "Umber", "Violet", "Walnut",
)  # fmt: skip

_THINGS = (
    "Anchor", "Balcony", "Bridge", "Canyon", "Compass", "Corner", "Ember", "Ferry", "Garden",
    "Harbour", "Island", "Kite", "Lantern", "Meadow", "Mirror", "Orchard", "Paper", "Quarry",
    "River", "Signal", "Staircase", "Tunnel", "Valley", "Window",
)  # fmt: skip

_BANDS = (
    "Almanacs", "Cartographers", "Ferrymen", "Gardeners", "Lamplighters", "Neighbours",
    "Optimists", "Postcards", "Seafarers", "Sleepwalkers", "Travellers", "Weathervanes",
)  # fmt: skip


def name_track(position: int) -> str:
    """The title of the track at a position of the design; unique up to 432 tracks, then numbered.

    >>> name_track(0)
    'Amber Anchor'
    """
    size = len(_COLOURS) * len(_THINGS)
    turn, rest = divmod(position, size)
    colour, shift = rest % len(_COLOURS), rest // len(_COLOURS)
    title = f"{_COLOURS[colour]} {_THINGS[(rest + 5 * shift) % len(_THINGS)]}"
    return title if turn == 0 else f"{title} {turn + 1}"


def name_artist(artist_id: int) -> tuple[str, str]:
    """Name and album of an artist; names are unique up to 216 artists, then numbered.

    >>> name_artist(1)
    ('The Cobalt Cartographers', 'Window Sessions')
    """
    turn, rest = divmod(artist_id, len(_COLOURS) * len(_BANDS))
    colour, band = rest % len(_COLOURS), (rest + rest // len(_COLOURS)) % len(_BANDS)
    name = f"The {_COLOURS[colour]} {_BANDS[band]}" + (f" {turn + 1}" if turn else "")
    return name, f"{_THINGS[(7 * artist_id + 16) % len(_THINGS)]} Sessions"
