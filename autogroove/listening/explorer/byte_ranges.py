"""Files in the pieces that players ask for.

What does not belong here: which file. Routes look that up by track id, never by path.
"""

import re
from collections.abc import Iterator
from typing import Any, BinaryIO

from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

BLOCK_BYTES = 1 << 18

_RANGE = re.compile(r"bytes=([0-9]*)-([0-9]*)")

_MOST_DIGITS = 18
"""No file has a byte of a longer number."""

_PLAIN = {"accept-ranges": "bytes", "content-encoding": "identity"}
"""Said aloud, so that no layer compresses what a range counts."""

_TYPES = {
    "mp3": "audio/mpeg",
    "flac": "audio/flac",
    "ogg": "audio/ogg",
    "oga": "audio/ogg",
    "opus": "audio/ogg",
    "wav": "audio/wav",
    "m4a": "audio/mp4",
    "aiff": "audio/aiff",
    "aif": "audio/aiff",
    "aac": "audio/aac",
    "m4b": "audio/mp4",
    "mp2": "audio/mpeg",
    "mp4": "video/mp4",
    "mka": "audio/x-matroska",
    "mkv": "video/x-matroska",
    "webm": "video/webm",
    "wma": "audio/x-ms-wma",
    "au": "audio/basic",
    "caf": "audio/x-caf",
}
"""Of what browsers or players may know; the rest is bytes."""


def answer_range(file: BinaryIO, path: str, wanted: str | None) -> Response:
    """The whole file (200), the range wanted (206), or 416 where there is no such range.

    `wanted` is the Range header. One that asks for several ranges, or is malformed, gets the
    whole file, as the RFC allows. The answer closes the file.
    """
    size = file.seek(0, 2)
    media_type = _TYPES.get(path.rsplit(".", 1)[-1].lower(), "application/octet-stream")
    found = _RANGE.fullmatch((wanted or "").replace(" ", ""))
    if not found or found.groups() == ("", ""):
        headers = {**_PLAIN, "content-length": str(size)}
        return FileStream(file, 0, size, headers=headers, media_type=media_type)
    start, stop = _resolve(found[1], found[2], size)
    if start >= stop:
        file.close()
        return Response(status_code=416, headers={"content-range": f"bytes */{size}"})
    headers = {
        **_PLAIN,
        "content-range": f"bytes {start}-{stop - 1}/{size}",
        "content-length": str(stop - start),
    }
    return FileStream(file, start, stop, status_code=206, headers=headers, media_type=media_type)


class FileStream(StreamingResponse):
    """A part of a file, which is closed however the answer ends."""

    def __init__(self, file: BinaryIO, start: int, stop: int, **options: Any) -> None:
        super().__init__(_read(file, start, stop), **options)
        self._file = file

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it."""
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._file.close()


def _resolve(first: str, last: str, size: int) -> tuple[int, int]:
    """Start and stop; `-500` means the last 500 bytes. A number of many digits is past the end."""
    if not first:
        return max(0, size - _number(last)), size
    return _number(first), min(size, _number(last) + 1) if last else size


def _number(digits: str) -> int:
    """The number, or a larger one than any size: text of any length is cheap to read."""
    plain = digits.lstrip("0") or "0"
    return int(plain) if len(plain) <= _MOST_DIGITS else 10**_MOST_DIGITS


def _read(file: BinaryIO, start: int, stop: int) -> Iterator[bytes]:
    file.seek(start)
    while start < stop and (block := file.read(min(BLOCK_BYTES, stop - start))):
        start += len(block)
        yield block
