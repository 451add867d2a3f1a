"""The whole line on a real server and a real cluster, judged by what it leaves in the store."""

import os
import shutil
import signal
import time
from pathlib import Path

import httpx
import pytest
from pipelines import (
    NUM_TRACKS,
    QUICK,
    Published,
    Publisher,
    autogroove_json,
    quick_settings,
    run_arguments,
    start_autogroove,
)

from autogroove.config.run import RunPolicy, SourceSelection
from autogroove.config.settings import Settings
from autogroove.releases.log import read_manifest
from autogroove.releases.reading import open_release
from autogroove.runs.plan import plan_run
from autogroove.source import open_source, scan_source
from autogroove.store.store import Store

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


def read_files(folder: Path) -> dict[str, tuple[int, bytes]]:
    """Every file below a folder with its time and bytes."""
    return {
        str(path.relative_to(folder)): (path.stat().st_mtime_ns, path.read_bytes())
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def digest_of(store: Path | str, number: int = 1) -> str:
    return read_manifest(Store(store), number).content_digest


def swap_audio(music: Path) -> int:
    """Give the first track the audio of the second, cut, so that it is new; its id."""
    first, second = sorted(music.glob("fma_small/*/*.mp3"))[:2]
    data = second.read_bytes()
    first.write_bytes(data[: len(data) - 4000])
    return int(first.stem)


def test_a_release_accounts_for_every_track(published: Published) -> None:
    release = open_release(str(published.store))
    catalogue = release.catalogue
    assert len(catalogue) == NUM_TRACKS
    assert set(catalogue["status"]) == {"stored"}
    assert (catalogue["clips"] == 3).all()
    assert release.encodings.shape == (NUM_TRACKS, 8)
    assert sorted(release.clusters["track_id"]) == sorted(catalogue["track_id"])
    assert release.clusters.groupby("cluster")["exemplar"].sum().eq(1).all()
    assert release.clips(int(catalogue["track_id"].iloc[0])).shape == (3, 256, 256)
    assert {row["key"] for row in release.card["rows"]} >= {"same_track_r1", "unexplained"}
    assert set(release.manifest.parts.pictures) >= {"loss-curve", "reconstructions", "cluster-map"}


def test_a_second_run_reads_nothing_and_writes_nothing(
    published: Published, publish: Publisher, tmp_path: Path
) -> None:
    own = published.copy_to(tmp_path)
    kinds = ("segments", "encodings", "models", "releases", "clusters", "scans", "descriptors")
    before = {kind: read_files(own.store / kind) for kind in kinds}
    summary = publish(own.music, own.store)
    assert not summary.published
    assert summary.release == 1
    assert summary.stages["scan"]["audio_bytes_read"] == 0
    assert summary.stages["spectrograms"]["segments_written"] == 0
    assert {stage["status"] for stage in summary.stages.values()} == {"reused"}
    assert {kind: read_files(own.store / kind) for kind in kinds} == before


@pytest.mark.long
def test_the_poster_stands_on_the_card_of_another_preset(
    published: Published, publish: Publisher, tmp_path: Path
) -> None:
    own = published.copy_to(tmp_path)
    groove = Settings.from_preset("groove").with_overrides(dict(QUICK))
    assert publish(own.music, own.store, settings=groove).release == 2
    rows = {row["key"]: row for row in open_release(str(own.store)).card["rows"]}
    assert rows["same_track_r1"]["baselines"].keys() >= {"poster", "untrained"}
    assert "poster" in rows["disguised_r1"]["baselines"]
    alone = {row["key"]: row for row in open_release(str(own.store), 1).card["rows"]}
    assert "poster" not in alone["same_track_r1"]["baselines"]
    assert rows["same_track_r1"]["baselines"]["poster"]["value"] == pytest.approx(
        alone["same_track_r1"]["value"]
    )


def test_one_changed_track_remakes_only_what_depends_on_it(
    published: Published, publish: Publisher, tmp_path: Path, prefect_api: str
) -> None:
    music, store = tmp_path / "music", published.copy_to(tmp_path).store
    shutil.copytree(published.music, music)
    copied = Store(store)
    scan_source(open_source(str(music), store=copied), copied)  # the run shall read what changed
    before = read_files(store / "segments")
    track_id = swap_audio(music)
    plan = plan_run(str(store), SourceSelection(source=str(music)), quick_settings(), RunPolicy())
    assert (plan.new, plan.changed, plan.removed) == (0, 1, 0)
    assert plan.stages["spectrograms"]["tracks_to_decode"] == 1
    assert plan.stages["spectrograms"]["segments_to_write"] == 1
    assert plan.stages["train"]["status"] == "reused"
    summary = publish(music, store)
    assert (summary.release, summary.published) == (2, True)
    assert summary.stages["scan"]["files_read"] == 1
    assert summary.stages["spectrograms"]["segments_written"] == 1
    assert summary.stages["spectrograms"]["tracks"] == 1
    assert summary.stages["train"]["status"] == "reused"
    assert summary.stages["encode"]["segments_encoded"] == 1
    after = read_files(store / "segments")
    assert {name: after[name] for name in before} == before
    old, new = (open_release(str(store), number).catalogue for number in (1, 2))
    moved = old["fingerprint"] != new["fingerprint"]
    assert old.loc[moved, "track_id"].tolist() == [track_id]
    asked = {"key": {"any_": ["release"]}, "flow_run_id": {"any_": [summary.flow_run_id]}}
    (shown,) = httpx.post(f"{prefect_api}/artifacts/filter", json={"artifacts": asked}).json()
    assert "| best baseline | previous | change |" in shown["data"]


def test_a_lost_segment_comes_back_byte_for_byte(
    published: Published, publish: Publisher, tmp_path: Path
) -> None:
    own = published.copy_to(tmp_path)
    segments = sorted((own.store / "segments").glob("*/*"))
    before = read_files(own.store / "segments")
    shutil.rmtree(segments[1])
    summary = publish(own.music, own.store)
    assert summary.stages["spectrograms"]["segments_written"] == 1
    assert not summary.published
    after = read_files(own.store / "segments")
    assert {name: data for name, (_, data) in after.items()} == {
        name: data for name, (_, data) in before.items()
    }
    untouched = [
        n for n in before if not n.startswith(f"{segments[1].parent.name}/{segments[1].name}")
    ]
    assert all(after[name] == before[name] for name in untouched)


@pytest.mark.s3
def test_object_storage_gives_the_digests_of_a_local_store(
    published: Published, s3_store: Store, prefect_api: str
) -> None:
    # As the real command: workers must find the credentials in their environment.
    summary = autogroove_json(*run_arguments(published.music, s3_store.url))
    assert summary["published"]
    assert digest_of(s3_store.url) == digest_of(published.store)


@pytest.mark.long
def test_a_killed_run_is_resumed_and_ends_at_the_same_digests(
    published: Published, tmp_path: Path, prefect_api: str
) -> None:
    store = tmp_path / "store"
    arguments = run_arguments(published.music, store)
    run = start_autogroove(arguments)
    deadline = time.monotonic() + 300
    while not (written := list(store.glob("segments/*/*/index.json"))):
        assert run.poll() is None, "the run ended before it could be killed"
        assert time.monotonic() < deadline
        time.sleep(0.01)
    os.kill(run.pid, signal.SIGKILL)
    run.wait()
    assert not (store / "releases").exists()
    time.sleep(1)  # workers notice that their parent is gone, and stop
    kept = {path.parent.name: path.stat().st_mtime_ns for path in written}
    summary = autogroove_json(*arguments)
    assert summary["published"]
    asked = {"logs": {"flow_run_id": {"any_": [summary["flow_run_id"]]}}, "limit": 200}
    lines = [
        line["message"] for line in httpx.post(f"{prefect_api}/logs/filter", json=asked).json()
    ]
    assert sum(line.startswith("Epoch 1 of 2") for line in lines) == 1
    assert summary["stages"]["spectrograms"]["segments_written"] < 3
    assert digest_of(store) == digest_of(published.store)
    for path in store.glob("segments/*/*/index.json"):
        if path.parent.name in kept:
            assert path.stat().st_mtime_ns == kept[path.parent.name]
