"""Tracks with scores, and lists of them.

What belongs here: a playlist as a value and its JSON.
What does not: choosing (`choosing`, `paths`) or file formats (`exports`).
"""

from dataclasses import dataclass

from autogroove.playlists.collection import Song


@dataclass(frozen=True)
class Scored:
    """A track and how near it is to what was asked: mutual proximity in [0, 1]."""

    song: Song
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
