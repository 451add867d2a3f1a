"""Memos: which parts were once made from which inputs, so that they need not be made again.

What belongs here: asking for and writing down a made artefact by the key of its inputs.
What does not: making it. A memo is written after the parts that it names, and is believed only
while they are all there; so losing a memo costs time and never a result.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass

from autogroove.errors import MissingObject
from autogroove.identity import canonical_json
from autogroove.releases.parts import PartRef
from autogroove.storage import Store


@dataclass(frozen=True)
class Made:
    """The parts of an artefact by name, and whether they were there already."""

    parts: dict[str, PartRef]
    reused: bool

    def __getitem__(self, name: str) -> PartRef:
        return self.parts[name]


def recall(store: Store, kind: str, key: str) -> Made | None:
    """The parts that were made from these inputs, or None if any of them is gone."""
    try:
        found = json.loads(store.read(_place(kind, key)))
    except MissingObject:
        return None
    parts = {name: PartRef.model_validate(ref) for name, ref in found.items()}
    if not all(store.exists(part.key) for part in parts.values()):
        return None
    return Made(parts, reused=True)


def make_once(store: Store, kind: str, key: str, make: Callable[[], dict[str, PartRef]]) -> Made:
    """Recall an artefact, or make it and write down that it was made.

    `key` identifies everything that the bytes of the parts depend on.
    """
    known = recall(store, kind, key)
    if known is not None:
        return known
    parts = make()
    store.write(_place(kind, key), canonical_json(parts))
    return Made(parts, reused=False)


def _place(kind: str, key: str) -> str:
    return f"memos/{kind}/{key}.json"
