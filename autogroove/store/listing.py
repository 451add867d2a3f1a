"""What is in a store: objects with size and time.

What belongs here: listings of folders, local and remote, as plain values.
What does not: keys and errors (`autogroove.store.store`).
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import fsspec

from autogroove.store.faults import is_bucket_missing
from autogroove.store.local import TEMPORARY, list_files

DAMAGED = ".damaged-"
"""Part of the name of an object that was set aside; no listing shows it but that of leftovers."""


def is_leftover(key: str) -> bool:
    """Whether this is no object of the store but what a crash left, or what was set aside."""
    return TEMPORARY in key or DAMAGED in key


@dataclass(frozen=True)
class StoredObject:
    """One object of a listing; `modified` is by the store's own clock."""

    key: str
    size_bytes: int
    modified: datetime


def describe_object(key: str, info: dict[str, Any]) -> StoredObject:
    """An object from what a file system tells about it."""
    value = info.get("LastModified", info.get("mtime", info.get("created", 0.0)))
    modified = value if isinstance(value, datetime) else _since(float(value))
    return StoredObject(key, int(info["size"]), modified)


def list_local(root: Path, folder: Path) -> list[StoredObject]:
    """Every file below a folder, its key relative to the root."""
    return [
        StoredObject(path.relative_to(root).as_posix(), state.st_size, _since(state.st_mtime))
        for path, state in list_files(folder)
    ]


def list_remote(
    filesystem: fsspec.AbstractFileSystem, root: str, folder: str
) -> list[StoredObject]:
    """Every object below a folder, its key relative to the root; none where it is absent."""
    try:
        rows = filesystem.find(folder, detail=True)
    except FileNotFoundError as error:
        if is_bucket_missing(error):
            raise
        return []
    return [
        describe_object(path[len(root) + 1 :], info)
        for path, info in rows.items()
        if info["type"] == "file" and path.startswith(f"{folder}/") and not path.endswith("/")
    ]


def list_children(filesystem: fsspec.AbstractFileSystem, folder: str, kind: str) -> list[str]:
    """Names of the files or directories directly in a folder, sorted; none where it is absent."""
    try:
        rows = filesystem.ls(folder, detail=True)
    except FileNotFoundError as error:
        if is_bucket_missing(error):
            raise
        return []
    found = (row["name"].rstrip("/") for row in rows if row["type"] == kind)
    # SeaweedFS shows a folder whose last object went as an object of that name: itself.
    names = (name.rsplit("/", 1)[-1] for name in found if name != folder)
    return sorted(name for name in names if not is_leftover(name))


def _since(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
