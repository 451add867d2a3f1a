"""What is kept in and left out, as an address and as a body say it.

What belongs here: reading filters of a question. What does not: the filters
(`autogroove.listening.filters`).
"""

from typing import Annotated

from fastapi import Depends, Query
from pydantic import BaseModel, ConfigDict, FailFast, Field

from autogroove.listening.filters import Filters

Word = Annotated[str, Field(max_length=200)]
Short = Annotated[str, Query(max_length=40)]
Several = Annotated[list[Word], Query(max_length=20)]


class Question(BaseModel):
    """Unknown names are errors, not silences."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class FilterQuestion(Question):
    """What is kept in and left out, as `autogroove.listening.Filters.parse` reads it."""

    folders: Annotated[list[Word], Field(max_length=20), FailFast()] = []
    exclude_folders: Annotated[list[Word], Field(max_length=20), FailFast()] = []
    genres: Annotated[list[Word], Field(max_length=20), FailFast()] = []
    licences: Annotated[list[Word], Field(max_length=20), FailFast()] = []
    years: Annotated[str, Field(max_length=40)] = ""
    tempo: Annotated[str, Field(max_length=40)] = ""
    lengths: Annotated[str, Field(max_length=40)] = ""
    added_since: Annotated[str, Field(max_length=40)] = ""

    def parse(self) -> Filters:
        """The filters."""
        return Filters.parse(**self.model_dump())


async def read_filters(
    folder: Several = [],  # noqa: B006 - FastAPI copies them
    exclude_folder: Several = [],  # noqa: B006
    genre: Several = [],  # noqa: B006
    licence: Several = [],  # noqa: B006
    year: Short = "",
    tempo: Short = "",
    track_length: Short = "",
    added_since: Short = "",
) -> Filters:
    """What is kept in and left out, of an address; lists by repeating a name."""
    return Filters.parse(
        folders=folder,
        exclude_folders=exclude_folder,
        genres=genre,
        licences=licence,
        years=year,
        tempo=tempo,
        lengths=track_length,
        added_since=added_since,
    )


Asked = Annotated[Filters, Depends(read_filters)]
