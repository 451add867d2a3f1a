"""What no manifest names is held against the note of its digest."""

import pytest

from autogroove.errors import DamagedObject, MissingObject
from autogroove.store.listing import is_leftover
from autogroove.store.notes import NOTES, find_note, has_whole, read_noted, write_noted
from autogroove.store.readers import parse_json
from autogroove.store.store import Store

KEY = "descriptors/some/batch.json"


def list_set_aside(store: Store) -> list[bytes]:
    return [store.read(o.key) for o in store.objects(leftovers=True) if is_leftover(o.key)]


def test_an_object_is_read_as_it_was_written(store: Store) -> None:
    assert not has_whole(store, KEY)
    write_noted(store, KEY, b"[1]")
    assert read_noted(store, KEY) == b"[1]"
    store.write(KEY, b"[2]")
    with pytest.raises(DamagedObject, match=f"{KEY} is damaged"):
        read_noted(store, KEY)
    assert not has_whole(store, KEY)
    assert list_set_aside(store) == [b"[2]"]
    with pytest.raises(MissingObject):
        read_noted(store, KEY)
    assert list(store.names("descriptors/some")) == []


def test_what_is_made_again_over_damage_keeps_the_damage_aside(local_store: Store) -> None:
    local_store.write(KEY, b"damaged")
    write_noted(local_store, KEY, b"[1]")
    assert local_store.read(KEY) == b"[1]"
    assert list_set_aside(local_store) == [b"damaged"]


def test_what_is_older_than_notes_is_noted_once_it_can_be_read(local_store: Store) -> None:
    local_store.write(KEY, b"[1]")
    assert has_whole(local_store, KEY, parse_json)
    note = find_note(local_store, KEY)
    assert note is not None
    local_store.write(KEY, b"[2]")
    assert not has_whole(local_store, KEY, parse_json)
    other = "descriptors/some/other.json"
    local_store.write(other, b"[1")
    assert not has_whole(local_store, other, parse_json)


def test_a_flipped_note_is_no_note(local_store: Store) -> None:
    write_noted(local_store, KEY, b"[1]")
    (place,) = (found.key for found in local_store.objects(NOTES))
    data = local_store.read(place)
    for byte in range(len(data)):
        local_store.write(place, data[:byte] + bytes([data[byte] ^ 1]) + data[byte + 1 :])
        assert find_note(local_store, KEY) is None
    assert read_noted(local_store, KEY) == b"[1]"
    assert local_store.read(place) != data  # whoever only reads writes nothing
    assert has_whole(local_store, KEY)
    assert local_store.read(place) == data
