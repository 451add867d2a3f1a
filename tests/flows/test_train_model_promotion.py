"""A model that hears worse is trained, refused, and taken only when somebody insists."""

import shutil
from pathlib import Path

import pytest
from pipelines import QUICK, Publisher

from autogroove.config.settings import Settings
from autogroove.releases.reading import open_release
from autogroove.store.store import Store

pytestmark = [pytest.mark.long, pytest.mark.slow, pytest.mark.timeout(900)]


def test_a_model_that_hears_worse_is_refused_until_it_is_forced(
    rendered: Path, publish: Publisher, tmp_path: Path
) -> None:
    # Two epochs of the poster's network leave it deaf; the other was pretrained.
    good = Settings.from_preset("groove").with_overrides(QUICK | {"model.code_size": 168})
    deaf = good.with_overrides({"model.kind": "poster", "training.objective": "reconstruction"})
    store, music = Store(tmp_path / "store"), Path(shutil.copytree(rendered, tmp_path / "music"))
    first = publish(music, store.url, settings=good)
    assert first.decisions["model"]["decision"] == "trained"
    kept = open_release(store).manifest.parts

    max(music.glob("fma_small/*/*.mp3")).unlink()
    refused = publish(music, store.url, settings=deaf, retrain="always")
    assert refused.stages["train"]["status"] == "ran"
    assert (refused.release, refused.published) == (2, True)
    parts = open_release(store).manifest.parts
    assert parts.model == kept.model
    assert parts.settings["model"]["kind"] == "groove"
    assert parts.policy["model"].action == "kept"
    assert "not promoted: " in parts.policy["model"].why
    assert "beyond its noise" in parts.policy["model"].why

    forced = publish(music, store.url, settings=deaf, retrain="always", promote=True)
    assert forced.stages["train"]["status"] == "reused"
    assert (forced.release, forced.published) == (3, True)
    parts = open_release(store).manifest.parts
    assert parts.model != kept.model
    assert parts.policy["model"].action == "trained"
    assert parts.settings["model"]["kind"] == "poster"
