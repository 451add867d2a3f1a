"""From a source to a catalogue of fingerprints: rendering the demo, scanning any source.

What belongs here: the tasks before the first spectrogram. What does not: how a source is read
(`autogroove.source`) or a demo track sounds (`autogroove.source.groovebox`).
"""

from prefect import task

from autogroove.config import RunPolicy, Settings, SourceSelection
from autogroove.runs import Listing, check_removals, compare_source, open_current
from autogroove.source import (
    Changes,
    load_catalogue,
    open_source,
    put_catalogue,
    scan_source,
)
from autogroove.source.groovebox import DemoSpec, render_batch, write_metadata
from autogroove.store import Store
from tasks.execution import retrying
from tasks.progress import Stage


@task(
    name="render-demo",
    task_run_name="render {position}",
    **retrying(hours=0.5),
)
def render_demo_tracks(store: Store, spec: DemoSpec, track_ids: list[int], position: str) -> int:
    """Render some tracks of a demo collection into the store's cache; how many there are."""
    render_batch(spec, track_ids, store)
    return len(track_ids)


@task(name="finish-demo", task_run_name="finish demo", **retrying())
def finish_demo(store: Store, spec: DemoSpec) -> None:
    """Write the metadata of a rendered demo; with it the collection is complete."""
    write_metadata(spec, store)


@task(name="scan-source", task_run_name="scan {selection.source}", **retrying(hours=24))
def scan(store: Store, selection: SourceSelection, rehash: bool) -> Listing:
    """List the source and fingerprint what is new or changed."""
    stage = Stage("scan")
    source = open_source(
        selection.source,
        store=store,
        subset=selection.subset,
        limit=selection.limit,
        exclude_folders=selection.exclude_folders,
    )
    release = open_current(store)
    found = scan_source(
        source,
        store,
        rehash=rehash,
        before_url=release.source_url if release else None,
        progress=stage.show,
    )
    stage.show(found.listed, found.listed, f"{found.fingerprinted} read")
    return Listing(
        catalogue_key=put_catalogue(store, found.catalogue),
        kind=source.kind,
        url=source.url,
        source=source,
        listed=found.listed,
        fingerprinted=found.fingerprinted,
        audio_bytes_read=found.audio_bytes_read,
        seconds=stage.seconds,
        notes=found.notes,
    )


@task(name="check-removals", task_run_name="check what is gone", **retrying())
def refuse_removals(
    store: Store,
    listing: Listing,
    selection: SourceSelection,
    settings: Settings,
    policy: RunPolicy,
) -> None:
    """Stop the run where so much of the current release is gone that it may be offline."""
    catalogue = load_catalogue(store, listing.catalogue_key)
    check_removals(open_current(store), catalogue, listing.url, selection, settings, policy)


@task(
    name="compare-source",
    task_run_name="compare {selection.source}",
    **retrying(),
)
def compare(store: Store, selection: SourceSelection) -> Changes:
    """What changed in the source since the current release, without reading audio."""
    return compare_source(store, selection)
