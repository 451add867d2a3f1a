"""What a run may reuse is what it was, or is not there: the first look at a store."""

from datetime import timedelta

import pytest
from synthetic import SMALL, Collection, put_release

from autogroove.errors import AutogrooveError
from autogroove.releases.garbage import collect_garbage
from autogroove.releases.inspection import Inspection, inspect_store
from autogroove.releases.log import publish_release
from autogroove.releases.parts import ReleaseParts
from autogroove.releases.true_log import set_aside_damaged_manifests
from autogroove.store.listing import is_leftover
from autogroove.store.store import Store


@pytest.fixture
def parts(store: Store) -> ReleaseParts:
    made = put_release(store, SMALL)
    publish_release(store, made)
    return made


def flip(store: Store, key: str) -> None:
    data = store.read(key)
    store.write(key, data[:-1] + bytes([data[-1] ^ 1]))


def test_a_whole_store_is_sound_and_left_as_it_is(store: Store, parts: ReleaseParts) -> None:
    before = {found.key: found.modified for found in store.objects(leftovers=True)}
    for full in (False, True):
        assert inspect_store(store, full=full).is_sound
    assert {found.key: found.modified for found in store.objects(leftovers=True)} == before
    assert Inspection(0, (), ()).is_sound


def test_what_a_run_believes_unread_is_read(store: Store, parts: ReleaseParts) -> None:
    believed = [parts.catalogue.key, parts.model.weights.key, parts.clusters.key]
    believed += [parts.cluster_report.key, parts.segments[0].index_key]
    for key in believed:
        flip(store, key)
    found = inspect_store(store)
    assert found.set_aside == found.missing == tuple(sorted(believed))
    assert inspect_store(store).missing == found.missing


def test_everything_is_read_if_asked(store: Store, parts: ReleaseParts) -> None:
    shard = f"{parts.segments[0].prefix}/clips/c/0/0/0"
    for key in (parts.card.key, parts.encodings[0].key, shard):
        flip(store, key)
    assert inspect_store(store).is_sound
    found = inspect_store(store, full=True)
    assert set(found.set_aside) == {
        parts.card.key,
        parts.encodings[0].key,
        shard,
        parts.segments[0].index_key,
    }


def test_another_size_is_seen_by_a_listing_also_in_an_older_release(
    store: Store, parts: ReleaseParts
) -> None:
    publish_release(store, put_release(store, Collection(track_ids=range(9), num_clusters=2)))
    store.write(parts.track_encodings.key, b"")
    found = inspect_store(store)
    assert found.set_aside == (parts.track_encodings.key,)
    assert found.missing == ()


def test_what_was_set_aside_is_swept_after_its_time(local_store: Store) -> None:
    parts = put_release(local_store, SMALL)
    publish_release(local_store, parts)
    local_store.write(parts.card.key, b"")
    inspect_store(local_store)

    def list_aside() -> list[str]:
        return [o.key for o in local_store.objects(leftovers=True) if is_leftover(o.key)]

    (aside,) = list_aside()
    collect_garbage(local_store, keep_days=0, apply=True)
    assert list_aside() == [aside]
    collect_garbage(local_store, keep_days=0, grace=timedelta(0), apply=True)
    assert list_aside() == []


def test_a_flipped_digit_of_a_manifest_is_told_and_taken_out_of_the_log(
    store: Store, parts: ReleaseParts
) -> None:
    key = "releases/000001.json"
    data = store.read(key)
    changed = data.replace(parts.pictures["loss"].sha256.encode(), b"0" * 64)
    assert changed != data
    store.write(key, changed)
    with pytest.raises(AutogrooveError, match=f"{key} is damaged") as caught:
        inspect_store(store)
    assert "releases repair" in str(caught.value)
    assert set_aside_damaged_manifests(store) == [key]
    assert publish_release(store, parts).number == 1
    assert inspect_store(store, full=True).is_sound


def test_a_manifest_of_a_newer_version_stays(local_store: Store) -> None:
    publish_release(local_store, put_release(local_store, SMALL))
    local_store.write("releases/000002.json", b'{"format": 2, "release": 2}')
    assert set_aside_damaged_manifests(local_store) == []
    with pytest.raises(AutogrooveError, match="newer Autogroove"):
        inspect_store(local_store)
