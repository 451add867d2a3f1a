"""What is recognised as which collection, and which tracks it has."""

import pickle
from pathlib import Path

import fma_layout
import numpy as np
import pytest

from autogroove.errors import SourceError
from autogroove.source.groovebox.collection import demo_prefix, render_mp3
from autogroove.source.groovebox.plan import DemoSpec, plan_demo
from autogroove.source.scan import scan_source
from autogroove.source.sources import open_source
from autogroove.source.table import write_catalogue
from autogroove.source.tracks import Reason
from autogroove.store.store import Store

SUBSETS = {2: "small", 5: "medium", 10: "large", 12: "full", 20: "small"}


def rows_of_subsets() -> dict[int, dict[tuple[str, str], str]]:
    return {i: {("set", "subset"): subset} for i, subset in SUBSETS.items()}


@pytest.fixture
def fma(tmp_path: Path) -> Path:
    for track_id in SUBSETS:
        path = fma_layout.fma_path(track_id, "fma_full")
        fma_layout.write_file(tmp_path / "fma", path, fma_layout.audio_bytes(track_id))
    fma_layout.write_tracks_csv(tmp_path / "fma", rows_of_subsets())
    return tmp_path / "fma"


@pytest.mark.parametrize("name", ["A :: B", "X.zip", " leading", "zip::odd"])
def test_a_folder_is_a_folder_and_a_store_in_it_a_store(tmp_path: Path, name: str) -> None:
    fma_layout.write_file(tmp_path / name, "a :: b/c.zip/ song.mp3", b"audio")
    store = Store(tmp_path / name / "store")
    source = open_source(str(tmp_path / name), store=store)
    scan = scan_source(source, store)
    assert (source.kind, source.url) == ("folder", str(tmp_path / name))
    assert list(scan.catalogue["path"]) == ["a :: b/c.zip/ song.mp3"]
    assert source.read("a :: b/c.zip/ song.mp3") == b"audio"
    assert [found.key for found in store.objects()] != []


def test_a_folder_with_metadata_is_fma_and_its_ids_are_the_file_names(
    fma: Path, local_store: Store
) -> None:
    source = open_source(str(fma), store=local_store)
    assert (source.kind, source.url) == ("fma", str(fma))
    paths = source.list_tracks().set_index("track_id")["path"]
    assert paths.to_dict() == {i: fma_layout.fma_path(i, "fma_full") for i in SUBSETS}


def test_a_track_knows_its_metadata_without_its_audio_being_opened(
    fma: Path, local_store: Store
) -> None:
    known = open_source(str(fma), store=local_store).list_tracks().iloc[0]
    assert known.track_id == 2
    assert known.size_bytes == len(fma_layout.audio_bytes(2))
    assert (known.title, known.artist, known.artist_id) == ("Title", "Artist", 7)
    assert (known.split, known.subset, known.genre) == ("training", "small", "Rock")
    assert (known.licence, known.duration_seconds) == ("CC BY 4.0", 30.0)
    assert np.isnan(known.energy)


@pytest.mark.parametrize(
    ("subset", "expected"),
    [("small", [2, 20]), ("medium", [2, 5, 20]), ("large", [2, 5, 10, 20]), ("full", [*SUBSETS])],
)
def test_a_subset_holds_those_inside_it(
    fma: Path, local_store: Store, subset: str, expected: list[int]
) -> None:
    source = open_source(str(fma), store=local_store, subset=subset)
    assert list(source.list_tracks()["track_id"]) == expected


def test_a_limit_takes_the_lowest_ids(fma: Path, local_store: Store) -> None:
    source = open_source(str(fma), store=local_store, subset="large", limit=2)
    assert list(source.list_tracks()["track_id"]) == [2, 5]


def test_a_source_travels_small_and_reads_the_same_on_arrival(
    fma: Path, local_store: Store
) -> None:
    source = open_source(str(fma), store=local_store, subset="medium", limit=3)
    arrived = pickle.loads(pickle.dumps(source))  # noqa: S301
    assert len(pickle.dumps(source)) < 2000
    assert arrived == source
    path = fma_layout.fma_path(5, "fma_full")
    assert arrived.read(path) == fma_layout.audio_bytes(5)
    assert arrived.open(path).read() == fma_layout.audio_bytes(5)
    assert arrived.local_path(path) == fma / path


def test_ids_of_seven_digits_and_other_set_names(tmp_path: Path, local_store: Store) -> None:
    fma_layout.write_file(tmp_path, "fma_medium/123/1234567.mp3", b"one")
    fma_layout.write_file(tmp_path, "music/000/000009.flac", b"two")
    fma_layout.write_tracks_csv(tmp_path, {1234567: {}, 9: {}})
    tracks = open_source(str(tmp_path), store=local_store).list_tracks()
    assert tracks.set_index("track_id")["title"].to_dict() == {1234567: "Title", 9: "Title"}


def test_files_without_rows_are_kept_and_rows_without_files_are_excluded(
    tmp_path: Path, local_store: Store
) -> None:
    fma_layout.write_fma(tmp_path, [1, 2], rows={3: {}, 4: {("set", "subset"): "medium"}})
    fma_layout.write_tracks_csv(tmp_path, {1: {}, 3: {}, 4: {("set", "subset"): "medium"}})
    table = open_source(str(tmp_path), store=local_store).list_tracks().set_index("track_id")
    assert table["path"].isna().to_dict() == {1: False, 2: False, 3: True}
    assert table["reason"].dropna().to_dict() == {3: Reason.missing_file}
    assert table.loc[2, list(table.columns[-15:])].isna().all()


def test_the_same_id_twice_keeps_the_file_of_the_smaller_set(
    tmp_path: Path, local_store: Store
) -> None:
    fma_layout.write_fma(tmp_path, [1])
    fma_layout.write_file(tmp_path, fma_layout.fma_path(1, "fma_large"), b"the longer one")
    table = open_source(str(tmp_path), store=local_store).list_tracks()
    assert table["track_id"].is_unique
    kept = table[table["reason"].isna()]
    assert list(kept["path"]) == [fma_layout.fma_path(1)]
    (double,) = table[table["reason"].notna()].to_dict("records")
    assert double["reason"] == Reason.duplicate_id
    assert fma_layout.fma_path(1) in double["detail"]


def test_fma_small_alone_is_a_plain_folder(fma: Path, local_store: Store) -> None:
    source = open_source(str(fma / "fma_full"), store=local_store)
    assert source.kind == "folder"
    assert min(source.list_tracks()["track_id"]) > 1000


def test_the_demo_says_that_it_must_be_rendered_first(local_store: Store) -> None:
    source = open_source("demo", store=local_store)
    assert (source.kind, source.url, source.is_ready) == ("demo", "demo", False)
    assert source.demo is not None
    with pytest.raises(SourceError, match="not rendered yet"):
        source.list_tracks()


def put_demo(store: Store) -> None:
    """Something in the place of the demo, as if it had been rendered."""
    for name, text in {"song": b"a song", "copy": b"a song"}.items():
        store.write(f"{demo_prefix(DemoSpec())}/fma_small/000/{name}.mp3", text)
    store.write(f"{demo_prefix(DemoSpec())}/fma_metadata/tracks.csv", b",track\n,title\n5,x\n")


def test_a_limited_demo_is_only_as_large_as_its_limit_and_the_whole_serves_both(
    local_store: Store,
) -> None:
    asked = open_source("demo", store=local_store, limit=3)
    assert (asked.demo, asked.url) == (DemoSpec(num_tracks=3), "demo:3")
    assert open_source(asked.url, store=local_store) == asked  # as readers of a release find it
    short = DemoSpec(num_tracks=3, track_seconds=2.0)
    whole = DemoSpec(track_seconds=2.0)
    assert [t.path for t in plan_demo(short)] == [t.path for t in plan_demo(whole)][:3]
    assert [render_mp3(t) for t in plan_demo(short)[:1]] == [render_mp3(plan_demo(whole)[0])]
    put_demo(local_store)  # the whole, as far as anybody can tell
    assert open_source("demo", store=local_store, limit=3).demo == DemoSpec()
    assert open_source("demo", store=local_store, limit=999).demo == DemoSpec()


@pytest.mark.s3
def test_a_demo_has_the_same_catalogue_in_every_store(local_store: Store, s3_store: Store) -> None:
    for store in (local_store, s3_store):
        put_demo(store)
    local, remote = (
        scan_source(open_source("demo", store=store), store) for store in (local_store, s3_store)
    )
    assert write_catalogue(local.catalogue) == write_catalogue(remote.catalogue)
    assert local.catalogue["fingerprint"].dropna().str.len().eq(64).all()


def test_the_store_inside_a_music_folder_is_no_music(tmp_path: Path) -> None:
    fma_layout.write_file(tmp_path, "song.mp3", b"song")
    store = Store(tmp_path / "autogroove-store")
    store.write("cache/demo-1/song.mp3", b"rendered")
    assert list(open_source(str(tmp_path), store=store).list_tracks()["path"]) == ["song.mp3"]


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda root: root / "nowhere", "is not there"),
        (lambda root: fma_layout.write_file(root, "a.txt", b"x"), "neither a folder nor a .zip"),
        (lambda root: fma_layout.write_file(root, "a/b.txt", b"x").parent, "holds no audio"),
        (lambda root: fma_layout.write_file(root, "a.zip", b"no zip"), "not a zip archive"),
    ],
)
def test_what_is_no_source_is_one_clear_sentence(
    tmp_path: Path, local_store: Store, make: object, says: str
) -> None:
    assert callable(make)
    place = make(tmp_path)
    with pytest.raises(SourceError, match=says) as caught:
        open_source(str(place), store=local_store).list_tracks()
    assert str(place) in str(caught.value)


def test_settings_of_a_source_that_cannot_be(fma: Path, local_store: Store) -> None:
    with pytest.raises(SourceError, match="no subset 'tiny'"):
        open_source(str(fma), store=local_store, subset="tiny")
    with pytest.raises(SourceError, match="limit of 0"):
        open_source(str(fma), store=local_store, limit=0)
    with pytest.raises(SourceError, match="fma_metadata"):
        open_source(str(fma / "fma_full"), store=local_store, subset="small")
    with pytest.raises(SourceError, match="must not carry credentials"):
        open_source("https://me:secret@example.org/fma_small.zip", store=local_store)
    with pytest.raises(SourceError, match="Cannot open"):
        open_source("nosuch://bucket/music", store=local_store).list_tracks()
