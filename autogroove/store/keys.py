"""Content addresses: settings and inputs in, keys out.

What belongs here: the one way in which a value becomes a key.
What does not: reading or writing bytes (`autogroove.store`), or deciding which settings
count (the module that makes an artefact names what its key is made of).
"""

import hashlib
import json
from typing import Any

from pydantic import BaseModel

KEY_LENGTH = 32
"""Hex digits in a key: 128 bits, so that 10^9 keys collide with a chance of about 10^-21."""


def canonical_json(value: Any) -> bytes:
    """The one JSON text of a value: sorted keys, no spaces, models as their fields, no NaN.

    Raises:
        TypeError: the value holds something that JSON cannot carry.
        ValueError: the value holds a NaN or an infinity.
    """
    return json.dumps(
        value, sort_keys=True, separators=(",", ":"), allow_nan=False, default=_plain
    ).encode()


def _plain(value: Any) -> Any:
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json")
    raise TypeError(f"{type(value).__name__} cannot be part of an identity")


def digest_bytes(data: bytes | bytearray | memoryview) -> str:
    """SHA-256 of bytes as 64 hex digits."""
    return hashlib.sha256(data).hexdigest()


def make_key(kind: str, *parts: Any) -> str:
    """The key of an artefact: what kind it is and everything that its bytes depend on.

    >>> make_key("segment", {"gain": 1, "bins": 8}) == make_key("segment", {"bins": 8, "gain": 1})
    True
    """
    return digest_bytes(canonical_json([kind, *parts]))[:KEY_LENGTH]
