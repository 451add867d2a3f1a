"""What has changed in a source, told from listings alone.

What belongs here: counts for `plan` and for the flow that watches a source.
What does not: reading audio, or writing anything.
"""

from dataclasses import dataclass

import pandas as pd

from autogroove.catalogue.scan import open_memory, preview_scan
from autogroove.catalogue.sources import Collection
from autogroove.storage import Store


@dataclass(frozen=True)
class ListingComparison:
    """How many files of a source differ from what is known."""

    new: int
    changed: int
    removed: int
    unchanged: int

    @property
    def differs(self) -> bool:
        """Whether a run would find anything to do."""
        return bool(self.new or self.changed or self.removed)


def compare_listing(
    source: Collection, store: Store, catalogue: pd.DataFrame | None = None
) -> ListingComparison:
    """Compare a source with a release's catalogue, or with its last scan where none is given.

    A file counts as changed when its size or version did, even though reading it may show that
    its bytes did not. One listing; no audio is opened and nothing is written.

    Raises:
        SourceError: the source cannot be listed.
    """
    now = preview_scan(source, store).catalogue
    if catalogue is None:
        now = now[now["status"] != "quarantined"]
        catalogue = open_memory(source, store).rows
    then = _by_path(catalogue).add_suffix("_then")
    both = _by_path(now).add_suffix("_now").join(then, how="outer")
    is_new, is_removed = both["there_then"].isna(), both["there_now"].isna()
    is_unread = both["status_now"].eq("listed") & both["fingerprint_now"].isna()
    is_equal = both["fingerprint_now"].fillna("").eq(both["fingerprint_then"].fillna(""))
    is_changed = ~is_new & ~is_removed & (is_unread | ~is_equal)
    new, changed, removed = (int(which.sum()) for which in (is_new, is_changed, is_removed))
    return ListingComparison(new, changed, removed, len(both) - new - changed - removed)


def _by_path(table: pd.DataFrame) -> pd.DataFrame:
    there = table[table["path"].notna()].drop_duplicates("path").set_index("path")
    return there.reindex(columns=["fingerprint", "status"]).assign(there=True)
