"""Removing what no kept release needs.

What belongs here: which releases are kept, what they need (mark), what may go (sweep).
What does not: keeping runs and sweeps apart (`autogroove.releases.leases`).

Only folders that Autogroove itself fills are ever looked at, so a store inside a folder with
other files is safe. Nothing younger than the grace period goes, and nothing at all while a run
is at work. Manifests of dropped releases go first: a sweep that is cut off leaves garbage, never
a release with holes.
"""

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from autogroove.errors import MissingObject
from autogroove.releases.leases import RUNS, SWEEPS, hold_sweep, live_leases
from autogroove.releases.log import list_releases
from autogroove.releases.manifest import FOLDER, Manifest, manifest_key
from autogroove.storage import Store, StoredObject
from autogroove.storage.local import TEMPORARY

KINDS = (
    "analyses",
    "cards",
    "catalogues",
    "clusters",
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
"""Folders that are swept. Not among them: the demo collection (`cache`), which is a source."""

GRACE = timedelta(hours=24)


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
        if TEMPORARY in key or "/checkpoints/" in key:
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

    Kept are the newest `keep` releases (at least the current one) and all of the last
    `keep_days` days. Without `apply` nothing is written at all.

    Raises:
        ReleaseError: a manifest of the log is damaged; then nothing is removed.
    """
    if not apply:
        moment = datetime.now(UTC)
        runs = live_leases(store, RUNS, moment)
        return _sweep(store, keep, keep_days, moment - grace, runs, apply=False)
    with hold_sweep(store) as (moment, runs):
        return _sweep(store, keep, keep_days, moment - grace, runs, apply=not runs)


def _sweep(
    store: Store,
    keep: int,
    keep_days: float,
    before: datetime,
    runs: tuple[str, ...],
    *,
    apply: bool,
) -> GarbageReport:
    kept, dropped = _choose(list_releases(store), keep, keep_days)
    garbage = list(_find_garbage(store, _mark(kept), before))
    if apply:
        store.delete_all(manifest_key(manifest.release) for manifest in dropped)
        store.delete_all(each.key for each in garbage)
    objects = Counter(each.key.split("/")[0] for each in garbage)
    sizes: Counter[str] = Counter()
    for each in garbage:
        sizes[each.key.split("/")[0]] += each.size_bytes
    return GarbageReport(
        applied=apply,
        kept=tuple(manifest.release for manifest in kept),
        dropped=tuple(manifest.release for manifest in dropped),
        num_objects=len(garbage),
        num_bytes=sizes.total(),
        by_kind={k: {"objects": n, "bytes": sizes[k]} for k, n in sorted(objects.items())},
        waiting_for=runs,
    )


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
        folders.update(segment.prefix for segment in parts.segments)
        folders.add(f"models/{parts.model.model_key}")
    return _Needed(frozenset(keys), frozenset(folders))


def _find_garbage(store: Store, needed: _Needed, before: datetime) -> Iterable[StoredObject]:
    for kind in (*KINDS, RUNS, SWEEPS, FOLDER):
        found = list(store.objects(kind, leftovers=True))
        useful = _current_scans(found) if kind == "scans" else set()
        for each in found:
            if each.modified > before or each.key in useful or needed.holds(each.key):
                continue
            if kind == FOLDER and TEMPORARY not in each.key:
                continue
            if kind == "memos" and _still_true(store, each.key, needed):
                continue
            yield each


def _current_scans(scans: list[StoredObject]) -> set[str]:
    """The newest scan of each source is current; older ones are history."""
    newest = {each.key.rpartition("/")[0]: each.key for each in scans if TEMPORARY not in each.key}
    return set(newest.values())


def _still_true(store: Store, key: str, needed: _Needed) -> bool:
    """Whether a memo names only parts that stay."""
    if TEMPORARY in key:
        return False
    try:
        named = json.loads(store.read(key)).values()
        return all(needed.holds(part["key"]) for part in named)
    except (ValueError, AttributeError, TypeError, KeyError, MissingObject):
        return False
