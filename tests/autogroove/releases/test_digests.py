"""One key has one digest for ever, over all releases of a store."""

import pytest
from synthetic import Collection, put_release

from autogroove.errors import ReleaseError
from autogroove.releases.log import list_releases, publish_release
from autogroove.releases.manifest import manifest_key
from autogroove.releases.parts import ReleaseParts, content_digest
from autogroove.releases.verification import verify_release
from autogroove.store.artefacts import refer_to
from autogroove.store.store import Store


def change_under_key(store: Store, parts: ReleaseParts, which: str) -> ReleaseParts:
    """The parts as a run would name them that believes what is there: bytes under an old key."""
    if which == "encodings":
        key = parts.encodings[0].key
    elif which == "weights":
        key = parts.model.weights.key
    else:
        key = getattr(parts, which).key
    store.delete_all([key])
    store.write(key, b"other bytes")
    part = refer_to(store, key)
    if which == "encodings":
        return parts.model_copy(update={"encodings": (part, *parts.encodings[1:])})
    if which == "weights":
        return parts.model_copy(update={"model": parts.model.model_copy(update={"weights": part})})
    return parts.model_copy(update={which: part})


@pytest.mark.parametrize("which", ["encodings", "weights", "catalogue", "clusters", "card"])
def test_an_object_that_changed_under_its_key_is_not_published_again(
    store: Store, which: str
) -> None:
    parts = put_release(store)
    publish_release(store, parts)
    damaged = change_under_key(store, parts, which)
    with pytest.raises(ReleaseError, match=r"is not what release 1 says of it.*verify 1"):
        publish_release(store, damaged)
    assert [manifest.release for manifest in list_releases(store)] == [1]


def test_verify_names_a_pair_that_an_older_version_left(local_store: Store) -> None:
    parts = put_release(local_store)
    publish_release(local_store, parts)
    damaged = change_under_key(local_store, parts, "encodings")
    first = list_releases(local_store)[0]
    second = first.model_copy(
        update={"release": 2, "parts": damaged, "content_digest": content_digest(damaged)}
    )
    local_store.write(manifest_key(2), second.model_dump_json(by_alias=True).encode())
    faults = verify_release(local_store, 2).faults
    assert [(fault.key, fault.what) for fault in faults] == [
        (parts.encodings[0].key, "release 1 names it with another digest")
    ]


def test_other_content_under_other_keys_is_published(local_store: Store) -> None:
    publish_release(local_store, put_release(local_store))
    grown = put_release(local_store, Collection(track_ids=range(40)))
    assert publish_release(local_store, grown).number == 2
    assert not verify_release(local_store, 2).faults
