"""From a score to stereo samples: adding one-shots, the room, the balance, the limiter.

What belongs here: everything that happens to sound after a single stroke or note.
What does not: the strokes and notes themselves (`drums`, `notes`), or files (`mp3`).
"""

import itertools
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.signal import lfilter

from autogroove.groovebox.drums import DRUM_LANES, SAMPLE_RATE_HZ, Samples, strike
from autogroove.groovebox.notes import play_note
from autogroove.groovebox.plan import DemoTrack
from autogroove.groovebox.score import Note, Score, write_score

PEAK = 0.87
"""No sample is louder: MP3 decoding overshoots by about a decibel, and must not clip."""

_PARTS = ("drums", "bass", "chords", "lead")
_LANE_LEVELS = {
    "kick": 0.62, "snare": 0.62, "rim": 0.42, "hat": 0.24, "open_hat": 0.26, "ride": 0.22,
    "percussion": 0.32, "tom": 0.5,
}  # fmt: skip
_LANE_PANS = {
    "kick": 0.0, "snare": 0.05, "rim": -0.15, "hat": 0.35, "open_hat": 0.35, "ride": -0.4,
    "percussion": -0.5, "tom": 0.2,
}  # fmt: skip
_COMBS = (1427, 1637, 1811, 1987)
_DULL = np.array([0.35, 0.0], np.float32), np.array([1.0, -0.65], np.float32)
_VARIANTS = 3


@dataclass(frozen=True)
class _Desk:
    """The settings of one track's mix: the palette's, moved by the artist and by the track."""

    lanes: dict[str, float]
    parts: dict[str, float]
    brightness: float
    tilt: float
    loudness: float


def render_track(track: DemoTrack) -> Samples:
    """The samples of a track: float32 (n, 2) at 44.1 kHz, no sample above `PEAK`."""
    score, desk = write_score(track), _set_desk(track)
    num_samples = round(track.seconds * SAMPLE_RATE_HZ)
    mixed = _add_drums(track, score, desk, num_samples)
    for part in _PARTS[1:]:
        notes = [note for note in score.notes if note.part == part]
        mixed += _play_part(track, notes, part, desk, num_samples) * np.float32(desk.parts[part])
    mixed += _room(mixed, track.palette.room_seconds) * np.float32(track.palette.room)
    return np.ascontiguousarray(_limit(_tilt(mixed, desk.tilt), desk.loudness).T)


def _set_desk(track: DemoTrack) -> _Desk:
    """Balances vary by artist and by track, so that the mix does not tell the rhythm."""
    artist, rng = track.artist_rng(), track.rng("desk")
    levels = dict(zip(_PARTS, track.palette.levels, strict=True))
    spread = artist.normal(0, 0.15, len(_PARTS)) + rng.normal(0, 0.15, len(_PARTS))
    lanes = artist.normal(0, 0.15, len(DRUM_LANES)) + rng.normal(0, 0.2, len(DRUM_LANES))
    return _Desk(
        lanes={
            n: _LANE_LEVELS[n] * float(np.exp(x)) for n, x in zip(DRUM_LANES, lanes, strict=True)
        },
        parts={n: levels[n] * float(np.exp(x)) for n, x in zip(_PARTS, spread, strict=True)},
        brightness=float(np.exp(artist.normal(0, 0.3) + rng.normal(0, 0.3))),
        tilt=float(artist.uniform(-0.12, 0.25) + rng.uniform(-0.08, 0.15)),
        loudness=float(10 ** (rng.uniform(-15.5, -12.5) / 20)),
    )


def _add_drums(track: DemoTrack, score: Score, desk: _Desk, num_samples: int) -> Samples:
    rng = track.rng("kit")
    buffer = np.zeros((2, num_samples), np.float32)
    lanes = sorted({stroke.lane for stroke in score.strokes})
    shots = {
        lane: [strike(track.palette.kit, lane, rng) for _ in range(_VARIANTS)] for lane in lanes
    }
    for number, stroke in enumerate(score.strokes):
        level = desk.parts["drums"] * desk.lanes[stroke.lane] * stroke.velocity**1.5
        pan = _LANE_PANS[stroke.lane] * track.palette.width
        shot = shots[stroke.lane][number % _VARIANTS]
        _add(buffer, shot[None], stroke.start_seconds, level, pan)
    return buffer


def _play_part(
    track: DemoTrack, notes: list[Note], part: str, desk: _Desk, num_samples: int
) -> Samples:
    """A part on its own, with its drive; equal notes are synthesised once."""
    instrument = getattr(track.palette, part)
    drive = {"bass": track.palette.bass_drive, "chords": track.palette.chord_drive}.get(part, 0.0)
    buffer = np.zeros((2, num_samples), np.float32)
    played: dict[tuple[int, int], Samples] = {}
    for number, note in enumerate(notes):
        key = note.pitch, round(note.seconds * 1000)
        if key not in played:
            played[key] = play_note(instrument, note.pitch, note.seconds, desk.brightness)
        pan = 0.0 if part == "bass" else track.palette.width * (0.5 - number % 3 / 2)
        _add(buffer, played[key], note.start_seconds, 0.35 * note.velocity, pan)
    return _drive(buffer, drive) if drive else buffer


def _add(buffer: Samples, shot: Samples, start_seconds: float, level: float, pan: float) -> None:
    """Add a one-shot (1 or 2, n) at a time, with constant power over the two channels."""
    start = round(start_seconds * SAMPLE_RATE_HZ)
    end = min(start + shot.shape[1], buffer.shape[1])
    if end <= start:
        return
    angle = (1 + max(-1.0, min(1.0, pan))) * np.pi / 4
    gains = (level * np.sqrt(2) * np.cos(angle), level * np.sqrt(2) * np.sin(angle))
    for channel, gain in enumerate(gains):
        buffer[channel, start:end] += shot[channel % len(shot), : end - start] * np.float32(gain)


def _drive(buffer: Samples, amount: float) -> Samples:
    """Soft clipping and the dull loudspeaker after it: what an amplifier does."""
    return _smooth(np.tanh(np.float32(amount) * buffer) / np.float32(np.tanh(amount)))


def _smooth(buffer: Samples) -> Samples:
    """The mean of four neighbouring samples: a low-pass that costs three additions."""
    pairs = buffer.copy()
    pairs[:, 1:] += buffer[:, :-1]
    smooth = pairs.copy()
    smooth[:, 2:] += pairs[:, :-2]
    smooth *= np.float32(0.25)
    return smooth


def _room(dry: Samples, seconds: float) -> Samples:
    """Four feedback combs a channel (Schroeder 1962), computed a delay at a time.

    The two channels have other delays, so that the room is wide.
    """
    mono = (dry[0] + dry[1]) * np.float32(0.5)
    send: NDArray[np.float32] = lfilter(_DULL[0], _DULL[1], mono)
    wet = np.zeros_like(dry)
    for channel in range(2):
        for comb in _COMBS:
            delay = comb + 23 * channel
            gain = np.float32(10 ** (-3 * delay / SAMPLE_RATE_HZ / seconds))
            wet[channel] += _comb(send, delay, gain)
    return wet * np.float32(0.5)


def _comb(send: NDArray[np.float32], delay: int, gain: np.float32) -> NDArray[np.float32]:
    padded = np.zeros(-(-len(send) // delay) * delay + delay, np.float32)
    padded[delay : delay + len(send)] = send
    rows = padded.reshape(-1, delay)
    for before, row in itertools.pairwise(rows):
        row += gain * before
    return padded[: len(send)]


def _tilt(buffer: Samples, amount: float) -> Samples:
    """Brighter (positive) or duller (negative): a shelf in the treble."""
    low = _smooth(buffer)
    low *= np.float32(-4 * amount)
    buffer *= np.float32(1 + 4 * amount)
    low += buffer
    return low


def _limit(buffer: Samples, loudness: float) -> Samples:
    """Bring the RMS to `loudness` and round off what passes the peak, without hard edges."""
    rms = float(np.sqrt(np.vdot(buffer, buffer) / buffer.size)) + 1e-9
    buffer *= np.float32(loudness / rms / PEAK)
    np.tanh(buffer, out=buffer)
    buffer *= np.float32(PEAK)
    return buffer
