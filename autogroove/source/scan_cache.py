"""What earlier scans of a source found: path, size and version → fingerprint and tags.

What belongs here: the scan listings in the store, immutable and numbered.
What does not: looking at files.

`scans/<source key>/000007.parquet` is created only where no object of that name is; the highest
number is current. Of two scans that race, the second sees that its number is taken, merges what
the first one found, and takes the next. A listing is a memory and nothing more: without it files
are read again, and come to the same fingerprints.
"""

import logging

import pandas as pd
import pyarrow as pa

from autogroove.errors import DamagedObject
from autogroove.source.table import conform_table, read_table, write_table
from autogroove.source.tags import TAG_FIELDS
from autogroove.store import Store, create_noted, make_key, parsing, read_noted

_log = logging.getLogger(__name__)

LISTING_SCHEMA = pa.schema(
    [
        pa.field("path", pa.string()),
        pa.field("size_bytes", pa.int64()),
        pa.field("version", pa.string()),
        pa.field("fingerprint", pa.string()),
        pa.field("file_digest", pa.string()),
        pa.field("sound_digest", pa.string()),
        *TAG_FIELDS,
        pa.field("tags_version", pa.int64()),
    ]
)
"""`file_digest` is null where it is the fingerprint; `sound_digest` where the format does not let
one tell, or an earlier version of this program read the file. `tags_version` tells which version
read the tags; null: the first one."""
_FORMAT = 1


def make_source_key(url: str, reads_tags: bool) -> str:
    """The key of a source's scans."""
    return make_key("scan", _FORMAT, url, reads_tags)


class ScanCache:
    """What is remembered of one source.

    Raises:
        StoreError: the store cannot be used.
    """

    def __init__(self, store: Store, source_key: str) -> None:
        self._store, self._source_key = store, source_key
        numbers = (int(name.split(".")[0]) for name in store.names(f"scans/{source_key}"))
        self._number = max(numbers, default=0)
        self.rows = self._read(self._number) if self._number else _no_rows()
        """The listing that was current at first, in the order of path."""
        self._last = write_table(self.rows, LISTING_SCHEMA)

    def write(self, found: pd.DataFrame) -> None:
        """Make `found` the current listing, unless it is so already.

        What other scans wrote since is kept, where `found` has no row of that path.
        """
        data = write_table(found.sort_values("path"), LISTING_SCHEMA)
        while data != self._last:
            self._number += 1
            if create_noted(self._store, self._place(self._number), data):
                self._last = data
                return
            others = self._read(self._number)
            found = pd.concat([found, others[~others["path"].isin(found["path"])]])
            data = write_table(found.sort_values("path"), LISTING_SCHEMA)
            self._last = write_table(others, LISTING_SCHEMA)

    def _read(self, number: int) -> pd.DataFrame:
        """A listing; of a damaged one nothing is believed, and its files are read again."""
        place = self._place(number)
        try:
            return _parse(read_noted(self._store, place, _parse), self._store.locate(place))
        except DamagedObject as error:
            _log.warning("%s Until then its files are read again.", error)
            return _no_rows()

    def _place(self, number: int) -> str:
        return f"scans/{self._source_key}/{number:06d}.parquet"


def _parse(data: bytes, place: str) -> pd.DataFrame:
    with parsing(place):
        rows = read_table(data, LISTING_SCHEMA, place)
        if not rows["path"].is_unique:
            raise ValueError("it lists a file twice")
        return rows


def _no_rows() -> pd.DataFrame:
    return conform_table(pd.DataFrame(), LISTING_SCHEMA)
