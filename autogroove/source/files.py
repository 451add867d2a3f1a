r"""A tree of files, wherever it is, and how the name of a file becomes a path and an id.

A *safe path* is POSIX, relative to the source's root, valid Unicode and one line: bytes that are
not UTF-8, control characters and the backslash itself are written as `\xHH`. Ordinary names are
their own safe path, and `to_real_path` gives every file name back exactly.
"""

import hashlib
import os
import re
import stat
import unicodedata
from collections.abc import Iterable
from io import BufferedReader
from pathlib import Path, PurePosixPath
from typing import BinaryIO, NamedTuple, Protocol

import pandas as pd

from autogroove.source.tracks import Reason

_SOUND = (
    "mp3 mp2 mp1 mpga flac ogg oga opus spx wav wave bwf rf64 w64 aif aiff aifc au snd caf m4a "
    "m4b m4p m4r aac adts wma ape wv mpc mp+ mpp mka tta tak shn ofr dsf dff ac3 eac3 dts amr awb "
    "ra rm ram voc qoa oma aa3 at3 vqf"
)
_VIDEO = "mp4 m4v mov webm mkv ogv ogx avi wmv asf flv 3gp 3g2 mpg mpeg vob"
"""Their sound is a track like any other."""

AUDIO_SUFFIXES = frozenset(f".{ending}" for ending in f"{_SOUND} {_VIDEO}".split())
"""Names that are taken for audio. What no decoder reads is quarantined, not passed over."""

_UNSAFE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\\\\\ud800-\udfff]")

_ESCAPED = re.compile(rb"\\x([0-9a-f]{2})")

_ID_BITS = 52
"""An id fits a float64 and JavaScript's numbers without loss."""


def to_safe_path(real: str) -> str:
    """The storable form of a path as the file system gave it (undecodable bytes as surrogates).

    >>> to_safe_path("caf\\udce9/line\\nbreak.mp3")
    'caf\\\\xe9/line\\\\x0abreak.mp3'
    """
    if not _UNSAFE.search(real):
        return real
    return _UNSAFE.sub(_escape, real)


def _escape(found: re.Match[str]) -> str:
    return "".join(f"\\x{byte:02x}" for byte in found[0].encode("utf-8", "surrogateescape"))


def to_real_path(safe: str) -> str:
    """The path that `to_safe_path` was given."""
    if "\\" not in safe:
        return safe
    raw = _ESCAPED.sub(lambda found: bytes([int(found[1], 16)]), safe.encode())
    return raw.decode("utf-8", "surrogateescape")


def make_track_id(safe: str) -> int:
    """A stable id below 2^52 from a path; the same for composed and decomposed accents."""
    normal = unicodedata.normalize("NFC", safe).encode()
    digest = hashlib.blake2b(normal, digest_size=8).digest()
    return int.from_bytes(digest, "big") >> (64 - _ID_BITS)


_READING = os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY


def open_regular(path: str | os.PathLike[str], flags: int = 0, **options: int) -> BufferedReader:
    """A file of this machine for reading. Whatever became of it, opening it waits for nobody.

    `flags` and `options` are those of `os.open`, beside the ones that every file is opened with.

    Raises:
        OSError: there is none, it cannot be read, or it is a folder, a pipe, a device, a socket.
    """
    opened = os.open(
        path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY | flags, **options
    )
    try:
        if not stat.S_ISREG(os.fstat(opened).st_mode):
            raise OSError(f"{os.fspath(path)} is no file, but a folder, a pipe or a device.")
        return os.fdopen(opened, "rb")
    except BaseException:
        os.close(opened)
        raise


def is_hidden(path: str) -> bool:
    """Whether some part of a path is hidden, or what macOS leaves in archives."""
    return path.startswith((".", "__MACOSX/")) or "/." in path or "/__MACOSX/" in path


def has_audio_name(path: str) -> bool:
    """Whether the name ends like an audio file's."""
    dot = path.rfind(".")
    return dot > path.rfind("/") and path[dot:].lower() in AUDIO_SUFFIXES


def climbs_out(path: str) -> bool:
    """Whether a path from an archive points outside the archive's own folder."""
    plain = path.replace("\\", "/")
    return plain.startswith("/") or plain[1:2] == ":" or ".." in PurePosixPath(plain).parts


class FileEntry(NamedTuple):
    """One file of a listing, or one fault that stands where a file should be."""

    path: str
    """Safe path, relative to the root."""
    size_bytes: int
    version: str
    """What changes when the file does: mtime in ns, ETag, CRC."""
    checksum: str | None = None
    """A fingerprint that the place itself derives from the content; None: it must be read."""
    reason: Reason | None = None
    detail: str | None = None


class Files(Protocol):
    """A place that holds files. Picklable; paths are safe paths relative to its root."""

    @property
    def url(self) -> str:
        """The folder or URL of the root."""
        ...

    @property
    def is_local(self) -> bool:
        """Whether reading costs no network."""
        ...

    def list_audio(self) -> pd.DataFrame:
        """The audio files, one row each with the columns of `FileEntry`, in the order of path.

        Raises:
            SourceError: the place cannot be listed.
        """
        ...

    def has_file(self, path: str) -> bool:
        """Whether a file of that safe path is there."""
        ...

    def read(self, path: str) -> bytes:
        """A whole file.

        Raises:
            OSError: it cannot be read.
        """
        ...

    def open(self, path: str) -> BinaryIO:
        """A file, seekable.

        Raises:
            OSError: it cannot be opened.
        """
        ...

    def open_head(self, path: str) -> BinaryIO:
        """Enough of a file for its tags, where opening it whole would be dear."""
        ...

    def local_path(self, path: str) -> Path | None:
        """The real file, if there is one on this machine."""
        ...


def tabulate_files(entries: Iterable[FileEntry]) -> pd.DataFrame:
    """Entries as a table in the order of their paths; the order in a folder is left to chance."""
    table = pd.DataFrame(list(entries), columns=list(FileEntry._fields))
    table = table.astype({"size_bytes": "int64", "checksum": object, "reason": object})
    return table.sort_values("path", kind="stable", ignore_index=True)
