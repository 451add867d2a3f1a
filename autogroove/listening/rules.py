"""What a playlist may hold.

What belongs here: the rules as values, and which tracks they rule out.
What does not: taste. Which of the allowed tracks are chosen is in `choosing`.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
from numpy.typing import NDArray

from autogroove.errors import SettingsError
from autogroove.listening.filters import OPEN, Filters
from autogroove.listening.library import TrackLibrary
from autogroove.listening.weighing import USUAL, Weighing

Ints = NDArray[np.int64]


MOST_TRACKS = 500
"""Tracks of a list at most, however long they play: more than a day of songs."""


@dataclass(frozen=True)
class Rules:
    """What a listener asks of a playlist.

    `length` counts tracks, seeds included, up to `MOST_TRACKS`; `duration_seconds`, where given,
    replaces it: tracks are added until the total comes closest to it. `exclude` are track ids.
    Limits on artists and albums are eased, in a stated order, where a collection is too small for
    them; filters, exclusions and "one version of a recording" never are. `variety` is 1 - λ of
    maximal marginal relevance. With `versions`, a list may hold several versions of a recording.
    `weighing` says what near means; `avoid` are ids of tracks to keep away from.
    """

    length: int = 20
    duration_seconds: float | None = None
    artist_spacing: int = 8
    tracks_per_artist: int | None = 2
    tracks_per_album: int | None = 1
    filters: Filters = OPEN
    exclude: frozenset[int] = frozenset()
    variety: float = 0.3
    candidates: int = 200
    versions: bool = False
    weighing: Weighing = USUAL
    avoid: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        for name in ("length", "tracks_per_artist", "tracks_per_album", "candidates"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise SettingsError(f"{name} is {value}; it must be 1 or more.")
        if self.length > MOST_TRACKS:
            raise SettingsError(
                f"length is {self.length}; a list holds up to {MOST_TRACKS} tracks."
            )
        if self.artist_spacing < 0 or not 0 <= self.variety <= 1:
            raise SettingsError("artist_spacing must be 0 or more, and variety from 0 to 1.")
        if self.duration_seconds is not None and not 0 < self.duration_seconds < float("inf"):
            raise SettingsError("duration_seconds must be more than 0.")

    def eased(self) -> Iterator[tuple[Self, str]]:
        """The rules themselves, then ever easier ones, each with what it gave up ("" at first)."""
        yield self, ""
        eased = self
        if self.tracks_per_album is not None:
            eased = replace(eased, tracks_per_album=None)
            yield eased, "more than one track of an album"
        if self.tracks_per_artist is not None:
            for limit in (2 * self.tracks_per_artist, 4 * self.tracks_per_artist, None):
                eased = replace(eased, tracks_per_artist=limit)
                count = "any number of tracks" if limit is None else f"up to {limit} tracks"
                yield eased, f"{count} of an artist"


def allow_tracks(collection: TrackLibrary, rules: Rules) -> NDArray[np.bool_]:
    """Which tracks filters and exclusions leave, bool (n,), unknown tempos among them."""
    allowed = rules.filters.allow(collection)
    excluded = [collection.positions.get(each) for each in (*rules.exclude, *rules.avoid)]
    allowed[[at for at in excluded if at is not None]] = False
    return allowed


class Limits:
    """Counts what has been chosen, and says what may still be added under the rules."""

    def __init__(self, collection: TrackLibrary, rules: Rules) -> None:
        self._collection = collection
        self._rules = rules
        self._artists: Counter[int] = Counter()
        self._albums: Counter[int] = Counter()
        self._chosen: list[int] = []
        self._claims: dict[tuple[str, str], list[int]] = {}

    def add(self, position: int) -> None:
        """Count a track as chosen."""
        self._artists[int(self._collection.artists[position])] += 1
        self._albums[int(self._collection.albums[position])] += 1
        self._chosen.append(position)
        for claim in self._collection.recordings.claims(position):
            self._claims.setdefault(claim, []).append(position)

    def repeats(self, position: int) -> bool:
        """Whether a version of the track was chosen, by whatever name. This may read its clips."""
        if self._rules.versions:
            return False
        return self._collection.recordings.find_copy(position, self._chosen) is not None

    def admits(self, position: int) -> bool:
        """Whether one more track would break no limit on artists, albums or what says the same."""
        for counts, codes, most in (
            (self._artists, self._collection.artists, self._rules.tracks_per_artist),
            (self._albums, self._collection.albums, self._rules.tracks_per_album),
        ):
            if most is not None and counts[int(codes[position])] >= most:
                return False
        if not self._rules.filters.fits_tempo(self._collection, position):
            return False
        return self._rules.versions or not any(
            self._collection.recordings.are_one(position, other)
            for claim in self._collection.recordings.claims(position)
            for other in self._claims.get(claim, ())
        )

    def touched_by(self, position: int, others: Ints) -> NDArray[np.bool_]:
        """Which other tracks share an artist, album or claim with one, bool (len(others),).

        Only what may be added of those can have changed when it was added.
        """
        found = np.zeros(len(others), dtype=bool)
        own = self._collection
        for codes in (own.artists, own.albums):
            found |= codes[others] == codes[position]
        claims = set(own.recordings.claims(position))
        shares = [not claims.isdisjoint(own.recordings.claims(at)) for at in others.tolist()]
        return np.asarray(found | np.asarray(shares, dtype=bool))
