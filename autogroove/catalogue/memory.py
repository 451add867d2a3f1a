"""What earlier scans of a source found: path, size and version → fingerprint and tags.

What belongs here: the scan listings in the store, immutable and numbered.
What does not: looking at files.

`scans/<source key>/000007.parquet` is created only where no object of that name is; the highest
number is current. Of two scans that race, the second sees that its number is taken, merges what
the first one found, and takes the next. A listing is a memory and nothing more: without it files
are read again, and come to the same fingerprints.
"""

import pandas as pd
import pyarrow as pa

from autogroove.catalogue.table import read_table, write_table
from autogroove.catalogue.tags import TAG_FIELDS
from autogroove.errors import StoreError
from autogroove.identity import make_key
from autogroove.storage import Store

LISTING_SCHEMA = pa.schema(
    [
        pa.field("path", pa.string()),
        pa.field("size_bytes", pa.int64()),
        pa.field("version", pa.string()),
        pa.field("fingerprint", pa.string()),
        *TAG_FIELDS,
    ]
)
_FORMAT = 1


def make_source_key(url: str, reads_tags: bool) -> str:
    """The key of a source's scans."""
    return make_key("scan", _FORMAT, url, reads_tags)


def recall_listing(store: Store, source_key: str) -> pd.DataFrame:
    """The current listing of a source, in the order of path; no rows where there is none."""
    number = _newest(store, source_key)
    if number == 0:
        return read_table(write_table(pd.DataFrame(), LISTING_SCHEMA), LISTING_SCHEMA)
    try:
        return read_table(store.read(_place(source_key, number)), LISTING_SCHEMA)
    except StoreError as error:
        raise StoreError(
            f"{error} Delete it: it will be made again by reading the audio."
        ) from error


def remember_listing(
    store: Store, source_key: str, known: pd.DataFrame, found: pd.DataFrame
) -> bool:
    """Write `found` as the current listing, unless it is the one known; whether it was written.

    What another scan wrote meanwhile is kept, where `found` has no row of that path.
    """
    data = write_table(found.sort_values("path"), LISTING_SCHEMA)
    if data == write_table(known, LISTING_SCHEMA):
        return False
    number = _newest(store, source_key) + 1
    while not store.create(_place(source_key, number), data):
        others = read_table(store.read(_place(source_key, number)), LISTING_SCHEMA)
        found = pd.concat([found, others[~others["path"].isin(found["path"])]])
        data = write_table(found.sort_values("path"), LISTING_SCHEMA)
        number += 1
    return True


def _newest(store: Store, source_key: str) -> int:
    names = store.names(f"scans/{source_key}")
    return max((int(name.split(".")[0]) for name in names), default=0)


def _place(source_key: str, number: int) -> str:
    return f"scans/{source_key}/{number:06d}.parquet"
