"""How the name of a file becomes a path that can be stored, and an id that stays.

What belongs here: the safe form of a path and its way back, ids from paths, which names count.
What does not: listing folders or opening files.

A *safe path* is POSIX, relative to the source's root, valid Unicode and one line: bytes that are
not UTF-8, control characters and the backslash itself are written as `\\xHH`. Ordinary names are
their own safe path, and `to_real_path` gives every file name back exactly.
"""

import hashlib
import re
import unicodedata
from pathlib import PurePosixPath

_READ = (".mp3", ".flac", ".ogg", ".oga", ".opus", ".wav", ".wave", ".aif", ".aiff", ".aifc")
_OTHERS = (".m4a", ".m4b", ".aac", ".wma", ".ape", ".wv", ".mpc")
AUDIO_SUFFIXES = frozenset([*_READ, *_OTHERS])
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
