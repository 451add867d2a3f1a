"""Descriptors in the store: planned by segment, written once, read together.

What belongs here: which tracks one task describes, the way from their audio to a Parquet object,
and reading many of them. What does not: the descriptors themselves (`clips`), or encodings.

`descriptors/<descriptors key>/<batch key>.parquet` has one row a clip, and one more for each
augmented clip, and one for the same clip at another tempo, with their images in the recipe of the
release.
"""

import io
import logging
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import soxr
from numpy.typing import NDArray

from autogroove.audio import DECODER_VERSION, AudioFault, fetch_audio, read_clips
from autogroove.config import Settings
from autogroove.evaluation.descriptors.augmentation import augment_clip, stretch_clip
from autogroove.evaluation.descriptors.clips import BETWEEN_SHAPE, ClipDescriptions, describe_clips
from autogroove.evaluation.descriptors.earlier import EarlierRows, locate_earlier
from autogroove.evaluation.descriptors.onsets import ANALYSIS_RATE_HZ, NUM_BANDS, NUM_LAGS
from autogroove.evaluation.descriptors.sampling import sample_tracks
from autogroove.segments import Member, make_images, make_members, make_recipe_key, top_frequency_hz
from autogroove.source import Source
from autogroove.store import Store, has_whole, make_key, parse_table, read_noted, write_noted

FORMAT = 3
"""Raised when a change of the code gives other descriptors from the same audio."""

SEMITONES = 2.0
SPEEDS = (0.8, 0.88, 1.14, 1.25)
"""Of a clip at another tempo: 10 to 25 % slower or faster, where no tempo is taken for the same."""
FEWEST_TRACKS = 16
"""Where segments hold fewer sampled tracks on average, several make one batch…"""
USUAL_TRACKS = 64
"""…of about so many: a task of seconds, not of milliseconds."""
_FOLDER = "descriptors"
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class DescriptionBatch:
    """What one task describes: sampled tracks of one or more segments. Small, fit to travel."""

    key: str
    """Of the object in the store."""
    members: tuple[Member, ...]
    disguised: tuple[bool, ...]
    """Of each member, whether one clip is augmented as well."""
    earlier: tuple[str, ...] = ()
    """Objects that may hold some of the members' descriptors already; they change no byte."""


@dataclass(frozen=True)
class Descriptions:
    """Descriptors read back, one row a clip.

    `table` has the columns fingerprint (text), clip (int64), disguised and stretched (bool); the
    rows of `clips` are in its order. A disguised clip has two rows, one after the other:
    augmented, and at another tempo (stretched too). `images` and `stretched_images`
    (num_augmented, num_bins, num_frames) uint8 follow them.
    """

    table: pd.DataFrame
    clips: ClipDescriptions
    images: NDArray[np.uint8]
    stretched_images: NDArray[np.uint8]

    @property
    def augmented_rows(self) -> NDArray[np.int64]:
        """(num_augmented,) rows of the table: augmented clips."""
        return np.flatnonzero(self.table["disguised"] & ~self.table["stretched"])

    @property
    def stretched_rows(self) -> NDArray[np.int64]:
        """(num_augmented,) rows of the table: the same clips at another tempo."""
        return np.flatnonzero(self.table["stretched"])


def plan_descriptions(catalogue: pd.DataFrame, settings: Settings) -> tuple[DescriptionBatch, ...]:
    """What has to be described for a card of this complete catalogue, in batches by segment.

    A new segment makes a new batch and leaves the others alone. Of a large collection a segment
    holds but a few sampled tracks, and a batch takes several segments.

    The same catalogue and settings give the same keys; whether they are in the store already is
    for `write_descriptions` to see.
    """
    sample = sample_tracks(catalogue, settings.evaluation)
    folder = make_descriptors_key(settings)
    batches = []
    for _, part in sample.groupby(_gather_segments(sample["segment"]), sort=True):
        fingerprints = [str(name) for name in part["fingerprint"]]
        disguised = tuple(bool(flag) for flag in part["disguised"])
        members = tuple(make_members(part))
        batch_key = make_key("descriptions", folder, fingerprints, list(disguised))
        key = f"{_FOLDER}/{folder}/{batch_key}.parquet"
        batches.append(DescriptionBatch(key, members, disguised))
    return tuple(batches)


def find_missing(
    store: Store, batches: Iterable[DescriptionBatch], settings: Settings, *, read: bool = False
) -> list[DescriptionBatch]:
    """The batches that are not in the store, and where some of their tracks may be already.

    With `read`, as before a card is measured, those count as missing that are not whole.
    """
    folder = f"{_FOLDER}/{make_descriptors_key(settings)}"
    there = {f"{folder}/{name}" for name in store.names(folder)}
    missing = [
        batch
        for batch in batches
        if batch.key not in there or (read and not has_whole(store, batch.key, _parse))
    ]
    if not missing:
        return []
    names = ([member.fingerprint for member in batch.members] for batch in missing)
    tracks = map(zip, names, (batch.disguised for batch in missing))
    found = locate_earlier(store, folder, tracks)
    return [replace(batch, earlier=keys) for batch, keys in zip(missing, found, strict=True)]


def _gather_segments(segments: "pd.Series[str]") -> "pd.Series[str]":
    """The batch of each sampled track: its segment, or one of 2ⁿ groups of segments."""
    if len(segments) >= FEWEST_TRACKS * segments.nunique():
        return segments
    num_groups = 1
    while num_groups * USUAL_TRACKS < len(segments):
        num_groups *= 2
    return segments.map(lambda key: f"{zlib.crc32(str(key).encode()) % num_groups:08d}")


def make_descriptors_key(settings: Settings) -> str:
    """What the descriptors of a clip depend on besides its audio."""
    return make_key(_FOLDER, FORMAT, DECODER_VERSION, make_recipe_key(settings))


def write_descriptions(
    batch: DescriptionBatch,
    source: Source,
    store: Store,
    settings: Settings,
) -> str:
    """Describe a batch, unless that was done before; the key of the object.

    Rows that an earlier object holds are copied. A track that cannot be read any more is left out
    with a warning, and the card is measured without it.
    """
    if has_whole(store, batch.key, _parse):
        return batch.key
    tables = []
    earlier = EarlierRows(store, batch.earlier)
    for member, disguised in zip(batch.members, batch.disguised, strict=True):
        try:
            rows = earlier.find(member.fingerprint, disguised)
            if rows is None:
                rows = _describe_track(member, disguised, source, settings)
            tables.append(rows)
        except AudioFault as fault:
            _log.warning("%s is left out of the card: %s", member.path, fault)
    table = pa.concat_tables([_SCHEMA.empty_table(), *tables]).combine_chunks()
    buffer = io.BytesIO()
    pq.write_table(table, buffer, compression="zstd", write_statistics=False)
    write_noted(store, batch.key, buffer.getvalue())
    return batch.key


def read_descriptions(
    store: Store, keys: Iterable[str], image_shape: tuple[int, int]
) -> Descriptions:
    """Every row of several objects, one after the other.

    Raises:
        MissingObject: one of them is not in the store.
        DamagedObject: one of them is not as it was written.
    """
    tables = [_parse(read_noted(store, key, _parse), store.locate(key)) for key in keys]
    table = pa.concat_tables([_SCHEMA.empty_table(), *tables]).combine_chunks()
    halves = {
        name: _unpack(table[name], np.float16).astype(np.float32).reshape(-1, *shape)
        for name, shape in (("periodicity", (NUM_BANDS, NUM_LAGS)), ("between", BETWEEN_SHAPE))
    }
    images = _unpack(table["image"].drop_null(), np.uint8).reshape(-1, 2, *image_shape)
    return Descriptions(
        table.select(["fingerprint", "clip", "disguised", "stretched"]).to_pandas(),
        ClipDescriptions(timbre=_unpack(table["timbre"], np.float32), **halves),
        images[:, 0],
        images[:, 1],
    )


_SCHEMA = pa.schema(
    [
        pa.field("fingerprint", pa.string()),
        pa.field("clip", pa.int64()),
        pa.field("disguised", pa.bool_()),
        pa.field("stretched", pa.bool_()),
        pa.field("periodicity", pa.binary()),
        pa.field("timbre", pa.binary()),
        pa.field("between", pa.binary()),
        pa.field("image", pa.binary()),
    ]
)


def _parse(data: bytes, place: str) -> pa.Table:
    return parse_table(data, place, _SCHEMA.names)


def _describe_track(
    member: Member, disguised: bool, source: Source, settings: Settings
) -> pa.Table:
    file = fetch_audio(source, member.path, member.size_bytes, member.digest)
    read = read_clips(file, settings.clip)
    samples, rate = _lower_rate(read.samples, read.sample_rate_hz, settings)
    plain = describe_clips(samples, rate)
    rows = list(_make_rows(member.fingerprint, plain, None))
    if disguised:
        seed = zlib.crc32(member.fingerprint.encode())
        semitones = SEMITONES if seed % 2 else -SEMITONES
        augmented = augment_clip(samples[0], rate, semitones, seed)
        stretched = stretch_clip(samples[0], SPEEDS[seed // 2 % len(SPEEDS)])
        for clip in (augmented, stretched):
            image = make_images(clip[None], rate, settings.spectrogram)
            told = describe_clips([clip], rate)
            rows += _make_rows(member.fingerprint, told, image, stretched=clip is stretched)
    return pa.Table.from_pylist(rows, schema=_SCHEMA)


def _lower_rate(
    samples: NDArray[np.float32], rate_hz: int, settings: Settings
) -> tuple[NDArray[np.float32], int]:
    """Work at 22,050 Hz where the images need no more."""
    top_hz = 0.9 * ANALYSIS_RATE_HZ / 2
    if rate_hz <= ANALYSIS_RATE_HZ or top_frequency_hz(settings.spectrogram) > top_hz:
        return samples, rate_hz
    # Transposed, because the resampler takes clips as channels.
    lowered = soxr.resample(samples.T, rate_hz, ANALYSIS_RATE_HZ, quality="MQ")
    return np.ascontiguousarray(lowered.T), ANALYSIS_RATE_HZ


def _make_rows(
    fingerprint: str,
    clips: ClipDescriptions,
    images: NDArray[np.uint8] | None,
    *,
    stretched: bool = False,
) -> Iterator[dict[str, object]]:
    assert clips.between is not None, "describe_clips relates bands"
    columns = zip(clips.periodicity, clips.timbre, clips.between, strict=True)
    for row, (periodicity, timbre, between) in enumerate(columns):
        yield {
            "fingerprint": fingerprint,
            "clip": row,
            "disguised": images is not None,
            "stretched": stretched,
            "periodicity": periodicity.astype("<f2").tobytes(),
            "timbre": timbre.astype("<f4").tobytes(),
            "between": between.astype("<f2").tobytes(),
            "image": None if images is None else images[row].tobytes(),
        }


def _unpack(column: pa.ChunkedArray, dtype: type[np.generic]) -> NDArray[Any]:
    """(n, length) of a binary column whose values are equally long."""
    values = column.to_pylist()
    if not values:
        return np.zeros((0, 0), dtype)
    return np.frombuffer(b"".join(values), np.dtype(dtype).newbyteorder("<")).reshape(
        len(values), -1
    )
