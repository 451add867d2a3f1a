"""Audio in pieces, as players ask for it.

What belongs here: HTTP byte ranges (RFC 9110, section 14) of one seekable file.
What does not: which file; routes look that up by track id, never by path.
"""

import re
from collections.abc import Iterator
from typing import BinaryIO

from starlette.responses import Response, StreamingResponse

BLOCK_BYTES = 1 << 18
_RANGE = re.compile(r"bytes=(\d*)-(\d*)")
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
}


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
        return StreamingResponse(_read(file, 0, size), headers=headers, media_type=media_type)
    start, stop = _resolve(found[1], found[2], size)
    if start >= stop:
        file.close()
        return Response(status_code=416, headers={"content-range": f"bytes */{size}"})
    headers = {
        **_PLAIN,
        "content-range": f"bytes {start}-{stop - 1}/{size}",
        "content-length": str(stop - start),
    }
    return StreamingResponse(
        _read(file, start, stop), status_code=206, headers=headers, media_type=media_type
    )


def _resolve(first: str, last: str, size: int) -> tuple[int, int]:
    """Start and stop; `-500` means the last 500 bytes."""
    if not first:
        return max(0, size - int(last)), size
    return int(first), min(size, int(last) + 1) if last else size


def _read(file: BinaryIO, start: int, stop: int) -> Iterator[bytes]:
    with file:
        file.seek(start)
        while start < stop and (block := file.read(min(BLOCK_BYTES, stop - start))):
            start += len(block)
            yield block
