"""Descriptors that earlier runs made of the same audio.

What belongs here: finding them in the store, and taking the rows of single tracks from them.
What does not: describing (`storing`).

A batch's key is made of all its tracks, so that one changed track gives its segment another batch.
The other tracks' rows are copied then: their bytes are those that describing again would give.
"""

from collections import Counter
from collections.abc import Iterable

import pyarrow as pa
import pyarrow.compute as pc

from autogroove.errors import DamagedObject, MissingObject
from autogroove.store import Store, parse_table, read_noted

Track = tuple[str, bool]
"""A fingerprint, and whether one of its clips is augmented as well."""

_MOST_OBJECTS = 4
"""A batch's tracks come from the batch before, and few others: more would be read in vain."""


class EarlierRows:
    """Rows of tracks that were described before, out of some objects of the store."""

    def __init__(self, store: Store, keys: Iterable[str]) -> None:
        self._tables: list[pa.Table] = []
        for key in keys:
            try:
                self._tables.append(parse_table(read_noted(store, key), store.locate(key)))
            except (MissingObject, DamagedObject):  # its tracks are described again
                continue

    def find(self, fingerprint: str, augmented: bool) -> pa.Table | None:
        """The rows of a track as describing it would give them; None where nobody did."""
        for table in self._tables:
            rows = table.filter(pc.equal(table["fingerprint"], fingerprint))
            has_augmentation = bool(pc.any(rows["disguised"]).as_py())
            if len(rows) and (has_augmentation or not augmented):
                return rows if augmented else rows.filter(pc.invert(rows["disguised"]))
        return None


def locate_earlier(
    store: Store, folder: str, batches: Iterable[Iterable[Track]]
) -> list[tuple[str, ...]]:
    """For each batch the objects below a folder that hold most of its tracks' descriptors."""
    places: dict[Track, str] = {}
    for found in store.objects(folder):
        try:
            data, place = store.read(found.key), store.locate(found.key)
            table = parse_table(data, place, ["fingerprint", "disguised"])
        except (MissingObject, DamagedObject):
            continue
        for fingerprint, augmented in set(
            zip(*(c.to_pylist() for c in table.columns), strict=True)
        ):
            places[fingerprint, augmented] = found.key
    held = (Counter(places[track] for track in batch if track in places) for batch in batches)
    return [tuple(key for key, _ in count.most_common(_MOST_OBJECTS)) for count in held]
