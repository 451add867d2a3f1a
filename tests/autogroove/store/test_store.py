"""The store: whole objects, created once, on a disk and on S3 alike."""

import pickle
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import zarr

from autogroove.errors import AutogrooveError, MissingObject, StoreError
from autogroove.store.store import Store


def test_what_is_written_is_read_and_listed(store: Store) -> None:
    store.write("a/one.bin", b"1")
    store.write("a/b/two.bin", b"22")
    store.write("c/three.bin", b"333")
    assert store.read("a/b/two.bin") == b"22"
    assert [(o.key, o.size_bytes) for o in store.objects()] == [
        ("a/b/two.bin", 2),
        ("a/one.bin", 1),
        ("c/three.bin", 3),
    ]
    assert [o.key for o in store.objects("a/b")] == ["a/b/two.bin"]
    assert store.names("a") == ["one.bin"]
    assert store.folders("a") == ["b"]
    assert (store.size("c/three.bin"), store.exists("c/three.bin")) == (3, True)


def test_what_is_not_there_is_said_to_be_missing(store: Store) -> None:
    assert not store.exists("nothing")
    assert store.names("nothing") == store.folders("nothing") == []
    assert list(store.objects("nothing")) == list(store.objects()) == []
    store.delete("nothing")
    for ask in (store.read, store.size, store.stat):
        with pytest.raises(MissingObject, match="nothing"):
            ask("nothing")


def test_a_folder_is_no_object_and_a_prefix_ends_at_a_slash(store: Store) -> None:
    store.write("ab/x", b"1")
    store.write("abc/x", b"2")
    assert not store.exists("ab")
    with pytest.raises(MissingObject):
        store.size("ab")
    assert [o.key for o in store.objects("ab")] == ["ab/x"]
    store.delete_all(each.key for each in store.objects("ab"))
    assert [o.key for o in store.objects()] == ["abc/x"]


def test_only_the_first_create_counts(store: Store) -> None:
    assert store.create("r/1", b"first")
    assert not store.create("r/1", b"second")
    assert store.read("r/1") == b"first"


def test_of_many_creators_one_wins_and_its_bytes_stay(store: Store) -> None:
    for turn in range(5):
        with ThreadPoolExecutor(8) as pool:
            key = f"r/{turn}"
            won = list(pool.map(lambda n, key=key: store.create(key, b"%d" % n), range(8)))
        assert won.count(True) == 1
        assert store.read(key) == b"%d" % won.index(True)


def test_a_folder_whose_last_object_went_is_empty(store: Store) -> None:
    store.write("a/b/c.json", b"")
    store.write("a/b/d.json", b"")
    store.delete_all(["a/b/c.json", "a/b/d.json"])
    assert (store.names("a/b"), store.folders("a/b")) == ([], [])
    assert list(store.objects("a")) == []


def test_deleting_many_leaves_the_others(store: Store) -> None:
    for number in range(30):
        store.write(f"d/{number % 3}/{number}", b"x")
    store.delete_all(f"d/{n % 3}/{n}" for n in range(30) if n != 7)
    assert [o.key for o in store.objects()] == ["d/1/7"]
    assert "1" in store.folders("d")


@pytest.mark.parametrize(
    "key", ["../x", "a/../../x", "/etc/passwd", "a//b", "", "a/", ".", "a/.hidden", "a\\b", "a\n"]
)
def test_no_key_climbs_out_of_the_store(store: Store, key: str) -> None:
    for ask in (store.read, store.delete, store.size, store.locate):
        with pytest.raises(StoreError):
            ask(key)
    with pytest.raises(StoreError):
        store.write(key, b"")


def test_a_store_travels_as_its_url_alone(store: Store) -> None:
    store.write("a", b"1")
    copy = pickle.loads(pickle.dumps(store))  # noqa: S301
    assert copy == store
    assert copy.read("a") == b"1"
    assert b"only-for-tests" not in pickle.dumps(store)


def test_arrays_are_written_and_read_with_zarr(store: Store) -> None:
    images = np.random.default_rng(0).integers(0, 255, (10, 8, 8), np.uint8)
    group = zarr.create_group(store.zarr("segments/r/s", read_only=False))
    group.create_array("clips", data=images, chunks=(2, 8, 8), shards=(4, 8, 8))
    again = zarr.open_group(store.zarr("segments/r/s"), mode="r")["clips"]
    assert isinstance(again, zarr.Array)
    assert np.array_equal(np.asarray(again[:]), images)


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_workers_may_be_forked_or_spawned(store: Store, method: str, tmp_path: Path) -> None:
    script = f"""
import multiprocessing, sys
from autogroove.store import Store
def read(store): return store.read("a")
if __name__ == "__main__":
    store = Store({store.url!r}); assert store.read("a") == b"1"
    with multiprocessing.get_context({method!r}).Pool(2) as pool:
        assert pool.map(read, [store] * 4) == [b"1"] * 4
"""
    store.write("a", b"1")
    program = tmp_path / "program.py"
    program.write_text(script)
    subprocess.run([sys.executable, program], check=True, timeout=240)


@pytest.mark.parametrize(
    "url", ["s3://", "s3:///folder", "s3://key:secret@bucket/x", "nosuch://x/y"]
)
def test_a_url_that_cannot_be_a_store_is_explained(url: str) -> None:
    with pytest.raises(StoreError) as caught:
        Store(url).read("a")
    assert "secret" not in str(caught.value)


@pytest.mark.s3
def test_a_missing_bucket_is_not_an_empty_store(s3_store: Store) -> None:
    absent = Store("s3://no-such-bucket-here/x")
    for ask in (absent.read, absent.names, absent.folders, lambda k: list(absent.objects(k))):
        with pytest.raises(AutogrooveError, match="no such bucket"):
            ask("releases")
