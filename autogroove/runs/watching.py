"""What a watch compares, and what it has reported already.

A difference is reported once a day: again tomorrow, in case nothing came of it today.
"""

from datetime import UTC, datetime

from autogroove.config import SourceSelection
from autogroove.runs.plan import open_current
from autogroove.source import Changes, compare_listing, open_source
from autogroove.store import Store, canonical_json, make_key


def compare_source(store: Store, selection: SourceSelection) -> Changes:
    """What changed in a source since the current release, by one listing and no audio.

    A file that was touched but not changed counts as changed until a run has read it.

    Raises:
        SourceError: the source cannot be used.
        StoreError: the store cannot be read.
    """
    source = open_source(
        selection.source,
        store=store,
        subset=selection.subset,
        limit=selection.limit,
        exclude_folders=selection.exclude_folders,
    )
    release = open_current(store)
    if release is None:
        return compare_listing(source, store)
    return compare_listing(source, store, release.catalogue, release.source_url)


FOLDER = "announcements"


def was_notified(store: Store, difference: str) -> bool:
    """Whether a difference was reported today."""
    return store.exists(_place(difference))


def record_notification(store: Store, difference: str) -> None:
    """Write down that a difference was reported today."""
    store.write(_place(difference), canonical_json({"difference": difference, "day": _today()}))


def _place(difference: str) -> str:
    return f"{FOLDER}/{make_key('announcement', difference, _today())}.json"


def _today() -> str:
    return datetime.now(UTC).date().isoformat()
