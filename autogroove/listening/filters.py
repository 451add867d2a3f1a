"""What a listener keeps in and leaves out, the same in every command, in the API and on the page.

What belongs here: the filters as values, and which tracks they leave.
What does not: limits of a list (`rules`), or taste (`choosing`).

A track that does not tell its year, length or licence does not fit a filter that asks for it.
Tempo is estimated from the stored spectrograms where tags are silent: only for tracks that somebody
is about to hear (`fits_tempo`), or for all that are listed (`select_tracks`).
"""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import UTC, date, datetime, time, timedelta
from typing import Self

import numpy as np
from numpy.typing import NDArray

from autogroove.errors import SettingsError
from autogroove.listening.library import TrackLibrary, fold_text
from autogroove.listening.tempo import fill_tempos
from autogroove.source import match_folders

_CLOCK = re.compile(r"(?:(\d+):)?(\d+(?:\.\d+)?)")
_AGE = re.compile(r"(\d{1,5})\s*d(?:ays)?")


@dataclass(frozen=True)
class Span:
    """From a number to another, both included; infinite where one is left out."""

    low: float = -math.inf
    high: float = math.inf

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `90-120`, `90-`, `-120`, `2:00-6:30` (minutes and seconds) or a single number.

        Raises:
            SettingsError: it is none of these, or runs backwards.
        """
        low, dash, high = (piece.strip() for piece in text.partition("-"))
        try:
            least = _read_number(low) if low else -math.inf
            most = (_read_number(high) if high else math.inf) if dash else least
        except ValueError:
            least, most = math.inf, -math.inf
        if not text.strip(" -") or least > most:
            raise SettingsError(
                f"{text!r} is no range: write it as 90-120, 90-, -120, or 2:00-6:00 of a length."
            )
        return cls(least, most)

    def holds(self, values: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Which values lie in it; NaN does not."""
        return np.asarray((values >= self.low) & (values <= self.high))


def parse_day(text: str, today: date | None = None) -> date:
    """Read `2026-11-28`, or `30d` for thirty days ago.

    Raises:
        SettingsError: it is neither.
    """
    if age := _AGE.fullmatch(text.strip()):
        return (today or datetime.now(UTC).date()) - timedelta(days=int(age[1]))
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        raise SettingsError(
            f"{text!r} is no day: write it as 2026-11-28, or 30d for thirty days ago."
        ) from None


@dataclass(frozen=True)
class Filters:
    """What is kept in. Of several values of one filter, any will do; all filters must fit.

    `folders` and `exclude_folders` are patterns; `genres` and `licences` words of the tag.
    `added_since` is a day: what the release that was current then did not have.
    """

    folders: tuple[str, ...] = ()
    exclude_folders: tuple[str, ...] = ()
    genres: tuple[str, ...] = ()
    licences: tuple[str, ...] = ()
    years: Span | None = None
    tempo_bpm: Span | None = None
    seconds: Span | None = None
    added_since: date | None = None

    @classmethod
    def parse(
        cls,
        *,
        folders: Sequence[str] = (),
        exclude_folders: Sequence[str] = (),
        genres: Sequence[str] = (),
        licences: Sequence[str] = (),
        years: str = "",
        tempo: str = "",
        lengths: str = "",
        added_since: str = "",
    ) -> Self:
        """Filters as people write them; "" asks for nothing.

        Raises:
            SettingsError: a range or a day is none.
        """
        return cls(
            folders=tuple(folders),
            exclude_folders=tuple(exclude_folders),
            genres=tuple(genres),
            licences=tuple(licences),
            years=Span.parse(years) if years else None,
            tempo_bpm=Span.parse(tempo) if tempo else None,
            seconds=Span.parse(lengths) if lengths else None,
            added_since=parse_day(added_since) if added_since else None,
        )

    @property
    def is_open(self) -> bool:
        """Whether nothing is filtered."""
        return all(not getattr(self, field.name) for field in fields(self))

    def allow(self, collection: TrackLibrary) -> NDArray[np.bool_]:
        """Which tracks fit, bool (n,), as far as tags tell: unknown tempos are let in."""
        allowed = np.ones(len(collection), dtype=bool)
        paths = collection.shown["path"]
        if self.folders:
            allowed &= match_folders(paths, self.folders)
        if self.exclude_folders:
            allowed &= ~match_folders(paths, self.exclude_folders)
        for words, column in ((self.genres, "genre"), (self.licences, "licence")):
            if words:
                allowed &= _say(collection.texts(column), words)
        if self.years is not None:
            allowed &= self.years.holds(collection.years)
        if self.seconds is not None:
            allowed &= self.seconds.holds(collection.durations)
        if self.tempo_bpm is not None:
            allowed &= np.isnan(collection.tempos) | self.tempo_bpm.holds(collection.tempos)
        if self.added_since is not None:
            then = datetime.combine(self.added_since, time(), UTC)
            before = collection.release.tracks_before(then)
            allowed &= ~np.isin(collection.release.track_ids, list(before))
        return allowed

    def fits_tempo(self, collection: TrackLibrary, position: int) -> bool:
        """Whether a track is fast enough, and not too fast. This may read its clips."""
        if self.tempo_bpm is None:
            return True
        fill_tempos(collection, [position])
        return bool(self.tempo_bpm.holds(collection.tempos[[position]])[0])


OPEN = Filters()


def select_tracks(collection: TrackLibrary, filters: Filters) -> NDArray[np.bool_]:
    """Which tracks fit, bool (n,). Estimates the tempo of all that fit otherwise, where it asks."""
    allowed = filters.allow(collection)
    if filters.tempo_bpm is not None:
        for at in np.flatnonzero(allowed).tolist():
            allowed[at] = filters.fits_tempo(collection, at)
    return allowed


def _say(texts: Sequence[str], words: Sequence[str]) -> NDArray[np.bool_]:
    wanted = [fold_text(word) for word in words]
    return np.asarray([any(word in text for word in wanted) for text in texts], dtype=bool)


def _read_number(text: str) -> float:
    found = _CLOCK.fullmatch(text)
    if found is None:
        raise ValueError(text)
    return 60 * float(found[1] or 0) + float(found[2])
