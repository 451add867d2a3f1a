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
from numpy.typing import NDArray

from autogroove.audio.layer3.bits import compiled
from autogroove.audio.layer3.tables import SLOTS, SUBBANDS, Integers, synthesis_window

HISTORY = 15
"""Slots before the present one that are heard in it."""

BATCH = 8 * SLOTS
"""Slots that are synthesised at once: loops over time, long enough for the vector unit."""


class Synthesis(NamedTuple):
    """The filter bank for one step and phase; `lanes` is 32 / step."""

    matrix: NDArray[np.float32]
    """Shape (rows, lanes): the modulation, each row that differs by more than its sign."""
    near: Integers
    """Shape (lanes,): the row that an output takes from the slots 0, 2, ... back."""
    far: Integers
    """Shape (lanes,): the row that it takes from the slots 1, 3, ... back."""
    even: NDArray[np.float32]
    """Shape (lanes, 8): of the window, what meets the slots 0, 2, ... back."""
    odd: NDArray[np.float32]
    """Shape (lanes, 8): of the window, what meets the slots 1, 3, ... back."""


@lru_cache(maxsize=8)
def make_synthesis(step: int, phase: int) -> Synthesis:
    """The filter bank that gives the samples phase, phase + step, ... of each 32."""
    kept = np.arange(phase, SUBBANDS, step)
    angles = 16 + np.concatenate([kept, SUBBANDS + kept])
    folded = np.where(angles > 64, 128 - angles, angles)
    signs = np.where(folded > 32, -1.0, 1.0)
    folded = np.where(folded > 32, 64 - folded, folded)
    rows, inverse = np.unique(folded, return_inverse=True)
    odd_numbers = 2 * np.arange(SUBBANDS // step) + 1
    window = synthesis_window().reshape(8, 2, SUBBANDS)[:, :, kept] * signs.reshape(2, -1)
    return Synthesis(
        np.cos(np.pi / 64 * np.outer(rows, odd_numbers)).astype(np.float32),
        inverse[: len(kept)].astype(np.int64),
        inverse[len(kept) :].astype(np.int64),
        np.ascontiguousarray(window[:, 0].T, np.float32),
        np.ascontiguousarray(window[:, 1].T, np.float32),
    )


@compiled
def synthesise(
    samples: NDArray[np.float32],
    bank: Synthesis,
    rows: NDArray[np.float32],
    sound: NDArray[np.float32],
) -> None:
    """The sound of BATCH slots.

    Args:
        samples: float32 (lanes, BATCH), of subbands.
        bank: the filter bank.
        rows: float32 (rows + 1, HISTORY + BATCH): of the batch before, renewed; the last one is
            for work.
        sound: float32 (up to BATCH * lanes,), filled.
    """
    num_rows = len(bank.matrix)
    for row in range(num_rows):
        modulated = rows[row]
        for t in range(HISTORY):
            modulated[t] = modulated[BATCH + t]
        modulated[HISTORY:] = 0
        for low in range(0, len(samples), 8):
            _modulate(samples[low : low + 8], bank.matrix[row, low:], modulated)
    lanes, part = len(bank.near), rows[num_rows]
    for j in range(lanes):
        _filter(rows[bank.near[j]], rows[bank.far[j]], bank.even[j], bank.odd[j], part)
        for t in range(len(sound) // lanes):
            sound[t * lanes + j] = part[t]


@compiled
def _modulate(
    samples: NDArray[np.float32], m: NDArray[np.float32], row: NDArray[np.float32]
) -> None:
    """row[t] += sum over k of m[k] * samples[k, t], eight subbands."""
    for t in range(BATCH):
        row[HISTORY + t] += (
            m[0] * samples[0, t]
            + m[1] * samples[1, t]
            + m[2] * samples[2, t]
            + m[3] * samples[3, t]
            + m[4] * samples[4, t]
            + m[5] * samples[5, t]
            + m[6] * samples[6, t]
            + m[7] * samples[7, t]
        )


@compiled
def _filter(
    near: NDArray[np.float32],
    far: NDArray[np.float32],
    even: NDArray[np.float32],
    odd: NDArray[np.float32],
    part: NDArray[np.float32],
) -> None:
    """part[t] = sum over m of even[m] * near[t - 2 m] + odd[m] * far[t - 2 m - 1]."""
    a, b, c, d, e, f, g, h = even
    for t in range(BATCH):
        part[t] = (
            a * near[t + 15]
            + b * near[t + 13]
            + c * near[t + 11]
            + d * near[t + 9]
            + e * near[t + 7]
            + f * near[t + 5]
            + g * near[t + 3]
            + h * near[t + 1]
        )
    a, b, c, d, e, f, g, h = odd
    for t in range(BATCH):
        part[t] += (
            a * far[t + 14]
            + b * far[t + 12]
            + c * far[t + 10]
            + d * far[t + 8]
            + e * far[t + 6]
            + f * far[t + 4]
            + g * far[t + 2]
            + h * far[t]
        )
