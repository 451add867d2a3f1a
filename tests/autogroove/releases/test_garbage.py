"""Garbage goes, everything else stays, and no run is harmed."""

import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from synthetic import SMALL, Collection, put_release

from autogroove.config.settings import Settings
from autogroove.errors import NotFoundError
from autogroove.evaluation.data_report.counting import analyse_segment_once
from autogroove.evaluation.descriptors.storing import plan_descriptions
from autogroove.releases import leases as leases_module
from autogroove.releases.garbage import collect_garbage
from autogroove.releases.leases import hold_lease, live_leases
from autogroove.releases.log import list_releases, publish_release, rollback
from autogroove.releases.parts import ReleaseParts
from autogroove.releases.reading import open_release
from autogroove.releases.verification import verify_release
from autogroove.source.groovebox.collection import demo_prefix
from autogroove.source.groovebox.plan import DemoSpec
from autogroove.source.sources import find_renderings
from autogroove.source.table import read_catalogue
from autogroove.store.store import Store

PLAIN = Collection()
AT_ONCE = timedelta(seconds=-60)
"""A grace that even an object of this very second has outlived."""


def keys(store: Store) -> set[str]:
    return {each.key for each in store.objects("", leftovers=True)}


def grow(store: Store, *sizes: int) -> None:
    for size in sizes:
        publish_release(store, put_release(store, replace(PLAIN, track_ids=range(size))))


def test_a_dry_run_writes_nothing_and_foretells_what_a_sweep_does(store: Store) -> None:
    grow(store, 24, 40)
    put_release(store, replace(PLAIN, model="never published"))
    before = {each.key: each.size_bytes for each in store.objects()}
    foretold = collect_garbage(store, 1, keep_days=0, grace=AT_ONCE)
    assert {each.key: each.size_bytes for each in store.objects()} == before
    swept = collect_garbage(store, 1, keep_days=0, grace=AT_ONCE, apply=True)
    after = keys(store)
    gone = {key: size for key, size in before.items() if key not in after}
    assert after <= before.keys()
    assert (swept.applied, foretold.applied) == (True, False)
    assert (swept.kept, swept.dropped) == (foretold.kept, foretold.dropped) == ((2,), (1,))
    assert swept.num_objects == foretold.num_objects == len(gone) - 1  # and one manifest
    assert swept.num_bytes == sum(gone.values()) - before["releases/000001.json"]
    assert sum(kind["bytes"] for kind in swept.by_kind.values()) == swept.num_bytes
    assert verify_release(store, 2).is_sound
    assert [manifest.release for manifest in list_releases(store)] == [2]
    assert collect_garbage(store, 1, keep_days=0, grace=AT_ONCE).num_objects == 0


def test_kept_releases_stay_whole(store: Store) -> None:
    grow(store, 24, 40, 16, 32)
    collect_garbage(store, 2, keep_days=0, grace=AT_ONCE, apply=True)
    for number in (3, 4):
        assert verify_release(store, number).is_sound
    assert open_release(store, 3).clips(15).shape == (3, 16, 16)
    with pytest.raises(NotFoundError, match="no release 1"):
        rollback(store, to=1)
    assert rollback(store).number == 5


def test_days_keep_what_numbers_would_drop(local_store: Store) -> None:
    grow(local_store, 24, 40)
    report = collect_garbage(local_store, 1, keep_days=1, grace=AT_ONCE, apply=True)
    assert (report.kept, report.num_objects) == ((1, 2), 0)


def test_the_current_release_cannot_be_dropped(local_store: Store) -> None:
    grow(local_store, 24)
    for keep in (0, -3):
        assert collect_garbage(local_store, keep, keep_days=0, grace=AT_ONCE).kept == (1,)


def test_what_is_younger_than_the_grace_stays(local_store: Store) -> None:
    parts = put_release(local_store)
    report = collect_garbage(local_store, keep_days=0, grace=timedelta(hours=1), apply=True)
    assert report.num_objects == 0
    hours_ago = time.time() - 7200
    os.utime(local_store.locate(parts.card.key), (hours_ago, hours_ago))
    report = collect_garbage(local_store, keep_days=0, grace=timedelta(hours=1), apply=True)
    assert report.by_kind == {"cards": {"objects": 1, "bytes": parts.card.size_bytes}}
    assert not local_store.exists(parts.card.key)


def test_what_only_a_dropped_release_needs_goes_without_grace(local_store: Store) -> None:
    grow(local_store, 24, 40)
    stray = put_release(local_store, replace(PLAIN, model="not promoted")).model.weights.key
    dropped = open_release(local_store, 1).manifest.parts
    report = collect_garbage(local_store, 1, keep_days=0, apply=True)
    assert (report.kept, report.dropped) == ((2,), (1,))
    assert not local_store.exists(dropped.catalogue.key)
    assert local_store.exists(stray)
    assert verify_release(local_store, 2).is_sound


def test_foreign_files_are_never_touched(local_store: Store) -> None:
    strange = ["music/song.mp3", "notes.txt", "cache/demo-1/000/000002.mp3", "releases/notes.txt"]
    for key in strange:
        local_store.write(key, b"mine")
    grow(local_store, 24, 40)
    collect_garbage(local_store, 1, keep_days=0, grace=AT_ONCE, apply=True)
    assert set(strange) <= keys(local_store)


def test_links_to_other_folders_are_not_followed(local_store: Store, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "precious").write_bytes(b"x")
    local_store.write("cards/a.json", b"{}")
    Path(local_store.locate("cards/link")).symlink_to(outside)
    collect_garbage(local_store, keep_days=0, grace=AT_ONCE, apply=True)
    assert not local_store.exists("cards/a.json")
    assert (outside / "precious").exists()


def test_scans_memos_checkpoints_and_leftovers_are_swept_with_sense(local_store: Store) -> None:
    parts = put_release(local_store)
    publish_release(local_store, parts)
    model = f"models/{parts.model.model_key}"
    kept = [
        "scans/a/000002.json",
        f"{model}/members.json",
        "memos/card/good.json",
    ]
    swept = [
        "scans/a/000001.json",
        f"{model}/checkpoints/epoch-0001.safetensors",
        "memos/card/bad.json",
        "memos/card/torn.json",
        "analyses/segments/a.safetensors",
        "descriptors/a/b.parquet",
        "descriptors/a/b.parquet.part-0123",
        "models/forgotten/weights.safetensors",
        "probes/left",
        "cards/x.json.part-0123",
        "releases/000002.json.part-0123",
    ]
    for key in kept + swept:
        local_store.write(key, b"{")
    true = f'{{"card": {parts.card.model_dump_json()}}}'
    local_store.write("memos/card/good.json", true.encode())
    local_store.write("memos/card/bad.json", true.replace("cards/", "cards/x").encode())
    everything = keys(local_store)
    collect_garbage(local_store, keep_days=0, grace=AT_ONCE, apply=True)
    assert everything - keys(local_store) == set(swept)


def measure(store: Store, parts: ReleaseParts) -> set[str]:
    """What a run remembers of the audio and the spectrograms of a release; the keys."""
    catalogue = read_catalogue(store.read(parts.catalogue.key))
    batches = plan_descriptions(catalogue, Settings.model_validate(parts.settings))
    for batch in batches:
        store.write(batch.key, b"described")
    members = catalogue.groupby("segment")["fingerprint"].agg(set)
    counted = {
        analyse_segment_once(store, part.recipe_key, part.segment_key, members[part.segment_key])
        for part in parts.segments
    }
    return {batch.key for batch in batches} | counted


def test_measurements_stay_while_a_kept_release_came_from_them(store: Store) -> None:
    collections = [PLAIN, replace(PLAIN, track_ids=range(30), changed=frozenset([5]))]
    old, new = (measure(store, put_release(store, collection)) for collection in collections)
    for collection, measured in zip(collections, (old, new), strict=True):
        roots = {"gc_roots": tuple(sorted(measured))}
        publish_release(store, put_release(store, collection).model_copy(update=roots))
    assert old & new
    assert collect_garbage(store, 2, keep_days=0, grace=AT_ONCE, apply=True).num_objects == 0
    assert old | new <= keys(store)
    young = collect_garbage(store, 1, keep_days=0, grace=timedelta(hours=1))
    assert not young.by_kind.keys() & {"descriptors", "analyses"}
    report = collect_garbage(store, 1, keep_days=0, grace=AT_ONCE, apply=True)
    assert report.by_kind.keys() >= {"descriptors", "analyses"}
    assert keys(store) & (old | new) == new


def test_a_release_of_before_roots_were_recorded_keeps_whatever_was_measured(
    local_store: Store,
) -> None:
    parts = put_release(local_store)
    measured = measure(local_store, parts)
    local_store.write(f"cache/demo-{'0' * 32}/fma_small/000/000002.mp3", b"sound")
    before = keys(local_store)
    publish_release(local_store, parts.model_copy(update={"gc_roots": None}))
    collect_garbage(local_store, keep_days=0, grace=AT_ONCE, apply=True)
    assert measured <= before <= keys(local_store)
    publish_release(local_store, put_release(local_store, SMALL))
    collect_garbage(local_store, 1, keep_days=0, grace=AT_ONCE, apply=True)
    assert not keys(local_store) & measured


def test_a_damaged_release_costs_no_measurements(local_store: Store) -> None:
    parts = put_release(local_store)
    measured = measure(local_store, parts)
    roots = {"gc_roots": tuple(sorted(measured))}
    publish_release(local_store, parts.model_copy(update=roots))
    local_store.write(parts.catalogue.key, b"damaged")
    collect_garbage(local_store, keep_days=0, grace=AT_ONCE, apply=True)
    assert measured <= keys(local_store)


def played_from(source_url: str) -> dict[str, object]:
    return {"source_url": source_url, "gc_roots": tuple(find_renderings(source_url))}


def test_the_rendered_demo_stays_while_a_kept_release_plays_from_it(store: Store) -> None:
    mine, older, named = demo_prefix(DemoSpec()), f"cache/demo-{'0' * 32}", f"cache/demo-{'1' * 32}"
    short = demo_prefix(DemoSpec(num_tracks=48))
    for folder in (mine, short, older, named):
        store.write(f"{folder}/fma_small/000/000002.mp3", b"sound")
    parts = put_release(store, SMALL)
    demo = {"source_kind": "demo"} | played_from("demo")
    publish_release(store, parts.model_copy(update=demo))
    limited = {"source_kind": "demo"} | played_from("demo:48")
    publish_release(
        store, put_release(store, replace(SMALL, model="other")).model_copy(update=limited)
    )
    elsewhere = played_from(f"{store.url}/{named}")
    publish_release(store, put_release(store).model_copy(update=elsewhere))

    def left(keep: int) -> set[str]:
        collect_garbage(store, keep, keep_days=0, grace=AT_ONCE, apply=True)
        return {"/".join(key.split("/")[:2]) for key in keys(store) if key.startswith("cache/")}

    assert left(3) == {mine, short, named}
    assert left(2) == {mine, short, named}  # a reader of the limited one takes the whole if it can
    assert left(1) == {named}


def test_nothing_is_swept_while_a_run_is_at_work(store: Store) -> None:
    grow(store, 24, 40)
    with hold_lease(store) as lease:
        before = keys(store)
        report = collect_garbage(store, 1, keep_days=0, grace=AT_ONCE, apply=True)
        assert (report.applied, report.waiting_for) == (False, (lease,))
        assert report.num_objects > 0
        assert keys(store) == before
    assert collect_garbage(store, 1, keep_days=0, grace=AT_ONCE, apply=True).applied
    assert list(store.objects("runs")) == list(store.objects("sweeps")) == []


def test_a_run_that_died_holds_nothing_up(local_store: Store) -> None:
    grow(local_store, 24, 40)
    with hold_lease(local_store) as lease:
        key = f"runs/{lease}.json"
        data = local_store.read(key)
    local_store.write(key, data)
    assert live_leases(local_store, "runs", local_store.stat(key).modified) == (lease,)
    long_ago = time.time() - 2 * leases_module.STALE_AFTER.total_seconds()
    os.utime(local_store.locate(key), (long_ago, long_ago))
    assert collect_garbage(local_store, 1, keep_days=0, grace=AT_ONCE, apply=True).applied
    assert not local_store.exists(key)


def test_a_lease_is_freshened(local_store: Store) -> None:
    with hold_lease(local_store, heartbeat_seconds=0.05) as lease:
        key = f"runs/{lease}.json"
        first = local_store.stat(key).modified
        deadline = time.monotonic() + 30
        while local_store.stat(key).modified == first:
            assert time.monotonic() < deadline
            time.sleep(0.02)


def test_a_run_waits_for_a_sweep_to_end(local_store: Store) -> None:
    local_store.write("sweeps/r-other.json", b"{}")
    entered = threading.Event()

    def run() -> None:
        with hold_lease(local_store):
            entered.set()

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    assert not entered.wait(1.0)
    local_store.delete("sweeps/r-other.json")
    assert entered.wait(30)
    thread.join()


@pytest.mark.slow
def test_runs_and_sweeps_together_never_leave_a_release_with_holes(store: Store) -> None:
    """Runs that reuse old garbage, while sweeps without any grace go on all the time."""
    grow(store, 24)
    ended = threading.Event()

    def collect() -> int:
        sweeps = 0
        while not ended.is_set():
            report = collect_garbage(store, 2, keep_days=0, grace=AT_ONCE, apply=True)
            sweeps += report.applied
            time.sleep(0.02)
        return sweeps

    def run(sizes: list[int]) -> list[int]:
        numbers = []
        for size in sizes:
            with hold_lease(store):
                parts = put_release(store, replace(PLAIN, track_ids=range(size)))
                measured = measure(store, parts)
                time.sleep(0.05)
                assert measured <= keys(store)
                parts = parts.model_copy(update={"gc_roots": tuple(sorted(measured))})
                numbers.append(publish_release(store, parts, force=True).number)
            time.sleep(0.3)
        return numbers

    with ThreadPoolExecutor(3) as pool:
        collector = pool.submit(collect)
        runners = [pool.submit(run, sizes) for sizes in ([8, 16, 24, 8], [24, 8, 24, 16])]
        try:
            numbers = [number for runner in runners for number in runner.result()]
        finally:
            ended.set()
        collector.result()
    assert sorted(numbers) == list(range(2, 10))
    assert collect_garbage(store, 2, keep_days=0, grace=AT_ONCE, apply=True).applied
    assert [manifest.release for manifest in list_releases(store)] == [8, 9]
    for number in (8, 9):
        assert verify_release(store, number).faults == ()
        left = keys(store)
        assert measure(store, open_release(store, number).manifest.parts) <= left
