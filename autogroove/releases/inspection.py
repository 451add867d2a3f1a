"""Before a run reuses what is in the store: is it what is known of it?

What belongs here: comparing objects with the digests that manifests and indexes give them, and
setting aside those that differ, so that whoever needs them sees that they are not there.
What does not: making them again (`autogroove.runs.repairing`), or one release (`verification`).

Sizes come from one listing a folder. The bytes are read of what a run believes without reading it
otherwise: catalogue, model and clusters of the current release, and the index of every segment.
Everything else is compared where it is read (`is_whole`, `find_encodings`), or here, if `full`.
"""

import json
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from autogroove.errors import DamagedObject, MissingObject
from autogroove.releases.digests import known_parts
from autogroove.releases.manifest import Manifest
from autogroove.releases.parts import ReleaseParts, SegmentPart
from autogroove.releases.true_log import read_true_log
from autogroove.store import (
    NOTES,
    PartRef,
    Store,
    digest_bytes,
    is_whole,
    parse_json,
    read_note,
    set_aside,
)

_READERS = 16


@dataclass(frozen=True)
class Inspection:
    """What was found: objects that were set aside, and parts of the current release that lack."""

    num_objects: int
    """How many objects were compared."""
    set_aside: tuple[str, ...]
    missing: tuple[str, ...]

    @property
    def is_sound(self) -> bool:
        """Whether nothing was found."""
        return not self.set_aside and not self.missing


def inspect_store(store: Store, *, full: bool = False) -> Inspection:
    """Compare the store with what is known of it, and set aside what differs.

    Args:
        store: to be looked at; nothing is removed from it.
        full: read every object of every release, and whatever has a note, instead of sizes.

    Raises:
        DamagedObject, ReleaseError: a manifest is damaged, or of a newer form.
    """
    log = read_true_log(store)
    if not log:
        return Inspection(0, (), ())
    known = {key: part for key, (part, _) in known_parts(log).items()}
    there = _list_sizes(store, known)
    segments = {s.index_key: s for m in log for s in m.parts.segments}
    aside: list[str] = []
    with ThreadPoolExecutor(_READERS) as threads:
        due = _choose_due(log[-1], known, there, full)
        for part, whole in zip(due, threads.map(lambda p: is_whole(store, p), due), strict=True):
            aside += [] if whole or part.key not in there else [part.key]
        looked = threads.map(
            lambda s: _inspect_segment(store, s, there, full),
            [segment for key, segment in segments.items() if key in there],
        )
        aside += [key for found in looked for key in found]
        if full:
            memos = [found.key for found in store.objects("memos")]
            looked = threads.map(lambda key: _inspect_memo(store, key), memos)
            aside += [key for found in looked for key in found]
    gone = {key for key in aside if not store.exists(key)}
    missing = sorted(k for k in _named(log[-1].parts) if k not in there or k in gone)
    return Inspection(len(known), tuple(sorted(gone)), tuple(missing))


def _list_sizes(store: Store, known: Mapping[str, PartRef]) -> dict[str, int]:
    folders = {key.split("/")[0] for key in known if not key.startswith("segments/")}
    folders |= {"/".join(key.split("/")[:2]) for key in known if key.startswith("segments/")}
    return {o.key: o.size_bytes for folder in sorted(folders) for o in store.objects(folder)}


def _named(parts: ReleaseParts) -> Iterator[str]:
    yield from (part.key for part in parts.objects())
    yield from (segment.index_key for segment in parts.segments)


def _choose_due(
    current: Manifest, known: Mapping[str, PartRef], there: Mapping[str, int], full: bool
) -> list[PartRef]:
    """The parts whose bytes are read: all, or those of wrong size and those that are believed."""
    parts = current.parts
    believed = {parts.catalogue.key, parts.model.weights.key, parts.model.description.key}
    believed |= {parts.clusters.key, parts.cluster_report.key}
    believed |= {parts.report.key} if parts.report else set()  # a later run words it otherwise
    objects = [part for key, part in known.items() if not key.startswith("segments/")]
    if full:
        return objects
    wrong = {p.key for p in objects if there.get(p.key, p.size_bytes) != p.size_bytes}
    return [part for part in objects if part.key in believed | wrong]


def _inspect_segment(
    store: Store, segment: SegmentPart, there: Mapping[str, int], full: bool
) -> list[str]:
    """Keys of a segment that were set aside. Its index goes with them: it is made again whole."""
    try:
        listed = _read_index(store, segment)
    except MissingObject:
        return []
    if listed is None:
        set_aside(store, segment.index_key)
        return [segment.index_key]
    parts = [
        PartRef(key=f"{segment.prefix}/{name}", sha256=sha256, size_bytes=size)
        for name, (sha256, size) in listed.items()
    ]
    due = [part for part in parts if full or there.get(part.key) != part.size_bytes]
    damaged = [part.key for part in due if not is_whole(store, part)]
    if not damaged:
        return []
    set_aside(store, segment.index_key)
    return [*damaged, segment.index_key]


def _read_index(store: Store, segment: SegmentPart) -> dict[str, tuple[str, int]] | None:
    """The objects that an index lists, or None where it is damaged."""
    for _ in range(2):
        data = store.read(segment.index_key)
        if digest_bytes(data) == segment.digest:
            objects: dict[str, tuple[str, int]] = json.loads(data)["objects"]
            return objects
    return None


def _inspect_memo(store: Store, key: str) -> list[str]:
    """A cache entry that cannot be read is set aside; of a note, the object that differs."""
    note = read_note(store, key) if key.startswith(NOTES) else None
    if note is not None:
        return [note.key] if store.exists(note.key) and not is_whole(store, note) else []
    try:
        told = parse_json(store.read(key), store.locate(key))
        if isinstance(told, dict) and not key.startswith(NOTES):
            return []
    except MissingObject:
        return []
    except DamagedObject:
        pass
    set_aside(store, key)
    return [key]
