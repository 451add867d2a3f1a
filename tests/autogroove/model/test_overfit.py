"""The proof of concept: a few clips can be learnt by heart."""

import numpy as np
import pytest
from stored_clips import store_clips, tiny_settings

from autogroove.errors import SourceError
from autogroove.model import overfit as experiments
from autogroove.model.overfit import measure_unexplained, run_overfit


def test_a_few_clips_are_learnt_by_heart(local_store, monkeypatch):
    monkeypatch.setitem(experiments.OVERFIT_SETTINGS, "model.channels", (8, 16, 32, 32, 64, 64))
    settings = tiny_settings(shape=(96, 96))
    catalogue = store_clips(local_store, settings, num_tracks=6)
    seen = []
    found = run_overfit(
        local_store,
        catalogue,
        settings,
        num_examples=4,
        epochs=10,
        progress=lambda *at: seen.append(at),
    )
    assert seen[-1] == (10, 10)
    assert len(found.images) == len(found.reconstructions) == len(found.titles) == 4
    assert found.train_loss[-1] < 0.6 * found.train_loss[0]
    assert found.unexplained < 0.6
    assert found.draw().startswith(b"\x89PNG")


def test_the_mean_image_explains_nothing():
    images = np.random.default_rng(0).integers(0, 256, (5, 8, 8)).astype(np.uint8)
    shown = images.astype(np.float32) / 255
    mean = np.broadcast_to(shown.mean(axis=0), shown.shape)
    assert measure_unexplained(images, mean) == pytest.approx(1)
    assert measure_unexplained(images, shown) == 0


def test_an_empty_collection_says_so(local_store):
    settings = tiny_settings()
    catalogue = store_clips(local_store, settings).assign(status="quarantined")
    with pytest.raises(SourceError, match="make spectrograms"):
        run_overfit(local_store, catalogue, settings)
