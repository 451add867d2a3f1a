"""Routes that answer with sound and pictures."""

import pandas as pd
from fastapi import APIRouter, HTTPException, Request, Response

from autogroove.errors import SourceError
from autogroove.listening.choosing import find_position
from autogroove.listening.explorer.byte_ranges import answer_range
from autogroove.listening.explorer.concurrency import computed, computed_slowly
from autogroove.listening.explorer.open_releases import OpenReleases
from autogroove.listening.explorer.pictures import answer_picture, paint_image
from autogroove.source import ChangedFile, is_network_fault, open_unchanged


def media_routes(library: OpenReleases) -> APIRouter:
    """The routes below `/api` that do not answer with JSON."""
    routes = APIRouter(prefix="/releases/{number}", tags=["media"])

    @routes.get("/tracks/{track_id}/audio", response_class=Response)
    def play(number: int, track_id: int, request: Request) -> Response:
        """The audio file of a track, whole or by byte range."""
        opened = library.open(number)
        row = opened.collection.rows.iloc[find_position(opened.collection, track_id)]
        path, size = str(row["path"]), int(row["size_bytes"])
        digest = row["fingerprint"] if pd.isna(row.get("file_digest")) else row["file_digest"]
        try:
            file = open_unchanged(opened.source, path, size, str(digest))
        except ChangedFile as error:
            text = f"The source of release {number} has something else than {path} there now."
            raise HTTPException(404, text) from error
        except Exception as error:
            if not isinstance(error, OSError | SourceError) and not is_network_fault(error):
                raise
            text = f"The source of release {number} no longer has {path}."
            raise HTTPException(404, text) from error
        return answer_range(file, path, request.headers.get("range"))

    @routes.get("/tracks/{track_id}/spectrogram/{clip}.png", response_class=Response)
    @computed
    def show_spectrogram(number: int, track_id: int, clip: int, request: Request) -> Response:
        """The image of one clip, as the model sees it."""
        opened = library.open(number)
        content = opened.release.manifest.content_digest
        return answer_picture(
            request,
            (content, "spectrogram", track_id, clip),
            lambda: paint_image(opened.clip(track_id, clip)),
        )

    @routes.get("/tracks/{track_id}/reconstruction/{clip}.png", response_class=Response)
    @computed_slowly
    def show_reconstruction(number: int, track_id: int, clip: int, request: Request) -> Response:
        """What the model makes of the image of one clip."""
        opened = library.open(number)
        content = opened.release.manifest.content_digest
        return answer_picture(
            request,
            (content, "reconstruction", track_id, clip),
            lambda: opened.reconstruct(track_id, clip),
        )

    @routes.get("/pictures/{name}.png", response_class=Response)
    @computed
    def show_picture(number: int, name: str, request: Request) -> Response:
        """One of the figures that were published with the release."""
        release = library.open(number).release
        part = release.manifest.parts.pictures.get(name)
        digest = part.sha256 if part is not None else ""
        return answer_picture(request, (digest, name), lambda: release.picture(name))

    return routes
