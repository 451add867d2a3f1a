"""From a source to its catalogue, reading only the audio that is new or changed.

What belongs here: what is known, what must be read, and what is double.
What does not: foreseeing (`preview`), listing (`listing`), reading (`fingerprints`), remembering
(`scan_cache`), decoding.
"""

import time
from dataclasses import dataclass

import numpy as np
import pandas as pd

from autogroove.errors import SourceError
from autogroove.source.fingerprints import Fingerprinted, Progress, Unread, fingerprint_files
from autogroove.source.identities import (
    IDENTITY,
    recognise_sounds,
)
from autogroove.source.scan_cache import LISTING_SCHEMA, ScanCache, make_source_key
from autogroove.source.sources import Collection
from autogroove.source.splits import describe_split_faults
from autogroove.source.table import SCHEMA, conform_table
from autogroove.source.tags import TAG_NAMES, TAGS_VERSION
from autogroove.source.tracks import Reason
from autogroove.store import Store

CHECKPOINT_SECONDS = 60.0
"""How much of a long first scan a crash may cost."""


@dataclass(frozen=True)
class Scan:
    """What a scan found."""

    catalogue: pd.DataFrame
    """See `table.SCHEMA`; statuses are listed, quarantined and excluded."""
    listed: int
    """Rows of the catalogue."""
    fingerprinted: int
    """Files that were looked into, because they were new or changed."""
    audio_bytes_read: int
    notes: tuple[str, ...] = ()
    """Sentences about the collection as a whole that a person should read."""
    listing_key: str = ""
    """Of a preview, what was listed: another where a file came, went or moved, and the same before
    and after its audio was read."""


def scan_source(
    source: Collection,
    store: Store,
    *,
    rehash: bool = False,
    before_url: str | None = None,
    progress: Progress | None = None,
) -> Scan:
    """List a source, fingerprint what is new or changed, and lay out its catalogue.

    With `rehash` every file is read again, so that one whose bytes changed under the same size
    and time is found. `before_url` is where the collection may have been before: what is known of
    it there serves a place that was never scanned. What was found is remembered in the store, also
    when this is interrupted.

    Raises:
        SourceError: the source cannot be listed, has no audio, or none of it can be read.
        StoreError: the store cannot be used.
    """
    memory = open_memory(source, store)
    known = recall(source, store, memory, before_url)
    rows = attach_known(source, known, believe=not rehash)
    unread = find_unread(rows)
    found: list[Fingerprinted] = []
    saved = time.monotonic()
    reading = fingerprint_files(
        source.files, unread, with_tags=source.reads_tags, progress=progress
    )
    try:
        for one in reading:
            found.append(one)
            if time.monotonic() - saved > CHECKPOINT_SECONDS:
                _remember(memory, known, apply_findings(source, rows, found, known))
                saved = time.monotonic()
    finally:
        rows = apply_findings(source, rows, found, known)
        _remember(memory, known, rows)
    _refuse_if_unreadable(source, unread, found)
    bytes_read = sum(one.bytes_read for one in found)
    return lay_out(rows, len(unread), bytes_read)


def is_whole(source: Collection) -> bool:
    """Whether all files of a source are listed, so that a file that is not is gone."""
    return source.limit is None and source.subset is None


def recall(
    source: Collection, store: Store, memory: ScanCache, before_url: str | None
) -> pd.DataFrame:
    """What earlier scans found here; where there was none, what they found at another place."""
    if len(memory.rows) or before_url is None or before_url == source.url:
        return memory.rows
    return ScanCache(store, make_source_key(before_url, source.reads_tags)).rows


def open_memory(source: Collection, store: Store) -> ScanCache:
    """What earlier scans of this source found."""
    return ScanCache(store, make_source_key(source.files.url, source.reads_tags))


def attach_known(source: Collection, known: pd.DataFrame, *, believe: bool) -> pd.DataFrame:
    """The listing with fingerprints and tags of files whose size and version are as before.

    Column `known` is the row of the same path in `known`, or -1; `is_same` tells whether it holds.
    """
    rows = source.list_tracks()
    rows["known"] = pd.Index(known["path"]).get_indexer(pd.Index(rows["path"]))
    before = known.reindex(rows["known"].to_numpy())
    before.index = rows.index
    is_file = rows["reason"].isna() & (rows["size_bytes"] > 0)
    is_same = (
        is_file & believe & (before["size_bytes"] == rows["size_bytes"]) & (rows["version"] != "")
    )
    rows["is_same"] = is_same & (before["version"] == rows["version"])
    for name in IDENTITY:
        rows[name] = before[name].where(rows["is_same"]).astype(object)
    if source.reads_tags:
        for name in (*TAG_NAMES, "tags_version"):
            rows[name] = before[name].where(rows["is_same"])
    if not source.trusts_checksums:
        rows["checksum"] = None
    elif not source.reads_tags:
        rows["fingerprint"] = rows["fingerprint"].fillna(rows["checksum"].where(is_file))
    is_empty = rows["reason"].isna() & (rows["size_bytes"] == 0)
    rows.loc[is_empty, "reason"] = Reason.empty
    rows.loc[is_empty, "detail"] = Reason.empty.meaning
    return rows


def find_unread(rows: pd.DataFrame) -> list[Unread]:
    """Files whose bytes are not known, and those whose tags an earlier version read."""
    is_unread = rows["fingerprint"].isna()
    if "tags_version" in rows:
        is_unread |= rows["tags_version"].fillna(0) < TAGS_VERSION
    left = rows[rows["reason"].isna() & is_unread]
    known = left["fingerprint"].fillna(left["checksum"])
    checksums = known.astype(object).where(known.notna(), None)
    columns = (left.index, left["path"], left["size_bytes"], checksums)
    return [Unread(*values) for values in zip(*columns, strict=True)]


def apply_findings(
    source: Collection, rows: pd.DataFrame, found: list[Fingerprinted], known: pd.DataFrame
) -> pd.DataFrame:
    """The rows with what was found in their files."""
    if not found:
        return rows
    rows = rows.copy()
    index = [one.row for one in found]
    fresh = pd.DataFrame([one.tags for one in found], index=index).reindex(columns=TAG_NAMES)
    fresh["fingerprint"] = [one.fingerprint for one in found]
    was_read = [one.row for one in found if one.bytes_read]
    rows.loc[was_read, "sound_digest"] = [one.sound for one in found if one.bytes_read]
    rows.loc[index, "is_same"] = False
    if "tags_version" in rows:
        rows.loc[index, "tags_version"] = TAGS_VERSION
    for name in fresh.columns[fresh.notna().any()]:
        rows[name] = rows[name].astype(object)
        rows.loc[index, name] = fresh[name].astype(object)
    read = [one for one in found if one.bytes_read]
    rows.loc[[one.row for one in read], "size_bytes"] = [one.bytes_read for one in read]
    faulty = [one for one in found if one.fingerprint is None]
    rows.loc[[one.row for one in faulty], "reason"] = Reason.unreadable
    rows.loc[[one.row for one in faulty], "detail"] = [one.fault for one in faulty]
    return recognise_sounds(rows, was_read, known, is_whole=is_whole(source))


def _remember(memory: ScanCache, known: pd.DataFrame, rows: pd.DataFrame) -> None:
    """Write the listing, with what is known of files that are not there now, or not asked about:
    a disk that was away comes back, and a file that went may turn up elsewhere."""
    seen = rows[rows["reason"].isna() & rows["fingerprint"].notna()]
    is_borrowed = known is not memory.rows
    if not is_borrowed and len(seen) == len(known) and seen["is_same"].all():
        return
    keeps = np.full(len(known), True)
    keeps[seen.loc[seen["known"] >= 0, "known"]] = False
    memory.write(pd.concat([conform_table(seen, LISTING_SCHEMA), known[keeps]]))


def _refuse_if_unreadable(
    source: Collection, unread: list[Unread], found: list[Fingerprinted]
) -> None:
    faults = [one.fault for one in found if one.fingerprint is None]
    if faults and len(faults) == len(unread) == len(source.list_tracks()):
        raise SourceError(
            f"None of the {len(faults)} files of {source.url} can be read. The first: {faults[0]}."
        )


def lay_out(rows: pd.DataFrame, fingerprinted: int, bytes_read: int) -> Scan:
    """The catalogue of what was found, copies excluded."""
    rows = _exclude_copies(rows)
    statuses = {reason: reason.status for reason in Reason}
    rows["status"] = rows["reason"].map(statuses).fillna("listed")
    rows["reason"] = rows["reason"].astype(object).where(rows["reason"].notna(), None)
    rows["fingerprint"] = rows["fingerprint"].where(rows["status"] != "quarantined")
    rows["clips"] = 0
    catalogue = conform_table(rows, SCHEMA)
    listed = catalogue[catalogue["status"] == "listed"]
    notes = tuple(describe_split_faults(listed))
    return Scan(catalogue, len(catalogue), fingerprinted, bytes_read, notes)


def _exclude_copies(rows: pd.DataFrame) -> pd.DataFrame:
    """Of tracks with equal bytes the one with the lowest id stays."""
    rows = rows.copy()
    fine = rows[rows["reason"].isna() & rows["fingerprint"].notna()]
    copies = fine[fine.duplicated("fingerprint")]
    originals = fine.drop_duplicates("fingerprint").set_index("fingerprint")["track_id"]
    rows.loc[copies.index, "reason"] = Reason.duplicate_content
    rows.loc[copies.index, "detail"] = [
        f"The same bytes as track {originals[one]}." for one in copies["fingerprint"]
    ]
    return rows
