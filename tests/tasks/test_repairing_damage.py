"""Whatever is damaged, the next run ends at the digests of the undamaged store, or says why not.

Every kind of object × every way to damage it. The whole table is printed by `-s`; in the usual
suite most kinds are damaged once, each in another way.
"""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import damage
import line
import pipelines
import pytest

from autogroove.config.settings import Settings
from autogroove.errors import AutogrooveError
from autogroove.releases.log import current_release, list_releases
from autogroove.releases.verification import verify_release
from autogroove.runs.repairing.repair import repair_store
from autogroove.store.store import Store

LEFT_TO_THE_WHOLE_TABLE = {
    "segment: group",
    "data picture",
    "statistics",
    "note of a digest",
    *(f"memo: {kind}" for kind in damage.MEMOS[1:]),
}
HEALED, VERIFIED, REFUSED, REPAIRED = "healed", "by --verify", "refused", "by repair"


@pytest.fixture(scope="module")
def settings() -> Settings:
    return pipelines.short_settings().with_overrides({"training.epochs": "1"})


@pytest.fixture(scope="module")
def music(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return line.write_music(tmp_path_factory.mktemp("music"))


@pytest.fixture(scope="module")
def whole(
    tmp_path_factory: pytest.TempPathFactory, music: Path, settings: Settings
) -> damage.Bytes:
    """Every object of a store with one release."""
    store = Store(tmp_path_factory.mktemp("whole"))
    assert line.run_line(music, store, settings).published
    return damage.read_all(store)


def find_outcome(
    store: Store, music: Path, settings: Settings, before: damage.Bytes, key: str
) -> str:
    """What the next run makes of a damaged store, and if need be what comes after it."""
    try:
        line.run_line(music, store, settings)
        if not damage.name_differences(store, before):
            require_sound(store)
            return HEALED
        line.run_line(music, store, settings, verify=True)
        assert not damage.name_differences(store, before)
        require_sound(store)
        return VERIFIED
    except AutogrooveError as error:
        assert key in str(error), error
        assert str(error).count("\n") == 0
    report = repair_store(store)
    assert key in report.set_aside
    line.run_line(music, store, settings)
    assert not damage.name_differences(store, before)
    return REPAIRED


def require_sound(store: Store) -> None:
    """One release, and whole."""
    assert [manifest.release for manifest in list_releases(store)] == [1]
    assert verify_release(store, 1).is_sound


def tell(table: dict[tuple[str, str], str]) -> str:
    """The table as Markdown."""
    kinds = dict.fromkeys(kind for kind, _ in table)
    rows = [["kind", *damage.WAYS], ["---"] * (len(damage.WAYS) + 1)]
    rows += [[kind, *(table.get((kind, way), "") for way in damage.WAYS)] for kind in kinds]
    return "\n".join("| " + " | ".join(row) + " |" for row in rows)


def fill_table(
    store: Store,
    music: Path,
    settings: Settings,
    before: damage.Bytes,
    cells: Iterator[tuple[str, str, str]],
) -> dict[tuple[str, str], str]:
    table = {}
    for kind, key, way in cells:
        damage.put_back(store, before)
        damage.damage(store, key, way, before)
        try:
            table[kind, way] = find_outcome(store, music, settings, before, key)
        except Exception as error:
            raise AssertionError(f"{kind} {way}: {error!r}") from error
    return table


@pytest.mark.slow
def test_each_kind_of_object_is_healed_or_said_to_be_lost(
    local_store: Store, music: Path, settings: Settings, whole: damage.Bytes
) -> None:
    damage.put_back(local_store, whole)
    found = damage.find_kinds(local_store)
    kinds = {kind: key for kind, key in found.items() if kind not in LEFT_TO_THE_WHOLE_TABLE}
    ways = list(damage.WAYS)
    cells = (
        (kind, key, ways[place % len(ways)]) for place, (kind, key) in enumerate(kinds.items())
    )
    table = fill_table(local_store, music, settings, whole, cells)
    assert len(table) == len(kinds)


@pytest.mark.long
@pytest.mark.timeout(1800)
def test_every_way_to_damage_every_kind_of_object(
    store: Store, music: Path, settings: Settings, whole: damage.Bytes
) -> None:
    damage.put_back(store, whole)
    kinds = damage.find_kinds(store)
    cells = ((kind, key, way) for kind, key in kinds.items() for way in damage.WAYS)
    table = fill_table(store, music, settings, whole, cells)
    print(f"\n{store.url}\n{tell(table)}\n{Counter(table.values())}")
    assert len(table) == len(kinds) * len(damage.WAYS)


def test_damage_is_kept_aside_until_it_is_swept(
    local_store: Store, music: Path, settings: Settings, whole: damage.Bytes
) -> None:
    damage.put_back(local_store, whole)
    key = damage.find_kinds(local_store)["encodings"]
    damage.damage(local_store, key, "flipped", whole)
    flipped = local_store.read(key)
    line.run_line(music, local_store, settings)
    aside = [
        o.key for o in local_store.objects("encodings", leftovers=True) if ".damaged-" in o.key
    ]
    assert [local_store.read(name) for name in aside] == [flipped]
    manifest = current_release(local_store)
    assert manifest is not None
    assert verify_release(local_store, manifest.release).is_sound
