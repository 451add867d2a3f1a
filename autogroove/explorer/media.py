"""Routes that answer with sound and pictures.

What belongs here: audio of the release's own tracks, spectrograms, reconstructions, figures.
What does not: finding files by path; a track id is the only way in.
"""

from functools import lru_cache

import numpy as np
from fastapi import APIRouter, HTTPException, Request, Response

from autogroove.explorer.library import Library, OpenRelease
from autogroove.explorer.pictures import paint_image
from autogroove.explorer.ranges import answer_range
from autogroove.playlists.choosing import find_position

FOREVER = {"cache-control": "private, max-age=31536000, immutable"}
"""A release never changes, so neither do its pictures."""


def media_routes(library: Library) -> APIRouter:
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
    from autogroove.model import reconstruct  # PyTorch: seconds to import

    images = opened.release.clips(track_id)
    if not 0 <= clip < len(images):
        raise HTTPException(404, f"Track {track_id} has {len(images)} clips, from 0.")
    made = reconstruct(opened.release.model, images[clip : clip + 1])[0]
    return paint_image(np.round(255 * made.clip(0, 1)).astype(np.uint8))
