"""Our tracks, found by what players, servers and playlist files say of them.

What belongs here: from a place as somebody else writes it to a path in the source.
What does not: the comparison (`finding`), and words that a person types (`resolving`).
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from autogroove.listening.finding import Entry, Shelf, Sought, tidy_place
from autogroove.listening.library import TrackLibrary
from autogroove.listening.locations import Locations
from autogroove.listening.roots import Root
from autogroove.source import to_real_path


class TrackFinder:
    """The tracks of a release as one shelf; `locations` say where they are, here and elsewhere."""

    def __init__(self, collection: TrackLibrary, locations: Locations) -> None:
        self._root = locations.root.rstrip("/")
        self._roots = locations.roots
        self._shelf = Shelf(_read_entries(collection))

    def find(self, sought: Sought) -> int | None:
        """The id of the track that is meant, if it is there.

        Places are exact: whole paths here or, by the roots, elsewhere, and paths in the source.
        """
        places = tuple(each for place in sought.places for each in self._inside(place))
        found = self._shelf.find(replace(sought, places=places))
        return None if found is None else int(found.reference)

    def _inside(self, place: str) -> Iterator[str]:
        """The paths in the source that a place may mean."""
        for whole in (place, *_move_back(self._roots, place)):
            if whole.startswith(f"{self._root}/"):
                yield whole.removeprefix(f"{self._root}/")
        if not place.startswith("/") and "://" not in place:
            yield place


def _move_back(roots: Sequence[Root], place: str) -> Iterator[str]:
    """The place here of what is there, by the root that holds it most closely."""
    plain = place.replace("\\", "/")
    for root in sorted(roots, key=lambda root: -len(root.target)):
        target = root.target.replace("\\", "/")
        if target and plain.startswith(f"{target}/"):
            yield f"{root.source}/{plain.removeprefix(f'{target}/')}"
        elif not target and not plain.startswith("/"):
            yield f"{root.source}/{plain}"


def _read_entries(collection: TrackLibrary) -> Iterator[Entry]:
    shown = collection.shown
    for at, track_id in enumerate(collection.release.track_ids):
        seconds = float(collection.durations[at])
        yield Entry(
            reference=str(int(track_id)),
            path=tidy_place(to_real_path(shown["path"][at])),
            title=shown["title"][at],
            artist=shown["artist"][at],
            musicbrainz_id=collection.recordings.musicbrainz_id(at),
            seconds=None if seconds != seconds else seconds,
        )
