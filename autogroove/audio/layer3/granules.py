"""From frames to mono sound: the parts put together.

What belongs here: which channels of a granule are read, how they are summed, and what is kept
from one granule to the next.
What does not: how any of it is done.

Mono is (L + R) / 2. Of mid/side frames that is mid / sqrt(2), and the side channel is read only of
one frame in 32, to tell whether left and right cancel each other. Of others the two spectra are
summed where their blocks are alike, else what they become.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from autogroove.audio.layer3.bits import Words, compiled
from autogroove.audio.layer3.frames import (
    COLUMNS,
    KIND,
    LENGTH,
    RESERVOIR_BYTES,
    TYPE,
    read_side_info,
)
from autogroove.audio.layer3.hybrid import Transforms, add_block
from autogroove.audio.layer3.spectrum import read_spectrum
from autogroove.audio.layer3.synthesis import BATCH, HISTORY, Synthesis, synthesise
from autogroove.audio.layer3.tables import LINES, LONG, SLOTS, Bands, Codes, Integers
from autogroove.audio.mpeg_headers import header_at

_JOINT_MIDDLE = 0b0110
"""Mode and its extension (bits 7 to 4 of a header): joint stereo, mid/side, no intensity."""
_MEASURED = 32
"""One frame of so many is measured: its side channel is read too."""
_HALF, _HALF_ROOT = -4, -2
"""Factors of a channel in quarters of a power of two: 1/2 and 1/sqrt(2)."""


class Decoder(NamedTuple):
    """Everything that does not change from frame to frame."""

    codes: Codes
    bands: Bands
    transforms: Transforms
    bank: Synthesis
    channels: int
    side_start: int
    """Octets from a frame's start to its side information."""


@compiled
def decode_frames(
    octets: NDArray[np.uint8],
    places: Integers,
    words: Words,
    ends: Integers,
    first: int,
    decoder: Decoder,
    sound: NDArray[np.float32],
    energies: NDArray[np.float64],
) -> int:
    """Decode frames in a row.

    Args:
        octets: the stream.
        places: int64 (frames + 1,): where frames start.
        words, ends: their main data, from `gather_data`.
        first: the first frame to decode; those before it only lend their data.
        decoder: the tables.
        sound: float32 (2 * 18 * lanes * (frames - first),), filled.
        energies: float64 (2,): those of (L + R) / 2 and (L - R) / 2 in some frames are added.

    Returns:
        0; 1 where a frame is not what it should be, and nothing of this is to be trusted.
    """
    lanes = len(decoder.bank.near)
    side = np.zeros((4, COLUMNS), np.int64)
    factors = np.zeros((2, 39), np.int64)
    lines, spectrum = np.zeros(LINES + 4, np.float32), np.zeros(LINES, np.float32)
    left, unmeasured = np.zeros(LINES, np.float32), np.zeros(0, np.float64)
    rows = np.zeros((3 * SLOTS, lanes), np.float32)
    samples, overlap = np.zeros((2, SLOTS, lanes), np.float32)
    batch = np.zeros((lanes, BATCH), np.float32)
    bank_rows = np.zeros((len(decoder.bank.matrix) + 1, HISTORY + BATCH), np.float32)
    filled, done = 0, 0
    channels, long_ends = decoder.channels, decoder.bands.ends[LONG]
    for frame in range(first, len(places) - 1):
        start = places[frame]
        begin = read_side_info(octets, start + decoder.side_start, channels, long_ends, side)
        if begin < 0:
            return 1
        missing = begin > min(RESERVOIR_BYTES, ends[frame])
        middle = channels == 2 and (header_at(octets, start) >> 4) & 15 == _JOINT_MIDDLE
        position = 8 * (ends[frame] - begin)
        measured = energies if (frame - first) % _MEASURED == 1 else unmeasured
        for granule in range(2):
            samples[:] = overlap
            overlap[:] = 0
            if not missing:
                position = _decode_granule(
                    words,
                    position,
                    8 * ends[frame + 1],
                    side[granule * channels : (granule + 1) * channels],
                    middle,
                    decoder,
                    factors,
                    lines,
                    spectrum,
                    left,
                    rows,
                    samples,
                    overlap,
                    measured,
                )
                if position < 0:
                    return 1
            for lane in range(lanes):
                for t in range(SLOTS):
                    batch[lane, filled + t] = samples[t, lane]
            filled += SLOTS
            if filled == BATCH:
                synthesise(batch, decoder.bank, bank_rows, sound[done : done + BATCH * lanes])
                filled, done = 0, done + BATCH * lanes
    if filled:
        synthesise(batch, decoder.bank, bank_rows, sound[done:])
    return 0


@compiled
def _decode_granule(
    words: Words,
    position: int,
    stop: int,
    side: Integers,
    middle: bool,
    decoder: Decoder,
    factors: Integers,
    lines: NDArray[np.float32],
    spectrum: NDArray[np.float32],
    left: NDArray[np.float32],
    rows: NDArray[np.float32],
    samples: NDArray[np.float32],
    overlap: NDArray[np.float32],
    energies: NDArray[np.float64],
) -> int:
    """Add one granule to samples and overlap; where the next one's bits are, -1 in doubt.

    Energies are measured where their array is not empty.
    """
    channels = len(side)
    quarters = _HALF_ROOT if middle else _HALF if channels == 2 else 0
    alike = channels == 2 and side[0, TYPE] == side[1, TYPE] and side[0, KIND] == side[1, KIND]
    if middle and not alike:
        return -1
    spectrum[:] = 0
    for channel in range(channels):
        row = side[channel]
        end = position + row[LENGTH]
        if end > stop:
            return -1
        if channel == 0 or not middle:
            failed = read_spectrum(
                words,
                position,
                end,
                row,
                quarters,
                decoder.codes,
                decoder.bands,
                factors[channel],
                lines,
                spectrum,
            )
            if failed:
                return -1
            if len(energies) and (middle or alike):
                _measure(spectrum, left, channel, middle, energies)
            if channel == channels - 1 or middle or not alike:
                add_block(
                    spectrum,
                    row[KIND],
                    row[TYPE],
                    decoder.transforms,
                    rows,
                    samples,
                    overlap,
                )
                spectrum[:] = 0
        elif len(energies):
            factor = factors[channel]
            codes, bands = decoder.codes, decoder.bands
            read_spectrum(
                words, position, end, row, quarters, codes, bands, factor, lines, spectrum
            )
            energies[1] += np.sum(spectrum * spectrum)
            spectrum[:] = 0
        position = end
    return position


@compiled
def _measure(
    spectrum: NDArray[np.float32],
    left: NDArray[np.float32],
    channel: int,
    middle: bool,
    energies: NDArray[np.float64],
) -> None:
    """Of L / 2, and then of L / 2 + R / 2, or of the middle that is the same."""
    if middle:
        energies[0] += np.sum(spectrum * spectrum)
    elif channel == 0:
        left[:] = spectrum
    else:
        energies[0] += np.sum(spectrum * spectrum)
        side = 2 * left - spectrum
        energies[1] += np.sum(side * side)
