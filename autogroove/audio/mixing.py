"""From all channels to one, and from a high rate to a low one in the same pass.

What belongs here: the mean of channels, what is measured on the way, and the fused kernel for
the common case: one or two channels at a multiple of the rate that is wanted.
What does not: what the measures mean (`cutting`), or the design of the filter (`resampling`).

Mono is the mean of the channels. In some recordings they cancel each other: a cable soldered the
wrong way, a voice taken out, a phase trick. Where the mean of a track's clips has less than a fifth
of the energy that the mean of unrelated channels has, the channels that are against the loudest one
are turned over first, in all clips alike. The result has at least the energy of the loudest channel
divided by the square of their number. Of ordinary music nothing changes.
"""

import numpy as np
from numpy.typing import NDArray

from autogroove.audio.layer3.bits import compiled
from autogroove.audio.resampling import Resampler, deal_taps, decimate_run

FULL_SCALE = 0.999

_RUN = 1024
"""Outputs per run: what a run needs stays in the nearest cache, and float32 sums stay exact."""

CANCELLED_SHARE = 0.2
"""Of the energy that unrelated channels would leave; the mean of less is taken otherwise."""

NUM_TOTALS = 5

Totals = NDArray[np.float64]
Signs = NDArray[np.float32]


def do_cancel(totals: Totals) -> bool:
    """Whether channels may cancel each other in clips with these totals, shape (clips, 5)."""
    length = np.maximum(totals[:, 3], 1)
    with np.errstate(invalid="ignore"):  # NaN and infinity are refused later, with their reason
        mono = totals[:, 1] - np.square(totals[:, 0]) / length
    return bool(mono.sum() < CANCELLED_SHARE * totals[:, 4].sum())


def choose_signs(products: NDArray[np.float64]) -> Signs | None:
    """+1 or -1 for each channel, so that their mean does not cancel; None: leave them.

    Args:
        products: float64 (channels, channels): sums of products of channels, means taken off.
    """
    unrelated = np.trace(products)
    if products.sum() >= CANCELLED_SHARE * unrelated:
        return None
    loudest = int(np.argmax(np.diag(products)))
    return np.where(products[loudest] < 0, -1, 1).astype(np.float32)


def mix_block(
    block: NDArray[np.float32],
    mono: NDArray[np.float32],
    totals: Totals,
    signs: Signs | None = None,
) -> None:
    """Write the mean of all channels, and add to the totals.

    Args:
        block: float32 (samples, channels).
        mono: float32 (samples,), filled.
        totals: float64 (5,): sum and sum of squares of the mono samples, number of clipped
            samples, number of mono samples, and the sum of squares of all channels divided by
            the square of their number, which is what unrelated channels leave. NaN or infinity
            shows in the first two. A clipped sample of one channel of n counts 1 / n.
        signs: from `choose_signs`.
    """
    if block.shape[1] > 2:
        turned = block if signs is None else block * signs
        mono[:] = turned.mean(axis=1, dtype=np.float32)
        totals[4] += np.square(block, dtype=np.float64).sum() / block.shape[1] ** 2
        totals[0] += mono.sum(dtype=np.float64)
        totals[1] += np.square(mono, dtype=np.float64).sum()
        totals[2] += np.count_nonzero(np.abs(block) >= FULL_SCALE) / block.shape[1]
        totals[3] += len(mono)
        return
    for low in range(0, len(mono), 4 * _RUN):
        high = min(len(mono), low + 4 * _RUN)
        turn = _turn(signs)
        _mix(block.reshape(-1), block.shape[1], low, mono[low:high], high - low, totals, turn)


def _turn(signs: Signs | None) -> np.float32:
    """The sign of the second of two channels."""
    return np.float32(1) if signs is None or len(signs) < 2 else signs[0] * signs[1]


def fold_block(
    block: NDArray[np.float32],
    design: Resampler,
    out: NDArray[np.float32],
    totals: Totals,
    signs: Signs | None = None,
) -> None:
    """`mix_block`, and then the resampling of a whole clip, in one pass over the samples.

    Args:
        block: float32 (samples, 1 or 2), the clip; silence is assumed before and after.
        design: a resampler to an integer fraction of the rate.
        out: float32 (num_samples,), filled.
        totals, signs: as of `mix_block`, over what the output spans.
    """
    weights = deal_taps(design.taps[0], design.step)
    before = design.half - 1
    _fold(block.reshape(-1), block.shape[1], weights, before, out, totals, _turn(signs))


@compiled
def _fold(
    flat: NDArray[np.float32],
    channels: int,
    weights: NDArray[np.float32],
    before: int,
    out: NDArray[np.float32],
    totals: Totals,
    turn: np.float32,
) -> None:
    groups, step = weights.shape
    num_samples = len(flat) // channels
    mono = np.empty((_RUN + groups) * step, np.float32)
    rows = np.empty((step, _RUN + groups), np.float32)
    for low in range(0, len(out), _RUN):
        run = out[low : low + _RUN]
        first = low * step - before
        span = (len(run) + groups) * step
        start, stop = max(0, -first), max(0, min(span, num_samples - first))
        mono[:start] = 0
        mono[stop:] = 0
        new = min(stop, start + len(run) * step)
        _mix(flat, channels, first + start, mono[start:stop], new - start, totals, turn)
        decimate_run(mono[:span], weights, rows, run)


@compiled
def _mix(
    flat: NDArray[np.float32],
    channels: int,
    start: int,
    mono: NDArray[np.float32],
    measured: int,
    totals: Totals,
    turn: np.float32,
) -> None:
    """mono[i] = mean of the channels at start + i; the first `measured` of them are counted.

    `turn` is the sign of the second channel.
    """
    half = np.float32(0.5)
    if channels == 1:
        mono[:] = flat[start : start + len(mono)]
    else:
        pairs = flat[2 * start : 2 * (start + len(mono))]
        for i in range(len(mono)):
            mono[i] = (pairs[2 * i] + turn * pairs[2 * i + 1]) * half
    _measure(mono[:measured], totals)
    part = flat[channels * start : channels * (start + measured)]
    clipped, squares = np.float32(0), np.float32(0)
    for i in range(len(part)):
        clipped += np.float32(1) if abs(part[i]) >= np.float32(FULL_SCALE) else np.float32(0)
        squares += part[i] * part[i]
    totals[2] += clipped / channels
    totals[4] += squares / (channels * channels)


@compiled
def _measure(mono: NDArray[np.float32], totals: Totals) -> None:
    """Squares are taken around one sample: a constant must not drown what varies."""
    if len(mono) == 0:
        return
    pivot = mono[0]
    total, squares = np.float32(0), np.float32(0)
    for i in range(len(mono)):
        total += mono[i] - pivot
        squares += (mono[i] - pivot) * (mono[i] - pivot)
    shift = np.float64(pivot)
    totals[0] += total + len(mono) * shift
    totals[1] += squares + 2 * shift * total + len(mono) * shift * shift
    totals[3] += len(mono)
