"""The cache: which parts were made from which inputs.

What belongs here: recalling what was made, or making it and writing that down.
What does not: parts themselves (`artefacts`).

A cache entry is written after the parts that it names, and is believed only while they are all
whole; so losing one, or damage to it, costs time and never a result.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass

from pydantic import ValidationError

from autogroove.errors import DamagedObject, MissingObject
from autogroove.store.artefacts import PartRef, is_whole
from autogroove.store.keys import canonical_json
from autogroove.store.notes import write_noted
from autogroove.store.readers import parse_json
from autogroove.store.store import Store


@dataclass(frozen=True)
class CachedParts:
    """The parts of an artefact by name, and whether they were there already."""

    parts: dict[str, PartRef]
    reused: bool

    def __getitem__(self, name: str) -> PartRef:
        return self.parts[name]


def read_cached(store: Store, kind: str, key: str, names: Collection[str]) -> CachedParts | None:
    """The parts of these names that were made from these inputs, or None if any is not whole."""
    parts = _read_memo(store, kind, key)
    if parts is None or set(parts) != set(names):
        return None
    damaged = [part for part in parts.values() if not is_whole(store, part)]
    return None if damaged else CachedParts(parts, reused=True)


def make_once(
    store: Store,
    kind: str,
    key: str,
    make: Callable[[], dict[str, PartRef]],
    *,
    names: Collection[str],
) -> CachedParts:
    """Recall an artefact, or make it and write down that it was made.

    `key` identifies everything that the bytes of the parts depend on, `names` are those of the
    parts.
    """
    known = read_cached(store, kind, key, names)
    if known is not None:
        return known
    parts = make()
    write_noted(store, _place(kind, key), canonical_json(parts))
    return CachedParts(parts, reused=False)


def _read_memo(store: Store, kind: str, key: str) -> dict[str, PartRef] | None:
    """What a cache entry names; one that cannot be read is as good as none."""
    place = _place(kind, key)
    try:
        found = parse_json(store.read(place), store.locate(place))
        return {name: PartRef.model_validate(ref) for name, ref in found.items()}
    except (MissingObject, DamagedObject, ValidationError, AttributeError):
        return None


def _place(kind: str, key: str) -> str:
    return f"memos/{kind}/{key}.json"
