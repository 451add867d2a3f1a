"""What a track is before its audio is read, and what a source of tracks can do.

What belongs here: the value objects and the protocol that every source keeps.
What does not: any one kind of source, or the catalogue (the table of all tracks).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol, runtime_checkable


@dataclass(frozen=True)
class TrackMetadata:
    """What is known about a track besides its audio. None: not known."""

    title: str | None = None
    artist: str | None = None
    artist_id: int | None = None
    album: str | None = None
    genre: str | None = None
    licence: str | None = None
    url: str | None = None
    split: str | None = None
    """"training", "validation" or "test"."""
    subset: str | None = None
    """"small", "medium", "large" or "full": the smallest FMA subset that holds the track."""
    groove: str | None = None
    """The known rhythm pattern, where the collection was rendered to have one."""
    duration_seconds: float | None = None
    danceability: float | None = None
    energy: float | None = None
    valence: float | None = None
    tempo_bpm: float | None = None


@dataclass(frozen=True)
class Track:
    """One recording of a source."""

    track_id: int
    path: str
    """POSIX, relative to the source's root; safe to print and to store (see `paths`)."""
    size_bytes: int
    version: str
    """What changes when the file does, without reading it: mtime in ns, ETag or CRC."""
    metadata: TrackMetadata


@runtime_checkable
class Source(Protocol):
    """Where tracks come from. Picklable: it travels to the workers that read its audio."""

    @property
    def kind(self) -> str:
        """ "fma", "folder" or "demo"."""
        ...

    @property
    def url(self) -> str:
        """The folder or URL that it was opened from."""
        ...

    def tracks(self) -> Iterator[Track]:
        """Every track that can be read, by listing and metadata alone; opens no audio."""
        ...

    def read(self, path: str) -> bytes:
        """The whole file of a track.

        Raises:
            OSError: it cannot be read.
        """
        ...

    def open(self, path: str) -> BinaryIO:
        """The file of a track, seekable.

        Raises:
            OSError: it cannot be opened.
        """
        ...

    def local_path(self, path: str) -> Path | None:
        """The real file, if the source is a plain folder of this machine."""
        ...
