"""Memos are believed only while what they name is there."""

from synthetic import put_release

from autogroove.store.artefacts import PartRef, make_once, put_bytes, read_cached
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
