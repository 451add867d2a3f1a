"""Verification finds what is missing or changed, and nothing else."""

import pytest
from synthetic import SMALL, put_release

from autogroove.errors import NotFoundError
from autogroove.releases.log import publish_release, read_manifest
from autogroove.releases.parts import ReleaseParts
from autogroove.releases.verification import verify_release
from autogroove.store.store import Store


@pytest.fixture
def parts(store: Store) -> ReleaseParts:
    made = put_release(store, SMALL)
    publish_release(store, made)
    return made


def faults(store: Store, *, quick: bool) -> dict[str, str]:
    return {fault.key: fault.what for fault in verify_release(store, 1, quick).faults}


@pytest.mark.parametrize("quick", [True, False])
def test_a_whole_release_is_sound(store: Store, parts: ReleaseParts, quick: bool) -> None:
    seen: list[tuple[int, int]] = []
    report = verify_release(store, 1, quick, lambda done, total: seen.append((done, total)))
    assert report.is_sound
    assert report.to_json()["sound"] is True
    everything = {
        o.key: o.size_bytes
        for o in store.objects()
        if not o.key.startswith(("releases/", "memos/"))
    }
    assert report.num_objects == len(everything)
    assert report.num_bytes == sum(everything.values())
    assert seen[-1] == (report.num_objects, report.num_objects)


def test_every_object_that_goes_is_missed(store: Store, parts: ReleaseParts) -> None:
    for each in list(store.objects()):
        if each.key.startswith(("releases/", "memos/")):
            continue
        data = store.read(each.key)
        store.delete(each.key)
        for quick in (True, False):
            assert "missing" in faults(store, quick=quick)[each.key]
        store.write(each.key, data)
    assert faults(store, quick=False) == {}


def test_every_flipped_bit_is_found_and_every_cut_even_quickly(local_store: Store) -> None:
    publish_release(local_store, put_release(local_store, SMALL))
    for each in list(local_store.objects()):
        if each.key.startswith(("releases/", "memos/")):
            continue
        data = local_store.read(each.key)
        half = len(data) // 2
        local_store.write(each.key, data[:half] + bytes([data[half] ^ 1]) + data[half + 1 :])
        assert "digest" in faults(local_store, quick=False)[each.key]
        local_store.write(each.key, data[:half])
        assert each.key in faults(local_store, quick=True)
        local_store.write(each.key, data)
    assert faults(local_store, quick=False) == {}


def test_a_manifest_whose_parts_were_exchanged_is_found(local_store: Store) -> None:
    parts = put_release(local_store)
    publish_release(local_store, parts)
    manifest = read_manifest(local_store, 1)
    forged = manifest.model_copy(
        update={"parts": parts.model_copy(update={"card": parts.cluster_report})}
    )
    local_store.write("releases/000001.json", forged.encoded())
    assert list(faults(local_store, quick=True)) == ["releases/000001.json"]


def test_an_index_that_lists_strange_names_is_a_fault_and_no_way_out(store: Store) -> None:
    from autogroove.store.keys import canonical_json, digest_bytes

    parts = put_release(store)
    segment = parts.segments[0]
    index = canonical_json({"objects": {"../../../etc/passwd": ["0" * 64, 10]}})
    store.write(segment.index_key, index)
    forged = segment.model_copy(update={"digest": digest_bytes(index)})
    changed = parts.model_copy(update={"segments": (forged, *parts.segments[1:])})
    publish_release(store, changed)
    assert any("etc/passwd" in key for key in faults(store, quick=False))


def test_there_must_be_a_release(local_store: Store) -> None:
    with pytest.raises(NotFoundError, match="no release 1"):
        verify_release(local_store, 1)
