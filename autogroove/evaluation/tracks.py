"""What is known about the tracks that a card is measured on, whoever encodes them.

What belongs here: artists, genres, grooves and rhythms in array form, and which pairs of tracks
may be compared. What does not: encodings (`view`).
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from autogroove.evaluation.card import NotMeasurable
from autogroove.evaluation.descriptors.clips import (
    ClipDescriptions,
    TrackRhythms,
    describe_tracks_rhythm,
)

UNKNOWN = -1
TEMPO_TOLERANCE = 0.04
"""Two tempi agree within 4 %, the tolerance of MIREX's tempo task (Gouyon et al. 2006: accuracy 2,
with halves and doubles)."""


@dataclass(frozen=True)
class EvaluatedTracks:
    """The tracks of a card and their clips.

    `tracks` has one row a track, in any order, and of the catalogue's columns those that it has;
    `clip_tracks` (num_clips,) int64 is the row in `tracks` of each clip.
    """

    tracks: pd.DataFrame
    clip_tracks: NDArray[np.int64]
    descriptions: ClipDescriptions | None = None
    augmented_clips: NDArray[np.int64] | None = None
    held_out: NDArray[np.bool_] | None = None

    def __len__(self) -> int:
        return len(self.tracks)

    @cached_property
    def artists(self) -> NDArray[np.int64]:
        """(n,) the artist of each track; a track of unknown artist stands for itself."""
        codes = _factorise(self._column("artist_id"))
        named = _factorise(self._column("artist"))
        codes = np.where(codes != UNKNOWN, codes, np.where(named < 0, named, named + len(self)))
        alone = 2 * len(self) + np.arange(len(self))
        return np.where(codes != UNKNOWN, codes, alone)

    @cached_property
    def genres(self) -> NDArray[np.int64]:
        """(n,) codes of the genre, `UNKNOWN` where there is none."""
        return _factorise(self._column("genre"))

    @cached_property
    def grooves(self) -> NDArray[np.int64]:
        """(n,) codes of the groove label, `UNKNOWN` where there is none."""
        return _factorise(self._column("groove"))

    @cached_property
    def splits(self) -> NDArray[np.str_]:
        """(n,) "training", "validation", "test" or ""."""
        return self._column("split").fillna("").to_numpy(dtype=str)

    def numbers(self, column: str) -> NDArray[np.float64]:
        """(n,) a numeric column of the catalogue, NaN where it is unknown."""
        return pd.to_numeric(self._column(column), errors="coerce").to_numpy(dtype=np.float64)

    @cached_property
    def rhythms(self) -> TrackRhythms:
        """Tempo and rhythm of each track.

        Raises:
            NotMeasurable: the audio was not described.
        """
        if self.descriptions is None:
            raise NotMeasurable("the audio was not described")
        heard = self.descriptions
        return describe_tracks_rhythm(heard.periodicity, self.clip_tracks, len(self), heard.between)

    @cached_property
    def different_artist(self) -> NDArray[np.bool_]:
        """(n, n) pairs of different artists: those that may be neighbours."""
        return np.asarray(self.artists[:, None] != self.artists)

    @cached_property
    def different_genre(self) -> NDArray[np.bool_]:
        """(n, n) pairs of different artists and different, known genres.

        Raises:
            NotMeasurable: fewer than two genres are known.
        """
        if len(np.unique(self.genres[self.genres != UNKNOWN])) < 2:
            raise NotMeasurable("fewer than two genres are known")
        known = self.genres != UNKNOWN
        other = self.genres[:, None] != self.genres
        return np.asarray(self.different_artist & other & known & known[:, None])

    @cached_property
    def tempo_agreement(self) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
        """(n, n) 1 where two tempi agree, octave-tolerant; and where both are known."""
        tempo = self.rhythms.tempo_bpm
        known = np.isfinite(tempo)
        agrees = match_tempi(tempo[:, None], tempo)
        return agrees.astype(np.float32), known & known[:, None]

    def similarity(
        self, choose: Callable[[TrackRhythms], NDArray[np.float32]]
    ) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
        """(n, n) cosine of one of the rhythm descriptors; and where both are known."""
        rows = choose(self.rhythms)
        known = np.linalg.norm(rows, axis=1) > 0
        return rows @ rows.T, known & known[:, None]

    def _column(self, name: str) -> "pd.Series[Any]":
        if name in self.tracks:
            return self.tracks[name].reset_index(drop=True)
        return pd.Series([None] * len(self), dtype=object)


def match_tempi(one_bpm: NDArray[np.float64], other_bpm: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Whether tempi agree within 4 %, also as half or double; NaN agrees with nothing."""
    ratio = one_bpm / other_bpm
    options = [np.abs(ratio / octave - 1) <= TEMPO_TOLERANCE for octave in (0.5, 1.0, 2.0)]
    return np.asarray(options[0] | options[1] | options[2])


def _factorise(column: "pd.Series[Any]") -> NDArray[np.int64]:
    """Codes in the order of the values, so that the order of the tracks decides nothing."""
    codes, _ = pd.factorize(column, sort=True, use_na_sentinel=True)
    return np.asarray(codes, dtype=np.int64)
