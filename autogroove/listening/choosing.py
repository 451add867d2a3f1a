"""From seeds to a playlist.

What belongs here: ranking candidates, choosing among them by relevance and variety under the
rules.
What does not: the rules themselves (`rules`), the order (`ordering`), lists as values (`lists`).
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from autogroove.errors import NotFoundError, SettingsError
from autogroove.listening.cancellation import raise_if_cancelled
from autogroove.listening.filters import OPEN, Filters
from autogroove.listening.library import TrackLibrary, open_collection
from autogroove.listening.listened import ListenedRelease
from autogroove.listening.lists import Playlist, Scored
from autogroove.listening.ordering import find_close_artists, measure_transitions, order_tracks
from autogroove.listening.proximity import Singles
from autogroove.listening.rules import MOST_TRACKS, Limits, Rules, allow_tracks
from autogroove.listening.tempo import fill_tempos
from autogroove.listening.weighing import USUAL, Weighing

USUAL_TRACK_SECONDS = 30.0
"""Taken for a track of unknown length when a playlist is asked for by duration."""


def find_similar(
    release: ListenedRelease | TrackLibrary,
    track_id: int,
    *,
    count: int = 10,
    versions: bool = True,
    weighing: Weighing = USUAL,
    avoid: Sequence[int] = (),
    filters: Filters = OPEN,
) -> list[Scored]:
    """The tracks nearest to one under mutual proximity, best first; the track itself is left out.

    Without `versions`, no recording comes twice, and that of the track itself not at all.
    `weighing` says what near means. Tracks near to those of `avoid` come late. What does
    not fit `filters` is left out.

    Raises:
        NotFoundError: a track is not in the release.
        SettingsError: the release cannot be weighed.
    """
    collection = open_collection(release)
    position = find_position(collection, track_id)
    refuse_both([track_id], avoid)
    find_nearest = _prepare_search(collection, position, weighing, avoid, filters)
    looked = count
    while True:
        nearest, scores = find_nearest(looked)
        found: list[int] = []
        for at in nearest.tolist() if not versions else ():
            raise_if_cancelled()
            if collection.recordings.find_copy(at, [position, *found]) is None:
                found.append(at)
        kept = nearest.tolist() if versions else found[:count]
        if len(kept) >= count or len(nearest) < looked:
            break
        looked *= 2
    score_of = dict(zip(nearest.tolist(), scores.tolist(), strict=True))
    return [Scored(collection.song(at), score_of[at]) for at in kept]


Search = Callable[[int], tuple[NDArray[np.int64], Singles]]


def _prepare_search(
    collection: TrackLibrary,
    position: int,
    weighing: Weighing,
    avoid: Sequence[int],
    filters: Filters,
) -> Search:
    """What gives the nearest so many tracks, best first, with their scores."""
    proximity = collection.weigh(weighing)
    if not avoid and filters.is_open:
        return partial(proximity.find_nearest, position)
    avoided = np.asarray(_find_all(collection, avoid), dtype=np.int64)
    fits = filters.allow(collection)
    fits[avoided] = False

    def search(count: int) -> tuple[NDArray[np.int64], Singles]:
        # A score is the proximity at most, so nothing of less proximity than the last of these
        # can come before it.
        looked = 4 * count + 64
        while True:
            rows, near = proximity.find_nearest(position, looked)
            scores = near * (1 - proximity.between(rows, avoided)).prod(axis=1)
            order = np.argsort(-scores, kind="stable")
            allowed = order[fits[rows[order]]].tolist()
            heard = (at for at in allowed if filters.fits_tempo(collection, int(rows[at])))
            best = np.fromiter(islice(heard, count), dtype=np.int64)
            is_whole = len(rows) < looked
            if is_whole or (len(best) == count and scores[best[-1]] >= near[-1]):
                return rows[best], scores[best].astype(np.float32)
            looked *= 4

    return search


def _stay_away(collection: TrackLibrary, rules: Rules) -> Singles | float:
    """How probable it is that each track is none of those near to what is avoided."""
    proximity = collection.weigh(rules.weighing)
    away: Singles | float = 1.0
    for at in _find_all(collection, rules.avoid):
        raise_if_cancelled()
        away = away * (1 - proximity.to_all(at))
    return away


def refuse_both(asked: Iterable[int], avoid: Iterable[int]) -> None:
    """Refuse tracks that are asked for and to be kept away from.

    Raises:
        SettingsError: there are some.
    """
    both = sorted(set(asked) & set(avoid))
    if both:
        raise SettingsError(f"Track {both[0]} is asked for, and to be kept away from.")


def _find_all(collection: TrackLibrary, track_ids: Iterable[int]) -> list[int]:
    return _unique(find_position(collection, track_id) for track_id in track_ids)


def make_playlist(
    release: ListenedRelease | TrackLibrary,
    seeds: Sequence[int],
    rules: Rules | None = None,
    *,
    title: str | None = None,
) -> Playlist:
    """A playlist that begins with the first seed, holds every seed, and obeys the rules.

    The `rules.candidates` tracks nearest to the seeds on average are ranked; the playlist is
    picked from them by maximal marginal relevance and then ordered for smooth transitions.
    Where the rules leave fewer tracks than were asked for, limits are eased one after another
    and `Playlist.notes` says which.

    Raises:
        SettingsError: no seed, or the release cannot be weighed.
        NotFoundError: a seed is not in the release.
    """
    rules = rules or Rules()
    collection = open_collection(release)
    starts = _find_all(collection, seeds)
    if not starts:
        raise SettingsError("A playlist needs at least one seed.")
    refuse_both(seeds, rules.avoid)
    scores, distances = _measure(collection, starts, rules)
    chosen, notes = _choose(collection, starts, scores, distances, rules)
    fill_tempos(collection, chosen)
    ordered = _order(collection, chosen, rules)
    notes += _note_spacing(collection, ordered, rules)
    scores[starts] = 1
    return Playlist(
        title or f"Like {collection.song(starts[0]).name}",
        collection.release.number,
        tuple(Scored(collection.song(at), float(scores[at])) for at in ordered),
        tuple(notes),
    )


def find_position(collection: TrackLibrary, track_id: int) -> int:
    """Where a track is in a collection.

    Raises:
        NotFoundError: it is not in the release, or has no encoding there.
    """
    try:
        return collection.positions[int(track_id)]
    except KeyError:
        raise NotFoundError(
            f"Track {track_id} is not among the {len(collection)} tracks of release "
            f"{collection.release.number}. `autogroove tracks` lists them."
        ) from None


def _measure(collection: TrackLibrary, starts: list[int], rules: Rules) -> tuple[Singles, Singles]:
    """Score and mean distance of every track, float32 (n,) each.

    The score is the mean proximity to the seeds, less where what is avoided is near.
    """
    proximity = collection.weigh(rules.weighing)
    scores, distances = [], []
    for at in starts:
        raise_if_cancelled()
        distances.append(proximity.distances(at))
        scores.append(proximity.to_all(at, distances[-1]))
    away = _stay_away(collection, rules)
    return np.mean(scores, axis=0) * away, np.mean(distances, axis=0)


def _choose(
    collection: TrackLibrary, starts: list[int], scores: Singles, distances: Singles, rules: Rules
) -> tuple[list[int], list[str]]:
    """Positions chosen, seeds first, under the strictest rules that give enough tracks."""
    allowed = allow_tracks(collection, rules)
    allowed[starts] = False
    order = np.lexsort((distances, -scores))  # nearest first
    pool = order[allowed[order]].tolist()
    chosen: list[int] = []
    eased: list[str] = []
    for easier, given_up in rules.eased():
        found = _pick(collection, starts, scores, pool, easier)
        if len(found) > len(chosen):
            chosen, eased = found, [*eased, given_up] if given_up else []
        if _is_enough(collection, chosen, rules):
            return chosen, [*_note_easing(eased), *_note_full(collection, chosen, rules)]
    return chosen, [*_note_easing(eased), _note_short(collection, chosen, rules, len(pool))]


def _pick(
    collection: TrackLibrary, starts: list[int], scores: Singles, pool: list[int], rules: Rules
) -> list[int]:
    """Maximal marginal relevance: λ · relevance − (1 − λ) · nearest already chosen, greedily.

    (Carbonell and Goldstein, SIGIR 1998.) Candidates that the rules have closed off are
    replaced from the rest of the pool, so a prolific artist cannot use up the candidates.
    """
    limits = Limits(collection, rules)
    for at in starts:
        limits.add(at)
    chosen = list(starts)
    waiting = iter(pool)
    candidates = _admit(limits, waiting, rules.candidates)
    proximity = collection.weigh(rules.weighing)
    nearest = proximity.between(candidates, np.asarray(starts)).max(axis=1)
    while len(candidates) and not _is_enough(collection, chosen, rules):
        raise_if_cancelled()
        value = (1 - rules.variety) * scores[candidates] - rules.variety * nearest
        best = int(candidates[np.argmax(value)])
        others = candidates != best
        candidates, nearest = candidates[others], nearest[others]
        if limits.repeats(best):
            continue
        if not _brings_closer(collection, chosen, best, rules):
            break
        chosen.append(best)
        limits.add(best)
        keep = ~limits.touched_by(best, candidates)
        keep[~keep] = [limits.admits(at) for at in candidates[~keep].tolist()]
        candidates, nearest = candidates[keep], nearest[keep]
        fresh = _admit(limits, waiting, rules.candidates - len(candidates))
        candidates = np.concatenate([candidates, fresh])
        to_all = proximity.between(fresh, np.asarray(chosen[:-1]))
        nearest = np.concatenate([nearest, to_all.max(axis=1, initial=0.0)])
        to_best = proximity.between(candidates, np.asarray([best]))[:, 0]
        nearest = np.maximum(nearest, to_best)
    return chosen


def _admit(limits: Limits, waiting: Iterator[int], count: int) -> NDArray[np.int64]:
    """The next `count` tracks that may still be added; those that may not are passed over."""
    return np.fromiter(islice(filter(limits.admits, waiting), max(0, count)), dtype=np.int64)


def _seconds(collection: TrackLibrary, positions: Iterable[int]) -> float:
    durations = collection.durations[list(positions)]
    return float(np.nan_to_num(durations, nan=USUAL_TRACK_SECONDS).sum())


def _is_enough(collection: TrackLibrary, chosen: list[int], rules: Rules) -> bool:
    if rules.duration_seconds is None:
        return len(chosen) >= rules.length
    return len(chosen) >= MOST_TRACKS or _seconds(collection, chosen) >= rules.duration_seconds


def _brings_closer(collection: TrackLibrary, chosen: list[int], best: int, rules: Rules) -> bool:
    """Whether one more track brings the total closer to the duration wanted."""
    if rules.duration_seconds is None:
        return True
    short = rules.duration_seconds - _seconds(collection, chosen)
    return abs(short - _seconds(collection, [best])) <= short


def _order(collection: TrackLibrary, chosen: list[int], rules: Rules) -> list[int]:
    positions = np.asarray(chosen, dtype=np.int64)
    costs = measure_transitions(collection, positions, rules.weighing)
    order = order_tracks(costs, collection.artists[positions], spacing=rules.artist_spacing)
    return [chosen[at] for at in order]


def _note_easing(eased: list[str]) -> list[str]:
    if not eased:
        return []
    return [f"Too few tracks fit the rules; allowed {', then '.join(eased)}."]


def _note_full(collection: TrackLibrary, chosen: list[int], rules: Rules) -> list[str]:
    """Where a list ends for its number of tracks although it is shorter than was asked for."""
    seconds = _seconds(collection, chosen)
    if len(chosen) < MOST_TRACKS or seconds >= (rules.duration_seconds or 0):
        return []
    return [f"A list holds at most {MOST_TRACKS} tracks: these are {seconds / 60:.0f} minutes."]


def _note_short(collection: TrackLibrary, chosen: list[int], rules: Rules, num_allowed: int) -> str:
    wanted = (
        f"{rules.length} tracks"
        if rules.duration_seconds is None
        else f"{rules.duration_seconds / 60:.0f} minutes"
    )
    return (
        f"Asked for {wanted}, found {len(chosen)} tracks "
        f"({_seconds(collection, chosen) / 60:.1f} minutes): the release has {len(collection)}, "
        f"of which {num_allowed} beside the seeds pass the filters and the exclusions."
    )


def _note_spacing(collection: TrackLibrary, ordered: list[int], rules: Rules) -> list[str]:
    close = find_close_artists(collection.artists[ordered], rules.artist_spacing)
    if not close:
        return []
    return [
        f"Too few artists to keep each {rules.artist_spacing} places apart: "
        f"{len(close)} of {len(ordered)} tracks come sooner."
    ]


def _unique(values: Iterable[int]) -> list[int]:
    return list(dict.fromkeys(values))
