"""Laws of the autoencoder, and of its place in the store."""

import numpy as np
import pytest
import torch
from stored_clips import draw_track, store_clips, tiny_settings

from autogroove.config.settings import ModelSettings
from autogroove.errors import MissingObject, StoreError
from autogroove.model.autoencoder import reconstruct
from autogroove.model.storing import build_autoencoder, load_model
from autogroove.model.training.train import train_model


@pytest.mark.parametrize("shape", [(256, 256), (64, 511), (33, 70)])
def test_it_has_six_convolutions_two_layers_and_six_back(shape):
    model = build_autoencoder(ModelSettings(), shape, 0.04)
    kinds = [type(m).__name__ for m in model.modules()]
    assert (kinds.count("Conv2d"), kinds.count("Linear"), kinds.count("ConvTranspose2d")) == (
        6,
        2,
        6,
    )
    images = torch.rand(3, 1, *shape)
    codes = model.encode(images)
    assert codes.shape == (3, 64)
    made = model.decode(codes)
    assert made.shape == images.shape
    assert made.min() >= 0 and made.max() <= 1


def test_silence_is_encoded_as_something_finite():
    model = build_autoencoder(ModelSettings(), (64, 64), 0.04).eval()
    black = np.zeros((2, 64, 64), np.uint8)
    assert np.isfinite(reconstruct(model, black)).all()


def test_reconstructions_do_not_depend_on_the_batch_and_leave_the_mode_alone():
    model = build_autoencoder(ModelSettings(), (32, 32), 0.04).train()
    images = draw_track(0, 5, (32, 32))
    together = reconstruct(model, images)
    alone = np.concatenate([reconstruct(model, images[i : i + 1]) for i in range(5)])
    np.testing.assert_allclose(together, alone, atol=1e-5)
    assert model.training


def test_damaged_weights_are_told(local_store):
    settings = tiny_settings()
    made = train_model(local_store, store_clips(local_store, settings), settings)
    key = f"models/{made.model_key}/weights.safetensors"
    weights = bytearray(local_store.read(key))
    weights[-1] ^= 1
    local_store.write(key, bytes(weights))
    with pytest.raises(StoreError, match="damaged"):
        load_model(local_store, made.model_key)
    with pytest.raises(MissingObject, match="no trained model"):
        load_model(local_store, "nothing")
