"""Where encoders cut the treble off, told from a sample of a collection's audio.

What belongs here: choosing the sample, reading an excerpt of a track, finding the cut in it.
What does not: the images, which end far below any cut (`counting`).

MP3 encoders at low bit rates throw away what is above 10 to 20 kHz. No image shows that, and a
decoder that takes only what images need does not see it either, so that a bounded number of
tracks is read for it at their full rate. What was found of a batch is remembered by its tracks.
"""

from collections.abc import Iterable

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from autogroove.audio import DECODER_VERSION, AudioFault, fetch_audio, read_clips
from autogroove.config import ClipSettings
from autogroove.segments import Member, make_members
from autogroove.source import Source
from autogroove.store import (
    Store,
    canonical_json,
    has_whole,
    make_key,
    parse_json,
    parsing,
    read_noted,
    write_noted,
)

TREBLE_VERSION = 1
"""Changes whenever the same audio would give another cut-off."""

MOST_TRACKS = 256
TRACKS_PER_BATCH = 64
_EXCERPT = ClipSettings(clip_seconds=2.0, clips_per_track=1)
_WINDOW = 2048
_BAND_HZ = 250.0
_LOWEST_HZ = 3000.0
_DROP_DB = 20.0
"""A recording's own treble falls by a few dB in a kHz; an encoder's filter by 40 and more."""
_FLOOR = 1e-14

Batch = tuple[Member, ...]


def plan_treble(catalogue: pd.DataFrame) -> list[Batch]:
    """At most `MOST_TRACKS` stored tracks in batches, chosen by fingerprint: by chance, and the
    same ones as long as they are there."""
    stored = catalogue[catalogue["status"] == "stored"].drop_duplicates("fingerprint")
    sample = stored.sort_values("fingerprint").head(MOST_TRACKS)
    members = list(make_members(sample))
    starts = range(0, len(members), TRACKS_PER_BATCH)
    return [tuple(members[start : start + TRACKS_PER_BATCH]) for start in starts]


def measure_treble_once(batch: Batch, source: Source, store: Store) -> str:
    """Measure a batch unless that was done; the key of what was found in the store."""
    key = treble_key(batch)
    if not has_whole(store, key, _parse):
        found = canonical_json([_measure(member, source) for member in batch])
        write_noted(store, key, found)
    return key


def treble_key(batch: Batch) -> str:
    """Where what was found of a batch is kept."""
    fingerprints = [member.fingerprint for member in batch]
    part = make_key("treble", TREBLE_VERSION, DECODER_VERSION, fingerprints)
    return f"descriptors/treble/{part}.json"


def read_treble(store: Store, keys: Iterable[str]) -> NDArray[np.float64]:
    """Cut-offs in Hz of every measured track: float64 (n,), infinity where nothing was cut.

    Raises:
        MissingObject: a key is not in the store.
        DamagedObject: what is there is not as it was written.
    """
    found: list[float] = []
    for key in keys:
        found += _parse(read_noted(store, key, _parse), store.locate(key))
    return np.array(found, np.float64)


def _parse(data: bytes, place: str) -> list[float]:
    with parsing(place):
        told = parse_json(data, place)
        return [np.inf if hz == "none" else float(hz) for hz in told if hz is not None]


def _measure(member: Member, source: Source) -> float | str | None:
    """The cut-off; "none" where nothing was cut; None where the excerpt cannot be read."""
    try:
        file = fetch_audio(source, member.path, member.size_bytes, member.digest)
        clips = read_clips(file, _EXCERPT)
    except AudioFault:
        return None
    found = find_low_pass(clips.samples[0], clips.sample_rate_hz)
    return "none" if found is None else found


def find_low_pass(samples: NDArray[np.float32], sample_rate_hz: int) -> float | None:
    """Where a recording's spectrum ends as if cut, in Hz to 50; None where it does not.

    The mean spectrum is taken in bands of 250 Hz. At a cut the level of the kHz below (its
    median) is 20 dB or more above the level of what follows (its 90th percentile, which forgives
    a single tone); of several such places the one with the largest drop counts.

    Args:
        samples: float32 (n,), mono, at the file's own rate.
        sample_rate_hz: that rate.
    """
    power = _mean_spectrum(samples)
    bin_hz = sample_rate_hz / _WINDOW
    size = max(1, round(_BAND_HZ / bin_hz))
    bands = 10 * np.log10(power[: len(power) // size * size].reshape(-1, size).mean(axis=1))
    below = round(1000 / (size * bin_hz))
    best, cut = _DROP_DB, None
    for place in range(max(below, int(_LOWEST_HZ / (size * bin_hz))), len(bands) - 2):
        level = float(np.median(bands[place - below : place]))
        drop = level - float(np.quantile(bands[place + 1 :], 0.9))
        if drop > best:
            best, cut = drop, place
    return None if cut is None else _refine(power, cut * size, size, bin_hz)


def _mean_spectrum(samples: NDArray[np.float32]) -> NDArray[np.float64]:
    """Mean power of half overlapping Hann windows, without the constant: (_WINDOW / 2,)."""
    whole = np.pad(samples, (0, max(0, _WINDOW - len(samples))))
    windows = np.lib.stride_tricks.sliding_window_view(whole, _WINDOW)[:: _WINDOW // 2]
    spectra = np.fft.rfft(windows * np.hanning(_WINDOW), axis=1)[:, 1:]
    power: NDArray[np.float64] = (np.abs(spectra) ** 2).mean(axis=0) / _WINDOW
    return power + _FLOOR


def _refine(power: NDArray[np.float64], place: int, size: int, bin_hz: float) -> float:
    """The frequency, near a place, where the power has fallen by half of the drop in dB."""
    level = 10 * np.log10(power)
    start, stop = max(0, place - size), min(len(level), place + 2 * size)
    top = float(np.median(level[max(0, place - 4 * size) : place]))
    middle = (top + float(np.median(level[stop:]))) / 2
    above = np.flatnonzero(level[start:stop] > middle)
    edge = start + (int(above[-1]) + 1 if len(above) else 0)
    return float(50 * round(edge * bin_hz / 50))
