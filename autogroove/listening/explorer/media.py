"""Routes that answer with sound and pictures, audio in the pieces that players ask for."""

import io
import re
from collections.abc import Iterator
from functools import lru_cache
from typing import BinaryIO

import numpy as np
from fastapi import APIRouter, HTTPException, Request, Response
from numpy.typing import NDArray
from starlette.responses import StreamingResponse

from autogroove.listening.choosing import find_position
from autogroove.listening.explorer.open_releases import OpenRelease, OpenReleases

COLOURS = "magma"


def paint_image(image: NDArray[np.uint8]) -> bytes:
    """PNG of one image uint8 (num_bins, num_frames): low frequencies below, time to the right."""
    from matplotlib import colormaps  # slow to import
    from PIL import Image

    buffer = io.BytesIO()
    colours = colormaps[COLOURS](image[::-1], bytes=True)
    Image.fromarray(colours[..., :3]).save(buffer, "png")
    return buffer.getvalue()


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


FOREVER = {"cache-control": "private, max-age=31536000, immutable"}
"""A release never changes, so neither do its pictures."""


def media_routes(library: OpenReleases) -> APIRouter:
    """The routes below `/api` that do not answer with JSON."""
    routes = APIRouter(prefix="/releases/{number}", tags=["media"])

    @routes.get("/tracks/{track_id}/audio", response_class=Response)
    def play(number: int, track_id: int, request: Request) -> Response:
        """The audio file of a track, whole or by byte range."""
        opened = library.open(number)
        path = opened.collection.song(find_position(opened.collection, track_id)).path
        try:
            file = opened.source.open(path)
        except OSError as error:
            raise HTTPException(
                404, f"The source of release {number} no longer has {path}."
            ) from error
        return answer_range(file, path, request.headers.get("range"))

    @routes.get("/tracks/{track_id}/spectrogram/{clip}.png", response_class=Response)
    def show_spectrogram(number: int, track_id: int, clip: int) -> Response:
        """The image of one clip, as the model sees it."""
        images = library.open(number).release.clips(track_id)
        if not 0 <= clip < len(images):
            raise HTTPException(404, f"Track {track_id} has {len(images)} clips, from 0.")
        return Response(paint_image(images[clip]), media_type="image/png", headers=FOREVER)

    @routes.get("/tracks/{track_id}/reconstruction/{clip}.png", response_class=Response)
    def show_reconstruction(number: int, track_id: int, clip: int) -> Response:
        """What the model makes of the image of one clip."""
        return Response(
            _reconstruct(library.open(number), track_id, clip),
            media_type="image/png",
            headers=FOREVER,
        )

    @routes.get("/pictures/{name}.png", response_class=Response)
    def show_picture(number: int, name: str) -> Response:
        """One of the figures that were published with the release."""
        picture = library.open(number).release.picture(name)
        return Response(picture, media_type="image/png", headers=FOREVER)

    return routes


@lru_cache(maxsize=256)
def _reconstruct(opened: OpenRelease, track_id: int, clip: int) -> bytes:
    from autogroove.model import reconstruct

    images = opened.release.clips(track_id)
    if not 0 <= clip < len(images):
        raise HTTPException(404, f"Track {track_id} has {len(images)} clips, from 0.")
    made = reconstruct(opened.release.model, images[clip : clip + 1])[0]
    return paint_image(np.round(255 * made.clip(0, 1)).astype(np.uint8))
