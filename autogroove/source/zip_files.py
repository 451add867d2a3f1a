"""A zip archive, read in place: by ranges when it is remote, and with distrust.

What belongs here: its directory, the safety of its members, and one member's bytes.
What does not: fetching ranges (`ranges`), and which members are tracks (`sources`).

The directory costs one or two requests, and a member one. Nothing is ever unpacked to disk.
"""

import bz2
import io
import re
import struct
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import BinaryIO, NamedTuple, cast

import pandas as pd

from autogroove.errors import SourceError
from autogroove.source.files import (
    FileEntry,
    climbs_out,
    has_audio_name,
    is_hidden,
    tabulate_files,
    to_safe_path,
)
from autogroove.source.network import RangedFile, TailReader
from autogroove.source.tracks import Reason

MEMBER_BYTES_LIMIT = 1 << 30
"""A member is held in memory while it is decoded; three hours of CD audio are 1.9 GB."""
BOMB_BYTES = 1 << 26
BOMB_RATIO = 100
"""A member that claims more than 64 MiB and 100 times its packed size is no music."""
HEAD_BYTES = 1 << 15
"""Tags without a large picture fit, and it is a small share of a track."""
_LOCAL_HEADER = struct.Struct("<4s22xHH")
_SLACK_BYTES = 1 << 10
"""A member's own header may have more extra fields than the directory says."""
_ENCRYPTED = 0x1
_FMA_MEMBER = re.compile(r"(?:^|/)fma_(?:small|medium|large|full)/\d{3,}/\d{6,15}\.")


@dataclass(frozen=True)
class ZipFiles:
    """The members of an archive."""

    archive: RangedFile

    @property
    def url(self) -> str:
        """Where the archive is, said so that it is taken for one again."""
        url = self.archive.url
        return url if url.lower().endswith(".zip") else f"zip::{url}"

    @property
    def is_local(self) -> bool:
        """Whether the archive is a file of this machine."""
        return self.archive.is_local

    def list_audio(self) -> pd.DataFrame:
        """See `Files.list_audio`. The checksum is of CRC-32 and sizes, from the directory."""
        directory = _read_directory(self.archive, self.archive.version)
        return tabulate_files(_list_members(directory))

    @property
    def _members(self) -> dict[str, zipfile.ZipInfo]:
        return _read_directory(self.archive, self.archive.version).members

    def member_names(self) -> list[str]:
        """Safe paths of all members."""
        return list(self._members)

    def has_fma_layout(self) -> bool:
        """Whether it holds fma_small/NNN/NNNNNN.mp3, or a larger set of that kind."""
        return any(map(_FMA_MEMBER.search, self._members))

    def has_file(self, path: str) -> bool:
        """Whether a member of that safe path is there."""
        return path in self._members

    def read(self, path: str) -> bytes:
        """A whole member, its CRC checked."""
        return self._unpack(path, None)

    def open(self, path: str) -> BinaryIO:
        """A whole member, in memory."""
        return io.BytesIO(self.read(path))

    def open_head(self, path: str) -> BinaryIO:
        """A whole member of a local archive, the first 32 KiB of a remote one's.

        Nothing of a remote member in bzip2, whose blocks cannot be unpacked in part: reading all
        audio twice is too dear for its tags.
        """
        if self.is_local:
            return self.open(path)
        if path in self._members and self._members[path].compress_type == zipfile.ZIP_BZIP2:
            return io.BytesIO()
        return io.BytesIO(self._unpack(path, HEAD_BYTES))

    def local_path(self, path: str) -> Path | None:
        """None: a member is no file."""
        return None

    def _unpack(self, path: str, num_bytes: int | None) -> bytes:
        member = self._members.get(path)
        if member is None:
            raise FileNotFoundError(f"{path} is not in {self.archive.url}")
        if fault := _distrust(member):
            raise OSError(fault[1])
        packed = self._fetch_packed(member, num_bytes)
        limit = member.file_size if num_bytes is None else min(num_bytes, member.file_size)
        data = _decompress(member.compress_type, packed, limit)
        if num_bytes is None and (len(data), zlib.crc32(data)) != (member.file_size, member.CRC):
            raise OSError("damaged member: its bytes are not what the archive's directory says")
        return data[:limit]

    def _fetch_packed(self, member: zipfile.ZipInfo, num_bytes: int | None) -> bytes:
        """The packed bytes from their first on, with one request if the header is usual."""
        start = member.header_offset
        named = len(member.filename.encode()) + len(member.extra) + _SLACK_BYTES
        wanted = member.compress_size
        if num_bytes is not None:
            wanted = min(wanted, num_bytes + _SLACK_BYTES)
        window = self.archive.fetch(start, start + _LOCAL_HEADER.size + named + wanted)
        if len(window) < _LOCAL_HEADER.size or window[:4] != b"PK\x03\x04":
            raise OSError("damaged member: no header where the directory says")
        _, name_bytes, extra_bytes = _LOCAL_HEADER.unpack_from(window)
        skip = _LOCAL_HEADER.size + name_bytes + extra_bytes
        if len(window) < skip + wanted:
            window += self.archive.fetch(start + len(window), start + skip + wanted)
        return window[skip : skip + wanted]


class _Directory(NamedTuple):
    members: dict[str, zipfile.ZipInfo]
    """By safe path; of several with one name the last, as every unpacker does."""
    shadowed: list[zipfile.ZipInfo]


@lru_cache(maxsize=4)
def _read_directory(archive: RangedFile, version: str) -> _Directory:
    """The archive's directory, once a process: a worker reads many batches from one archive."""
    try:
        with zipfile.ZipFile(cast(BinaryIO, TailReader(archive))) as opened:
            found = opened.infolist()
    except (zipfile.BadZipFile, NotImplementedError, struct.error, ValueError, OSError) as error:
        raise SourceError(
            f"{archive.url} is not a zip archive that can be read: {error}"
        ) from error
    members: dict[str, zipfile.ZipInfo] = {}
    shadowed = []
    for member in found:
        if member.filename and not member.is_dir():
            path = to_safe_path(member.filename)
            if path in members:
                shadowed.append(members[path])
            members[path] = member
    return _Directory(members, shadowed)


def _list_members(directory: _Directory) -> Iterator[FileEntry]:
    for path, member in directory.members.items():
        if has_audio_name(path) and not is_hidden(_without_climbing(path)):
            yield _describe(path, member, _distrust(member))
    doubled = (Reason.duplicate_id, "A later member of the archive has the same name.")
    for member in directory.shadowed:
        if has_audio_name(member.filename):
            yield _describe(to_safe_path(member.filename), member, doubled)


def _describe(path: str, member: zipfile.ZipInfo, fault: tuple[Reason, str] | None) -> FileEntry:
    version = f"{member.CRC:08x}-{member.compress_size}"
    reason, detail = fault or (None, None)
    checksum = f"crc32-{member.CRC:08x}-{member.file_size}-{member.compress_size}"
    return FileEntry(path, member.file_size, version, checksum, reason, detail)


def _distrust(member: zipfile.ZipInfo) -> tuple[Reason, str] | None:
    """Why a member must not be unpacked, or None."""
    if climbs_out(member.filename):
        return Reason.unsafe_path, "Its name leads out of the archive's folder."
    size, ratio = member.file_size, member.file_size / max(member.compress_size, 1)
    if size > MEMBER_BYTES_LIMIT or (size > BOMB_BYTES and ratio > BOMB_RATIO):
        return Reason.unsafe_archive, f"It claims {size} bytes from {member.compress_size} packed."
    if member.flag_bits & _ENCRYPTED:
        return Reason.unreadable, "It is encrypted."
    return None


def _without_climbing(path: str) -> str:
    """A path whose ".." are no hidden folders: such a member is reported, not passed over."""
    return path.replace("../", "")


def _decompress(method: int, packed: bytes, limit: int) -> bytes:
    """Unpack no more than one byte over `limit`, whatever the packed bytes would grow to."""
    try:
        if method == zipfile.ZIP_STORED:
            return packed[: limit + 1]
        if method == zipfile.ZIP_DEFLATED:
            return zlib.decompressobj(-zlib.MAX_WBITS).decompress(packed, limit + 1)
        if method == zipfile.ZIP_BZIP2:
            return bz2.BZ2Decompressor().decompress(packed, limit + 1)
    except (zlib.error, OSError, ValueError) as error:
        raise OSError(f"damaged member: {error}") from error
    raise OSError(f"packed by a method that is not read here ({method})")
