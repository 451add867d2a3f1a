"""What a file says about itself.

What belongs here: tags, read with mutagen, as columns of the catalogue.
What does not: the audio, and metadata that comes beside the files (`fma_metadata`).
"""

import hashlib
import logging
import os
from typing import Any, BinaryIO

import mutagen
import pyarrow as pa

from autogroove.source.table import METADATA_FIELDS

TAG_NAMES = ("title", "artist", "artist_id", "album", "genre", "licence", "url",
             "duration_seconds", "tempo_bpm")  # fmt: skip
"""The columns that tags can fill."""
TAG_FIELDS: tuple[pa.Field, ...] = tuple(f for f in METADATA_FIELDS if f.name in TAG_NAMES)

TAG_BYTES_LIMIT = 1 << 24
"""Tags above 16 MiB (a hundred megabytes were seen) are passed over: mutagen reads them whole."""
TEXT_LIMIT = 1000
logger = logging.getLogger(__name__)

_EASY = {"title": "title", "album": "album", "genre": "genre", "licence": "copyright"}


def read_tags(file: BinaryIO, size_bytes: int) -> dict[str, Any]:
    """Tags of an opened audio file as values of `TAG_NAMES`; empty where it has none.

    `size_bytes` is the size of the whole file: where `file` is only its head, no duration is
    told. Files are hostile and the parser is not ours, so that any fault means: no tags.
    """
    try:
        if _id3_size(file) > TAG_BYTES_LIMIT:
            return {}
        is_whole = file.seek(0, os.SEEK_END) == size_bytes
        file.seek(0)
        opened = mutagen.File(file, easy=True)
        return _collect(opened, is_whole) if opened is not None else {}
    except Exception as error:
        logger.debug("No tags: %r", error)
        return {}


def _id3_size(file: BinaryIO) -> int:
    file.seek(0)
    head = file.read(10)
    if len(head) < 10 or head[:3] != b"ID3":
        return 0
    return sum((byte & 0x7F) << (7 * (3 - i)) for i, byte in enumerate(head[6:10]))


def _collect(opened: Any, is_whole: bool) -> dict[str, Any]:
    tags: dict[str, Any] = {name: _text(opened, key) for name, key in _EASY.items()}
    tags["artist"] = _text(opened, "artist") or _text(opened, "albumartist")
    tags["licence"] = _text(opened, "license") or tags["licence"]
    tags["url"] = _text(opened, "website") or _text(opened, "contact")
    tags["tempo_bpm"] = _number(_text(opened, "bpm"))
    tags["duration_seconds"] = _number(getattr(opened.info, "length", None)) if is_whole else None
    if tags["artist"]:
        tags["artist_id"] = make_artist_id(tags["artist"])
    return {name: value for name, value in tags.items() if value is not None}


def make_artist_id(artist: str) -> int:
    """An id below 2^52 for an artist who is only a name; case and spaces do not matter."""
    folded = " ".join(artist.casefold().split()).encode("utf-8", "replace")
    return int.from_bytes(hashlib.blake2b(folded, digest_size=8).digest(), "big") >> 12


def _text(opened: Any, key: str) -> str | None:
    try:
        values = opened.tags.get(key) if opened.tags is not None else None
    except (KeyError, ValueError):
        return None
    if not values:
        return None
    text = str(values[0] if isinstance(values, list) else values)
    plain = " ".join(text.encode("utf-8", "replace").decode().replace("\0", " ").split())
    return plain[:TEXT_LIMIT] or None


def _number(value: Any) -> float | None:
    try:
        number = float(value)
    except (TypeError, ValueError):
        return None
    return number if 0 < number < 1e9 else None
