"""Repairing without the source: what can be is made again, the rest is said to need the audio."""

from pathlib import Path

import damage
import line
import pipelines
import pytest

from autogroove.config.settings import Settings
from autogroove.errors import ReleaseError
from autogroove.releases.log import read_manifest
from autogroove.releases.verification import verify_release
from autogroove.runs.repairing.remaking import NEEDS_AUDIO
from autogroove.runs.repairing.repair import repair_store
from autogroove.store.store import Store

pytestmark = pytest.mark.slow

FROM_AUDIO = ("catalogue", "segment: index", "segment: shard")
APART = ("manifest", "listing of the source", *FROM_AUDIO)


@pytest.fixture(scope="module")
def settings() -> Settings:
    return pipelines.short_settings().with_overrides({"training.epochs": "1"})


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory, settings: Settings) -> damage.Bytes:
    """Every object of a store with two releases; its audio is gone."""
    home = tmp_path_factory.mktemp("home")
    music, store = line.write_music(home / "music"), Store(home / "store")
    line.run_line(music, store, settings)
    line.write_music(home / "music", line.TRACKS + 1)
    assert line.run_line(music, store, settings).number == 2
    return damage.read_all(store)


@pytest.fixture
def kinds(local_store: Store, whole: damage.Bytes) -> dict[str, str]:
    damage.put_back(local_store, whole)
    return damage.find_kinds(local_store)


def test_all_that_needs_no_audio_is_made_again_at_once(
    local_store: Store, whole: damage.Bytes, kinds: dict[str, str]
) -> None:
    for kind, key in kinds.items():
        if kind not in APART and not key.startswith(("memos/", "descriptors/", "segments/")):
            damage.damage(local_store, key, "flipped", whole)
    assert not verify_release(local_store, 2).is_sound
    report = repair_store(local_store)
    assert report.is_whole, report.lacking
    assert {kinds["model: weights"], kinds["clusters"], kinds["page"]} <= set(report.made)
    assert verify_release(local_store, 2).is_sound
    assert damage.name_differences(local_store, whole) == []
    assert repair_store(local_store).set_aside == ()


@pytest.mark.parametrize("kind", ["catalogue", "segment: shard"])
def test_what_comes_from_the_audio_is_said_to(
    local_store: Store, whole: damage.Bytes, kinds: dict[str, str], kind: str
) -> None:
    damage.damage(local_store, kinds[kind], "flipped", whole)
    report = repair_store(local_store)
    assert not report.is_whole
    assert set(report.lacking.values()) == {NEEDS_AUDIO}
    assert "--source SOURCE" in report.verdict()


def test_what_cannot_be_made_again_is_said_in_one_sentence(
    local_store: Store,
    tmp_path: Path,
    whole: damage.Bytes,
    kinds: dict[str, str],
    settings: Settings,
) -> None:
    """The model was trained from the first release's tracks, whose catalogue is gone too."""
    first = read_manifest(local_store, 1).parts
    for key in (kinds["model: weights"], first.catalogue.key):
        local_store.delete(key)
    report = repair_store(local_store)
    assert "trained from what the store does not have" in report.lacking[kinds["model: weights"]]
    music = line.write_music(tmp_path / "music", line.TRACKS + 1)
    with pytest.raises(ReleaseError, match="--retrain always") as caught:
        line.run_line(music, local_store, settings)
    assert "\n" not in str(caught.value)


def test_without_a_release_there_is_nothing_to_repair(local_store: Store) -> None:
    with pytest.raises(ReleaseError, match="no release to repair"):
        repair_store(local_store)
