"""Parts by the digest of their content, and the cache of which parts were made from which inputs.

A cache entry is written after the parts that it names, and is believed only while they are all
there; so losing one costs time and never a result.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from autogroove.errors import MissingObject, ReleaseError
from autogroove.store.keys import canonical_json, digest_bytes, make_key
from autogroove.store.store import Store

LARGEST_PART_BYTES = 1 << 40
"""A part that claims to be larger than this (1 TiB) is a damaged or hostile manifest."""

_NAME = r"[A-Za-z0-9][A-Za-z0-9._=-]*"

Name = Annotated[str, StringConstraints(pattern=rf"^{_NAME}$", max_length=200)]

Key = Annotated[str, StringConstraints(pattern=rf"^{_NAME}(/{_NAME})*$", max_length=1000)]

Digest = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]

Count = Annotated[int, Field(ge=0, le=1 << 53)]


class Record(BaseModel):
    """A frozen value of a manifest; an unknown field is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class PartRef(Record):
    """One immutable object of a release: where it is, its SHA-256 and its size."""

    key: Key
    sha256: Digest
    size_bytes: int = Field(ge=0, le=LARGEST_PART_BYTES)


_REMEDY = "Run `autogroove releases verify`, and roll back or run again."


def put_bytes(store: Store, kind: str, suffix: str, data: bytes) -> PartRef:
    """Put a part under the key that its content gives it: `<kind>/<key><suffix>`.

    The same bytes give the same key, so a repeated put is harmless.
    """
    digest = digest_bytes(data)
    ref = PartRef(
        key=f"{kind}/{make_key(kind, digest)}{suffix}", sha256=digest, size_bytes=len(data)
    )
    store.write(ref.key, data)
    return ref


def put_json(store: Store, kind: str, value: Any) -> PartRef:
    """Put a JSON part in its canonical text."""
    return put_bytes(store, kind, ".json", canonical_json(value))


def refer_to(store: Store, key: str) -> PartRef:
    """The reference of an object that is already in the store; reads it once for its digest.

    Raises:
        MissingObject: it is not there.
    """
    data = store.read(key)
    return PartRef(key=key, sha256=digest_bytes(data), size_bytes=len(data))


def read_part(store: Store, ref: PartRef) -> bytes:
    """The bytes of a part; its size is checked before it is read, its digest after.

    Raises:
        ReleaseError: it is missing or damaged.
        StoreError: it is larger than it was, or the store does not answer.
    """
    try:
        # A second reading tells damage in the store from damage on the way.
        for _ in range(2):
            data = store.read(ref.key, most_bytes=ref.size_bytes)
            if digest_bytes(data) == ref.sha256:
                return data
    except MissingObject as error:
        raise ReleaseError(f"{store.locate(ref.key)} is missing from the release.") from error
    raise ReleaseError(f"{store.locate(ref.key)} is damaged: its digest is another. {_REMEDY}")


@dataclass(frozen=True)
class CachedParts:
    """The parts of an artefact by name, and whether they were there already."""

    parts: dict[str, PartRef]
    reused: bool

    def __getitem__(self, name: str) -> PartRef:
        return self.parts[name]


def read_cached(store: Store, kind: str, key: str) -> CachedParts | None:
    """The parts that were made from these inputs, or None if any of them is gone."""
    try:
        found = json.loads(store.read(_place(kind, key)))
    except MissingObject:
        return None
    parts = {name: PartRef.model_validate(ref) for name, ref in found.items()}
    if not all(store.exists(part.key) for part in parts.values()):
        return None
    return CachedParts(parts, reused=True)


def make_once(
    store: Store, kind: str, key: str, make: Callable[[], dict[str, PartRef]]
) -> CachedParts:
    """Recall an artefact, or make it and write down that it was made.

    `key` identifies everything that the bytes of the parts depend on.
    """
    known = read_cached(store, kind, key)
    if known is not None:
        return known
    parts = make()
    store.write(_place(kind, key), canonical_json(parts))
    return CachedParts(parts, reused=False)


def _place(kind: str, key: str) -> str:
    return f"memos/{kind}/{key}.json"
