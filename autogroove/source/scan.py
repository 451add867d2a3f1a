"""From a source to its catalogue, reading only the audio that is new or changed.

What belongs here: what is known, what must be read, and what is double.
What does not: listing (`listing`), reading (`fingerprints`), remembering (`scan_cache`), decoding.
"""

import time
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from autogroove.errors import SourceError
from autogroove.source.fingerprints import Fingerprinted, Progress, Unread, fingerprint_files
from autogroove.source.fma_metadata import describe_split_faults
from autogroove.source.scan_cache import LISTING_SCHEMA, ScanCache, make_source_key
from autogroove.source.sources import Collection
from autogroove.source.table import SCHEMA, conform_table
from autogroove.source.tags import TAG_NAMES
from autogroove.source.tracks import Reason
from autogroove.store import Store, make_key

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
    source: Collection, store: Store, *, rehash: bool = False, progress: Progress | None = None
) -> Scan:
    """List a source, fingerprint what is new or changed, and lay out its catalogue.

    With `rehash` every file is read again, so that one whose bytes changed under the same size
    and time is found. What was found is remembered in the store, also when this is interrupted.

    Raises:
        SourceError: the source cannot be listed, has no audio, or none of it can be read.
        StoreError: the store cannot be used.
    """
    memory = open_memory(source, store)
    rows = _attach_known(source, memory.rows, believe=not rehash)
    unread = _find_unread(rows)
    found: list[Fingerprinted] = []
    saved = time.monotonic()
    reading = fingerprint_files(
        source.files, unread, with_tags=source.reads_tags, progress=progress
    )
    try:
        for one in reading:
            found.append(one)
            if time.monotonic() - saved > CHECKPOINT_SECONDS:
                _remember(source, memory, _apply(rows, found))
                saved = time.monotonic()
    finally:
        rows = _apply(rows, found)
        _remember(source, memory, rows)
    _refuse_if_unreadable(source, unread, found)
    bytes_read = sum(one.bytes_read for one in found)
    return _lay_out(rows, len(unread), bytes_read)


def preview_scan(source: Collection, store: Store) -> Scan:
    """The scan that `scan_source` would make, as far as it can be told without reading audio.

    Nothing is written. What is new or changed is listed with a null fingerprint, and counted as
    `fingerprinted`; copies among those are not known yet.
    """
    rows = _attach_known(source, open_memory(source, store).rows, believe=True)
    seen = rows[["path", "size_bytes", "version"]].to_json(orient="values")
    found = _lay_out(rows, len(_find_unread(rows)), 0)
    return replace(found, listing_key=make_key("listing", seen))


def open_memory(source: Collection, store: Store) -> ScanCache:
    """What earlier scans of this source found."""
    return ScanCache(store, make_source_key(source.files.url, source.reads_tags))


def _attach_known(source: Collection, known: pd.DataFrame, *, believe: bool) -> pd.DataFrame:
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
    rows["fingerprint"] = before["fingerprint"].where(rows["is_same"])
    if source.reads_tags:
        for name in TAG_NAMES:
            rows[name] = before[name].where(rows["is_same"])
    if not source.trusts_checksums:
        rows["checksum"] = None
    elif not source.reads_tags:
        rows["fingerprint"] = rows["fingerprint"].fillna(rows["checksum"].where(is_file))
    is_empty = rows["reason"].isna() & (rows["size_bytes"] == 0)
    rows.loc[is_empty, "reason"] = Reason.empty
    rows.loc[is_empty, "detail"] = Reason.empty.meaning
    return rows


def _find_unread(rows: pd.DataFrame) -> list[Unread]:
    left = rows[rows["reason"].isna() & rows["fingerprint"].isna()]
    checksums = left["checksum"].astype(object).where(left["checksum"].notna(), None)
    columns = (left.index, left["path"], left["size_bytes"], checksums)
    return [Unread(*values) for values in zip(*columns, strict=True)]


def _apply(rows: pd.DataFrame, found: list[Fingerprinted]) -> pd.DataFrame:
    """The rows with what was found in their files."""
    if not found:
        return rows
    rows = rows.copy()
    index = [one.row for one in found]
    fresh = pd.DataFrame([one.tags for one in found], index=index).reindex(columns=TAG_NAMES)
    fresh["fingerprint"] = [one.fingerprint for one in found]
    for name in fresh.columns[fresh.notna().any()]:
        rows[name] = rows[name].astype(object)
        rows.loc[index, name] = fresh[name].astype(object)
    read = [one for one in found if one.bytes_read]
    rows.loc[[one.row for one in read], "size_bytes"] = [one.bytes_read for one in read]
    faulty = [one for one in found if one.fingerprint is None]
    rows.loc[[one.row for one in faulty], "reason"] = Reason.unreadable
    rows.loc[[one.row for one in faulty], "detail"] = [one.fault for one in faulty]
    return rows


def _remember(source: Collection, memory: ScanCache, rows: pd.DataFrame) -> None:
    """Write the listing, with what is known of files that this scan was not asked about."""
    known = memory.rows
    seen = rows[rows["reason"].isna() & rows["fingerprint"].notna()]
    if len(seen) == len(known) and seen["is_same"].all():
        return
    is_whole = source.limit is None and source.subset is None
    keeps = np.full(len(known), not is_whole)
    keeps[rows.loc[rows["known"] >= 0, "known"]] = True
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


def _lay_out(rows: pd.DataFrame, fingerprinted: int, bytes_read: int) -> Scan:
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
