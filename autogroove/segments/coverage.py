"""The catalogue, completed by what became of its tracks.

What belongs here: filling in where each track's clips are, and the invariant that no track is
lost.
What does not: planning or writing.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import pandas as pd

from autogroove.errors import StoreError
from autogroove.segments.index import SegmentIndex
from autogroove.segments.planning import Place, locate_tracks


@dataclass(frozen=True)
class Outcome:
    """The catalogue's columns that the audio decides."""

    status: str
    reason: str | None = None
    detail: str | None = None
    segment: str | None = None
    first_clip: int | None = None
    clips: int = 0
    duration_seconds: float | None = None


def list_needed(catalogue: pd.DataFrame, indexes: Iterable[SegmentIndex]) -> list[str]:
    """Keys of the segments, sorted, that a catalogue's listed tracks are in or were refused in.

    What a track's earlier tries left is not among them: the same tracks and faults give the same
    keys, however often they were tried.
    """
    places = locate_tracks(list(indexes))
    wanted = catalogue.loc[catalogue["status"] == "listed", "fingerprint"]
    return sorted({places[f].index.segment_key for f in wanted if f in places})


def complete_catalogue(catalogue: pd.DataFrame, indexes: Iterable[SegmentIndex]) -> pd.DataFrame:
    """The catalogue with status, reason, segment and clip rows of every listed track.

    Tracks that are quarantined or excluded already stay so. The duration of a stored track is that
    of its audio: FMA's metadata gives the whole song's, of which a file holds 30 s.

    Raises:
        StoreError: a listed track is in no index, so that stored + quarantined + excluded would
            not balance the source.
    """
    places = locate_tracks(list(indexes))
    listed = catalogue["status"] == "listed"
    wanted = catalogue.loc[listed, "fingerprint"].tolist()
    if lost := [fingerprint for fingerprint in wanted if fingerprint not in places]:
        raise StoreError(
            f"{len(lost)} of {len(catalogue)} tracks are in no segment, the first with "
            f"fingerprint {lost[0]}: the coverage does not balance. Run again to make them."
        )
    outcomes = [_tell_outcome(places[fingerprint]) for fingerprint in wanted]
    filled = pd.DataFrame(outcomes, index=catalogue.index[listed], columns=list(_COLUMNS))
    known = catalogue.loc[listed, "duration_seconds"]
    filled["duration_seconds"] = filled["duration_seconds"].astype(float).fillna(known)
    completed = catalogue.copy()
    for name in _COLUMNS:
        completed.loc[listed, name] = filled[name].astype(catalogue[name].dtype)
    return completed


_COLUMNS = tuple(Outcome.__dataclass_fields__)


def _tell_outcome(place: Place) -> Outcome:
    if place.reason is not None:
        detail = place.index.quarantined[place.row].detail
        return Outcome(place.reason.status, place.reason.value, detail or None)
    row = place.index.rows[place.row]
    return Outcome(
        status="stored",
        segment=place.index.segment_key,
        first_clip=row.first_clip,
        clips=row.clips,
        duration_seconds=row.duration_seconds,
    )
