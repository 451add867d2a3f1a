"""Damage to what a store holds: every way, to every kind of object that a release names.

What belongs here: ways and kinds, and what a store held before. What does not: tests.
"""

import json
from collections.abc import Callable

from autogroove.releases.log import current_release
from autogroove.releases.manifest import manifest_key
from autogroove.store.listing import is_leftover
from autogroove.store.store import Store

Bytes = dict[str, bytes]


def _truncate(data: bytes, other: bytes) -> bytes:
    return data[: len(data) // 2]


def _flip(data: bytes, other: bytes) -> bytes:
    middle = len(data) // 2
    return data[:middle] + bytes([data[middle] ^ 1]) + data[middle + 1 :]


WAYS: dict[str, Callable[[bytes, bytes], bytes | None]] = {
    "truncated": _truncate,
    "flipped": _flip,
    "emptied": lambda data, other: b"",
    "deleted": lambda data, other: None,
    "replaced": lambda data, other: other,
    "appended": lambda data, other: data + b"garbage",
}
"""What is left of an object; `other` are bytes of another kind."""


def find_kinds(store: Store) -> dict[str, str]:
    """One object of each kind that the current release, or a run that reuses it, believes."""
    manifest = current_release(store)
    assert manifest is not None
    parts = manifest.parts
    folder = parts.segments[0].prefix
    kinds = {
        "manifest": manifest_key(manifest.release),
        "catalogue": parts.catalogue.key,
        "segment: index": f"{folder}/index.json",
        "segment: group": f"{folder}/zarr.json",
        "segment: array": f"{folder}/clips/zarr.json",
        "segment: shard": f"{folder}/clips/c/0/0/0",
        "model: weights": parts.model.weights.key,
        "model: description": parts.model.description.key,
        "model: tracks": f"models/{parts.model.model_key}/members.json",
        "encodings": parts.encodings[0].key,
        "track encodings": parts.track_encodings.key,
        "clusters": parts.clusters.key,
        "cluster report": parts.cluster_report.key,
        "card": parts.card.key,
        "picture": parts.pictures["loss-curve"].key,
        "data picture": parts.pictures["data-gain"].key,
    }
    assert parts.analysis is not None
    assert parts.report is not None
    kinds |= {"analysis": parts.analysis.key, "page": parts.report.key}
    there = sorted(found.key for found in store.objects())
    beginnings = {
        "statistics": "analyses/segments/",
        "treble": "descriptors/treble/",
        "listing of the source": "scans/",
        "note of a digest": "memos/digests/",
        **{f"memo: {kind}": f"memos/{kind}/" for kind in MEMOS},
    }
    kinds |= {kind: next(k for k in there if k.startswith(b)) for kind, b in beginnings.items()}
    described = (k for k in there if k.startswith("descriptors/") and k.endswith(".parquet"))
    return {**kinds, "descriptions": next(described)}


MEMOS = ("analysis", "card", "cluster", "page", "pictures", "pool")


SAVES_TIME = ("memos/", "descriptors/", "analyses/segments/")


def read_all(store: Store) -> Bytes:
    """Every object of a store."""
    return {found.key: store.read(found.key) for found in store.objects()}


def put_back(store: Store, before: Bytes) -> None:
    """The store as it was."""
    now = {found.key for found in store.objects(leftovers=True)}
    store.delete_all(now - before.keys())
    for key, data in before.items():
        if key not in now or store.read(key) != data:
            store.write(key, data)


def damage(store: Store, key: str, way: str, before: Bytes) -> None:
    """Damage one object; what replaces it is the page or a picture, as a mixed up copy might."""
    ending = ".html" if key.endswith(".png") else ".png"
    other = next(data for name, data in before.items() if name.endswith(ending))
    left = WAYS[way](before[key], other)
    store.delete(key)
    if left is not None:
        store.write(key, left)


def name_differences(store: Store, before: Bytes) -> list[str]:
    """Objects that are not as they were. Of scans the newest counts, of a manifest its content, and
    what only saves time may be absent."""
    now = {key: data for key, data in read_all(store).items() if not is_leftover(key)}
    scans = sorted(key for key in now if key.startswith("scans/"))
    found = [key for key in before if _content(key, now.get(key)) != _content(key, before[key])]
    newest = now.get(scans[-1]) if scans else None
    found = [key for key in found if not (key.startswith("scans/") and newest == before[key])]
    return [key for key in found if not (key.startswith(SAVES_TIME) and _is_made_anew(now, key))]


def _is_made_anew(now: Bytes, key: str) -> bool:
    """A page that is rendered by a later run tells that run's decisions, and has another name."""
    if key not in now:
        return True
    try:
        told = json.loads(now[key])
        if key.startswith("memos/digests/"):  # of such a page, or a manifest published again
            return bool(told["object"]["key"].startswith(("releases/", "memos/page/")))
        return key.startswith("memos/page/") and told["report"]["key"] in now
    except (ValueError, KeyError, TypeError):
        return False


def _content(key: str, data: bytes | None) -> object:
    """When and by whom a release was published differs where its manifest was lost."""
    if data is None or not key.startswith("releases/"):
        return data
    try:
        told = json.loads(data)
        return told["content_digest"], {**told["parts"], "timings": None, "policy": None}
    except (ValueError, KeyError, TypeError):
        return data
