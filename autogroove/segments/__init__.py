"""Immutable Zarr segments: the images of one batch of tracks.

What belongs here: the public names of planning, writing and reading segments.
What does not: code.

`segments/<recipe key>/<segment key>/` is a Zarr v3 group with one array, `clips`, and, written
last, `index.json`. A segment without its index does not exist.
"""

from autogroove.segments.coverage import complete_catalogue, list_needed
from autogroove.segments.index import (
    QuarantinedTrack,
    SegmentIndex,
    StoredTrack,
    find_segment_index,
    make_recipe_key,
    read_segment_index,
    read_segment_indexes,
    stored_fingerprints,
)
from autogroove.segments.planning import Member, SegmentBatch, SegmentPlan, plan_segments
from autogroove.segments.reading import open_clips, verify_segment
from autogroove.segments.writing import write_segment

__all__ = [
    "Member",
    "QuarantinedTrack",
    "SegmentBatch",
    "SegmentIndex",
    "SegmentPlan",
    "StoredTrack",
    "complete_catalogue",
    "find_segment_index",
    "list_needed",
    "make_recipe_key",
    "open_clips",
    "plan_segments",
    "read_segment_index",
    "read_segment_indexes",
    "stored_fingerprints",
    "verify_segment",
    "write_segment",
]
