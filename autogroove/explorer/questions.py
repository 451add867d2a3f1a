"""What a page may ask in a body.

What belongs here: the request models and their bounds, so that no question can be too large.
What does not: answers.
"""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from autogroove.playlists import Rules

TrackId = Annotated[int, Field(ge=0, le=2**53)]


class Question(BaseModel):
    """Unknown names are errors, not silences."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class PlaylistQuestion(Question):
    """Seeds and rules of a playlist; see `autogroove.playlists.Rules`."""

    seeds: Annotated[list[TrackId], Field(min_length=1, max_length=50)]
    length: Annotated[int, Field(ge=1, le=500)] = 20
    duration_minutes: Annotated[float, Field(gt=0, le=1440)] | None = None
    artist_spacing: Annotated[int, Field(ge=0, le=500)] = 8
    tracks_per_artist: Annotated[int, Field(ge=1, le=500)] | None = 2
    tracks_per_album: Annotated[int, Field(ge=1, le=500)] | None = 1
    licences: Annotated[list[Annotated[str, Field(max_length=200)]], Field(max_length=20)] = []
    exclude: Annotated[list[TrackId], Field(max_length=100_000)] = []
    variety: Annotated[float, Field(ge=0, le=1)] = 0.3

    def rules(self) -> Rules:
        """The rules that it states."""
        minutes = self.duration_minutes
        return Rules(
            length=self.length,
            duration_seconds=None if minutes is None else 60 * minutes,
            artist_spacing=self.artist_spacing,
            tracks_per_artist=self.tracks_per_artist,
            tracks_per_album=self.tracks_per_album,
            licences=tuple(self.licences),
            exclude=frozenset(self.exclude),
            variety=self.variety,
        )


class ExportQuestion(Question):
    """A list as it stands on the page, in a format for players."""

    track_ids: Annotated[list[TrackId], Field(min_length=1, max_length=10_000)]
    format: Literal["m3u8", "xspf", "jspf", "csv", "json"] = "m3u8"
    title: Annotated[str, Field(max_length=500)] = "Autogroove"
    paths: Literal["relative", "absolute"] = "absolute"
