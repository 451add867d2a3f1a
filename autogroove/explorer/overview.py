"""Routes about releases as a whole.

What belongs here: the log, one release, its changes, its map, its card and its stations.
What does not: questions about tracks (`listening`), or bytes of audio and pictures (`media`).
"""

from typing import Any

from fastapi import APIRouter, Query, Response

from autogroove.errors import ReleaseError
from autogroove.explorer.answers import (
    describe_changes,
    describe_manifest,
    describe_scored,
    describe_station,
    pack_points,
    rank_genres,
)
from autogroove.explorer.library import Library
from autogroove.playlists import Scored, Station
from autogroove.playlists.choosing import find_position
from autogroove.releases.comparison import diff_releases


def overview_routes(library: Library) -> APIRouter:
    """The routes below `/api` that describe releases."""
    routes = APIRouter(tags=["releases"])

    @routes.get("/releases")
    def list_releases() -> dict[str, Any]:
        """Every release, newest first, and the one to show first."""
        listed = [describe_manifest(manifest) for manifest in reversed(library.list())]
        return {"default": library.default_number(), "releases": listed}

    @routes.get("/releases/{number}")
    def show_release(number: int) -> dict[str, Any]:
        """One release: counts, coverage, genres, tempo range."""
        opened = library.open(number)
        described = describe_manifest(opened.release.manifest)
        return described | {
            "encoded": len(opened.collection),
            "genres": rank_genres(opened.collection),
            "settings": opened.release.settings,
        }

    @routes.get("/releases/{number}/changes")
    def show_changes(number: int, since: int | None = Query(None, ge=1)) -> dict[str, Any]:
        """What changed since another release, by default the one before."""
        opened = library.open(number)
        before = since if since is not None else opened.release.manifest.parent
        if before is None:
            raise ReleaseError(f"Release {number} is the first: there is nothing before it.")
        difference = diff_releases(library.store, before, number)
        return describe_changes(difference, library.open(before).collection, opened.collection)

    @routes.get("/releases/{number}/points", response_class=Response)
    def show_points(number: int) -> Response:
        """The map as packed arrays; see `autogroove.explorer.answers.pack_points`."""
        return Response(pack_points(library.open(number)), media_type="application/octet-stream")

    @routes.get("/releases/{number}/card")
    def show_card(number: int) -> dict[str, Any]:
        """The evaluation card as it was published."""
        return library.open(number).release.card

    @routes.get("/releases/{number}/stations")
    def list_stations(number: int) -> list[dict[str, Any]]:
        """Every cluster, largest first, without its tracks."""
        return [describe_station(station) for station in library.open(number).stations]

    @routes.get("/releases/{number}/stations/{cluster}")
    def show_station(
        number: int, cluster: int, limit: int = Query(200, ge=1, le=5000)
    ) -> dict[str, Any]:
        """One cluster with its tracks, nearest to the exemplar first."""
        opened = library.open(number)
        found = [station for station in opened.stations if station.cluster == cluster]
        if not found:
            raise ReleaseError(f"Release {number} has no cluster {cluster}.")
        tracks = _score_members(opened.collection, found[0], limit)
        return describe_station(found[0]) | {"tracks": [describe_scored(each) for each in tracks]}

    return routes


def _score_members(collection: Any, station: Station, limit: int) -> list[Scored]:
    exemplar = find_position(collection, station.exemplar.track_id)
    scores = collection.proximity.to_all(exemplar)
    positions = [collection.positions[each] for each in station.track_ids[:limit]]
    return [Scored(collection.song(at), float(scores[at])) for at in positions]
