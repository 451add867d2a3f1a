"""Objects as files of a local folder: whole or absent, also after a crash.

What belongs here: atomic writes, exclusive creates, listings and removal on a local disk.
What does not: anything remote, and what a key may look like (`autogroove.store.store`).

A file is written under a temporary name beside its place, flushed to the disk, and then renamed
(or linked, where it must not replace). Links to folders are not followed, so that removing
garbage can never leave the store.
"""

import errno
import os
import uuid
from collections.abc import Iterator
from pathlib import Path

TEMPORARY = ".part-"
"""Part of the name of a file that is being written; a crash may leave one behind."""

_NO_LINKS = {errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK}


def replace_file(path: Path, data: bytes) -> None:
    """Put a file, in place of any that is there."""
    temporary = _write_temporary(path, data)
    try:
        os.replace(temporary, path)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise


def create_file(path: Path, data: bytes) -> bool:
    """Put a file only where none is; it appears whole. False if somebody else was first."""
    if path.exists():
        return False
    temporary = _write_temporary(path, data)
    try:
        os.link(temporary, path)
    except FileExistsError:
        return False
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        return _create_without_links(path, data)
    finally:
        temporary.unlink(missing_ok=True)
    _flush(path.parent)
    return True


def _create_without_links(path: Path, data: bytes) -> bool:
    """On file systems without hard links (exFAT, some shares): exclusive, but a crash may tear."""
    try:
        with path.open("xb") as file:
            _fill(file.fileno(), data)
    except FileExistsError:
        return False
    except OSError:
        path.unlink(missing_ok=True)
        raise
    return True


def _write_temporary(path: Path, data: bytes) -> Path:
    temporary = path.with_name(f"{path.name}{TEMPORARY}{uuid.uuid4().hex}")
    descriptor = _open_new(temporary)
    try:
        _fill(descriptor, data)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise
    finally:
        os.close(descriptor)
    return temporary


def _open_new(path: Path) -> int:
    """Open for writing; the folder is made anew if a sweep removes it at this very moment."""
    for _ in range(10):
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
        except FileNotFoundError:
            continue
    raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(path.parent))


def _fill(descriptor: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]
    os.fsync(descriptor)


def _flush(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def list_files(folder: Path) -> Iterator[tuple[Path, os.stat_result]]:
    """Every file below a folder with its state; files that vanish meanwhile are passed over."""
    try:
        entries = list(os.scandir(folder))
    except (FileNotFoundError, NotADirectoryError):
        return
    for entry in entries:
        try:
            if entry.is_dir(follow_symlinks=False):
                yield from list_files(Path(entry.path))
            elif entry.is_file():
                yield Path(entry.path), entry.stat()
        except FileNotFoundError:
            continue


def remove_files(paths: list[Path], root: Path) -> None:
    """Remove files, and then the folders that became empty, up to but without the root."""
    for path in paths:
        path.unlink(missing_ok=True)
    for folder in {path.parent for path in paths}:
        _remove_empty(folder, root)


def _remove_empty(folder: Path, root: Path) -> None:
    while root in folder.parents:
        try:
            folder.rmdir()
        except OSError:
            return
        folder = folder.parent
