"""From a catalogue to segments of spectrograms, and back to a complete catalogue.

What belongs here: the tasks around `autogroove.segments`. What does not: decoding or images.
"""

from dataclasses import dataclass

from prefect import task

from autogroove.config import Settings
from autogroove.segments import (
    SegmentBatch,
    SegmentPlan,
    complete_catalogue,
    list_needed,
    plan_segments,
    read_segment_index,
    write_segment,
)
from autogroove.source import Source, load_catalogue, put_catalogue
from autogroove.store import Store
from tasks.execution import retrying


@dataclass(frozen=True)
class Written:
    """What one task wrote: counts alone; the segment is in the store."""

    segment_key: str | None
    """None: tracks that were tried again failed as before, and nothing was written."""
    tracks: int
    clips: int
    quarantined: int


@dataclass(frozen=True)
class Completed:
    """The complete catalogue, and the segments that it needs."""

    catalogue_key: str
    segment_keys: list[str]


@task(name="plan-segments", task_run_name="plan segments", **retrying())
def plan(
    store: Store,
    catalogue_key: str,
    settings: Settings,
    tracks_per_segment: int,
    retry_quarantined: bool,
) -> SegmentPlan:
    """Which tracks have no spectrograms yet, in batches of one task each."""
    return plan_segments(
        load_catalogue(store, catalogue_key),
        store,
        settings,
        tracks_per_segment=tracks_per_segment,
        retry_quarantined=retry_quarantined,
    )


@task(
    name="write-segment",
    task_run_name="spectrograms {position}",
    **retrying(hours=4),
)
def write(
    store: Store,
    source: Source,
    batch: SegmentBatch,
    settings: Settings,
    position: str,
    isolate: bool = False,
) -> Written:
    """Decode one batch of tracks and write its segment, whole."""
    index = write_segment(batch, source, store, settings, isolate=isolate)
    if index is None:
        return Written(None, tracks=0, clips=0, quarantined=len(batch.members))
    return Written(
        segment_key=index.segment_key,
        tracks=len(index.rows),
        clips=index.num_clips,
        quarantined=len(index.quarantined),
    )


@task(name="complete-catalogue", task_run_name="complete catalogue", **retrying())
def complete(
    store: Store, catalogue_key: str, recipe_key: str, segment_keys: list[str]
) -> Completed:
    """Say for every track where its clips are or why it has none, and which segments say so."""
    indexes = [read_segment_index(store, recipe_key, key) for key in segment_keys]
    catalogue = load_catalogue(store, catalogue_key)
    key = put_catalogue(store, complete_catalogue(catalogue, indexes))
    return Completed(key, list_needed(catalogue, indexes))
