"""What a file says about itself.

What belongs here: which systems of tags a file has, and their values as columns of the catalogue.
What does not: how each system names them (`tag_tables`), the audio, and metadata that comes beside
the files (`fma_metadata`).

A file may be tagged by several programs in several systems. Each column is taken from the first
that says something: what belongs to the container, then APEv2, then ID3v1, whose texts end after
thirty letters.
"""

import hashlib
import logging
import os
import re
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, BinaryIO

import mutagen
import pyarrow as pa
from mutagen._vorbis import VComment
from mutagen.apev2 import APEv2
from mutagen.asf import ASFTags
from mutagen.id3 import ID3, ParseID3v1
from mutagen.mp4 import MP4Tags

from autogroove.source import tag_tables
from autogroove.source.chunks import read_text_chunks
from autogroove.source.table import METADATA_FIELDS

TAG_NAMES = ("title", "artist", "artist_id", "album_artist", "album", "track_number", "disc_number",
             "year", "genre", "licence", "url", "musicbrainz_recording_id", "duration_seconds",
             "tempo_bpm")  # fmt: skip
"""The columns that tags can fill."""
TAG_FIELDS: tuple[pa.Field, ...] = tuple(f for f in METADATA_FIELDS if f.name in TAG_NAMES)

TAGS_VERSION = 2
"""Raised when more is read of tags than before: files are asked once more, though not hashed."""

TAG_BYTES_LIMIT = 1 << 24
"""Tags above 16 MiB (a hundred megabytes were seen) are passed over: mutagen reads them whole."""
TEXT_LIMIT = 1000
logger = logging.getLogger(__name__)

_ID3V1_BYTES = 128
_YEAR = re.compile(r"(?<!\d)(?:1[5-9]|20)\d\d(?!\d)")
_COUNT = re.compile(r"\s*(\d{1,9})")
_NUMBER = re.compile(r"\s*(\d+(?:[.,]\d+)?)")
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")

Tagged = tuple[tag_tables.Table, Callable[[], Any]]
"""A table, and what parses the tags that it is for."""


def read_tags(file: BinaryIO, size_bytes: int, name: str = "") -> dict[str, Any]:
    """Tags of an opened audio file as values of `TAG_NAMES`; empty where it has none.

    `size_bytes` is the size of the whole file: where `file` is only its head, no duration is
    told. `name` is the file's, a hint where its bytes might be of several formats. Files are
    hostile and the parsers are not all ours, so that any fault means: no tags of that system.
    """
    if _try(lambda: _id3_size(file), TAG_BYTES_LIMIT + 1) > TAG_BYTES_LIMIT:
        return {}
    is_whole = file.seek(0, os.SEEK_END) == size_bytes
    opened = _try(lambda: _rewound(file, mutagen.File, filename=name or None))
    tags: dict[str, Any] = {}
    for table, find_system in _list_systems(file, opened, is_whole):
        found = _try(find_system)
        if found is not None:
            read = {column: _find(found, column, names) for column, names in table.items()}
            tags = {column: value for column, value in read.items() if value is not None} | tags
        if tags.keys() >= _ESSENTIAL:
            break
    artist = tags.setdefault("artist", tags.get("album_artist"))
    tags["artist_id"] = make_artist_id(artist) if artist else None
    if is_whole:
        length = getattr(getattr(opened, "info", None), "length", None)
        tags["duration_seconds"] = _read_number(str(length))
    return {column: value for column, value in tags.items() if value is not None}


def _list_systems(file: BinaryIO, opened: Any, is_whole: bool) -> Iterator[Tagged]:
    """The systems that a file may be tagged in, the most trusted first."""
    own = getattr(opened, "tags", None)
    # An MP3's own tags are ID3v2 and ID3v1 in one: those are asked for apart.
    if type(own) is not ID3 and (table := _choose_table(own)) is not None:
        yield table, lambda: own
    if _starts_with(file, b"ID3"):
        yield tag_tables.ID3, lambda: _rewound(file, ID3, load_v1=False)
    if _starts_with(file, b"RIFF", b"RF64", b"FORM"):
        yield tag_tables.CHUNKS, lambda: read_text_chunks(file)
    if is_whole:
        yield tag_tables.APE, lambda: _rewound(file, APEv2)
        yield tag_tables.ID3, lambda: _read_id3v1(file)


def _choose_table(tags: Any) -> tag_tables.Table | None:
    for kind, table in _TABLES.items():
        if isinstance(tags, kind):
            return table
    return None


def _starts_with(file: BinaryIO, *beginnings: bytes) -> bool:
    file.seek(0)
    return file.read(4).startswith(beginnings)


def _rewound(file: BinaryIO, parse: Callable[..., Any], **options: Any) -> Any:
    file.seek(0)
    return parse(fileobj=file, **options)


def _read_id3v1(file: BinaryIO) -> Any:
    file.seek(-min(_ID3V1_BYTES, file.seek(0, os.SEEK_END)), os.SEEK_END)
    parse: Any = ParseID3v1
    return parse(file.read(_ID3V1_BYTES), v2_version=4)


def _try(parse: Callable[[], Any], otherwise: Any = None) -> Any:
    try:
        return parse()
    except Exception as error:
        logger.debug("No tags: %r", error)
        return otherwise


def _id3_size(file: BinaryIO) -> int:
    file.seek(0)
    head = file.read(10)
    if len(head) < 10 or head[:3] != b"ID3":
        return 0
    return sum((byte & 0x7F) << (7 * (3 - i)) for i, byte in enumerate(head[6:10]))


def _find(tags: Any, column: str, names: tuple[str, ...]) -> Any:
    """The first value that says something, as the column wants it."""
    for name in names:
        for value in _try(partial(tag_tables.list_values, tags, name), []):
            text = _read_text(value)
            read = text and _READERS.get(column, str)(text)
            if read:
                return read
    return None


def make_artist_id(artist: str) -> int:
    """An id below 2^52 for an artist who is only a name; case and spaces do not matter."""
    folded = " ".join(artist.casefold().split()).encode("utf-8", "replace")
    return int.from_bytes(hashlib.blake2b(folded, digest_size=8).digest(), "big") >> 12


def _read_text(value: Any) -> str:
    """One line of valid Unicode."""
    if isinstance(value, tuple):  # MP4's (track, tracks)
        value = value[0] if value else ""
    text = value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
    plain = text.encode("utf-8", "replace").decode().replace("\0", " ")
    return " ".join(plain.split())[:TEXT_LIMIT]


def _read_number(text: str) -> float | None:
    """A number above 0, whether its decimals follow a point or a comma."""
    found = _NUMBER.match(text)
    number = float(found[1].replace(",", ".")) if found else 0.0
    return number if 0 < number < 1e9 else None


def _read_count(text: str) -> int | None:
    """The 3 of "3/12"; nothing where it is 0."""
    found = _COUNT.match(text)
    return int(found[1]) or None if found else None


def _read_year(text: str) -> int | None:
    found = _YEAR.search(text)
    return int(found[0]) if found else None


def _read_uuid(text: str) -> str | None:
    found = _UUID.search(text.lower())
    return found[0] if found else None


_ESSENTIAL = {"title", "artist", "album"}
_READERS: dict[str, Callable[[str], Any]] = {
    "track_number": _read_count,
    "disc_number": _read_count,
    "year": _read_year,
    "musicbrainz_recording_id": _read_uuid,
    "tempo_bpm": _read_number,
}
_TABLES: dict[type, tag_tables.Table] = {
    ID3: tag_tables.ID3,
    VComment: tag_tables.VORBIS,
    APEv2: tag_tables.APE,
    MP4Tags: tag_tables.MP4,
    ASFTags: tag_tables.ASF,
}
