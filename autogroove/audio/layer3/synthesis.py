"""From samples of subbands to samples of sound, at a fraction of the rate.

What belongs here: the polyphase synthesis (ISO/IEC 11172-3, 2.4.3.2.2 and annex A, figure 2), of
every `step`-th sample only.
What does not: which fraction is right (`reading`).

Of the 32 samples that a slot of the whole filter bank gives, those at phase, phase + step, ...
are computed, each as the standard has it, from the lowest 32 / step subbands. As the others are
never there, this is decimation without a filter: what lies above the kept subbands must not be
put in, and the upper edge of the last one comes back as an alias half a subband wide.
"""

from functools import lru_cache
from typing import NamedTuple

import numpy as np

from autogroove.audio.compiling import compiled
from autogroove.audio.layer3.tables import SLOTS, SUBBANDS, Floats, synthesis_window

HISTORY = 15
"""Slots before the present one that are heard in it."""


class Synthesis(NamedTuple):
    """The filter bank for one step and phase; `lanes` is 32 / step."""

    matrix: Floats
    """Shape (lanes, 2 * lanes): the modulation."""
    even: Floats
    """Shape (8, lanes): of the window, what meets the slots 0, 2, ... back."""
    odd: Floats
    """Shape (8, lanes): of the window, what meets the slots 1, 3, ... back."""


@lru_cache(maxsize=8)
def make_synthesis(step: int, phase: int) -> Synthesis:
    """The filter bank that gives the samples phase, phase + step, ... of each 32."""
    kept = np.arange(phase, SUBBANDS, step)
    both = np.concatenate([kept, SUBBANDS + kept])
    subbands = np.arange(SUBBANDS // step)[:, None]
    window = synthesis_window().reshape(8, 2, SUBBANDS)[:, :, kept]
    return Synthesis(
        np.cos(np.pi / 64 * (16 + both) * (2 * subbands + 1)).astype(np.float32),
        np.ascontiguousarray(window[:, 0], np.float32),
        np.ascontiguousarray(window[:, 1], np.float32),
    )


@compiled
def synthesise(samples: Floats, bank: Synthesis, slots: Floats, sound: Floats) -> None:
    """One granule's sound.

    Args:
        samples: float32 (18, lanes), of subbands.
        bank: the filter bank.
        slots: float32 (15 + 18, 2 * lanes): of the granule before, renewed.
        sound: float32 (18 * lanes,), filled.
    """
    for i in range(HISTORY):
        slots[i] = slots[SLOTS + i]
    _modulate(samples, bank.matrix, slots[HISTORY:])
    _filter(slots, bank.even, bank.odd, sound)


@compiled
def _modulate(samples: Floats, matrix: Floats, slots: Floats) -> None:
    """slots = samples @ matrix, eight subbands at a time."""
    for t in range(SLOTS):
        slot = slots[t]
        slot[:] = 0
        for low in range(0, len(matrix), 8):
            s, m = samples[t, low : low + 8], matrix[low : low + 8]
            for i in range(len(slot)):
                slot[i] += (
                    s[0] * m[0, i]
                    + s[1] * m[1, i]
                    + s[2] * m[2, i]
                    + s[3] * m[3, i]
                    + s[4] * m[4, i]
                    + s[5] * m[5, i]
                    + s[6] * m[6, i]
                    + s[7] * m[7, i]
                )


@compiled
def _filter(slots: Floats, even: Floats, odd: Floats, sound: Floats) -> None:
    """sound[t] = sum over m of even[m] * slots[t - 2 m] + odd[m] * slots[t - 2 m - 1]."""
    lanes = even.shape[1]
    for t in range(SLOTS):
        out = sound[t * lanes : (t + 1) * lanes]
        out[:] = 0
        for m in range(8):
            near, far = slots[HISTORY + t - 2 * m], slots[HISTORY + t - 2 * m - 1, lanes:]
            for j in range(lanes):
                out[j] += even[m, j] * near[j] + odd[m, j] * far[j]
