"""Is a release what its manifest says, to the last byte?

What belongs here: reading every object of a release again, or only looking for it.
What does not: repair. What is damaged is set aside and made again by `autogroove.runs.repairing`.
"""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

from autogroove.errors import AutogrooveError, MissingObject, StoreError
from autogroove.releases.digests import find_contradictions
from autogroove.releases.log import list_releases, read_manifest
from autogroove.releases.manifest import FOLDER, manifest_key
from autogroove.releases.parts import SegmentPart, content_digest, list_sizes
from autogroove.store import NOTES, Store, digest_bytes, find_note, parse_json, read_note

_READERS = 8


@dataclass(frozen=True)
class Fault:
    """One object that is not as it should be."""

    key: str
    what: str


@dataclass(frozen=True)
class VerifyReport:
    """What was looked at, and every fault found. `quick` means sizes only, no digests.

    `side_faults` are of what only saves time: measurements, listings, cache entries. They make no
    release unsound.
    """

    release: int
    quick: bool
    num_objects: int
    num_bytes: int
    faults: tuple[Fault, ...]
    side_faults: tuple[Fault, ...] = ()

    @property
    def is_sound(self) -> bool:
        """Whether nothing is wrong."""
        return not self.faults

    def to_json(self) -> dict[str, Any]:
        """The answer of `autogroove releases verify --json`."""
        return {**asdict(self), "sound": self.is_sound}


@dataclass(frozen=True)
class _Expected:
    key: str
    sha256: str
    size_bytes: int


def verify_release(
    store: Store,
    number: int,
    quick: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> VerifyReport:
    """Check every object of a release: digest and size, or with `quick` existence and size.

    Segments' indexes are read and checked in either case, as only they know their objects.

    Raises:
        NotFoundError: there is no such release.
        ReleaseError: its manifest cannot be read.
    """
    manifest = read_manifest(store, number)
    parts = manifest.parts
    faults = []
    if not _is_as_published(store, number):
        faults.append(Fault(manifest_key(number), "it is not as it was published"))
    if content_digest(parts) != manifest.content_digest:
        faults.append(Fault(manifest_key(number), "the content digest is another"))
    for other in find_contradictions(parts, list_releases(store)):
        what = f"release {other.release} names it with another digest"
        faults.append(Fault(other.key, what))
    expected = [_Expected(ref.key, ref.sha256, ref.size_bytes) for ref in parts.objects()]
    with ThreadPoolExecutor(_READERS) as threads:
        for found in threads.map(lambda segment: _read_index(store, segment), parts.segments):
            if isinstance(found, Fault):
                faults.append(found)
            else:
                expected.extend(found)
        sizes = list_sizes(store, parts)

        def check(each: _Expected) -> Fault | None:
            fault = _check_size(sizes.get(each.key), each)
            return fault if fault or quick else _check_bytes(store, each)

        for done, fault in enumerate(threads.map(check, expected), 1):
            faults.extend([fault] if fault else [])
            if progress:
                progress(done, len(expected))
        beside = [] if quick else [o.key for o in store.objects("memos")]
        side_faults = [found for found in threads.map(partial(_check_memo, store), beside) if found]
    num_bytes = sum(each.size_bytes for each in expected)
    return VerifyReport(number, quick, len(expected), num_bytes, tuple(faults), tuple(side_faults))


def _is_as_published(store: Store, number: int) -> bool:
    note = find_note(store, manifest_key(number))
    return note is None or digest_bytes(store.read(note.key)) == note.sha256


def _check_memo(store: Store, key: str) -> Fault | None:
    """A fault of a cache entry, or of the object that a note is of; the log is looked at itself."""
    note = read_note(store, key) if key.startswith(NOTES) else None
    if note is not None:
        if note.key.startswith((FOLDER, "encodings/")) or not store.exists(note.key):
            return None
        return _check_bytes(store, _Expected(note.key, note.sha256, note.size_bytes))
    try:
        told = parse_json(store.read(key), store.locate(key))
        whole = isinstance(told, dict) and not key.startswith(NOTES)
        return None if whole else Fault(key, "it is no cache entry")
    except MissingObject:
        return None
    except StoreError as error:
        return Fault(key, str(error))


def _read_index(store: Store, segment: SegmentPart) -> list[_Expected] | Fault:
    """The index of a segment and every object that it lists."""
    try:
        data = store.read(segment.index_key)
        if digest_bytes(data) != segment.digest:
            return Fault(segment.index_key, "the digest is another")
        listed = json.loads(data)["objects"].items()
        objects = [_Expected(f"{segment.prefix}/{n}", sha, int(size)) for n, (sha, size) in listed]
        return [_Expected(segment.index_key, segment.digest, len(data)), *objects]
    except MissingObject:
        return Fault(segment.index_key, "it is missing")
    except AutogrooveError as error:
        return Fault(segment.index_key, str(error))
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        return Fault(segment.index_key, f"it is no index of a segment ({error})")


def _check_size(size_bytes: int | None, expected: _Expected) -> Fault | None:
    if size_bytes is None:
        return Fault(expected.key, "it is missing")
    if size_bytes != expected.size_bytes:
        return Fault(expected.key, f"{size_bytes} bytes instead of {expected.size_bytes}")
    return None


def _check_bytes(store: Store, expected: _Expected) -> Fault | None:
    try:
        same = digest_bytes(store.read(expected.key)) == expected.sha256
        return None if same else Fault(expected.key, "the digest is another")
    except MissingObject:
        return Fault(expected.key, "it is missing")
    except StoreError as error:
        return Fault(expected.key, str(error))
