"""A walk from one track to another in small steps.

What belongs here: the corridor between two tracks, and which way through it keeps the rules.
What does not: finding the cheapest way (`walks`), playlists around seeds (`choosing`).

A step costs −log MP, so the cheapest path is the chain of neighbours that is most probable. In
the Gaussian tail that cost grows with the square of the distance, so two small steps are cheaper
than one large one, and steps come out even.
"""

from collections import Counter
from dataclasses import replace
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from autogroove.errors import SettingsError
from autogroove.listening.cancellation import raise_if_cancelled
from autogroove.listening.choosing import find_position, refuse_both
from autogroove.listening.library import TrackLibrary, open_collection
from autogroove.listening.listened import ListenedRelease
from autogroove.listening.lists import Playlist, Scored
from autogroove.listening.ordering import find_close_artists
from autogroove.listening.proximity import Proximity
from autogroove.listening.rules import MOST_TRACKS, Rules, allow_tracks
from autogroove.listening.tempo import fill_tempos
from autogroove.listening.walks import Walks, Ways

CORRIDOR_SIZE = 1500
"""Tracks between the two ends that are looked at: those of smallest detour."""

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
    Artist, album, filter and exclusion rules hold between the ends where the collection allows.

    Raises:
        NotFoundError: a track is not in the release.
        SettingsError: both are the same, `length` is no 2 to 500, or the release cannot be weighed.
    """
    collection = open_collection(release)
    rules = rules or Rules()
    refuse_both((start, goal), rules.avoid)
    proximity = collection.weigh(rules.weighing)
    ends = find_position(collection, start), find_position(collection, goal)
    if ends[0] == ends[1]:
        raise SettingsError("A path needs two different tracks.")
    if length is not None and length > MOST_TRACKS:
        raise SettingsError(f"A path holds up to {MOST_TRACKS} tracks, not {length}.")
    if length is not None and length < 2:
        raise SettingsError(f"A path of {length} tracks has no two ends; ask for 2 or more.")
    corridor = _find_corridor(collection, proximity, *ends, rules)
    steps = -proximity.log_between(corridor, corridor) + STEP_COST
    steps += _charge_nearness(proximity, corridor, _find_avoided(collection, rules))
    np.fill_diagonal(steps, np.inf)
    progress = _measure_progress(proximity, corridor)
    found, notes = _find_tidy_path(collection, corridor, steps, progress, length, rules)
    positions = [int(at) for at in corridor[found]]
    fill_tempos(collection, positions)
    nearness = proximity.between(corridor[found], corridor[found])
    scores = [1.0, *np.diagonal(nearness, 1).tolist()]
    first, last = (collection.song(at).name for at in ends)
    tracks = (Scored(collection.song(at), s) for at, s in zip(positions, scores, strict=True))
    return Playlist(
        f"From {first} to {last}", collection.release.number, tuple(tracks), tuple(notes)
    )


def _find_avoided(collection: TrackLibrary, rules: Rules) -> NDArray[np.int64]:
    found = [find_position(collection, track_id) for track_id in rules.avoid]
    return np.asarray(found, dtype=np.int64)


def _charge_nearness(
    proximity: Proximity, corridor: NDArray[np.int64], avoided: NDArray[np.int64]
) -> NDArray[np.float64]:
    """What steps cost more (n, n): half at each end, −log of the chance that it is not near."""
    near = proximity.between(corridor, avoided)
    charge = -np.log(np.maximum(1 - near, 1e-9)).sum(axis=1)
    charge[:2] = 0  # the ends were asked for
    return np.asarray(charge[:, None] + charge[None, :]) / 2


def _find_corridor(
    collection: TrackLibrary, proximity: Proximity, start: int, goal: int, rules: Rules
) -> NDArray[np.int64]:
    """The ends, first and second, then the allowed tracks of smallest detour."""
    detour = proximity.distances(start) + proximity.distances(goal)
    allowed = allow_tracks(collection, rules)
    allowed[[start, goal]] = False
    between = np.flatnonzero(allowed)
    ordered = between[np.argsort(detour[between], kind="stable")].tolist()
    fitting = (at for at in ordered if rules.filters.fits_tempo(collection, at))
    nearest = list(islice(fitting, CORRIDOR_SIZE))
    for end in (start, goal) if not rules.versions else ():
        while (copy := collection.recordings.find_copy(end, nearest)) is not None:
            nearest.remove(copy)
    return np.asarray([start, goal, *nearest], dtype=np.int64)


def _measure_progress(proximity: Proximity, corridor: NDArray[np.int64]) -> NDArray[np.float64]:
    """How far along each track is: 0 at the start, 1 at the goal."""
    away = proximity.distances_between(corridor, corridor[:2])
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
    search = Ways(steps) if length is None else Walks(steps, progress, length)
    found, best = search.find(), None
    if found is None and isinstance(search, Walks):
        longest = search.find_longest()
        note = f"Asked for {length} tracks, found a way of {len(longest)}: the release has no more."
        return longest, [note]
    for _ in range(MOST_REPAIRS):
        if found is None:
            break
        offenders = _find_offenders(collection, corridor[found], rules)
        if best is None or len(offenders) < len(best[1]):
            best = (found, offenders)
        if not offenders:
            return found, []
        search.close(found[offenders[0]])
        found = search.find()
    found, offenders = best or ([0, 1], [])
    return found, [f"{len(offenders)} of {len(found)} tracks repeat an artist or album too soon."]


def _find_offenders(
    collection: TrackLibrary, positions: NDArray[np.int64], rules: Rules
) -> list[int]:
    """Places between the ends that break a rule about artists, albums or versions."""
    limits = replace(rules, artist_spacing=min(rules.artist_spacing, max(2, len(positions) // 2)))
    places = set(find_close_artists(collection.artists[positions], limits.artist_spacing))
    for codes, most in (
        (collection.artists, rules.tracks_per_artist),
        (collection.albums, rules.tracks_per_album),
    ):
        places |= _find_surplus(codes[positions], most)
    if not rules.versions:
        places |= _find_repeats(collection, positions)
    last = len(positions) - 1
    return sorted(place if place < last else last - 1 for place in places if last > 1)


def _find_repeats(collection: TrackLibrary, positions: NDArray[np.int64]) -> set[int]:
    """Places between the ends that hold a version of what came before, or of an end."""
    heard = positions[[0, -1]].tolist()
    repeats = set()
    for place, at in enumerate(positions[1:-1].tolist(), start=1):
        raise_if_cancelled()
        if collection.recordings.find_copy(at, heard) is not None:
            repeats.add(place)
        heard.append(at)
    return repeats


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
