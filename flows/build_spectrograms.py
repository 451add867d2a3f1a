"""The spectrogram stage: plan what is missing, write it on Dask, complete the catalogue.

What belongs here: the fan-out of segments. What does not: what a segment is.
"""

from autogroove.runs import Listing, Segments
from autogroove.segments import SegmentBatch
from flows.record import Run
from flows.runtime.fan_out import Tally, fan_out
from tasks.progress import Stage
from tasks.spectrograms import complete, plan, write


def build_spectrograms(run: Run, listing: Listing) -> Segments:
    """Make the spectrograms that are missing, and say where each track's are."""
    stage = Stage("spectrograms")
    planned = plan(
        run.store,
        listing.catalogue_key,
        run.settings,
        run.circumstances.tracks_per_segment,
        run.policy.retry_quarantined,
    )
    written = fan_out(
        stage,
        planned.batches,
        lambda batch, name: write.submit(
            run.store, listing.source, batch, run.settings, _name(batch, name)
        ),
        resubmit=lambda batch, name: write.submit(
            run.store, listing.source, batch, run.settings, _name(batch, name), isolate=True
        ),
        count=Tally(lambda done: {"tracks": done.tracks, "quarantined": done.quarantined}),
    )
    new = {done.segment_key for done in written if done.segment_key is not None}
    keys = sorted({*planned.reused, *planned.standing, *new})
    completed = complete(run.store, listing.catalogue_key, planned.recipe_key, keys)
    run.note(
        stage,
        ran=bool(written),
        segments_written=len(new),
        segments_reused=len(planned.reused),
        tracks=sum(done.tracks + done.quarantined for done in written),
        clips=sum(done.clips for done in written),
    )
    return Segments(completed.catalogue_key, planned.recipe_key, completed.segment_keys)


def _name(batch: SegmentBatch, position: str) -> str:
    return f"{position} · {len(batch.members)} tracks"
