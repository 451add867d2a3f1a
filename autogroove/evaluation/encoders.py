"""What a model, and the same model untrained, make of images.

What belongs here: the evaluation's calls to the autoencoder. What does not: baselines that need
no network (`baselines`).
"""

from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray

from autogroove.config import ModelSettings
from autogroove.model import Autoencoder, build_autoencoder, reconstruct
from autogroove.model.autoencoder import encode_images

_BLOCK = 256


def measure_errors(
    model: Autoencoder, images: NDArray[np.uint8], training: NDArray[np.bool_]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """(num_clips,) mean squared error of the model, and of the mean training image."""
    mean = images[training].mean(axis=0, dtype=np.float64).astype(np.float32) / np.float32(255)
    errors, mean_errors = [], []
    for start in range(0, len(images), _BLOCK):
        block = images[start : start + _BLOCK]
        levels = block.astype(np.float32) / np.float32(255)
        errors.append(np.mean((reconstruct(model, block) - levels) ** 2, axis=(1, 2)))
        mean_errors.append(np.mean((levels - mean) ** 2, axis=(1, 2)))
    return np.concatenate(errors).astype(float), np.concatenate(mean_errors).astype(float)


def make_untrained(
    model: ModelSettings, image_shape: tuple[int, int], seed: int
) -> Callable[[NDArray[np.uint8]], NDArray[np.float32]]:
    """The encoder of a model as it is before training; torch's own seed is left alone."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        untrained = build_autoencoder(model, image_shape)
    return lambda images: encode_images(untrained, images)
