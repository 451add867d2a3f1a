"""Pitched sounds: one note of an instrument, by wavetables.

What belongs here: synthesis of single notes.
What does not: which notes are played (`harmony`, `score`), or the mix (`mix`).
"""

from collections.abc import Mapping
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.fft import irfft

from autogroove.groovebox.drums import SAMPLE_RATE_HZ, Samples
from autogroove.groovebox.palettes import Instrument

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
