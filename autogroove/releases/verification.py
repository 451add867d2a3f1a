"""Is a release what its manifest says, to the last byte?

What belongs here: reading every object of a release again, or only looking for it.
What does not: repair. What is damaged is deleted and made anew by the next run.
"""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from typing import Any

from autogroove.errors import AutogrooveError, MissingObject, StoreError
from autogroove.releases.log import read_manifest
from autogroove.releases.parts import SegmentPart, content_digest, list_sizes
from autogroove.store import Store, digest_bytes

_READERS = 8


@dataclass(frozen=True)
class Fault:
    """One object that is not as it should be."""

    key: str
    what: str


@dataclass(frozen=True)
class VerifyReport:
    """What was looked at, and every fault found. `quick` means sizes only, no digests."""

    release: int
    quick: bool
    num_objects: int
    num_bytes: int
    faults: tuple[Fault, ...]

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
    if content_digest(parts) != manifest.content_digest:
        faults.append(Fault(f"releases/{number:06d}.json", "the content digest is another"))
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
    num_bytes = sum(each.size_bytes for each in expected)
    return VerifyReport(number, quick, len(expected), num_bytes, tuple(faults))


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
