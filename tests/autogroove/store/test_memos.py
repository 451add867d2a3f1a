"""Memos are believed only while what they name is there."""

import pytest
from synthetic import put_release

from autogroove.store.artefacts import PartRef, put_bytes
from autogroove.store.memos import make_once, read_cached
from autogroove.store.store import Store


def test_what_was_made_is_recalled_until_it_is_gone(store: Store) -> None:
    calls = []

    def make() -> dict[str, PartRef]:
        calls.append(1)
        return {"card": put_bytes(store, "cards", ".json", b"1")}

    first = make_once(store, "card", "key", make, names={"card"})
    second = make_once(store, "card", "key", make, names={"card"})
    assert (first.reused, second.reused) == (False, True)
    assert first.parts == second.parts
    assert len(calls) == 1
    store.delete(first["card"].key)
    assert read_cached(store, "card", "key", {"card"}) is None
    assert not make_once(store, "card", "key", make, names={"card"}).reused
    assert store.read(first["card"].key) == b"1"


def test_other_inputs_are_other_memos(local_store: Store) -> None:
    parts = put_release(local_store)
    make_once(local_store, "card", "a", lambda: {"card": parts.card}, names={"card"})
    assert read_cached(local_store, "card", "b", {"card"}) is None
    assert read_cached(local_store, "page", "a", {"card"}) is None


@pytest.mark.parametrize("left", [b"", b"{", b"[]", b'{"card": 1}', b'{"page": {}}', b"\xff"])
def test_a_damaged_memo_costs_time_only(local_store: Store, left: bytes) -> None:
    def make() -> dict[str, PartRef]:
        return {"card": put_bytes(local_store, "cards", ".json", b"1")}

    first = make_once(local_store, "card", "key", make, names={"card"})
    whole = local_store.read("memos/card/key.json")
    local_store.write("memos/card/key.json", left)
    again = make_once(local_store, "card", "key", make, names={"card"})
    assert not again.reused
    assert again.parts == first.parts
    assert local_store.read("memos/card/key.json") == whole


def test_a_memo_is_believed_only_while_its_parts_are_whole(store: Store) -> None:
    def make() -> dict[str, PartRef]:
        return {"card": put_bytes(store, "cards", ".json", b"1")}

    key = make_once(store, "card", "key", make, names={"card"})["card"].key
    store.write(key, b"2")
    assert read_cached(store, "card", "key", {"card"}) is None
    assert not store.exists(key)
    make_once(store, "card", "key", make, names={"card"})
    assert store.read(key) == b"1"


def test_a_whole_part_is_not_set_aside_for_a_memo_that_is_wrong(local_store: Store) -> None:
    part = put_bytes(local_store, "cards", ".json", b"1")
    wrong = part.model_copy(update={"sha256": "0" * 64})
    make_once(local_store, "card", "key", lambda: {"card": wrong}, names={"card"})
    assert read_cached(local_store, "card", "key", {"card"}) is None
    assert local_store.read(part.key) == b"1"
