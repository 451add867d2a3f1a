"""Routes that answer a listener's questions.

What belongs here: search, one track, its neighbours, playlists, paths and exports.
What does not: how any of these is found (`autogroove.playlists`).
"""

from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response

from autogroove.explorer.answers import describe_scored, describe_song
from autogroove.explorer.library import Library
from autogroove.explorer.questions import ExportQuestion, PlaylistQuestion
from autogroove.playlists import (
    MEDIA_TYPES,
    Collection,
    Locations,
    Playlist,
    Scored,
    export_playlist,
    find_path,
    find_similar,
    make_playlist,
    match_clips,
    search_tracks,
)
from autogroove.playlists.choosing import find_position
from autogroove.playlists.matching import find_clip_starts
from autogroove.playlists.tempo import fill_tempos

Words = Annotated[str, Query(max_length=200)]


def listening_routes(library: Library) -> APIRouter:
    """The routes below `/api` that are about tracks and lists of them."""
    routes = APIRouter(prefix="/releases/{number}", tags=["listening"])

    @routes.get("/search")
    def search(
        number: int, q: Words = "", limit: int = Query(20, ge=1, le=200)
    ) -> list[dict[str, Any]]:
        """Tracks whose title, artist, album, genre or path hold every word."""
        return [
            describe_song(song)
            for song in search_tracks(library.open(number).collection, q, limit=limit)
        ]

    @routes.get("/tracks/{track_id}")
    def show_track(number: int, track_id: int) -> dict[str, Any]:
        """One track, its tempo estimated where the tags have none."""
        collection = library.open(number).collection
        position = find_position(collection, track_id)
        fill_tempos(collection, [position])
        starts = find_clip_starts(collection, track_id)
        return describe_song(collection.song(position)) | {"clip_starts": starts}

    @routes.get("/tracks/{track_id}/similar")
    def show_similar(
        number: int, track_id: int, limit: int = Query(12, ge=1, le=100)
    ) -> list[dict[str, Any]]:
        """The nearest tracks, best first, each with the pair of clips that match best."""
        collection = library.open(number).collection
        return [
            describe_scored(scored)
            | {"match": asdict(match_clips(collection, track_id, scored.song.track_id))}
            for scored in find_similar(collection, track_id, count=limit)
        ]

    @routes.post("/playlist")
    def ask_playlist(number: int, question: PlaylistQuestion) -> dict[str, Any]:
        """A playlist from seeds and rules."""
        collection = library.open(number).collection
        return _describe(make_playlist(collection, question.seeds, question.rules()))

    @routes.get("/path")
    def ask_path(
        number: int, start: int, goal: int, length: int | None = Query(None, ge=2, le=100)
    ) -> dict[str, Any]:
        """A walk from one track to another."""
        return _describe(find_path(library.open(number).collection, start, goal, length))

    @routes.post("/export", response_class=Response)
    def export(number: int, question: ExportQuestion) -> Response:
        """A list of tracks as a file for players."""
        opened = library.open(number)
        playlist = _list_tracks(opened.collection, question)
        locations = Locations.of_release(opened.release, None, question.paths)
        text = export_playlist(playlist, question.format, locations)
        return Response(
            text,
            media_type=f"{MEDIA_TYPES[question.format]}; charset=utf-8",
            headers={"content-disposition": f'attachment; filename="autogroove.{question.format}"'},
        )

    return routes


def _describe(playlist: Playlist) -> dict[str, Any]:
    return {
        "title": playlist.title,
        "tracks": [describe_scored(scored) for scored in playlist.tracks],
        "notes": list(playlist.notes),
        "duration_seconds": playlist.duration_seconds,
    }


def _list_tracks(collection: Collection, question: ExportQuestion) -> Playlist:
    positions = [find_position(collection, track_id) for track_id in question.track_ids]
    tracks = tuple(Scored(collection.song(at), 1.0) for at in positions)
    return Playlist(question.title, collection.release.number, tracks)
