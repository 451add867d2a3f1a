"""Bytes that are not those that were written are told in a sentence, never read as data."""

from collections.abc import Callable

import pytest
from starlette.testclient import TestClient
from stored_clips import store_clips, tiny_settings
from synthetic import SMALL, put_release

from autogroove.errors import DamagedObject, MissingObject, StoreError
from autogroove.listening.explorer.app import create_app
from autogroove.model.encoding import encode_segment
from autogroove.model.training.clips import ClipLoader
from autogroove.model.training.train import train_model
from autogroove.releases.log import publish_release
from autogroove.releases.reading import open_release
from autogroove.releases.verification import verify_release
from autogroove.segments.index import make_recipe_key, open_clips
from autogroove.store.store import Store

Damage = Callable[[Store, str], None]


def flip_a_byte(store: Store, key: str) -> None:
    data = bytearray(store.read(key))
    data[len(data) // 3] ^= 1
    store.write(key, bytes(data))


def flip_its_index(store: Store, key: str) -> None:
    data = bytearray(store.read(key))
    data[-9] ^= 1
    store.write(key, bytes(data))


def cut_it(store: Store, key: str) -> None:
    data = store.read(key)
    store.write(key, data[: len(data) // 2])


def empty_it(store: Store, key: str) -> None:
    store.write(key, b"")


def lose_it(store: Store, key: str) -> None:
    store.delete(key)


ALL = [
    (flip_a_byte, DamagedObject, "are not those that were written"),
    (flip_its_index, DamagedObject, "are not those that were written"),
    (cut_it, DamagedObject, "are not those that were written"),
    (empty_it, DamagedObject, "is empty"),
    (lose_it, MissingObject, "is missing"),
]


@pytest.mark.parametrize(("damage", "kind", "says"), ALL)
def test_a_release_says_which_clips_are_damaged_and_what_to_do(
    store: Store, damage: Damage, kind: type[StoreError], says: str
) -> None:
    parts = put_release(store, SMALL)
    publish_release(store, parts)
    release = open_release(store)
    whole = release.clips(2)
    shard = f"{parts.segments[0].prefix}/clips/c/0/0/0"
    damage(store, shard)
    with pytest.raises(kind, match=says) as caught:
        release.clips(2)
    told = str(caught.value)
    assert told.startswith("The clips of track 2 in release 1 cannot be read: ")
    assert "again from the audio" in told
    assert [fault.key for fault in verify_release(store, 1).faults] == [shard]
    store.delete_all(each.key for each in store.objects(parts.segments[0].prefix))
    put_release(store, SMALL)
    assert (release.clips(2) == whole).all()


def test_damage_elsewhere_in_a_segment_is_no_fault_of_a_track(local_store: Store) -> None:
    parts = put_release(local_store, SMALL)
    publish_release(local_store, parts)
    shard = f"{parts.segments[0].prefix}/clips/c/0/0/0"
    data = bytearray(local_store.read(shard))
    data[0] ^= 1  # within the first chunk, of four clips
    local_store.write(shard, bytes(data))
    release = open_release(local_store)
    with pytest.raises(DamagedObject):
        release.clips(1)
    assert release.clips(2).shape == (3, 16, 16)


@pytest.mark.parametrize("name", ["zarr.json", "clips/zarr.json"])
def test_metadata_that_nobody_wrote_is_told(local_store: Store, name: str) -> None:
    parts = put_release(local_store, SMALL)
    publish_release(local_store, parts)
    key = f"{parts.segments[0].prefix}/{name}"
    local_store.write(key, local_store.read(key)[:-20])
    assert [fault.key for fault in verify_release(local_store, 1).faults] == [key]
    if name.startswith("clips"):
        with pytest.raises(DamagedObject, match="verify"):
            open_release(local_store).clips(2)


@pytest.mark.parametrize(
    ("written", "claimed"),
    [
        (b'"shape":[18,16,16]', b'"shape":[18,160000,160000]'),
        (b'"chunk_shape":[16,16,16]', b'"chunk_shape":[16000000,16,16]'),
        (b'"data_type":"uint8"', b'"data_type":"float64"'),
    ],
)
def test_a_size_that_metadata_claims_is_checked_before_anything_is_allocated(
    local_store: Store, written: bytes, claimed: bytes
) -> None:
    parts = put_release(local_store, SMALL)
    key = f"{parts.segments[0].prefix}/clips/zarr.json"
    text = b"".join(local_store.read(key).split())
    assert written in text
    local_store.write(key, text.replace(written, claimed))
    with pytest.raises(DamagedObject, match="in pieces of"):
        open_clips(local_store, parts.segments[0].recipe_key, parts.segments[0].segment_key)


@pytest.mark.parametrize(("damage", "kind", "says"), [ALL[0], ALL[-1]])
def test_training_and_encoding_stop_at_damage_with_a_sentence(
    store: Store, damage: Damage, kind: type[StoreError], says: str
) -> None:
    settings = tiny_settings(training__epochs=1)
    catalogue = store_clips(store, settings, num_tracks=6)
    model = train_model(store, catalogue, settings).model_key
    recipe = make_recipe_key(settings)
    folder = f"segments/{recipe}/segment0000"
    damage(store, f"{folder}/clips/c/0/0/0")
    again = settings.with_overrides({"training.seed": 1})
    works: list[Callable[[], object]] = [
        lambda: train_model(store, catalogue, again),
        lambda: ClipLoader(store, recipe, catalogue).read_all(),
        lambda: encode_segment(store, recipe, "segment0000", model),
    ]
    for work in works:
        with pytest.raises(kind, match=says) as caught:
            work()
        assert "again from the audio" in str(caught.value)
    assert list(store.objects("encodings")) == []


def test_the_explorer_answers_with_the_sentence(store: Store) -> None:
    parts = put_release(store, SMALL)
    publish_release(store, parts)
    flip_a_byte(store, f"{parts.segments[0].prefix}/clips/c/0/0/0")
    with TestClient(create_app(store.url), base_url="http://127.0.0.1") as browser:
        answer = browser.get("/api/releases/1/tracks/2/spectrogram/0.png")
    assert answer.status_code == 500
    assert "track 2 in release 1" in answer.json()["detail"]
