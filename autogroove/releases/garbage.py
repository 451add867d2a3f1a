"""Removing what no kept release needs.

What belongs here: which releases are kept, what they need (mark), what may go (sweep).
What does not: keeping runs and sweeps apart (`autogroove.releases.leases`).

Only folders that Autogroove itself fills are ever looked at, so a store inside a folder with
other files is safe. What no release ever named (work of a run that broke off, a model that was
not promoted) is left alone for the grace period; and nothing goes at all while a run is at work.

Manifests of dropped releases go first: a sweep that is cut off leaves garbage, never a release
with holes.
"""

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from autogroove.errors import MissingObject, ReleaseError
from autogroove.releases.leases import (
    PUBLISH_QUEUE,
    RUNS,
    STALE_AFTER,
    SWEEPS,
    hold_sweep,
    live_leases,
)
from autogroove.releases.log import list_releases, release_numbers
from autogroove.releases.manifest import FOLDER, Manifest, manifest_key
from autogroove.store import NOTES, Store, StoredObject, is_leftover, read_note

KINDS = (
    "analyses",
    "announcements",
    "cache",
    "cards",
    "catalogues",
    "clusters",
    "descriptors",
    "encodings",
    "memos",
    "models",
    "pictures",
    "probes",
    "reports",
    "scans",
    "segments",
    "track_encodings",
)
"""Folders that are swept: all that Autogroove fills."""

GRACE = timedelta(hours=24)
_MEASURED = ("descriptors/", "analyses/segments/")
_RENDERING = re.compile(r"cache/demo-[0-9a-f]{32}(?=/|$)")


@dataclass(frozen=True)
class GarbageReport:
    """What was found to be garbage, and whether it is gone.

    `waiting_for` names the runs at work because of which nothing was removed. `by_kind` gives
    objects and bytes of each folder of the store.
    """

    applied: bool
    kept: tuple[int, ...]
    dropped: tuple[int, ...]
    num_objects: int
    num_bytes: int
    by_kind: dict[str, dict[str, int]]
    waiting_for: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """The answer of `autogroove releases gc --json`."""
        return asdict(self)


@dataclass(frozen=True)
class _Needed:
    keys: frozenset[str]
    folders: frozenset[str]

    def holds(self, key: str) -> bool:
        if is_leftover(key) or "/checkpoints/" in key:
            return False
        parts = key.split("/")
        return (
            key in self.keys
            or "/".join(parts[:2]) in self.folders
            or ("/".join(parts[:3]) in self.folders)
        )


def collect_garbage(
    store: Store,
    keep: int = 10,
    keep_days: float = 30,
    grace: timedelta = GRACE,
    apply: bool = False,
) -> GarbageReport:
    """Find what no kept release needs, and remove it where asked to.

    Kept are the newest `keep` releases (at least the current one) and everything of the last
    `keep_days` days. What no release ever named also has to be older than `grace`. Without
    `apply` nothing is written at all.

    Raises:
        ReleaseError: a manifest of the log is damaged, or cannot be removed.
    """
    age = max(grace, timedelta(days=keep_days)) if keep_days > 0 else grace
    if not apply:
        moment = datetime.now(UTC)
        kept, dropped = _choose(list_releases(store), keep, keep_days)
        garbage = list(_find_garbage(store, kept, dropped, moment - age))
        runs = live_leases(store, RUNS, moment)
    else:
        with hold_sweep(store) as (moment, runs):
            kept, dropped = _choose(list_releases(store), keep, keep_days)
            garbage = list(_find_garbage(store, kept, dropped, moment - age))
            if not runs:
                _remove(store, dropped, garbage)
    return GarbageReport(
        applied=apply and not runs,
        kept=tuple(manifest.release for manifest in kept),
        dropped=tuple(manifest.release for manifest in dropped),
        num_objects=len(garbage),
        num_bytes=sum(each.size_bytes for each in garbage),
        by_kind=_count_by_kind(garbage),
        waiting_for=runs,
    )


def _count_by_kind(garbage: list[StoredObject]) -> dict[str, dict[str, int]]:
    kinds: dict[str, dict[str, int]] = {}
    for each in garbage:
        counts = kinds.setdefault(each.key.split("/")[0], {"objects": 0, "bytes": 0})
        counts["objects"] += 1
        counts["bytes"] += each.size_bytes
    return kinds


def _remove(store: Store, dropped: list[Manifest], garbage: list[StoredObject]) -> None:
    """Manifests first, and surely gone, so that none is left whose parts are not."""
    gone = {manifest.release for manifest in dropped}
    store.delete_all(manifest_key(number) for number in gone)
    if left := gone.intersection(release_numbers(store)):
        raise ReleaseError(f"Releases {sorted(left)} cannot be removed; nothing else was.")
    store.delete_all(each.key for each in garbage)


def _choose(
    releases: list[Manifest], keep: int, keep_days: float
) -> tuple[list[Manifest], list[Manifest]]:
    since = datetime.now(UTC) - timedelta(days=keep_days)
    newest = {manifest.release for manifest in releases[-max(1, keep) :]}
    kept = [m for m in releases if m.release in newest or m.published_at > since]
    return kept, [manifest for manifest in releases if manifest not in kept]


def _mark(kept: Iterable[Manifest]) -> _Needed:
    keys: set[str] = set()
    folders: set[str] = set()
    for manifest in kept:
        parts = manifest.parts
        keys.update(ref.key for ref in parts.objects())
        keys.add(manifest_key(manifest.release))
        folders.update(segment.prefix for segment in parts.segments)
        folders.add(f"models/{parts.model.model_key}")
    return _Needed(frozenset(keys), frozenset(folders))


def _find_garbage(
    store: Store, kept: list[Manifest], dropped: list[Manifest], before: datetime
) -> Iterator[StoredObject]:
    needed, released = _mark(kept), _mark(dropped)
    for kind in (*KINDS, RUNS, SWEEPS, PUBLISH_QUEUE, FOLDER):
        limit = before - STALE_AFTER if kind in (RUNS, SWEEPS, PUBLISH_QUEUE) else before
        found = list(store.objects(kind, leftovers=True))
        due = [each for each in found if each.modified <= limit or released.holds(each.key)]
        due = [each for each in due if not needed.holds(each.key)]
        useful = _find_useful(store, kind, found, due, kept, needed) if due else set()
        yield from (each for each in due if each.key not in useful)


def _find_useful(
    store: Store,
    kind: str,
    found: list[StoredObject],
    due: list[StoredObject],
    kept: list[Manifest],
    needed: _Needed,
) -> set[str]:
    """Keys of a folder that stay although no release names them."""
    whole = [each.key for each in found if not is_leftover(each.key)]
    old = [each.key for each in due if not is_leftover(each.key)]
    if kind == FOLDER:
        return set(whole)
    if kind == "scans":
        return _current_scans(whole)
    if kind == "cache":
        return {key for key in old if _saves_time(_rendering_of(key), kept)}
    if kind in ("analyses", "descriptors"):
        return {key for key in old if key.startswith(_MEASURED) and _saves_time(key, kept)}
    if kind == "memos":
        return {key for key in old if _still_true(store, key, needed)}
    return set()


def _rendering_of(key: str) -> str | None:
    """The rendered demo that an object of `cache/` belongs to; None: it is not ours."""
    found = _RENDERING.match(key)
    return found[0] if found else None


def _saves_time(root: str | None, kept: list[Manifest]) -> bool:
    """Whether a kept release names this as what it was measured or rendered with.

    A release of before that was recorded may need any of them. Losing one costs time only.
    """
    roots = [manifest.parts.gc_roots for manifest in kept]
    return root is None or any(names is None or root in names for names in roots)


def _current_scans(scans: list[str]) -> set[str]:
    """The newest scan of each source is current; older ones are history."""
    return set({key.rpartition("/")[0]: key for key in sorted(scans)}.values())


def _still_true(store: Store, key: str, needed: _Needed) -> bool:
    """Whether a cache entry names only parts that stay; of a note, whether its object is there."""
    if key.startswith(NOTES):
        noted = read_note(store, key)
        if noted is None or noted.key.startswith(FOLDER):
            return noted is not None and needed.holds(noted.key)
        return store.exists(noted.key)
    try:
        named = json.loads(store.read(key)).values()
        return all(needed.holds(part["key"]) for part in named)
    except (ValueError, AttributeError, TypeError, KeyError, MissingObject):
        return False
