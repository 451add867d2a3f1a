"""A release as a listener needs it: arrays aligned by track, ready for questions.

What belongs here: the view of one release that playlists, paths and the explorer share.
What does not: choosing tracks (`choosing`), the neighbour arithmetic (`proximity`), or anything
that writes. It only reads a release.
"""

import unicodedata
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Any

import numpy as np
import pandas as pd
import scipy.sparse as sp
from numpy.typing import NDArray
from scipy.sparse.csgraph import connected_components

from autogroove.errors import SettingsError
from autogroove.listening.listened import ListenedRelease
from autogroove.listening.names import name_album, name_artist
from autogroove.listening.proximity import Proximity
from autogroove.listening.recordings import Recordings
from autogroove.listening.weighing import Weighing

MOST_WEIGHINGS = 8
"""Kept at once: each is three numbers a track."""


@dataclass(frozen=True)
class TrackView:
    """What is shown of one track. Text comes from tags: show it as text, never as markup."""

    track_id: int
    title: str
    artist: str
    album: str
    genre: str
    licence: str
    url: str
    path: str
    duration_seconds: float | None
    tempo_bpm: float | None
    cluster: int | None
    exemplar: bool
    clips: int

    @property
    def name(self) -> str:
        """`Artist – Title`, or the title alone."""
        return f"{self.artist} – {self.title}" if self.artist else self.title


@dataclass
class TrackLibrary:
    """The tracks of one release that have an encoding, in the order of `release.track_ids`.

    Positions (0 … n-1) are used inside the library, track ids outside.
    """

    release: ListenedRelease
    rows: pd.DataFrame = field(repr=False)
    proximity: Proximity = field(repr=False)
    tempos: NDArray[np.float64] = field(repr=False)
    """Beats per minute, NaN where unknown."""

    def __len__(self) -> int:
        return len(self.rows)

    @cached_property
    def positions(self) -> Mapping[int, int]:
        """From track id to position."""
        return {int(track_id): at for at, track_id in enumerate(self.release.track_ids)}

    @cached_property
    def artist_names(self) -> list[str]:
        """The key of each track's first artist, without guests; "" where nobody is named."""
        return [name_artist(artist) for artist in self._shown("artist")]

    @cached_property
    def artists(self) -> NDArray[np.int64]:
        """Artist code of each track; a track without an artist has one of its own."""
        return _codes(self.artist_names)

    @cached_property
    def albums(self) -> NDArray[np.int64]:
        """Album code of each track; without one, one of its own.

        An album is named by its album artist. Tracks that tell none are of one album if they have
        its name and the artist, or its name and the folder: that is how compilations lie.
        """
        names = [name_album(album) for album in self._shown("album")]
        holders = self._shown("album_artist")
        folders = [path.rpartition("/")[0] for path in self._shown("path")]
        by_artist, by_folder = [], []
        for album, holder, artist, folder in zip(
            names, holders, self.artist_names, folders, strict=True
        ):
            owner = (name_artist(holder) or "various artists") if holder.strip() else artist
            by_artist.append(f"{owner}\0{album}" if album and owner else "")
            by_folder.append(f"{folder}\0{album}" if album and not holder.strip() else "")
        return _join_codes(_codes(by_artist), _codes(by_folder))

    @cached_property
    def recordings(self) -> Recordings:
        """Which tracks are one recording."""
        return Recordings(self)

    @cached_property
    def durations(self) -> NDArray[np.float64]:
        """Seconds, NaN where unknown."""
        return _numbers(self.rows, "duration_seconds")

    @cached_property
    def years(self) -> NDArray[np.float64]:
        """The year of each track, NaN where unknown."""
        return _numbers(self.rows, "year")

    @cached_property
    def cluster_of(self) -> NDArray[np.int64]:
        """Cluster number of each track, -1 for a track that is in none."""
        return _numbers(self.rows, "cluster", missing=-1).astype(np.int64)

    def weigh(self, weighing: Weighing) -> Proximity:
        """Mutual proximity as somebody means it. That of the last few weighings is kept.

        Raises:
            SettingsError: the release's encodings have no parts.
        """
        return self.proximity if weighing.is_usual else self._weighed(weighing)

    @cached_property
    def _weighed(self) -> Callable[[Weighing], Proximity]:
        @lru_cache(maxsize=MOST_WEIGHINGS)
        def weigh(weighing: Weighing) -> Proximity:
            parts = self.release.encoding_parts
            if not parts:
                raise SettingsError(
                    f"Release {self.release.number} hears a track as one whole: its encodings "
                    "have no tempo, rhythm and sound to weigh. A run with the groove preset "
                    "makes such encodings."
                )
            size = self.proximity.encodings.shape[1]
            return self.proximity.weighed(weighing.spread(parts, size))

        return weigh

    def texts(self, column: str) -> list[str]:
        """A text column as folded words for comparing: one Unicode form, one case."""
        return [fold_text(value) for value in self._shown(column)]

    def _shown(self, column: str) -> list[str]:
        if column not in self.rows:
            return [""] * len(self.rows)
        return ["" if pd.isna(value) else str(value) for value in self.rows[column]]

    @cached_property
    def shown(self) -> dict[str, list[str]]:
        """Text columns as they are shown, empty where unknown."""
        names = ("title", "artist", "album", "genre", "licence", "url", "path")
        return {name: self._shown(name) for name in names}

    @cached_property
    def search_texts(self) -> tuple[list[str], list[str], list[str]]:
        """Folded titles, artists, and all that can be searched in (one text a track)."""
        names = ("title", "artist", "album", "genre", "path")
        columns = [self.texts(name) for name in names]
        return columns[0], columns[1], ["\n".join(row) for row in zip(*columns, strict=True)]

    def song(self, position: int) -> TrackView:
        """The track at a position."""
        text = {name: values[position] for name, values in self.shown.items()}
        text["title"] = text["title"] or text["path"].rsplit("/", 1)[-1]
        cluster = int(self.cluster_of[position])
        return TrackView(
            track_id=int(self.release.track_ids[position]),
            duration_seconds=_or_none(self.durations[position]),
            tempo_bpm=_or_none(self.tempos[position]),
            cluster=None if cluster < 0 else cluster,
            exemplar=bool(self.is_exemplar[position]),
            clips=int(self._clips[position]),
            **text,
        )

    @cached_property
    def is_exemplar(self) -> NDArray[np.bool_]:
        """Whether each track stands for its cluster."""
        return _numbers(self.rows, "exemplar", missing=0).astype(bool)

    @cached_property
    def _clips(self) -> NDArray[np.int64]:
        return _numbers(self.rows, "clips", missing=0).astype(np.int64)


def open_collection(release: ListenedRelease | TrackLibrary) -> TrackLibrary:
    """The listener's view of a release. Opening one that is open costs nothing.

    Distances to a sample of 1,000 tracks are measured once: about 1 s at 100,000 tracks.
    """
    if isinstance(release, TrackLibrary):
        return release
    wanted = pd.DataFrame({"track_id": np.asarray(release.track_ids, dtype=np.int64)})
    rows = wanted.merge(release.catalogue, on="track_id", how="left", validate="one_to_one")
    rows = rows.merge(release.clusters, on="track_id", how="left", validate="one_to_one")
    return TrackLibrary(
        release=release,
        rows=rows,
        proximity=Proximity(np.asarray(release.encodings, dtype=np.float32)),
        tempos=_positive(_numbers(rows, "tempo_bpm")),
    )


_PLAIN = str.maketrans(
    dict.fromkeys(map(chr, range(0x300, 0x370)))
    | {"ø": "o", "ł": "l", "đ": "d", "ð": "d", "ı": "i", "þ": "th", "æ": "ae", "œ": "oe"}
)
"""Marks over letters, and letters that have no mark of their own to lose."""


def fold_text(text: str) -> str:
    """Text for comparing: compatibility form, case folded, without accents, single spaces.

    >>> fold_text("  BJÖRK  Jóga ")
    'bjork joga'
    """
    plain = unicodedata.normalize("NFKD", text).casefold().translate(_PLAIN)
    return " ".join(unicodedata.normalize("NFC", plain).split())


def _numbers(rows: pd.DataFrame, column: str, missing: float = np.nan) -> NDArray[np.float64]:
    if column not in rows:
        return np.full(len(rows), missing)
    return np.asarray(
        pd.to_numeric(rows[column], errors="coerce")
        .astype("Float64")
        .to_numpy(dtype=np.float64, na_value=missing)
    )


def _positive(values: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.where(np.isfinite(values) & (values > 0), values, np.nan)


def _or_none(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def _codes(names: Iterable[str]) -> NDArray[np.int64]:
    """A number for each distinct name; empty names are all different."""
    known: dict[Any, int] = {}
    codes = [known.setdefault(name or (at,), len(known)) for at, name in enumerate(names)]
    return np.asarray(codes, dtype=np.int64)


def _join_codes(first: NDArray[np.int64], second: NDArray[np.int64]) -> NDArray[np.int64]:
    """The finest grouping in which tracks equal in either code are equal (transitively)."""
    num = len(first)
    if num == 0:
        return first
    at = np.arange(num)
    edges = sp.coo_array(
        (
            np.ones(2 * num),
            (np.r_[at, at], np.r_[num + first, num + second + first.max() + 1]),
        ),
        shape=(3 * num + 2, 3 * num + 2),
    )
    _, labels = connected_components(edges, directed=False)
    return np.asarray(labels[:num], dtype=np.int64)
