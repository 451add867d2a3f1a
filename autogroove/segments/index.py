"""The index of a segment: what it holds, what it could not hold, and reading the clips."""

import json
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from autogroove.config import Settings
from autogroove.errors import DamagedObject, MissingObject
from autogroove.source import Reason
from autogroove.store import (
    Store,
    StoredArray,
    canonical_json,
    digest_bytes,
    make_key,
    open_array,
    parsing,
)

FORMAT_VERSION = 2
"""Changes whenever the bytes of the same audio under the same settings change."""

_READERS = 16


@dataclass(frozen=True)
class StoredTrack:
    """One track of a segment: its clips are rows `first_clip` to `first_clip + clips`."""

    fingerprint: str
    first_clip: int
    clips: int
    duration_seconds: float
    sample_rate_hz: int
    channels: int
    clipped_share: float
    silent_share: float


@dataclass(frozen=True)
class QuarantinedTrack:
    """One track of the batch that could not be used."""

    fingerprint: str
    reason: Reason
    detail: str


@dataclass(frozen=True)
class SegmentIndex:
    """What one segment holds. Equal batches give equal bytes of it."""

    recipe_key: str
    segment_key: str
    decoder_version: str
    attempt: int
    rows: tuple[StoredTrack, ...]
    quarantined: tuple[QuarantinedTrack, ...]
    objects: dict[str, tuple[str, int]] = field(default_factory=dict)
    """SHA-256 and bytes of every other object of the segment, by its name below it."""
    seconds_by_step: dict[str, float] = field(default_factory=dict, compare=False)
    """Where the writer's time went. Not kept in the store: times are not identity."""

    @property
    def num_clips(self) -> int:
        """Rows of the array."""
        return sum(row.clips for row in self.rows)

    @property
    def num_bytes(self) -> int:
        """Bytes of all objects but the index."""
        return sum(size for _, size in self.objects.values())

    @property
    def digest(self) -> str:
        """SHA-256 of the index, and through it of the whole segment."""
        return digest_bytes(self.to_bytes())

    def to_bytes(self) -> bytes:
        """The object that is stored: JSON, tracks as columns."""
        return canonical_json(
            {
                "format": FORMAT_VERSION,
                "recipe_key": self.recipe_key,
                "segment_key": self.segment_key,
                "decoder_version": self.decoder_version,
                "attempt": self.attempt,
                "rows": _columns(StoredTrack, self.rows),
                "quarantined": _columns(QuarantinedTrack, self.quarantined),
                "objects": self.objects,
            }
        )

    @classmethod
    def from_bytes(cls, data: bytes) -> "SegmentIndex":
        """What `to_bytes` wrote.

        What is raised where it is not that is for the caller to word.
        """
        tree = json.loads(data)
        quarantined = (
            QuarantinedTrack(fingerprint, Reason(reason), detail)
            for fingerprint, reason, detail in _rows(QuarantinedTrack, tree["quarantined"])
        )
        return cls(
            recipe_key=tree["recipe_key"],
            segment_key=tree["segment_key"],
            decoder_version=tree["decoder_version"],
            attempt=tree["attempt"],
            rows=tuple(StoredTrack(*row) for row in _rows(StoredTrack, tree["rows"])),
            quarantined=tuple(quarantined),
            objects={name: (entry[0], entry[1]) for name, entry in tree["objects"].items()},
        )


def _columns(kind: Any, values: Iterable[Any]) -> dict[str, list[Any]]:
    rows = [asdict(value) for value in values]
    return {part.name: [row[part.name] for row in rows] for part in fields(kind)}


def _rows(kind: Any, columns: dict[str, list[Any]]) -> Iterable[tuple[Any, ...]]:
    return zip(*(columns[part.name] for part in fields(kind)), strict=True)


def make_recipe_key(settings: Settings) -> str:
    """The key of all segments that were made by these clip and spectrogram settings."""
    return make_key("recipe", FORMAT_VERSION, settings.clip, settings.spectrogram)


def segment_prefix(recipe_key: str, segment_key: str) -> str:
    """Where a segment lies in the store."""
    return f"segments/{recipe_key}/{segment_key}"


def read_segment_index(store: Store, recipe_key: str, segment_key: str) -> SegmentIndex:
    """The index of one segment.

    Raises:
        MissingObject: the segment is not in the store.
        DamagedObject: its index is damaged.
    """
    key = f"{segment_prefix(recipe_key, segment_key)}/index.json"
    data = store.read(key)
    with parsing(store.locate(key)):
        index = SegmentIndex.from_bytes(data)
        if (index.recipe_key, index.segment_key) != (recipe_key, segment_key):
            raise ValueError("it is the index of another segment")
        return index


def find_segment_index(store: Store, recipe_key: str, segment_key: str) -> SegmentIndex | None:
    """The index of one segment, or None where the segment is not complete, or its index damaged."""
    try:
        return read_segment_index(store, recipe_key, segment_key)
    except (MissingObject, DamagedObject):
        return None


def read_segment_indexes(
    store: Store, recipe_key: str, segment_keys: Iterable[str] | None = None
) -> list[SegmentIndex]:
    """Many indexes, in the order asked for; without keys, of every complete segment, by key.

    Raises:
        MissingObject: a segment that was asked for is not in the store.
    """
    if segment_keys is not None:
        with ThreadPoolExecutor(_READERS) as threads:
            return list(
                threads.map(lambda key: read_segment_index(store, recipe_key, key), segment_keys)
            )
    keys = store.folders(f"segments/{recipe_key}")
    with ThreadPoolExecutor(_READERS) as threads:
        found = threads.map(lambda key: find_segment_index(store, recipe_key, key), keys)
        return [index for index in found if index is not None]


def open_clips(store: Store, recipe_key: str, segment_key: str) -> StoredArray:
    """The images of a segment: uint8 (num_clips, num_bins, num_frames), read lazily.

    Raises:
        MissingObject: the segment is not in the store.
        DamagedObject: its array cannot be opened.
    """
    return open_array(store, f"{segment_prefix(recipe_key, segment_key)}/clips")
