"""What has changed in a source since a catalogue was made of it.

What belongs here: counts for `plan` and for the flow that watches a source.
What does not: reading audio, or writing anything.
"""

from dataclasses import dataclass, field, replace

import pandas as pd

from autogroove.source.scan import preview_scan
from autogroove.source.sources import Collection
from autogroove.source.tracks import Reason
from autogroove.store import Store, make_key


@dataclass(frozen=True)
class Changes:
    """Tracks that came, changed or went, by id and audio.

    `difference` is the key of a listing against a catalogue: equal where no file moved since, also
    after a scan has read what is new.
    """

    new: int
    changed: int
    removed: int
    difference: str = field(default="", compare=False)

    @property
    def total(self) -> int:
        """How many tracks came, changed or went."""
        return self.new + self.changed + self.removed


def compare_listing(
    source: Collection, store: Store, catalogue: pd.DataFrame | None = None
) -> Changes:
    """Compare a source with the catalogue of a release; without one, every track is new.

    A file counts as changed when its size or version did, even though reading it may show that
    its bytes did not. One listing; no audio is opened and nothing is written.

    Raises:
        SourceError: the source cannot be listed.
    """
    found = preview_scan(source, store)
    before = None if catalogue is None else name_contents(catalogue).to_json()
    difference = make_key("difference", found.listing_key, before)
    return replace(compare_catalogues(catalogue, found.catalogue), difference=difference)


def compare_catalogues(before: pd.DataFrame | None, after: pd.DataFrame) -> Changes:
    """Count the files that differ, by track id. A listed file without a fingerprint, which nobody
    read yet, differs from whatever it was; a row of metadata without a file is none."""
    new = name_contents(after)
    old = new.iloc[:0] if before is None else name_contents(before)
    common = new.index.intersection(old.index)
    changed = int((new.loc[common] != old.loc[common]).sum())
    return Changes(len(new) - len(common), changed, len(old) - len(common))


def name_contents(catalogue: pd.DataFrame) -> "pd.Series[str]":
    """What the bytes of each file are called, by track id.

    A file that no scan could read has no bytes yet, as one that nobody tried: as long as it is as
    large as it was it is no news, or a watch would tell of it every day.
    """
    rows = catalogue[catalogue["path"].notna()].set_index("track_id")
    unread = rows["fingerprint"].isna() & (
        (rows["status"] == "listed") | (rows["reason"] == Reason.unreadable)
    )
    sizes = "unread, bytes: " + rows["size_bytes"].astype("Int64").astype(str)
    names: pd.Series[str] = rows["fingerprint"].fillna("").mask(unread, sizes)
    return names
