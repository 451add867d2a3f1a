"""What the players of one track choose: sounds, balance, register, length of notes, the room.

What belongs here: every draw that changes how a track sounds but not its rhythm.
What does not: the rhythm (`grooves`, `score`).

These draws are wide on purpose. A groove with many hi-hats is brighter than one with few, so
that in a carefully balanced demo statistics of timbre would tell the groove. When the same lane
may be a shaker, a ride or a hi-hat, loud or soft, short or ringing, over a quiet or a noisy
ground, as on real records, only its rhythm is left to tell.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from autogroove.source.groovebox.palettes import Kit
from autogroove.source.groovebox.plan import DemoTrack
from autogroove.source.groovebox.sounds import DRUM_LANES

PARTS = ("drums", "bass", "chords", "lead")

_LANE_LEVELS = {
    "kick": 0.62, "snare": 0.62, "rim": 0.48, "hat": 0.24, "open_hat": 0.24, "ride": 0.24,
    "percussion": 0.3, "tom": 0.5,
}  # fmt: skip
_FOREGROUND = np.array([0.25, 0.0, -0.1, -0.3])
"""Drums come forward, the lead steps back: logs of factors, in the order of `PARTS`."""
_HIGH = ("hat", "open_hat", "ride", "percussion")
_BACKBEAT = ("snare", "rim", "percussion")
_CHOICES = {"hat": _HIGH, "open_hat": _HIGH, "ride": _HIGH, "snare": _BACKBEAT, "rim": _BACKBEAT}


@dataclass(frozen=True)
class Arrangement:
    """The players' choices for one track."""

    kit: Kit
    voices: Mapping[str, str]
    """The drum that plays each lane."""
    lane_levels: Mapping[str, float]
    part_levels: Mapping[str, float]
    brightness: float
    tilt: float
    loudness: float
    air: float
    """RMS of the noise ground, beside a mix of 0.2."""
    drone: float
    """Level of a held root and fifth."""
    room: float
    legato: float
    """Share of the time to the next note that a bass note sounds."""
    stab_beats: float
    """How long a short chord sounds."""
    octave: int
    """Semitones that the chords are moved by."""


def arrange_track(track: DemoTrack) -> Arrangement:
    """The choices of one track: half the artist's habit, half the day's mood."""
    artist, rng = track.artist_rng(), track.rng("arrangement")
    levels = dict(zip(PARTS, track.palette.levels, strict=True))
    parts = artist.normal(0, 0.15, len(PARTS)) + rng.normal(0, 0.2, len(PARTS))
    lanes = artist.normal(0, 0.2, len(DRUM_LANES)) + rng.normal(0, 0.35, len(DRUM_LANES))
    return Arrangement(
        kit=_tune_kit(track.palette.kit, artist, rng),
        voices={lane: _choose_voice(lane, rng) for lane in DRUM_LANES},
        lane_levels=_scale(_LANE_LEVELS, DRUM_LANES, lanes),
        part_levels=_scale(levels, PARTS, parts + _FOREGROUND),
        brightness=float(np.exp(artist.normal(0, 0.2) + rng.normal(0, 0.25))),
        tilt=float(artist.uniform(-0.08, 0.15) + rng.uniform(-0.08, 0.15)),
        loudness=float(10 ** (rng.uniform(-16.0, -13.0) / 20)),
        air=float(10 ** (rng.uniform(-58, -32) / 20)),
        drone=float(rng.uniform(0.0, 0.07)),
        room=float(track.palette.room * np.exp(rng.normal(0, 0.6))),
        legato=float(rng.uniform(0.35, 1.0)),
        stab_beats=float(rng.uniform(0.2, 0.75)),
        octave=int(rng.choice([0, 0, 0, 12])) if not track.palette.power_chords else 0,
    )


def _choose_voice(lane: str, rng: np.random.Generator) -> str:
    """Mostly the lane's own drum, else another of its family; the backbeat keeps its own more."""
    family = _CHOICES.get(lane, (lane,))
    other = str(family[int(rng.integers(len(family)))])
    return lane if rng.random() < (0.5 if family is _BACKBEAT else 0.25) else other


def _scale(
    levels: Mapping[str, float], names: tuple[str, ...], logs: np.ndarray
) -> dict[str, float]:
    return {n: levels[n] * float(np.exp(x)) for n, x in zip(names, logs, strict=True)}


def _tune_kit(kit: Kit, artist: np.random.Generator, rng: np.random.Generator) -> Kit:
    """The palette's kit with other tuning and damping."""
    tuning = np.exp(artist.normal(0, 0.06, 4) + rng.normal(0, 0.06, 4))
    length = np.exp(artist.normal(0, 0.2, 3) + rng.normal(0, 0.4, 3))
    return replace(
        kit,
        kick_hz=kit.kick_hz * tuning[0],
        snare_hz=kit.snare_hz * tuning[1],
        hat_hz=min(kit.hat_hz * tuning[2], 11000.0),
        percussion_hz=kit.percussion_hz * tuning[3],
        kick_seconds=kit.kick_seconds * float(np.clip(length[0], 0.5, 1.6)),
        snare_seconds=kit.snare_seconds * float(np.clip(length[1], 0.5, 2.0)),
        hat_seconds=kit.hat_seconds * float(np.clip(length[2], 0.5, 2.0)),
    )
