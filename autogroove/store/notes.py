"""Digests of objects that no manifest names: measurements, listings, encodings that wait.

What belongs here: writing such an object with a note of its digest, and reading it against that.
What does not: parts of releases, whose digests are in manifests and memos (`artefacts`).

A note is a cache entry, `memos/digests/<key of the object's key>.json`, with a check of itself.
Where it is lost or damaged, or the object is older than notes are, the object is believed if it can
be read, and noted by the next run that looks at it.
"""

from collections.abc import Callable
from typing import Any

from autogroove.errors import DamagedObject, MissingObject
from autogroove.store.artefacts import PartRef, set_aside, write_again
from autogroove.store.keys import canonical_json, digest_bytes, make_key
from autogroove.store.readers import REMEDY, parse_json
from autogroove.store.store import Store

NOTES = "memos/digests"
Parse = Callable[[bytes, str], Any]
"""Reads bytes of a place; what it makes of them does not matter, but whether it can."""

_NAME, _CHECK = "object", "check"


def write_noted(store: Store, key: str, data: bytes) -> None:
    """Put an object, then the note of its digest; one that differs from these bytes is kept aside.

    For what is made again from the same inputs, so that the same key always has these bytes.
    """
    write_again(store, key, data)
    write_note(store, key, data)


def create_noted(store: Store, key: str, data: bytes) -> bool:
    """The same, only where no object is; False means that somebody else was first."""
    created = store.create(key, data)
    if created:
        write_note(store, key, data)
    return created


def read_noted(store: Store, key: str, parse: Parse | None = None, *, adopt: bool = False) -> bytes:
    """The bytes of an object as they were written.

    Bytes that have no note yet are damaged if `parse` cannot read them. With `adopt` they are
    noted; without, nothing is written.

    Raises:
        MissingObject: it is not there.
        DamagedObject: its bytes are others than were noted, or cannot be parsed.
    """
    note = find_note(store, key)
    # A second reading tells damage in the store from damage on the way.
    for _ in range(2):
        data = store.read(key)
        if note is None:
            if parse is not None:
                parse(data, store.locate(key))
            if adopt:
                write_note(store, key, data)
            return data
        if digest_bytes(data) == note.sha256:
            return data
    raise DamagedObject(f"{store.locate(key)} is damaged: its digest is another. {REMEDY}")


def has_whole(store: Store, key: str, parse: Parse | None = None) -> bool:
    """Whether an object is there as it was written; a damaged one is set aside.

    Whoever asks is about to read it, or to make it where it is not. So what has no note is noted.
    """
    try:
        read_noted(store, key, parse, adopt=True)
    except MissingObject:
        return False
    except DamagedObject:
        set_aside(store, key)
        return False
    return True


def find_note(store: Store, key: str) -> PartRef | None:
    """What was noted of an object, if that can be read."""
    return read_note(store, _place(key), key)


def read_note(store: Store, place: str, key: str | None = None) -> PartRef | None:
    """A note by its own place; None where it is not there, damaged, or of another object."""
    try:
        told = parse_json(store.read(place), store.locate(place))
        ref = PartRef.model_validate(told[_NAME])
        if told[_CHECK] != make_key(_CHECK, ref):
            return None
    except (MissingObject, DamagedObject, ValueError, TypeError, KeyError):
        return None
    return ref if _place(ref.key) == place and key in (None, ref.key) else None


def forget_note(store: Store, key: str) -> None:
    """Remove the note of an object that is to be written anew, otherwise."""
    store.delete(_place(key))


def write_note(store: Store, key: str, data: bytes) -> None:
    """Note the digest of bytes that were written under a key."""
    ref = PartRef(key=key, sha256=digest_bytes(data), size_bytes=len(data))
    store.write(_place(key), canonical_json({_NAME: ref, _CHECK: make_key(_CHECK, ref)}))


def _place(key: str) -> str:
    return f"{NOTES}/{make_key('note', key)}.json"
