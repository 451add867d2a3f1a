"""Which tracks are one recording.

What belongs here: the decision about two tracks, and the search for a copy among a few. Nothing
looks at all pairs: copies are near in the encodings, or they say the same.
What does not: how names are read (`names`), how sounds are compared (`prints`).

Two tracks are one recording if they sound the same, whatever they are called, or if they say the
same and do not sound different. A name alone is not enough: an artist has four "Intro"s. A
MusicBrainz id is not either: whole albums were tagged with one.
"""

import logging
from collections.abc import Iterable
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING

import numpy as np

from autogroove.errors import AutogrooveError
from autogroove.listening.names import name_song, spell_title
from autogroove.listening.prints import Print, compare_prints, make_print
from autogroove.listening.tempo import find_frame_rate

if TYPE_CHECKING:
    from autogroove.listening.library import TrackLibrary

SAME_SOUND = 0.75
"""Correlation of prints from which two tracks sound the same, whatever they say. Of made pairs,
copies had .76 or more, other songs .70 or less."""
ALIKE_SOUND = 0.5
"""From which they do not sound different, where they say the same."""
ALIKE_NEARNESS = 0.9
"""Mutual proximity from which they do not sound different: 5 of 100 other songs come so near."""

REACH = 0.75
"""In mean distances between tracks: beyond it, no copy was ever seen."""
LENGTH_TOLERANCE_SECONDS = 20.0
MOST_COMPARED = 4
"""Tracks that one is compared with by sound, nearest first. Copies are nearer than other songs."""

_PRINTS_KEPT = 1024  # of about 50 kB
logger = logging.getLogger(__name__)


class Recordings:
    """The identity of the tracks of a library, by position. Answers are remembered."""

    def __init__(self, library: "TrackLibrary") -> None:
        self._library = library
        self._answers: dict[tuple[int, int], bool] = {}
        self._print = lru_cache(maxsize=_PRINTS_KEPT)(self._make_print)

    def claims(self, position: int) -> list[tuple[str, str]]:
        """What a track says of itself: its content, its MusicBrainz id, its artist and title.

        Only tracks that share one of these can say the same.
        """
        said = [
            ("content", self._fingerprints[position]),
            ("musicbrainz", self._musicbrainz_ids[position]),
            ("name", self._name(position)),
        ]
        return [claim for claim in said if claim[1]]

    def musicbrainz_id(self, position: int) -> str:
        """The MusicBrainz recording id of a track, "" where it tells none."""
        return self._musicbrainz_ids[position]

    def are_one(self, first: int, second: int) -> bool:
        """Whether two tracks are one recording."""
        pair = (first, second) if first < second else (second, first)
        if pair not in self._answers:
            self._answers[pair] = first == second or self._decide(*pair)
        return self._answers[pair]

    def find_copy(self, position: int, others: Iterable[int]) -> int | None:
        """One of `others` that is the same recording as a track, if there is any."""
        asked = [other for other in others if other != position]
        if not asked:
            return None
        claims = set(self.claims(position))
        say_same = [other for other in asked if claims.intersection(self.claims(other))]
        return next(
            (
                other
                for other in [*say_same, *self._find_near(position, asked)]
                if self.are_one(position, other)
            ),
            None,
        )

    def _find_near(self, position: int, others: list[int]) -> list[int]:
        """The few that are near enough, and about as long, to be copies by sound."""
        at = np.asarray(others, dtype=np.int64)
        proximity = self._library.proximity
        away = proximity.distances_between(at, np.asarray([position]))[:, 0] / proximity.scale
        lengths = self._library.durations
        apart = np.nan_to_num(np.abs(lengths[at] - lengths[position]), nan=0.0)
        usable = np.flatnonzero((away <= REACH) & (apart <= LENGTH_TOLERANCE_SECONDS))
        nearest = usable[np.argsort(away[usable], kind="stable")[:MOST_COMPARED]]
        return [int(other) for other in at[nearest]]

    def _decide(self, first: int, second: int) -> bool:
        shared = set(self.claims(first)).intersection(self.claims(second))
        if any(kind == "content" for kind, _ in shared):
            return True
        likeness = self._compare(first, second)
        if likeness >= SAME_SOUND:
            return True
        is_only_name = {kind for kind, _ in shared} == {"name"}
        if not shared or (is_only_name and self._are_listed_twice(first, second)):
            return False
        if likeness >= ALIKE_SOUND:
            return True
        pair = np.asarray([first]), np.asarray([second])
        return bool(self._library.proximity.between(*pair)[0, 0] >= ALIKE_NEARNESS)

    def _are_listed_twice(self, first: int, second: int) -> bool:
        """Whether one album has both under exactly one title: then the title tells them not apart.

        "Jam" three times on a record is three jams, while "Song" and "Song (live)" are one song.
        """
        albums, titles = self._library.albums, self._library.shown["title"]
        if albums[first] != albums[second]:
            return False
        return spell_title(titles[first]) == spell_title(titles[second])

    def _compare(self, first: int, second: int) -> float:
        prints = self._print(first), self._print(second)
        if prints[0] is None or prints[1] is None:
            return 0.0
        return compare_prints(prints[0], prints[1])

    def _make_print(self, position: int) -> Print | None:
        """The print of a track; None where its images cannot be read."""
        release = self._library.release
        rate = find_frame_rate(release.settings)
        track_id = int(release.track_ids[position])
        if rate is None:
            return None
        try:
            return make_print(np.asarray(release.clips(track_id)), rate)
        except AutogrooveError as error:
            logger.warning("Copies of track %d are not looked for by sound: %s", track_id, error)
            return None

    def _name(self, position: int) -> str:
        """Artist and title as a key; "" where one of them says nothing."""
        artist = self._library.artist_names[position]
        title = name_song(self._library.shown["title"][position])
        return f"{artist}\0{title}" if artist and title else ""

    @cached_property
    def _fingerprints(self) -> list[str]:
        return self._library.texts("fingerprint")

    @cached_property
    def _musicbrainz_ids(self) -> list[str]:
        return self._library.texts("musicbrainz_recording_id")
