"""The sounds of the groovebox: drum strokes, and notes of pitched instruments."""

from collections.abc import Mapping
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.fft import irfft
from scipy.signal import butter, sosfilt

from autogroove.source.groovebox.palettes import Instrument, Kit

SAMPLE_RATE_HZ = 44100

DRUM_LANES = ("kick", "snare", "rim", "hat", "open_hat", "ride", "percussion", "tom")

Samples = NDArray[np.float32]


def strike(kit: Kit, lane: str, rng: np.random.Generator) -> Samples:
    """One stroke of a lane: float32 (n,) at 44.1 kHz, peak 1, faded to nothing at its end."""
    sound = _STROKES[lane](kit, rng)
    fade = min(len(sound), 220)
    sound[-fade:] *= np.linspace(1, 0, fade)
    return np.asarray(sound / (np.abs(sound).max() + 1e-9), dtype=np.float32)


def _times(seconds: float) -> NDArray[np.float64]:
    return np.arange(int(seconds * SAMPLE_RATE_HZ)) / SAMPLE_RATE_HZ


def _swept_sine(
    t: NDArray[np.float64], hz: float, sweep: float, fall: float
) -> NDArray[np.float64]:
    """A sine whose pitch falls from hz · sweep to hz with time constant `fall` seconds."""
    phase = 2 * np.pi * hz * (t + (sweep - 1) * fall * (1 - np.exp(-t / fall)))
    return np.asarray(np.sin(phase))


def _band(noise: NDArray[np.float64], low_hz: float, high_hz: float | None) -> NDArray[np.float64]:
    kind, edge = ("highpass", low_hz) if high_hz is None else ("bandpass", (low_hz, high_hz))
    return np.asarray(sosfilt(butter(2, edge, kind, fs=SAMPLE_RATE_HZ, output="sos"), noise))


def _kick(kit: Kit, rng: np.random.Generator) -> NDArray[np.float64]:
    t = _times(kit.kick_seconds * 1.6)
    body = _swept_sine(t, kit.kick_hz, kit.kick_sweep, 0.022) * np.exp(-t / kit.kick_seconds * 3)
    click = _band(rng.standard_normal(len(t)), 1500, 6000) * np.exp(-t / 0.004)
    return np.tanh(1.6 * body) + kit.kick_click * 0.5 * click


def _snare(kit: Kit, rng: np.random.Generator) -> NDArray[np.float64]:
    t = _times(kit.snare_seconds * 2)
    tone = _swept_sine(t, kit.snare_hz, 1.5, 0.01) + 0.5 * np.sin(
        2 * np.pi * 1.72 * kit.snare_hz * t
    )
    wires = _band(rng.standard_normal(len(t)), 1200, 9000) * np.exp(-t / kit.snare_seconds * 3)
    return 0.6 * tone * np.exp(-t / 0.045) + 0.7 * kit.snare_noise * wires


def _rim(kit: Kit, rng: np.random.Generator) -> NDArray[np.float64]:
    t = _times(0.09)
    wood = np.sin(2 * np.pi * 3.4 * kit.snare_hz * t) + 0.7 * np.sin(
        2 * np.pi * 8.1 * kit.snare_hz * t
    )
    tick = _band(rng.standard_normal(len(t)), 2500, 8000) * np.exp(-t / 0.003)
    return wood * np.exp(-t / 0.012) + 0.6 * tick


def _cymbal(
    kit: Kit, rng: np.random.Generator, seconds: float, low_hz: float
) -> NDArray[np.float64]:
    t = _times(seconds * 3.5)
    partials = low_hz * np.array([0.53, 0.71, 0.83, 1.0, 1.31, 1.57])
    metal = sum(np.sign(np.sin(2 * np.pi * f * t)) for f in partials)
    noise = rng.standard_normal(len(t))
    mixed = (1 - kit.metal) * noise + kit.metal * (0.3 * metal + 0.5 * noise)
    return _band(np.asarray(mixed), low_hz, None) * np.exp(-t / seconds)


def _hat(kit: Kit, rng: np.random.Generator) -> NDArray[np.float64]:
    return _cymbal(kit, rng, kit.hat_seconds, kit.hat_hz)


def _open_hat(kit: Kit, rng: np.random.Generator) -> NDArray[np.float64]:
    return _cymbal(kit, rng, 0.05 + 2.5 * kit.hat_seconds, 0.85 * kit.hat_hz)


def _ride(kit: Kit, rng: np.random.Generator) -> NDArray[np.float64]:
    wash = _cymbal(kit, rng, 0.08 + 3 * kit.hat_seconds, 0.6 * kit.hat_hz)
    t = np.arange(len(wash)) / SAMPLE_RATE_HZ
    return wash + 0.5 * np.sin(2 * np.pi * 0.5 * kit.hat_hz * t) * np.exp(-t / 0.03)


def _percussion(kit: Kit, rng: np.random.Generator) -> NDArray[np.float64]:
    t = _times(0.22)
    skin = _swept_sine(t, kit.percussion_hz, 1.25, 0.012) * np.exp(-t / 0.05)
    rattle = _band(rng.standard_normal(len(t)), 5000, 12000) * np.exp(-t / 0.025)
    return (1 - kit.percussion_noise) * skin + kit.percussion_noise * rattle


def _tom(kit: Kit, rng: np.random.Generator) -> NDArray[np.float64]:
    t = _times(0.35)
    skin = _swept_sine(t, 1.9 * kit.kick_hz, 1.6, 0.03) * np.exp(-t / 0.09)
    return skin + 0.15 * _band(rng.standard_normal(len(t)), 800, 4000) * np.exp(-t / 0.01)


_STROKES = {
    "kick": _kick,
    "snare": _snare,
    "rim": _rim,
    "hat": _hat,
    "open_hat": _open_hat,
    "ride": _ride,
    "percussion": _percussion,
    "tom": _tom,
}

_TABLE_BITS = 12

_TABLE_SIZE = 1 << _TABLE_BITS

_PHASE_SHIFT = 32 - _TABLE_BITS

_TOP_HZ = 15000.0


def play_note(instrument: Instrument, pitch: int, seconds: float, brightness: float) -> Samples:
    """One note at velocity 1: float32 (2, n), its release after `seconds` included.

    Additive synthesis through two band-limited wavetables, one steady and one that dies away,
    with the two channels detuned against each other. Phases are exact 32-bit accumulators.
    """
    num_samples = int((seconds + instrument.release_seconds) * SAMPLE_RATE_HZ)
    envelope = _envelope(instrument, seconds, num_samples)
    t = np.arange(num_samples, dtype=np.float32) / np.float32(SAMPLE_RATE_HZ)
    spark = np.exp(-t / np.float32(instrument.bright_seconds)) * np.float32(brightness) * envelope
    hz = 440.0 * 2 ** ((pitch - 69) / 12)
    steady, bright = (_table(_key(part), hz) for part in (instrument.steady, instrument.bright))
    note = np.empty((2, num_samples), np.float32)
    for channel, cents in enumerate((instrument.detune_cents, -instrument.detune_cents)):
        if channel == 1 and instrument.detune_cents == 0:
            note[1] = note[0]
            break
        index = _table_index(hz * 2 ** (cents / 1200), instrument.vibrato_cents, t)
        note[channel] = steady[index] * envelope + bright[index] * spark
    return note


def _table_index(hz: float, vibrato_cents: float, t: NDArray[np.float32]) -> NDArray[np.uint32]:
    step = round(hz / SAMPLE_RATE_HZ * 2**32)
    phase = np.arange(len(t), dtype=np.uint32) * np.uint32(step)
    if vibrato_cents:
        depth = hz * vibrato_cents / 1200 * np.log(2) / (2 * np.pi * 5.5)
        wobble = depth * (1 - np.cos(2 * np.pi * 5.5 * t)) * _TABLE_SIZE
        phase += (wobble * (1 << _PHASE_SHIFT)).astype(np.int64).astype(np.uint32)
    return phase >> np.uint32(_PHASE_SHIFT)


def _envelope(instrument: Instrument, seconds: float, num_samples: int) -> NDArray[np.float32]:
    t = np.arange(num_samples, dtype=np.float32) / np.float32(SAMPLE_RATE_HZ)
    fall = np.exp(-t / np.float32(instrument.decay_seconds))
    envelope = instrument.sustain + (1 - instrument.sustain) * fall
    attack = max(1, int(instrument.attack_seconds * SAMPLE_RATE_HZ))
    envelope[:attack] *= np.linspace(0, 1, min(attack, num_samples), dtype=np.float32)[:attack]
    held = int(seconds * SAMPLE_RATE_HZ)
    release = np.linspace(1, 0, num_samples - held, dtype=np.float32)
    envelope[held:] *= release * release
    return np.asarray(envelope, dtype=np.float32)


def _key(harmonics: Mapping[int, float]) -> tuple[tuple[int, float], ...]:
    return tuple(sorted((k, float(a)) for k, a in harmonics.items()))


@lru_cache(maxsize=512)
def _table(harmonics: tuple[tuple[int, float], ...], hz: float) -> NDArray[np.float32]:
    """One period of the harmonics that stay below 15 kHz, scaled to the power of all harmonics."""
    spectrum = np.zeros(_TABLE_SIZE // 2 + 1, np.complex64)
    for number, amplitude in harmonics:
        if number * hz < _TOP_HZ:
            spectrum[number] = -1j * amplitude
    scale = sum(a * a for _, a in harmonics) ** 0.5 or 1.0
    table: NDArray[np.float32] = irfft(spectrum) * np.float32(_TABLE_SIZE / 2 / scale)
    return table
