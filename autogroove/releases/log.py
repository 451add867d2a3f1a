"""The release log: numbers that are given once and never taken back."""

import random
import time
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from autogroove.errors import MissingObject, NotFoundError, ReleaseError, StoreError
from autogroove.releases.digests import find_contradictions
from autogroove.releases.leases import hold_lease
from autogroove.releases.manifest import (
    FOLDER,
    LARGEST_MANIFEST_BYTES,
    Manifest,
    manifest_key,
    manifest_number,
    now,
    parse_manifest,
)
from autogroove.releases.parts import (
    ReleaseParts,
    content_digest,
    lead_to_one_place,
    missing_objects,
)
from autogroove.store import Store, require_conditional_create, write_note

_READERS = 8

_LONGEST_PAUSE_SECONDS = 0.5

_MOST_ATTEMPTS = 200
"""Races that a publisher may lose before it says so: more publishers than any team has."""


@dataclass(frozen=True)
class PublishOutcome:
    """The release that is now current for this content, and whether it is a new one."""

    number: int
    published: bool


def release_numbers(store: Store) -> list[int]:
    """The numbers of the log, lowest first."""
    numbers = (manifest_number(name) for name in store.names(FOLDER))
    return sorted(number for number in numbers if number is not None)


def read_manifest(store: Store, number: int) -> Manifest:
    """The manifest of one release.

    Raises:
        NotFoundError: there is no such release.
        ReleaseError: its manifest is damaged.
    """
    key = manifest_key(number)
    try:
        data = store.read(key, most_bytes=LARGEST_MANIFEST_BYTES)
        return parse_manifest(data, number, store.locate(key))
    except MissingObject as error:
        raise NotFoundError(
            f"There is no release {number} in {store.url}. "
            "`autogroove releases list` shows the ones there are."
        ) from error


def list_releases(store: Store) -> list[Manifest]:
    """Every release, oldest first."""
    with ThreadPoolExecutor(_READERS) as threads:
        return list(
            threads.map(lambda number: read_manifest(store, number), release_numbers(store))
        )


def current_release(store: Store) -> Manifest | None:
    """The release with the highest number, or None in a store without one."""
    numbers = release_numbers(store)
    return read_manifest(store, numbers[-1]) if numbers else None


def publish_release(
    store: Store,
    parts: ReleaseParts,
    *,
    force: bool = False,
    only_publisher: bool = False,
) -> PublishOutcome:
    """Publish parts that are already in the store as the next release.

    Publishes nothing where the current release has the same content and is whole, unless forced.
    `only_publisher` is the caller's word that nobody else publishes to this store now; it is
    needed only where the store cannot create conditionally.

    Raises:
        ReleaseError: a part is not in the store, or an earlier release gives its key another
            digest; or the store cannot tell two publishers apart.
    """
    current = current_release(store)
    if current is not None and _new_content(store, current, parts, force) is None:
        return PublishOutcome(current.release, published=False)
    if not only_publisher:
        require_conditional_create(store)
    with hold_lease(store):
        _require_parts(store, parts)
        _require_one_digest(store, parts)
        return _append(store, lambda current: _new_content(store, current, parts, force))


def _require_one_digest(store: Store, parts: ReleaseParts) -> None:
    """An object that changed under its key was damaged, and so is what was made from it."""
    found = find_contradictions(parts, list_releases(store))
    if found:
        others = f" and {len(found) - 1} more" if len(found) > 1 else ""
        number = found[0].release
        raise ReleaseError(
            f"{store.locate(found[0].key)}{others} is not what release {number} says of it, so "
            f"nothing was published. Look with `autogroove releases verify {number}`; "
            "`autogroove run --verify` sets it aside and makes it again."
        )


def rollback(store: Store, to: int | None = None) -> PublishOutcome:
    """Publish a new release that repeats the content of an older one.

    Without `to`, the content of the release that was current before this one; so a second
    rollback goes forward again.

    Raises:
        NotFoundError: there is nothing to go back to.
        ReleaseError: it was collected as garbage.
    """
    require_conditional_create(store)
    with hold_lease(store):
        return _append(store, lambda current: _old_content(store, current, to))


def _append(
    store: Store, write_next: Callable[[Manifest | None], Manifest | None]
) -> PublishOutcome:
    """Create the manifest that follows the current one, again and again until nobody is faster.

    `write_next` gives the manifest for a current release, or None if there is nothing to publish.
    """
    for attempt in range(_MOST_ATTEMPTS):
        current = current_release(store)
        manifest = write_next(current)
        if manifest is None:
            return PublishOutcome(current.release if current else 0, published=False)
        if _create(store, manifest):
            return PublishOutcome(manifest.release, published=True)
        time.sleep(random.uniform(0, _LONGEST_PAUSE_SECONDS * min(1, attempt / 10)))
    raise ReleaseError(f"{_MOST_ATTEMPTS} other publishers were faster. Try again.")


def _new_content(
    store: Store, current: Manifest | None, parts: ReleaseParts, force: bool
) -> Manifest | None:
    """A release that lost what cannot be made again to the byte gives way to one that is whole."""
    digest = content_digest(parts)
    is_same = current is not None and not force and _is_same(current, digest, parts)
    if is_same and current is not None and not missing_objects(store, current.parts):
        return None
    return _next_manifest(current, parts, digest)


def _is_same(manifest: Manifest, digest: str, parts: ReleaseParts) -> bool:
    """Whether a listener has nothing from other parts that a release does not give already."""
    return manifest.content_digest == digest and lead_to_one_place(manifest.parts, parts)


def _old_content(store: Store, current: Manifest | None, to: int | None) -> Manifest | None:
    target = to if to is not None else current.parent if current else None
    if current is None or target is None:
        raise NotFoundError(f"{store.url} has no earlier release to roll back to.")
    old = read_manifest(store, target)
    if _is_same(current, old.content_digest, old.parts):
        return None
    _require_parts(store, old.parts)
    new = _next_manifest(current, old.parts, old.content_digest)
    return new.model_copy(update={"rolled_back_from": current.release, "repeats": target})


def _next_manifest(current: Manifest | None, parts: ReleaseParts, digest: str) -> Manifest:
    parent = current.release if current else None
    given = current.parts.next_cluster if current else 0
    return Manifest(
        release=(parent or 0) + 1,
        published_at=now(),
        parent=parent,
        nonce=uuid.uuid4().hex,
        content_digest=digest,
        parts=parts.model_copy(update={"next_cluster": max(given, parts.next_cluster)}),
    )


def _create(store: Store, manifest: Manifest) -> bool:
    """Whether this very manifest now stands in the log; only the read-back can tell."""
    key, data = manifest_key(manifest.release), manifest.encoded()
    try:
        stands = store.create(key, data)
    except StoreError as error:
        if _standing_nonce(store, manifest.release, error) != manifest.nonce:
            raise ReleaseError(f"Release {manifest.release} is not published. {error}") from error
        stands = True
    stands = stands or _standing_nonce(store, manifest.release) == manifest.nonce
    if stands:
        with suppress(StoreError):  # without its note it is believed when it is next inspected
            write_note(store, key, data)
    return stands


def _standing_nonce(store: Store, number: int, fault: StoreError | None = None) -> str | None:
    """The nonce of the manifest that has a number, or None where nobody has it yet.

    Raises:
        ReleaseError: the store does not answer, so nobody can know.
    """
    key = manifest_key(number)
    try:
        return parse_manifest(store.read(key), number, store.locate(key)).nonce
    except MissingObject:
        return None
    except StoreError as error:
        raise ReleaseError(
            f"Whether release {number} was published is not known: {fault or error} "
            "`autogroove releases list` tells. Running again is safe, and publishes nothing twice."
        ) from error


def _require_parts(store: Store, parts: ReleaseParts) -> None:
    missing = missing_objects(store, parts)
    if missing:
        shown = ", ".join(missing[:3]) + (" …" if len(missing) > 3 else "")
        raise ReleaseError(
            f"{len(missing)} parts are not in {store.url} as they should be ({shown}), so nothing "
            "is published. Run `autogroove run` again: it makes them anew."
        )


def releases_as_json(store: Store) -> list[dict[str, Any]]:
    """One row a release, oldest first: the answer of `autogroove releases list --json`."""
    return [_summary(manifest) for manifest in list_releases(store)]


def _summary(manifest: Manifest) -> dict[str, Any]:
    parts = manifest.parts
    return {
        "release": manifest.release,
        "published_at": manifest.published_at.isoformat(),
        "parent": manifest.parent,
        "tracks": parts.counts.tracks,
        "clusters": parts.counts.clusters,
        "model": parts.model.model_key,
        "rolled_back_from": manifest.rolled_back_from,
    }


def release_as_json(manifest: Manifest) -> dict[str, Any]:
    """One release in full: the answer of `autogroove releases show --json`."""
    shown = manifest.model_dump(mode="json")
    del shown["nonce"]
    return shown
