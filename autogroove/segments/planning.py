"""Which segments are missing.

What belongs here: comparing the catalogue with the store, and cutting what is missing into
batches.
What does not: reading audio.

A plan depends on the catalogue and the store alone, and what is missing is taken in the order of
the catalogue: a run that died finds exactly the batches it lost, under the same keys.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import pandas as pd

from autogroove.audio import DECODER_VERSION
from autogroove.config import Settings
from autogroove.segments.index import SegmentIndex, make_recipe_key, read_segment_indexes
from autogroove.segments.spectrogram import check_recipe
from autogroove.source import Reason
from autogroove.store import Store, make_key

NOT_REMEMBERED = {Reason.unreadable, Reason.changed_while_reading}
"""Faults of the moment, not of the bytes: such tracks are tried again at each run."""


@dataclass(frozen=True)
class Member:
    """One file of a batch."""

    fingerprint: str
    path: str
    size_bytes: int
    file_digest: str | None = None
    """Of the bytes, where it is not the fingerprint: the tags of the file were changed."""

    @property
    def digest(self) -> str:
        """What the bytes must be."""
        return self.file_digest or self.fingerprint


@dataclass(frozen=True)
class SegmentBatch:
    """What one task makes: a segment of these files. Small, and fit to travel."""

    segment_key: str
    recipe_key: str
    members: tuple[Member, ...]
    attempt: int = 0
    """How often these files were tried, in vain, with this decoder before."""
    known_faults: tuple[Reason, ...] = ()
    """By which each of the files was refused then; none where they were not tried."""


@dataclass(frozen=True)
class SegmentPlan:
    """What is there, and what has to be made."""

    recipe_key: str
    batches: tuple[SegmentBatch, ...]
    reused: tuple[str, ...]
    """Keys of the segments that are needed and complete, sorted."""
    standing: tuple[str, ...] = ()
    """Keys of those that are needed if another try of their quarantined tracks is in vain."""

    @property
    def num_tracks(self) -> int:
        """Tracks whose audio has to be read."""
        return sum(len(batch.members) for batch in self.batches)

    @property
    def segment_keys(self) -> tuple[str, ...]:
        """Every segment of the catalogue, once the batches are written."""
        return (*self.reused, *(batch.segment_key for batch in self.batches))


def plan_segments(
    catalogue: pd.DataFrame,
    store: Store,
    settings: Settings,
    *,
    tracks_per_segment: int = 256,
    retry_quarantined: bool = False,
) -> SegmentPlan:
    """What has to be made so that every listed track is stored or quarantined.

    Tracks that this decoder could not read before are not tried again, unless
    `retry_quarantined`, or the fault was of the moment (`NOT_REMEMBERED`).

    Raises:
        SettingsError: no image can be made with these settings.
        StoreError: the store cannot be read.
    """
    check_recipe(settings.clip, settings.spectrogram)
    recipe_key = make_recipe_key(settings)
    known = locate_tracks(read_segment_indexes(store, recipe_key))
    missing: dict[int, list[tuple[Member, Reason | None]]] = defaultdict(list)
    reused: set[str] = set()
    standing: set[str] = set()
    for member in list_members(catalogue):
        place = known.get(member.fingerprint)
        if place is None or place.is_of_the_past:
            missing[0].append((member, None))
        elif _is_due(place, retry_quarantined):
            missing[place.attempts].append((member, place.reason))
            standing.add(place.index.segment_key)
        else:
            reused.add(place.index.segment_key)
    batches = (
        batch
        for attempt in sorted(missing)
        for batch in _cut_batches(missing[attempt], recipe_key, tracks_per_segment, attempt)
    )
    return SegmentPlan(
        recipe_key, tuple(batches), tuple(sorted(reused)), tuple(sorted(standing - reused))
    )


@dataclass
class Place:
    """Where a track's newest word is: its row, or its fault and how often it was tried."""

    index: SegmentIndex
    row: int
    reason: Reason | None = None
    attempts: int = 0
    """Failed attempts with the present decoder."""

    @property
    def is_of_the_past(self) -> bool:
        """Whether it is a fault that only another decoder than the present one has seen."""
        return self.reason is not None and self.attempts == 0


def locate_tracks(indexes: Iterable[SegmentIndex]) -> dict[str, Place]:
    """The place of every fingerprint. A stored one counts before a quarantined one; of several
    faults, the one of the present decoder's last attempt."""
    places: dict[str, Place] = {}
    for index in sorted(indexes, key=_seniority):
        current = index.decoder_version == DECODER_VERSION
        for row, fault in enumerate(index.quarantined):
            place = Place(index, row, fault.reason)
            place.attempts = index.attempt + 1 if current else 0
            places[fault.fingerprint] = place
    for index in sorted(indexes, key=lambda index: index.segment_key, reverse=True):
        for row, track in enumerate(index.rows):
            places[track.fingerprint] = Place(index, row)
    return places


def _seniority(index: SegmentIndex) -> tuple[bool, int, str]:
    return index.decoder_version == DECODER_VERSION, index.attempt, index.segment_key


def _is_due(place: Place, retry_quarantined: bool) -> bool:
    if place.reason is None:
        return False
    return retry_quarantined or place.reason in NOT_REMEMBERED


def list_members(catalogue: pd.DataFrame) -> Iterator[Member]:
    """The files of the listed tracks in the catalogue's order, each content once.

    A forecast's catalogue has files that nobody read yet: without a fingerprint, each of them
    stands for itself.
    """
    listed = catalogue[catalogue["status"] == "listed"]
    unread = "unread " + listed["path"].astype(str)
    seen: set[str] = set()
    for member in make_members(listed.assign(fingerprint=listed["fingerprint"].fillna(unread))):
        if member.fingerprint not in seen:
            seen.add(member.fingerprint)
            yield member


def make_members(rows: pd.DataFrame) -> Iterator[Member]:
    """The files of rows of a catalogue, in their order."""
    table = rows.reindex(columns=["fingerprint", "path", "size_bytes", "file_digest"])
    for fingerprint, path, size, digest in table.itertuples(index=False):
        has_digest = isinstance(digest, str)
        yield Member(str(fingerprint), str(path), int(size), digest if has_digest else None)


def _cut_batches(
    missing: list[tuple[Member, Reason | None]],
    recipe_key: str,
    tracks_per_segment: int,
    attempt: int,
) -> Iterator[SegmentBatch]:
    for start in range(0, len(missing), tracks_per_segment):
        part = missing[start : start + tracks_per_segment]
        batch = tuple(member for member, _ in part)
        faults = tuple(fault for _, fault in part if fault is not None)
        key = make_segment_key(recipe_key, batch, attempt)
        yield SegmentBatch(key, recipe_key, batch, attempt, faults)


def make_segment_key(recipe_key: str, members: Iterable[Member], attempt: int) -> str:
    """The key of the segment that holds these files, read by the present decoder."""
    fingerprints = [member.fingerprint for member in members]
    again = [attempt] if attempt else []
    return make_key("segment", recipe_key, DECODER_VERSION, fingerprints, *again)
