"""A walk from one track to another in small steps.

What belongs here: the corridor between two tracks, the graph in it and the cheapest way through.
What does not: playlists around seeds (`choosing`).

A step costs −log MP, so the cheapest path is the chain of neighbours that is most probable. In
the Gaussian tail that cost grows with the square of the distance, so two small steps are cheaper
than one large one, and steps come out even.
"""

from collections import Counter
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import dijkstra

from autogroove.errors import SettingsError
from autogroove.listening.choosing import find_position
from autogroove.listening.library import TrackLibrary, open_collection
from autogroove.listening.listened import ListenedRelease
from autogroove.listening.lists import Playlist, Scored
from autogroove.listening.ordering import find_close_artists
from autogroove.listening.rules import Rules, allow_tracks
from autogroove.listening.tempo import fill_tempos

CORRIDOR_SIZE = 1500
"""Tracks between the two ends that are looked at: those of smallest detour."""

NEIGHBOURS = 20
"""Edges of a track in the mutual-proximity graph."""

STEP_COST = 0.05
"""What each step costs beside its distance, so that a path does not idle among near copies."""

MOST_REPAIRS = 40


def find_path(
    release: ListenedRelease | TrackLibrary,
    start: int,
    goal: int,
    length: int | None = None,
    *,
    rules: Rules | None = None,
) -> Playlist:
    """The way from one track to another, both included.

    Without a length, it is the shortest path on the mutual-proximity neighbour graph; with one,
    the cheapest walk of exactly that many tracks that gets nearer to the goal with each step.
    Artist, album, licence and exclusion rules hold between the ends where the collection allows.

    Raises:
        NotFoundError: a track is not in the release.
        SettingsError: both are the same, or `length` is under 2.
    """
    collection = open_collection(release)
    ends = find_position(collection, start), find_position(collection, goal)
    if ends[0] == ends[1]:
        raise SettingsError("A path needs two different tracks.")
    if length is not None and length < 2:
        raise SettingsError(f"A path of {length} tracks has no two ends; ask for 2 or more.")
    corridor = _find_corridor(collection, *ends, rules or Rules())
    steps = -collection.proximity.log_between(corridor, corridor) + STEP_COST
    np.fill_diagonal(steps, np.inf)
    progress = _measure_progress(collection, corridor)
    found, notes = _find_tidy_path(collection, corridor, steps, progress, length, rules or Rules())
    positions = [int(at) for at in corridor[found]]
    fill_tempos(collection, positions)
    nearness = collection.proximity.between(corridor[found], corridor[found])
    scores = [1.0, *np.diagonal(nearness, 1).tolist()]
    first, last = (collection.song(at).name for at in ends)
    tracks = (Scored(collection.song(at), s) for at, s in zip(positions, scores, strict=True))
    return Playlist(
        f"From {first} to {last}", collection.release.number, tuple(tracks), tuple(notes)
    )


def _find_corridor(
    collection: TrackLibrary, start: int, goal: int, rules: Rules
) -> NDArray[np.int64]:
    """The ends, first and second, then the allowed tracks of smallest detour."""
    detour = collection.proximity.distances(start) + collection.proximity.distances(goal)
    allowed = allow_tracks(collection, rules)
    used = collection.recordings[[start, goal]]
    allowed &= ~np.isin(collection.recordings, used)
    between = np.flatnonzero(allowed)
    nearest = between[np.argsort(detour[between], kind="stable")[:CORRIDOR_SIZE]]
    return np.asarray([start, goal, *nearest.tolist()], dtype=np.int64)


def _measure_progress(collection: TrackLibrary, corridor: NDArray[np.int64]) -> NDArray[np.float64]:
    """How far along each track is: 0 at the start, 1 at the goal."""
    away = collection.proximity.distances_between(corridor, corridor[:2])
    total = np.maximum(away.sum(axis=1), 1e-30)
    progress = away[:, 0] / total
    progress[:2] = 0, 1
    return np.asarray(progress)


def _find_tidy_path(
    collection: TrackLibrary,
    corridor: NDArray[np.int64],
    steps: NDArray[np.float64],
    progress: NDArray[np.float64],
    length: int | None,
    rules: Rules,
) -> tuple[list[int], list[str]]:
    """A path in which no artist or album comes too often: take offenders out and look again."""
    open_ = np.ones(len(corridor), dtype=bool)
    found, best = _find_way(steps, progress, length, open_), None
    for _ in range(MOST_REPAIRS):
        if found is None:
            break
        offenders = _find_offenders(collection, corridor[found], rules)
        if best is None or len(offenders) < len(best[1]):
            best = (found, offenders)
        if not offenders:
            break
        open_[found[offenders[0]]] = False
        found = _find_way(steps, progress, length, open_)
    return _settle(best, steps, progress, length)


def _settle(
    best: tuple[list[int], list[int]] | None,
    steps: NDArray[np.float64],
    progress: NDArray[np.float64],
    length: int | None,
) -> tuple[list[int], list[str]]:
    if best is None:
        longest = _find_longest(steps, progress, length or 2)
        note = f"Asked for {length} tracks, found a way of {len(longest)}: the release has no more."
        return longest, [note]
    found, offenders = best
    if not offenders:
        return found, []
    return found, [f"{len(offenders)} of {len(found)} tracks repeat an artist or album too soon."]


def _find_longest(
    steps: NDArray[np.float64], progress: NDArray[np.float64], length: int
) -> list[int]:
    """The walk with most tracks, up to `length`."""
    open_ = np.ones(len(steps), dtype=bool)
    for num in range(min(length, len(steps)), 2, -1):
        found = _find_way(steps, progress, num, open_)
        if found is not None:
            return found
    return [0, 1]


def _find_way(
    steps: NDArray[np.float64],
    progress: NDArray[np.float64],
    length: int | None,
    open_: NDArray[np.bool_],
) -> list[int] | None:
    inside = np.flatnonzero(open_)
    own = steps[np.ix_(inside, inside)]
    found = _find_shortest(own) if length is None else _find_walk(own, progress[inside], length)
    return None if found is None else inside[found].tolist()


def _find_shortest(steps: NDArray[np.float64]) -> list[int]:
    """Dijkstra from 0 to 1 on the symmetric graph of nearest neighbours.

    Where the graph falls apart between the ends, every pair becomes an edge.
    """
    num = len(steps)
    near = np.argsort(steps, axis=1, kind="stable")[:, : min(NEIGHBOURS, num - 1)]
    rows = np.repeat(np.arange(num), near.shape[1])
    graph = coo_array((steps[rows, near.ravel()], (rows, near.ravel())), shape=(num, num))
    reached, before = dijkstra(graph, directed=False, indices=0, return_predecessors=True)
    if not np.isfinite(reached[1]):
        everything = np.where(np.isfinite(steps), steps, 0)
        _, before = dijkstra(everything, directed=False, indices=0, return_predecessors=True)
    path = [1]
    while path[-1] != 0:
        path.append(int(before[path[-1]]))
    return path[::-1]


def _find_walk(
    steps: NDArray[np.float64], progress: NDArray[np.float64], length: int
) -> list[int] | None:
    """The cheapest walk of `length` tracks from 0 to 1 with growing progress, or None.

    Growing progress makes the graph acyclic, so no track comes twice; one pass per place.
    """
    order = np.lexsort((np.arange(len(progress)), progress))
    places = np.empty_like(order)
    places[order] = np.arange(len(order))
    edges = np.where(places[:, None] < places[None, :], steps, np.inf)
    costs = np.where(np.arange(len(steps)) == 0, 0.0, np.inf)
    origins = []
    for _ in range(length - 1):
        reached = costs[:, None] + edges
        origins.append(reached.argmin(axis=0))
        costs = reached.min(axis=0)
    if not np.isfinite(costs[1]):
        return None
    path = [1]
    for origin in reversed(origins):
        path.append(int(origin[path[-1]]))
    return path[::-1]


def _find_offenders(
    collection: TrackLibrary, positions: NDArray[np.int64], rules: Rules
) -> list[int]:
    """Places between the ends that break a rule about artists, albums or recordings."""
    limits = replace(rules, artist_spacing=min(rules.artist_spacing, max(2, len(positions) // 2)))
    places = set(find_close_artists(collection.artists[positions], limits.artist_spacing))
    for codes, most in (
        (collection.artists, rules.tracks_per_artist),
        (collection.albums, rules.tracks_per_album),
        (collection.recordings, 1),
    ):
        places |= _find_surplus(codes[positions], most)
    last = len(positions) - 1
    return sorted(place if place < last else last - 1 for place in places if last > 1)


def _find_surplus(codes: NDArray[np.int64], most: int | None) -> set[int]:
    """Places of a code beyond the number allowed; the ends count first."""
    if most is None:
        return set()
    counts = Counter(codes[[0, -1]].tolist())
    surplus = set()
    for place, code in enumerate(codes[1:-1].tolist(), start=1):
        counts[code] += 1
        if counts[code] > most:
            surplus.add(place)
    return surplus
