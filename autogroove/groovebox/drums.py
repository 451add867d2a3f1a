"""Drum sounds: one-shots that the mix adds at onsets.

What belongs here: synthesis of single strokes from the numbers of a `Kit`.
What does not: when they are struck (`score`) or how loud they are in the mix (`mix`).
"""

import numpy as np
from numpy.typing import NDArray
from scipy.signal import butter, sosfilt

from autogroove.groovebox.palettes import Kit

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
