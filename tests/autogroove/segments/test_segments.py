"""Segments: planned from what is missing, written whole or not at all, read with plain Zarr."""

import pickle

import numpy as np
import pandas as pd
import pytest
import zarr
from sounds import play_music, scan_folder, write_audio

from autogroove.config.settings import Settings
from autogroove.errors import SourceError, StoreError
from autogroove.segments.coverage import complete_catalogue, list_needed
from autogroove.segments.index import (
    SegmentIndex,
    open_clips,
    read_segment_index,
    read_segment_indexes,
)
from autogroove.segments.planning import plan_segments
from autogroove.segments.writing import write_segment
from autogroove.source.tracks import Reason
from autogroove.store.store import Store

SETTINGS = Settings().with_overrides(
    {
        "clip.clip_seconds": 1,
        "spectrogram.num_bins": 32,
        "spectrogram.num_frames": 24,
    }
)


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "store")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Ten tracks of 3 s; the fourth is no audio."""
    folder = tmp_path_factory.mktemp("music")
    for i in range(10):
        write_audio(folder / f"{i:02}.wav", play_music(3, 22050, seed=i), 22050)
    (folder / "03.wav").write_bytes(b"<!DOCTYPE html><html>" * 50)
    return folder


def write_all(plan, source, store, **options):
    return [write_segment(batch, source, store, SETTINGS, **options) for batch in plan.batches]


def objects_of(store):
    return {o.key: store.read(o.key) for o in store.objects("segments")}


def test_what_is_written_is_not_planned_again(folder, store):
    source, catalogue = scan_folder(folder, store)
    plan = plan_segments(catalogue, store, SETTINGS, tracks_per_segment=4)
    assert [len(batch.members) for batch in plan.batches] == [4, 4, 2]
    assert pickle.loads(pickle.dumps(plan.batches[0])) == plan.batches[0]  # noqa: S301
    indexes = write_all(plan, source, store)
    again = plan_segments(catalogue, store, SETTINGS, tracks_per_segment=4)
    assert again.batches == ()
    assert set(again.reused) == {index.segment_key for index in indexes}
    assert sum(len(i.rows) for i in read_segment_indexes(store, plan.recipe_key)) == 9


def test_a_lost_segment_comes_back_byte_for_byte(folder, store):
    source, catalogue = scan_folder(folder, store)
    plan = plan_segments(catalogue, store, SETTINGS, tracks_per_segment=4)
    write_all(plan, source, store)
    before = objects_of(store)
    lost = plan.batches[1]
    prefix = f"segments/{plan.recipe_key}/{lost.segment_key}"
    store.delete_all(each.key for each in store.objects(prefix))
    again = plan_segments(catalogue, store, SETTINGS, tracks_per_segment=4)
    assert again.batches == (lost,)
    write_all(again, source, store)
    assert objects_of(store) == before


def test_a_segment_without_its_index_does_not_exist(folder, store):
    source, catalogue = scan_folder(folder, store)
    plan = plan_segments(catalogue, store, SETTINGS)
    write_all(plan, source, store)
    before = objects_of(store)
    store.delete(f"segments/{plan.recipe_key}/{plan.batches[0].segment_key}/index.json")
    assert plan_segments(catalogue, store, SETTINGS).batches == plan.batches
    write_all(plan, source, store)
    assert objects_of(store) == before


def test_the_catalogue_is_completed_and_balances(folder, store):
    source, catalogue = scan_folder(folder, store)
    plan = plan_segments(catalogue, store, SETTINGS, tracks_per_segment=4)
    indexes = write_all(plan, source, store)
    done = complete_catalogue(catalogue, indexes)
    assert done["status"].value_counts().to_dict() == {"stored": 9, "quarantined": 1}
    assert list(done.columns) == list(catalogue.columns)
    assert done.dtypes.equals(catalogue.dtypes)
    bad = done[done["path"] == "03.wav"].iloc[0]
    assert (bad["reason"], bad["clips"]) == ("not_audio", 0)
    for segment, tracks in done[done["status"] == "stored"].groupby("segment"):
        clips = open_clips(store, plan.recipe_key, str(segment))
        assert clips.shape == (tracks["clips"].sum(), 32, 24)
        assert sorted(tracks["first_clip"]) == list(range(0, clips.shape[0], 3))
    with pytest.raises(StoreError, match="coverage"):
        complete_catalogue(catalogue, indexes[:1])


def test_rows_of_a_track_are_its_images(folder, store):
    source, catalogue = scan_folder(folder, store)
    write_all(plan_segments(catalogue, store, SETTINGS), source, store)
    plan = plan_segments(catalogue, store, SETTINGS)
    done = complete_catalogue(catalogue, read_segment_indexes(store, plan.recipe_key))
    track = done[done["path"] == "07.wav"].iloc[0]
    alone = Store(store.url + "-alone")
    only = catalogue[catalogue["path"] == "07.wav"]
    (index,) = write_all(plan_segments(only, alone, SETTINGS), source, alone)
    expected = open_clips(alone, index.recipe_key, index.segment_key)[:]
    first = int(track["first_clip"])
    got = open_clips(store, plan.recipe_key, track["segment"])[first : first + 3]
    np.testing.assert_array_equal(got, expected)
    assert expected.max() > 100


def test_the_array_opens_with_plain_zarr_and_says_what_it_is(folder, store):
    source, catalogue = scan_folder(folder, store)
    (index,) = write_all(plan_segments(catalogue, store, SETTINGS), source, store)
    group = zarr.open(store.locate(f"segments/{index.recipe_key}/{index.segment_key}"), mode="r")
    assert group["clips"].shape == (27, 32, 24)
    assert group["clips"].attrs["spectrogram"] == SETTINGS.spectrogram.model_dump(mode="json")
    assert group["clips"].attrs["fingerprints"] == [row.fingerprint for row in index.rows]


def test_a_changed_track_makes_one_segment_of_one(tmp_path, store):
    for i in range(4):
        write_audio(tmp_path / f"m/{i}.wav", play_music(3, 22050, seed=i), 22050)
    source, catalogue = scan_folder(tmp_path / "m", store)
    write_all(plan_segments(catalogue, store, SETTINGS), source, store)
    write_audio(tmp_path / "m/2.wav", play_music(3.5, 22050, seed=9), 22050)
    source, catalogue = scan_folder(tmp_path / "m", store)
    plan = plan_segments(catalogue, store, SETTINGS)
    assert [m.path for batch in plan.batches for m in batch.members] == ["2.wav"]
    assert len(plan.reused) == 1
    indexes = write_all(plan, source, store)
    done = complete_catalogue(
        catalogue, read_segment_indexes(store, plan.recipe_key, plan.segment_keys)
    )
    assert set(done["segment"]) == {indexes[0].segment_key, plan.reused[0]}


def test_the_bad_are_remembered_until_asked_or_the_decoder_changes(folder, store, monkeypatch):
    source, catalogue = scan_folder(folder, store)
    write_all(plan_segments(catalogue, store, SETTINGS), source, store)
    retry = plan_segments(catalogue, store, SETTINGS, retry_quarantined=True)
    assert [m.path for batch in retry.batches for m in batch.members] == ["03.wav"]
    before = objects_of(store)
    assert write_all(retry, source, store) == [None]  # in vain: nothing is new
    assert objects_of(store) == before
    assert plan_segments(catalogue, store, SETTINGS).batches == ()
    for module in ("planning", "writing"):
        monkeypatch.setattr(f"autogroove.segments.{module}.DECODER_VERSION", "another")
    newer = plan_segments(catalogue, store, SETTINGS)
    assert [m.path for batch in newer.batches for m in batch.members] == ["03.wav"]
    write_all(newer, source, store)
    last = plan_segments(catalogue, store, SETTINGS)
    assert last.batches == ()
    done = read_segment_indexes(store, last.recipe_key)
    assert set(list_needed(catalogue, done)) == set(last.reused)


def test_settings_that_change_no_bytes_make_no_new_recipe(folder, store):
    _, catalogue = scan_folder(folder, store)
    other = SETTINGS.with_overrides({"clustering.damping": 0.8, "training.seed": 5})
    louder = SETTINGS.with_overrides({"spectrogram.gain": 7})
    keys = {plan_segments(catalogue, store, s).recipe_key for s in (SETTINGS, other, louder)}
    assert len(keys) == 2


def test_black_shards_are_written(tmp_path, store):
    quiet = np.zeros((22050 * 3, 1), "f4")
    quiet[-22050:] = play_music(1, 22050, 1)
    write_audio(tmp_path / "m/a.wav", quiet, 22050)
    source, catalogue = scan_folder(tmp_path / "m", store)
    (index,) = write_all(plan_segments(catalogue, store, SETTINGS), source, store)
    assert "clips/c/0/0/0" in index.objects


def test_more_clips_than_a_shard_and_than_a_chunk(tmp_path, store, monkeypatch):
    monkeypatch.setattr("autogroove.segments.shards.CLIPS_PER_SHARD", 8)
    monkeypatch.setattr("autogroove.segments.shards.CLIPS_PER_CHUNK", 4)
    write_audio(tmp_path / "m/a.wav", play_music(21, 22050), 22050)
    many = SETTINGS.with_overrides({"clip.clips_per_track": 21})
    source, catalogue = scan_folder(tmp_path / "m", store)
    plan = plan_segments(catalogue, store, many)
    index = write_segment(plan.batches[0], source, store, many)
    assert [name for name in index.objects if "/c/" in name] == [
        f"clips/c/{shard}/0/0" for shard in range(3)
    ]
    images = open_clips(store, index.recipe_key, index.segment_key)[:]
    assert images.shape == (21, 32, 24)
    assert len(np.unique(images.reshape(21, -1), axis=0)) == 21


def test_an_index_survives_its_bytes(folder, store):
    source, catalogue = scan_folder(folder, store)
    (index,) = write_all(plan_segments(catalogue, store, SETTINGS), source, store)
    read = read_segment_index(store, index.recipe_key, index.segment_key)
    assert read == index
    assert read.digest == index.digest
    assert SegmentIndex.from_bytes(read.to_bytes()) == read
    assert read.quarantined[0].reason is Reason.not_audio


def test_a_source_that_is_gone_is_no_fault_of_its_tracks(tmp_path, store):
    for i in range(5):
        write_audio(tmp_path / f"m/{i}.wav", play_music(3, 22050, seed=i), 22050)
    source, catalogue = scan_folder(tmp_path / "m", store)
    plan = plan_segments(catalogue, store, SETTINGS)
    for i in range(4):
        (tmp_path / f"m/{i}.wav").unlink()
    index = write_segment(plan.batches[0], source, Store(store.url + "-2"), SETTINGS)
    assert {q.reason for q in index.quarantined} == {Reason.unreadable}
    (tmp_path / "m/4.wav").unlink()
    with pytest.raises(SourceError, match="source"):
        write_segment(plan.batches[0], source, store, SETTINGS)
    assert plan_segments(catalogue, store, SETTINGS).batches == plan.batches


def test_unreadable_tracks_are_tried_again_at_each_run(tmp_path, store):
    for i in range(2):
        write_audio(tmp_path / f"m/{i}.wav", play_music(3, 22050, seed=i), 22050)
    source, catalogue = scan_folder(tmp_path / "m", store)
    music = (tmp_path / "m/1.wav").read_bytes()
    (tmp_path / "m/1.wav").unlink()
    write_all(plan_segments(catalogue, store, SETTINGS), source, store)
    vain = plan_segments(catalogue, store, SETTINGS)
    assert (vain.standing, write_all(vain, source, store)) == ((), [None])
    (tmp_path / "m/1.wav").write_bytes(music)
    plan = plan_segments(catalogue, store, SETTINGS)
    assert [m.path for m in plan.batches[0].members] == ["1.wav"]
    write_all(plan, source, store)
    done = complete_catalogue(catalogue, read_segment_indexes(store, plan.recipe_key))
    assert set(done["status"]) == {"stored"}


def test_a_plan_of_fma_large_is_under_500_batches(store):
    count = 106_574
    catalogue = pd.DataFrame(
        {
            "track_id": np.arange(count),
            "path": [f"{i // 1000:03}/{i:06}.mp3" for i in range(count)],
            "status": "listed",
            "fingerprint": [f"{i:064x}" for i in range(count)],
            "size_bytes": 1_000_000,
        }
    )
    plan = plan_segments(catalogue, store, Settings())
    assert len(plan.batches) <= 500
    assert plan.num_tracks == count
    assert len(pickle.dumps(plan.batches[0])) < 64 << 10


def test_a_forecast_counts_files_that_nobody_read_yet(store):
    catalogue = pd.DataFrame(
        {
            "track_id": [1, 2],
            "path": ["a.wav", "b.wav"],
            "status": "listed",
            "fingerprint": pd.Series([None, None], dtype="str"),
            "size_bytes": 1000,
        }
    )
    assert plan_segments(catalogue, store, SETTINGS).num_tracks == 2


@pytest.mark.s3
def test_s3_gives_the_same_bytes(folder, store, s3_store):
    for place in (store, s3_store):
        source, catalogue = scan_folder(folder, place)
        write_all(plan_segments(catalogue, place, SETTINGS, tracks_per_segment=4), source, place)
    assert objects_of(store) == objects_of(s3_store)
    recipe = plan_segments(catalogue, s3_store, SETTINGS).recipe_key
    for index in read_segment_indexes(s3_store, recipe):
        assert open_clips(s3_store, recipe, index.segment_key)[:].max() > 100
