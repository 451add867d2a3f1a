"""Parts of releases: objects with the digest of their content, put, read and compared.

What belongs here: references, and what becomes of an object whose bytes do not have its digest.
What does not: the cache of what was made from what (`memos`), or objects that no manifest names
(`notes`).
"""

import logging
from contextlib import suppress
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from autogroove.errors import MissingObject, ReleaseError
from autogroove.store.keys import canonical_json, digest_bytes, make_key
from autogroove.store.store import Store

_log = logging.getLogger(__name__)

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
    write_again(store, ref.key, data)
    return ref


def write_again(store: Store, key: str, data: bytes) -> None:
    """Put an object that may be there already; other bytes under its key are kept aside."""
    with suppress(MissingObject):
        if store.size(key) != len(data) or store.read(key) != data:
            set_aside(store, key)
    store.write(key, data)


def set_aside(store: Store, key: str) -> None:
    """Keep a damaged object under another name and say so; one that is gone is no error."""
    with suppress(MissingObject):
        aside = store.set_aside(key)
        _log.warning("%s is damaged: kept as %s.", store.locate(key), aside.rpartition("/")[2])


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


def is_whole(store: Store, ref: PartRef) -> bool:
    """Whether a part's bytes are there and have its digest; a damaged object is set aside."""
    data = b""
    # A second reading tells damage in the store from damage on the way.
    for _ in range(2):
        try:
            data = store.read(ref.key)
        except MissingObject:
            return False
        if digest_bytes(data) == ref.sha256:
            return True
    if not names_itself(ref.key, data):  # else the digest is wrong that it is compared with
        set_aside(store, ref.key)
    return False


def names_itself(key: str, data: bytes) -> bool:
    """Whether a key is the one that `put_bytes` gives these bytes."""
    kind, _, name = key.rpartition("/")
    return name.split(".")[0] == make_key(kind, digest_bytes(data))
