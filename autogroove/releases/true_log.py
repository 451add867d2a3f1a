"""The log, each manifest compared with what was published: no parser sees a flipped digit.

What belongs here: reading manifests against their notes, and taking damaged ones out of the log.
What does not: the parts that they name (`inspection`).
"""

import json
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from autogroove.errors import DamagedObject, ReleaseError
from autogroove.releases.log import release_numbers
from autogroove.releases.manifest import FORMAT, Manifest, manifest_key, parse_manifest
from autogroove.releases.parts import content_digest
from autogroove.store import REMEDY, Store, forget_note, read_noted, set_aside

_READERS = 16


def read_true_log(store: Store) -> list[Manifest]:
    """Every release, oldest first.

    Raises:
        DamagedObject: a manifest is not as it was published.
        ReleaseError: a manifest cannot be read.
    """
    with ThreadPoolExecutor(_READERS) as threads:
        return list(threads.map(lambda number: _read(store, number), release_numbers(store)))


def set_aside_damaged_manifests(store: Store) -> list[str]:
    """Keys of manifests that are damaged, and now are not in the log any more.

    One that a newer Autogroove wrote is none.
    """
    found = []
    for number in release_numbers(store):
        key = manifest_key(number)
        try:
            _read(store, number)
        except (DamagedObject, ReleaseError):
            if not _is_newer(store.read(key)):
                set_aside(store, key)
                forget_note(store, key)
                found.append(key)
    return found


def _read(store: Store, number: int) -> Manifest:
    key = manifest_key(number)
    place = store.locate(key)
    # What has no note yet is noted if it is a manifest at all.
    parse = partial(_parse, number)
    data = read_noted(store, key, parse, adopt=True)
    manifest = parse_manifest(data, number, place)
    if content_digest(manifest.parts) != manifest.content_digest:
        raise DamagedObject(f"{place} is damaged: its content digest is another. {REMEDY}")
    return manifest


def _parse(number: int, data: bytes, place: str) -> Manifest:
    return parse_manifest(data, number, place)


def _is_newer(data: bytes) -> bool:
    try:
        told = json.loads(data)
    except ValueError:
        return False
    form = told.get("format") if isinstance(told, dict) else None
    return isinstance(form, int) and form > FORMAT
