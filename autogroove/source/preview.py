"""What a scan would find, as far as it can be told from a listing.

What belongs here: foreseeing which new files are known ones. What does not: the scan (`scan`).
"""

from dataclasses import replace

import pandas as pd

from autogroove.source.fingerprints import fingerprint_files
from autogroove.source.identities import find_gone, foresee_moves
from autogroove.source.scan import (
    Scan,
    apply_findings,
    attach_known,
    find_unread,
    is_whole,
    lay_out,
    open_memory,
    recall,
)
from autogroove.source.sources import Collection
from autogroove.source.table import METADATA_FIELDS
from autogroove.store import Store, make_key

_MOST_CAME = 2
"""For each file that went, so many new ones may be read to find it again in a preview."""


def preview_scan(
    source: Collection,
    store: Store,
    *,
    before_url: str | None = None,
    current: pd.DataFrame | None = None,
) -> Scan:
    """The scan that `scan_source` would make, as far as it can be told without reading audio.

    Nothing is written. What is new or changed is listed with a null fingerprint, and counted as
    `fingerprinted`; copies among those are not known yet. A new file of the size and time of one
    that is gone is taken for that one. With `current`, the catalogue of the current release, files
    of this machine are read that may be ones of it with other tags.
    """
    known = recall(source, store, open_memory(source, store), before_url)
    rows = attach_known(source, known, believe=True)
    num_unread = len(find_unread(rows))
    key = _key_of_listing(source, rows)
    if is_whole(source):
        rows = foresee_moves(rows, known)
    if current is not None and source.files.is_local:
        rows = _look_at_likely(source, rows, known, current)
    rows["fingerprint"] = rows["fingerprint"].fillna(rows["checksum"].where(rows["reason"].isna()))
    return replace(lay_out(rows, num_unread, 0), listing_key=key)


def _key_of_listing(source: Collection, rows: pd.DataFrame) -> str:
    """The same before and after new files were read: tags of theirs are not in it, metadata are."""
    columns = ["path", "size_bytes", "version"]
    if not source.reads_tags:
        columns += [each.name for each in METADATA_FIELDS if each.name in rows]
    return make_key("listing", rows[columns].to_json(orient="values", date_format="iso"))


def _look_at_likely(
    source: Collection, rows: pd.DataFrame, known: pd.DataFrame, current: pd.DataFrame
) -> pd.DataFrame:
    """Rows with what is in files that may be known ones: changed ones, and new ones where about as
    many went as came."""
    unread = rows[rows["reason"].isna() & rows["fingerprint"].isna() & rows["checksum"].isna()]
    gone = find_gone(rows, known)
    gone = gone[gone["fingerprint"].isin(current["fingerprint"]) & gone["sound_digest"].notna()]
    gone = gone[~gone["fingerprint"].isin(rows["fingerprint"])]
    came = unread[unread["known"] < 0]
    changed = unread[unread["known"] >= 0]
    sounds = known["sound_digest"].iloc[changed["known"].to_numpy()]
    likely = changed[sounds.notna().to_numpy()]
    if is_whole(source) and len(came) <= _MOST_CAME * len(gone):
        likely = pd.concat([likely, came])
    wanted = [each for each in find_unread(rows) if each.row in likely.index]
    found = list(fingerprint_files(source.files, wanted, with_tags=source.reads_tags))
    return apply_findings(source, rows, found, known)
