"""From what a person types to a track.

What belongs here: reading an id, a path or words of artist and title as one track.
What does not: search as one types with many answers on a page; it shares `search_tracks`.
"""

import difflib
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import islice

from autogroove.errors import AmbiguousError, NotFoundError
from autogroove.listening.filters import OPEN, Filters
from autogroove.listening.library import TrackLibrary, TrackView, fold_text, open_collection
from autogroove.listening.listened import ListenedRelease

MOST_SUGGESTIONS = 5
MOST_CHOICES = 20
"""Tracks that a person may choose among, where a name fits several."""

MOST_COMPARED = 500
"""Names compared letter by letter, of those that share most runs of three letters."""

LEAST_LIKENESS = 0.55

MOST_VERSIONS = 8
"""Tracks that fit and may all be one recording; more of them are asked about."""


def resolve_track(release: ListenedRelease | TrackLibrary, words: str) -> int:
    """The id of the one track that is meant: an id, a path, or words of artist and title.

    A whole title or "artist title" wins over titles that merely contain the words.

    Raises:
        AmbiguousError: more than one track fits.
        NotFoundError: nothing does; the text suggests what might.
    """
    collection = open_collection(release)
    ids = collection.release.track_ids
    exact = _find_exact(collection, words)
    if exact is not None:
        return int(ids[exact])
    found = search_positions(collection, words)
    if _are_one(collection, found):
        return int(ids[found[0]])
    if found:
        raise _tell_ambiguous(collection, words, found)
    raise NotFoundError(_say_unknown(collection, words))


def search_tracks(
    release: ListenedRelease | TrackLibrary,
    words: str,
    *,
    limit: int = 20,
    filters: Filters = OPEN,
) -> list[TrackView]:
    """Tracks whose artist, title, album, genre or path hold every word, best first."""
    collection = open_collection(release)
    found: Iterator[int] = iter(search_positions(collection, words))
    if not filters.is_open:
        fits = filters.allow(collection)
        found = (at for at in found if fits[at] and filters.fits_tempo(collection, at))
    return [collection.song(at) for at in islice(found, limit)]


def search_positions(collection: TrackLibrary, words: str) -> list[int]:
    """Positions that fit: words at the start of title or artist count most."""
    phrase = fold_text(words)
    wanted = list(dict.fromkeys(phrase.split()))
    if not wanted:
        return []
    titles, artists, haystacks = collection.search_texts
    ranked = []
    for at, haystack in enumerate(haystacks):
        if all(word in haystack for word in wanted):
            ranked.append((_rank(wanted, phrase, titles[at], artists[at]), at))
    return [at for _, at in sorted(ranked)]


def _rank(wanted: Sequence[str], phrase: str, title: str, artist: str) -> tuple[int, int, int]:
    in_name = sum(word in title or word in artist for word in wanted)
    at_start = title.startswith(phrase) + artist.startswith(phrase)
    return (-in_name, -at_start, len(title))


def _find_exact(collection: TrackLibrary, words: str) -> int | None:
    """By id, by path, by file name, or by a title (with its artist) that is the only such one."""
    text, positions = words.strip(), collection.positions
    if text.isascii() and text.isdigit() and len(text) < 20 and int(text) in positions:
        return positions[int(text)]
    wanted = fold_text(text)
    titles, artists, _ = collection.search_texts
    paths = collection.texts("path")
    spoken = [f"{artist} {title}" for artist, title in zip(artists, titles, strict=True)]
    for fits in (
        [path == words for path in collection.shown["path"]],
        [path == wanted for path in paths],
        [path.endswith("/" + wanted.removeprefix("./")) for path in paths],
        [title == wanted for title in titles],
        [_strip_dashes(name) == _strip_dashes(wanted) for name in spoken],
    ):
        found = [at for at, is_fit in enumerate(fits) if is_fit]
        if wanted and _are_one(collection, found):
            return found[0]
    return None


def _are_one(collection: TrackLibrary, found: Sequence[int]) -> bool:
    """Whether something was found, and all of it is one recording."""
    return 1 <= len(found) <= MOST_VERSIONS and all(
        collection.recordings.are_one(found[0], other) for other in found[1:]
    )


def _strip_dashes(text: str) -> str:
    return " ".join(word for word in text.split() if word not in {"-", "–", "—", "|"})


def _tell_ambiguous(collection: TrackLibrary, words: str, found: list[int]) -> AmbiguousError:
    songs = [collection.song(at) for at in found[:MOST_CHOICES]]
    labels = _label_all(songs)
    shown = "; ".join(labels[:MOST_SUGGESTIONS])
    more = f"; and {len(found) - MOST_SUGGESTIONS} more" if len(found) > MOST_SUGGESTIONS else ""
    return AmbiguousError(
        f"{words!r} fits {len(found)} tracks: {shown}{more}. Add a word, or give the id.",
        [(song.track_id, label) for song, label in zip(songs, labels, strict=True)],
    )


def _say_unknown(collection: TrackLibrary, words: str) -> str:
    where = f"in release {collection.release.number} ({len(collection)} tracks)"
    near = _find_alike(collection, fold_text(words))
    if not near:
        return f"No track {where} fits {words!r}. `autogroove tracks` lists them."
    shown = "; ".join(_label_all([collection.song(at) for at in near]))
    return f"No track {where} fits {words!r}. Did you mean {shown}?"


def _find_alike(collection: TrackLibrary, wanted: str) -> list[int]:
    """Positions whose title, artist or both are spelled much like what was typed."""
    pieces = {wanted[at : at + 3] for at in range(max(1, len(wanted) - 2))}
    titles, artists, _ = collection.search_texts
    scored = []
    for at, (title, artist) in enumerate(zip(titles, artists, strict=True)):
        shared = sum(piece in title or piece in artist for piece in pieces)
        if shared:
            scored.append((-shared, at))
    matcher = difflib.SequenceMatcher(b=wanted, autojunk=False)
    found = []
    for _, at in sorted(scored)[:MOST_COMPARED]:
        names = (titles[at], artists[at], f"{artists[at]} {titles[at]}")
        likeness = 0.0
        for name in names:
            matcher.set_seq1(name)
            likeness = max(likeness, matcher.ratio())
        if likeness >= LEAST_LIKENESS:
            found.append((-likeness, at))
    return [at for _, at in sorted(found)[:MOST_SUGGESTIONS]]


def _label_all(songs: Sequence[TrackView]) -> list[str]:
    """Name and id of each, and where it is from if another has its name."""
    names = Counter(song.name for song in songs)
    albums = Counter((song.name, song.album) for song in songs)
    labels = []
    for song in songs:
        where = song.album if song.album and albums[song.name, song.album] == 1 else song.path
        label = f"{song.name}, {where}" if names[song.name] > 1 else song.name
        labels.append(f"{label} ({song.track_id})")
    return labels
