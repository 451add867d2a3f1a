"""What has changed in a source since a catalogue was made of it.

What belongs here: counts for `plan` and for the flow that watches a source.
What does not: reading audio, or writing anything.
"""

from collections import Counter
from dataclasses import dataclass, field, replace

import pandas as pd

from autogroove.source.preview import preview_scan
from autogroove.source.sources import Collection
from autogroove.source.table import METADATA_FIELDS
from autogroove.source.tracks import Reason
from autogroove.store import Store, make_key

_UNREAD = "unread, bytes: "
_DESCRIPTION = [each.name for each in METADATA_FIELDS if each.name != "duration_seconds"]
"""What is told of a track; its duration is replaced by that of the audio."""


@dataclass(frozen=True)
class Changes:
    """Tracks that came, changed or went, by id and audio; `moved` are those that are the same at
    another place, `retagged` those of which only the description is another.

    `difference` is the key of a listing against a catalogue: equal where no file moved since, also
    after a scan has read what is new.
    """

    new: int
    changed: int
    removed: int
    moved: int = 0
    retagged: int = 0
    difference: str = field(default="", compare=False)

    @property
    def total(self) -> int:
        """How many tracks are not as they were; each counts once."""
        return self.new + self.changed + self.removed + self.moved + self.retagged

    def __str__(self) -> str:
        counts = {"new": self.new, "changed": self.changed, "removed": self.removed}
        others = {"moved": self.moved, "described anew": self.retagged}
        told = counts | {name: number for name, number in others.items() if number}
        return ", ".join(f"{number} {name}" for name, number in told.items())


def compare_listing(
    source: Collection,
    store: Store,
    catalogue: pd.DataFrame | None = None,
    before_url: str | None = None,
) -> Changes:
    """Compare a source with the catalogue of a release; without one, every track is new.

    A file counts as changed when its size or version did, even though reading it may show that
    its bytes or its sound did not. `before_url` is where the release has its audio. One listing; no
    audio is opened and nothing is written.

    Raises:
        SourceError: the source cannot be listed.
    """
    found = preview_scan(source, store, before_url=before_url)
    before = None if catalogue is None else name_contents(catalogue).to_json()
    elsewhere = is_elsewhere(source, before_url)
    difference = make_key("difference", found.listing_key, before, elsewhere)
    changes = compare_catalogues(catalogue, found.catalogue, is_elsewhere=elsewhere)
    return replace(changes, difference=difference)


def is_elsewhere(source: Collection, before_url: str | None) -> bool:
    """Whether playlists of a release that was made at another place lead away from a source."""
    return before_url not in (None, source.url) and source.kind != "demo"


def compare_catalogues(
    before: pd.DataFrame | None, after: pd.DataFrame, *, is_elsewhere: bool = False
) -> Changes:
    """Count the files that differ, by track id. A listed file without a fingerprint, which nobody
    read yet, differs from whatever it was; a row of metadata without a file is none.

    `is_elsewhere` tells that all that stayed has moved.
    """
    new = name_contents(after)
    old = new.iloc[:0] if before is None else name_contents(before)
    common = new.index.intersection(old.index)
    same = common[new.loc[common] == old.loc[common]]
    came, gone = new.drop(common), old.drop(common)
    moved = len(same) if is_elsewhere else 0
    moved += _count_pairs(came, gone)
    retagged = [] if before is None or is_elsewhere else find_retagged(before, after, same)
    return Changes(
        new=len(came) - _count_pairs(came, gone),
        changed=len(common) - len(same),
        removed=len(gone) - _count_pairs(came, gone),
        moved=moved,
        retagged=len(retagged),
    )


def _count_pairs(came: "pd.Series[str]", gone: "pd.Series[str]") -> int:
    """Tracks that went from one id to another: by their fingerprints, each once."""
    one, other = (Counter(name for name in names if _is_read(name)) for names in (came, gone))
    return (one & other).total()


def _is_read(name: str) -> bool:
    return name != "" and not name.startswith(_UNREAD)


def find_retagged(before: pd.DataFrame, after: pd.DataFrame, ids: "pd.Index[int]") -> list[int]:
    """Of tracks that both catalogues have, those that are described otherwise."""
    one, other = (table.set_index("track_id").loc[ids, _DESCRIPTION] for table in (before, after))
    differs = one.ne(other) & ~(one.isna() & other.isna())
    return list(ids[differs.fillna(True).any(axis=1).to_numpy(dtype=bool)])


def name_contents(catalogue: pd.DataFrame) -> "pd.Series[str]":
    """What the bytes of each file are called, by track id.

    A file that no scan could read has no bytes yet, as one that nobody tried: as long as it is as
    large as it was it is no news, or a watch would tell of it every day.
    """
    rows = catalogue[catalogue["path"].notna()].set_index("track_id")
    unread = rows["fingerprint"].isna() & (
        (rows["status"] == "listed") | (rows["reason"] == Reason.unreadable)
    )
    sizes = _UNREAD + rows["size_bytes"].astype("Int64").astype(str)
    names: pd.Series[str] = rows["fingerprint"].fillna("").mask(unread, sizes)
    return names
