"""Tracks with scores, lists of them, and every track of a release with the reason of its status."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import pandas as pd

from autogroove.listening.library import TrackLibrary, TrackView
from autogroove.listening.listened import ListenedRelease


@dataclass(frozen=True)
class Scored:
    """A track and how near it is to what was asked: mutual proximity in [0, 1]."""

    song: TrackView
    score: float

    def as_json(self) -> dict[str, object]:
        """The keys that scripts rely on, and what is good to know beside them."""
        song = self.song
        return {
            "track_id": song.track_id,
            "title": song.title,
            "artist": song.artist,
            "path": song.path,
            "score": round(self.score, 6),
            "album": song.album,
            "genre": song.genre,
            "licence": song.licence,
            "url": song.url,
            "duration_seconds": song.duration_seconds,
            "tempo_bpm": song.tempo_bpm,
            "cluster": song.cluster,
        }


@dataclass(frozen=True)
class Playlist:
    """Tracks in the order in which they are heard, with what had to be given up to get there."""

    title: str
    release: int
    tracks: tuple[Scored, ...]
    notes: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.tracks)

    @property
    def track_ids(self) -> tuple[int, ...]:
        """The ids in order."""
        return tuple(scored.song.track_id for scored in self.tracks)

    @property
    def duration_seconds(self) -> float:
        """Total length; tracks of unknown length count as nothing."""
        return sum(scored.song.duration_seconds or 0.0 for scored in self.tracks)

    def as_json(self) -> list[dict[str, object]]:
        """One object a track."""
        return [scored.as_json() for scored in self.tracks]


_TEXTS = ("path", "title", "artist", "album", "genre", "licence", "status", "reason", "detail")


def describe_tracks(
    release: ListenedRelease | TrackLibrary,
    *,
    quarantined: bool = False,
    fitting: Collection[int] | None = None,
) -> list[dict[str, Any]]:
    """One object a track of the source: `{"track_id", "path", "title", "artist", "status",
    "reason", "cluster", "clips"}` and more; with `quarantined`, only those that could not be used;
    with `fitting`, only those ids.
    """
    opened = release.release if isinstance(release, TrackLibrary) else release
    rows = opened.catalogue.merge(opened.clusters, on="track_id", how="left")
    if quarantined:
        rows = rows[rows["status"] == "quarantined"]
    if fitting is not None:
        rows = rows[rows["track_id"].isin(fitting)]
    return [_describe(row) for row in rows.to_dict("records")]


def _describe(row: dict[Any, Any]) -> dict[str, Any]:
    texts = {name: None if pd.isna(row.get(name)) else str(row[name]) for name in _TEXTS}
    return {
        "track_id": int(row["track_id"]),
        **texts,
        "cluster": _whole(row.get("cluster")),
        "clips": _whole(row.get("clips")) or 0,
    }


def _whole(value: Any) -> int | None:
    return None if pd.isna(value) else int(value)
