"""Routes that answer a listener's questions, and what a page may ask in a body."""

from dataclasses import asdict
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Response
from pydantic import FailFast, Field

from autogroove.listening.cancellation import raise_if_cancelled
from autogroove.listening.choosing import find_position, find_similar, make_playlist
from autogroove.listening.explorer.concurrency import computed, computed_slowly
from autogroove.listening.explorer.filtering import Asked, FilterQuestion, Question
from autogroove.listening.explorer.open_releases import OpenReleases
from autogroove.listening.explorer.overview import describe_scored, describe_track_view
from autogroove.listening.exports import MEDIA_TYPES, export_playlist
from autogroove.listening.library import TrackLibrary
from autogroove.listening.lists import Playlist, Scored
from autogroove.listening.locations import Locations
from autogroove.listening.matching import find_clip_starts, match_clips
from autogroove.listening.paths import find_path
from autogroove.listening.resolving import search_tracks
from autogroove.listening.rules import MOST_TRACKS, Rules
from autogroove.listening.tempo import fill_tempos
from autogroove.listening.weighing import USUAL, Weighing

TrackId = Annotated[int, Field(ge=0, le=2**53)]


class PlaylistQuestion(Question):
    """Seeds and rules of a playlist; see `autogroove.listening.Rules`."""

    seeds: Annotated[list[TrackId], Field(min_length=1, max_length=50), FailFast()]
    length: Annotated[int, Field(ge=1, le=MOST_TRACKS)] = 20
    duration_minutes: Annotated[float, Field(gt=0, le=1440)] | None = None
    artist_spacing: Annotated[int, Field(ge=0, le=500)] = 8
    tracks_per_artist: Annotated[int, Field(ge=1, le=500)] | None = 2
    tracks_per_album: Annotated[int, Field(ge=1, le=500)] | None = 1
    filters: FilterQuestion = FilterQuestion()
    exclude: Annotated[list[TrackId], Field(max_length=100_000), FailFast()] = Field(
        default_factory=list
    )
    variety: Annotated[float, Field(ge=0, le=1)] = 0.3
    weigh: Annotated[str, Field(max_length=200)] = ""
    avoid: Annotated[list[TrackId], Field(max_length=50), FailFast()] = Field(default_factory=list)

    def rules(self) -> Rules:
        """The rules that it states."""
        minutes = self.duration_minutes
        return Rules(
            length=self.length,
            duration_seconds=None if minutes is None else 60 * minutes,
            artist_spacing=self.artist_spacing,
            tracks_per_artist=self.tracks_per_artist,
            tracks_per_album=self.tracks_per_album,
            filters=self.filters.parse(),
            exclude=frozenset(self.exclude),
            variety=self.variety,
            weighing=read_weighing(self.weigh),
            avoid=tuple(self.avoid),
        )


class ExportQuestion(Question):
    """A list as it stands on the page, in a format for players."""

    track_ids: Annotated[list[TrackId], Field(min_length=1, max_length=10_000), FailFast()]
    format: Literal["m3u8", "xspf", "jspf", "csv", "json"] = "m3u8"
    title: Annotated[str, Field(max_length=500)] = "Autogroove"
    paths: Literal["relative", "absolute"] = "absolute"


Words = Annotated[str, Query(max_length=200)]
Weigh = Annotated[str, Query(max_length=200, description="Such as rhythm=2,sound=0.")]
Avoid = Annotated[list[TrackId], Query(alias="not", max_length=50, description="Repeatable.")]


def read_weighing(text: str) -> Weighing:
    """How much each part counts; as usual where nothing is said."""
    return Weighing.parse(text) if text else USUAL


def listening_routes(library: OpenReleases) -> APIRouter:
    """The routes below `/api` that are about tracks and lists of them."""
    routes = APIRouter(prefix="/releases/{number}", tags=["listening"])

    @routes.get("/search")
    @computed
    def search(
        number: int, filters: Asked, q: Words = "", limit: int = Query(20, ge=1, le=200)
    ) -> list[dict[str, Any]]:
        """Tracks whose title, artist, album, genre or path hold every word."""
        return [
            describe_track_view(song)
            for song in search_tracks(
                library.open(number).collection, q, limit=limit, filters=filters
            )
        ]

    @routes.get("/tracks/{track_id}")
    @computed
    def show_track(number: int, track_id: int) -> dict[str, Any]:
        """One track, its tempo estimated where the tags have none."""
        collection = library.open(number).collection
        position = find_position(collection, track_id)
        fill_tempos(collection, [position])
        starts = find_clip_starts(collection, track_id)
        return describe_track_view(collection.song(position)) | {"clip_starts": starts}

    @routes.get("/tracks/{track_id}/similar")
    @computed
    def show_similar(
        number: int,
        track_id: int,
        filters: Asked,
        limit: int = Query(12, ge=1, le=100),
        weigh: Weigh = "",
        avoid: Avoid = [],  # noqa: B006 - FastAPI copies it
    ) -> list[dict[str, Any]]:
        """The nearest tracks, best first, each with the pair of clips that match best."""
        collection, weighing = library.open(number).collection, read_weighing(weigh)
        found = find_similar(
            collection, track_id, count=limit, weighing=weighing, avoid=avoid, filters=filters
        )
        return [_describe_match(collection, track_id, scored, weighing) for scored in found]

    @routes.post("/playlist")
    @computed_slowly
    def ask_playlist(number: int, question: PlaylistQuestion) -> dict[str, Any]:
        """A playlist from seeds and rules."""
        collection = library.open(number).collection
        return _describe(make_playlist(collection, question.seeds, question.rules()))

    @routes.get("/path")
    @computed_slowly
    def ask_path(
        number: int,
        start: int,
        goal: int,
        filters: Asked,
        length: int | None = Query(None, ge=2, le=100),
        weigh: Weigh = "",
        avoid: Avoid = [],  # noqa: B006
    ) -> dict[str, Any]:
        """A walk from one track to another."""
        rules = Rules(weighing=read_weighing(weigh), avoid=tuple(avoid), filters=filters)
        collection = library.open(number).collection
        return _describe(find_path(collection, start, goal, length, rules=rules))

    @routes.post("/export", response_class=Response)
    @computed
    def export(number: int, question: ExportQuestion) -> Response:
        """A list of tracks as a file for players."""
        opened = library.open(number)
        playlist = _list_tracks(opened.collection, question)
        locations = Locations.of_release(opened.release, None, question.paths, library.roots)
        text = export_playlist(playlist, question.format, locations)
        return Response(
            text,
            media_type=f"{MEDIA_TYPES[question.format]}; charset=utf-8",
            headers={"content-disposition": f'attachment; filename="autogroove.{question.format}"'},
        )

    return routes


def _describe_match(
    collection: TrackLibrary, track_id: int, scored: Scored, weighing: Weighing
) -> dict[str, Any]:
    raise_if_cancelled()
    match = match_clips(collection, track_id, scored.song.track_id, weighing)
    return describe_scored(scored) | {"match": asdict(match)}


def _describe(playlist: Playlist) -> dict[str, Any]:
    return {
        "title": playlist.title,
        "tracks": [describe_scored(scored) for scored in playlist.tracks],
        "notes": list(playlist.notes),
        "duration_seconds": playlist.duration_seconds,
    }


def _list_tracks(collection: TrackLibrary, question: ExportQuestion) -> Playlist:
    positions = [find_position(collection, track_id) for track_id in question.track_ids]
    tracks = tuple(Scored(collection.song(at), 1.0) for at in positions)
    return Playlist(question.title, collection.release.number, tracks)
