"""Routes about releases as a whole, and tracks and maps as the page reads them."""

from dataclasses import asdict
from typing import Annotated, Any

import numpy as np
from fastapi import APIRouter, Query, Response

from autogroove.errors import NotFoundError
from autogroove.listening.choosing import find_position
from autogroove.listening.clusters import ClusterView, describe_cluster_views
from autogroove.listening.explorer.concurrency import computed
from autogroove.listening.explorer.filtering import Asked
from autogroove.listening.explorer.open_releases import OpenRelease, OpenReleases
from autogroove.listening.filters import Filters
from autogroove.listening.finding import Sought
from autogroove.listening.library import TrackLibrary, TrackView
from autogroove.listening.lists import Scored
from autogroove.releases import Manifest, ReleaseDiff

MOST_NAMED = 50
"""Tracks named in a list of changes; the rest are counted."""

MOST_GENRES = 255

NO_GENRE = 255


Said = Annotated[str, Query(max_length=4096)]


def describe_track_view(song: TrackView) -> dict[str, Any]:
    """Everything shown of a track."""
    return asdict(song) | {"name": song.name}


def describe_scored(scored: Scored) -> dict[str, Any]:
    """A track and its score."""
    return describe_track_view(scored.song) | {"score": round(scored.score, 6)}


def describe_manifest(manifest: Manifest) -> dict[str, Any]:
    """A line of the release switcher."""
    parts = manifest.parts
    return {
        "release": manifest.release,
        "published_at": manifest.published_at.isoformat(),
        "parent": manifest.parent,
        "rolled_back_from": manifest.rolled_back_from,
        "tracks": parts.counts.tracks,
        "clips": parts.counts.clips,
        "clusters": parts.counts.clusters,
        "coverage": parts.coverage.model_dump(),
        "source_kind": parts.source_kind,
        "source_url": parts.source_url,
        "preset": parts.settings.get("preset"),
        "policy": {name: decision.model_dump() for name, decision in parts.policy.items()},
        "pictures": sorted(parts.pictures),
    }


def describe_cluster_view(station: ClusterView) -> dict[str, Any]:
    """A station without the list of its tracks."""
    found = {name: value for name, value in station.as_json().items() if name != "tracks"}
    found["genres"] = [list(item) for item in station.genres[:6]]
    return found


def rank_genres(collection: TrackLibrary) -> list[str]:
    """Genres by frequency; the map's genre numbers are places in this list."""
    names, counts = np.unique(
        [name for name in collection.shown["genre"] if name], return_counts=True
    )
    return [str(names[at]) for at in np.lexsort((names, -counts))][:MOST_GENRES]


def pack_points(opened: OpenRelease) -> bytes:
    """The map in little-endian arrays, one after the other, widest first.

    float64 track ids (n), float32 x and y (n, 2), float32 tempo in bpm, NaN where unknown (n),
    int32 cluster, -1 where none (n), uint8 genre, 255 where none (n), uint8 exemplar (n).
    """
    collection = opened.collection
    places = {name: at for at, name in enumerate(rank_genres(collection))}
    genres = [places.get(name, NO_GENRE) for name in collection.shown["genre"]]
    arrays = (
        np.asarray(collection.release.track_ids, dtype="<f8"),
        np.asarray(opened.layout, dtype="<f4"),
        np.asarray(collection.tempos, dtype="<f4"),
        np.asarray(collection.cluster_of, dtype="<i4"),
        np.asarray(genres, dtype="u1"),
        np.asarray(collection.is_exemplar, dtype="u1"),
    )
    return b"".join(array.tobytes() for array in arrays)


def describe_changes(
    difference: ReleaseDiff, before: TrackLibrary, after: TrackLibrary
) -> dict[str, Any]:
    """What changed, with the first few tracks by name."""
    moves = difference.clusters
    return {
        "before": difference.before,
        "after": difference.after,
        "same_content": difference.same_content,
        "added": _name_some(after, difference.added),
        "removed": _name_some(before, difference.removed),
        "changed": _name_some(after, difference.changed),
        "moved": _name_some(after, moves.moved),
        "settings": _pairs(difference.settings),
        "model_changed": difference.model is not None,
        "card": _pairs(difference.card),
        "cluster_agreement": moves.agreement,
        "clusters_new": len(moves.new),
        "clusters_gone": len(moves.gone),
    }


def _name_some(collection: TrackLibrary, track_ids: tuple[int, ...]) -> dict[str, Any]:
    known = [collection.positions[each] for each in track_ids if each in collection.positions]
    songs = [describe_track_view(collection.song(at)) for at in known[:MOST_NAMED]]
    return {"count": len(track_ids), "tracks": songs}


def _pairs(changes: dict[str, tuple[Any, Any]]) -> list[dict[str, Any]]:
    return [
        {"name": name, "before": before, "after": after}
        for name, (before, after) in sorted(changes.items())
    ]


def overview_routes(library: OpenReleases) -> APIRouter:
    """The routes below `/api` that describe releases."""
    routes = APIRouter(tags=["releases"])

    @routes.get("/releases")
    @computed
    def list_releases() -> dict[str, Any]:
        """Every release, newest first, and the one to show first."""
        listed = [describe_manifest(manifest) for manifest in reversed(library.list())]
        return {"default": library.default_number(), "releases": listed}

    @routes.get("/find")
    @computed
    def find_track(
        path: Said = "",
        musicbrainz_id: Said = "",
        artist: Said = "",
        title: Said = "",
        duration_seconds: float | None = Query(None, gt=0),
    ) -> dict[str, Any]:
        """A song of the current release by its path, here or as a player sees it, by MusicBrainz
        id, or by artist and title."""
        opened = library.open_current()
        places = (path,) if path else ()
        found = opened.finder.find(Sought(places, title, artist, musicbrainz_id, duration_seconds))
        if found is None:
            raise NotFoundError(f"Release {opened.release.number} does not have this song.")
        song = opened.collection.song(opened.collection.positions[found])
        return {"release": opened.release.number, "track": describe_track_view(song)}

    @routes.get("/releases/{number}")
    @computed
    def show_release(number: int) -> dict[str, Any]:
        """One release: counts, coverage, genres, tempo range."""
        opened = library.open(number)
        described = describe_manifest(opened.release.manifest)
        return described | {
            "encoded": len(opened.collection),
            "genres": rank_genres(opened.collection),
            "settings": opened.release.settings,
            "parts": list(opened.release.encoding_parts),
        }

    @routes.get("/releases/{number}/changes")
    @computed
    def show_changes(number: int, since: int | None = Query(None, ge=1)) -> dict[str, Any]:
        """What changed since another release, by default the one before."""
        opened = library.open(number)
        before = since if since is not None else opened.release.manifest.parent
        if before is None:
            raise NotFoundError(f"Release {number} is the first: there is nothing before it.")
        earlier = library.open(before)
        difference = library.compare(before, number)
        return describe_changes(difference, earlier.collection, opened.collection)

    @routes.get("/releases/{number}/points", response_class=Response)
    @computed
    def show_points(number: int) -> Response:
        """The map as packed arrays; see `autogroove.listening.explorer.overview.pack_points`."""
        return Response(pack_points(library.open(number)), media_type="application/octet-stream")

    @routes.get("/releases/{number}/card")
    @computed
    def show_card(number: int) -> dict[str, Any]:
        """The evaluation card as it was published."""
        return library.open(number).release.card

    @routes.get("/releases/{number}/stations")
    @computed
    def list_cluster_views(number: int, filters: Asked) -> list[dict[str, Any]]:
        """Every cluster, largest first, without its tracks."""
        return [describe_cluster_view(each) for each in _list_clusters(library, number, filters)]

    @routes.get("/releases/{number}/stations/{cluster}")
    @computed
    def show_cluster(
        number: int, cluster: int, filters: Asked, limit: int = Query(200, ge=1, le=5000)
    ) -> dict[str, Any]:
        """One cluster with its tracks, nearest to the exemplar first."""
        opened = library.open(number)
        listed = _list_clusters(library, number, filters)
        found = [station for station in listed if station.cluster == cluster]
        if not found:
            raise NotFoundError(f"Release {number} has no cluster {cluster}.")
        tracks = _score_members(opened.collection, found[0], limit)
        return describe_cluster_view(found[0]) | {
            "tracks": [describe_scored(each) for each in tracks]
        }

    return routes


def _list_clusters(library: OpenReleases, number: int, filters: Filters) -> list[ClusterView]:
    opened = library.open(number)
    if filters.is_open:
        return opened.clusters
    return describe_cluster_views(opened.collection, filters)


def _score_members(collection: Any, station: ClusterView, limit: int) -> list[Scored]:
    exemplar = find_position(collection, station.exemplar.track_id)
    scores = collection.proximity.to_all(exemplar)
    positions = [collection.positions[each] for each in station.track_ids[:limit]]
    return [Scored(collection.song(at), float(scores[at])) for at in positions]
