"""The first stages: the demo collection where it is asked for, and the scan of any source.

What belongs here: fanning out the rendering, starting the scan. What does not: either of them.
"""

from autogroove.runs import Listing
from autogroove.source.groovebox import choose_demo, demo_is_complete, plan_demo
from flows.record import Run
from flows.runtime.fan_out import Tally, fan_out
from tasks.collection import finish_demo, refuse_removals, render_demo_tracks, scan
from tasks.progress import Stage

_TRACKS_PER_TASK = 12


def render_demo(run: Run) -> None:
    """Render the demo collection, as much of it as is asked for, into the store's cache."""
    if run.selection.source != "demo":
        return
    store = run.store
    spec = choose_demo(store, run.selection.limit)
    if demo_is_complete(store, spec):
        return
    stage = Stage("demo")
    track_ids = [track.track_id for track in plan_demo(spec)]
    batches = [
        track_ids[start : start + _TRACKS_PER_TASK]
        for start in range(0, len(track_ids), _TRACKS_PER_TASK)
    ]
    rendered = fan_out(
        stage,
        batches,
        lambda batch, position: render_demo_tracks.submit(run.store, spec, batch, position),
        count=Tally(lambda tracks: {"tracks": tracks}),
    )
    finish_demo(run.store, spec)
    run.log.note(stage, ran=True, tracks=sum(rendered))


def scan_source(run: Run) -> Listing:
    """List the source; its catalogue is in the store afterwards.

    Raises:
        SourceError: so much is gone that no release should be made of what is left.
    """
    stage = Stage("scan")
    listing = scan(run.store, run.selection, run.policy.rehash)
    run.log.note(
        stage,
        ran=listing.fingerprinted > 0,
        tracks=listing.listed,
        files_read=listing.fingerprinted,
        audio_bytes_read=listing.audio_bytes_read,
    )
    refuse_removals(run.store, listing, run.selection, run.settings, run.policy)
    return listing
