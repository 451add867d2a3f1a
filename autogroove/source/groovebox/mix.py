"""From a score to stereo samples: adding one-shots, the room, the balance, the limiter.

What belongs here: everything that happens to sound after a single stroke or note.
What does not: the strokes and notes themselves (`drums`, `notes`), or files (`mp3`).
"""

import itertools

import numpy as np
from numpy.typing import NDArray
from scipy.signal import lfilter

from autogroove.source.groovebox.arrangement import PARTS, Arrangement, arrange_track
from autogroove.source.groovebox.plan import DemoTrack
from autogroove.source.groovebox.score import Note, Score, write_score
from autogroove.source.groovebox.sounds import SAMPLE_RATE_HZ, Samples, play_note, strike

PEAK = 0.87
"""No sample is louder: MP3 decoding overshoots by about a decibel, and must not clip."""

_LANE_PANS = {
    "kick": 0.0, "snare": 0.05, "rim": -0.15, "hat": 0.35, "open_hat": 0.35, "ride": -0.4,
    "percussion": -0.5, "tom": 0.2,
}  # fmt: skip
_COMBS = (1427, 1637, 1811, 1987)
_DULL = np.array([0.35, 0.0], np.float32), np.array([1.0, -0.65], np.float32)
_VARIANTS = 3


def render_track(track: DemoTrack) -> Samples:
    """The samples of a track: float32 (n, 2) at 44.1 kHz, no sample above `PEAK`."""
    arrangement = arrange_track(track)
    score = write_score(track, arrangement)
    num_samples = round(track.seconds * SAMPLE_RATE_HZ)
    mixed = _add_drums(track, arrangement, score, num_samples)
    for part in PARTS[1:]:
        notes = [note for note in score.notes if note.part == part]
        played = _play_part(track, notes, part, arrangement.brightness, num_samples)
        mixed += played * np.float32(arrangement.part_levels[part])
    mixed += _room(mixed, track.palette.room_seconds) * np.float32(arrangement.room)
    _add_ground(track, arrangement, mixed)
    return np.ascontiguousarray(_limit(_tilt(mixed, arrangement.tilt), arrangement.loudness).T)


def _add_drums(
    track: DemoTrack, arrangement: Arrangement, score: Score, num_samples: int
) -> Samples:
    rng = track.rng("kit")
    buffer = np.zeros((2, num_samples), np.float32)
    voices = {lane: arrangement.voices[lane] for lane in {s.lane for s in score.strokes}}
    shots = {
        voice: [strike(arrangement.kit, voice, rng) for _ in range(_VARIANTS)]
        for voice in sorted(set(voices.values()))
    }
    for number, stroke in enumerate(score.strokes):
        voice = voices[stroke.lane]
        level = arrangement.part_levels["drums"] * arrangement.lane_levels[voice]
        pan = _LANE_PANS[stroke.lane] * track.palette.width
        shot = shots[voice][number % _VARIANTS]
        _add(buffer, shot[None], stroke.start_seconds, level * stroke.velocity**1.5, pan)
    return buffer


def _play_part(
    track: DemoTrack, notes: list[Note], part: str, brightness: float, num_samples: int
) -> Samples:
    """A part on its own, with its drive; equal notes are synthesised once."""
    instrument = getattr(track.palette, part)
    drive = {"bass": track.palette.bass_drive, "chords": track.palette.chord_drive}.get(part, 0.0)
    buffer = np.zeros((2, num_samples), np.float32)
    played: dict[tuple[int, int], Samples] = {}
    for number, note in enumerate(notes):
        key = note.pitch, round(note.seconds * 1000)
        if key not in played:
            played[key] = play_note(instrument, note.pitch, note.seconds, brightness)
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


def _add_ground(track: DemoTrack, arrangement: Arrangement, mixed: Samples) -> None:
    """The hiss of tape and room, and a held root and fifth: sound without rhythm, in place.

    Three seconds of noise, repeated: nobody hears the seam in a stationary hiss.
    """
    rng = track.rng("ground")
    num_samples = mixed.shape[1]
    noise = rng.standard_normal((2, 3 * SAMPLE_RATE_HZ), dtype=np.float32)
    ground = _smooth(noise) * np.float32(2 * arrangement.air)
    t = np.arange(3 * SAMPLE_RATE_HZ, dtype=np.float32) * np.float32(2 * np.pi / SAMPLE_RATE_HZ)
    root = 110 * 2 ** ((track.tonic - 9) / 12)
    for hz in (root, 1.5 * root, 2 * root, 4 * root):
        whole = round(3 * hz) / 3  # a whole number of periods, so that repeats join
        ground += np.float32(0.35 * arrangement.drone) * np.sin(np.float32(whole) * t)
    for start in range(0, num_samples, ground.shape[1]):
        there = mixed[:, start : start + ground.shape[1]]
        there += ground[:, : there.shape[1]]


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
