"""What a training minimises.

What belongs here: losses on one batch of images.
What does not: batches, optimisers, epochs (`autogroove.training.loop`).
"""

from typing import Protocol

import torch
from torch import Tensor
from torch.nn.functional import mse_loss

from autogroove.config import Settings
from autogroove.model.autoencoder import Autoencoder


class Objective(Protocol):
    """A loss of a batch: images float32 (n, 1, H, W) in [0, 1] to a scalar."""

    pairs: bool
    """Whether a batch is made of pairs: first clips, then their partners."""

    def __call__(self, model: Autoencoder, images: Tensor, random: torch.Generator) -> Tensor:
        """The loss of a batch."""
        ...


class Reconstruction:
    """Mean squared error of the picture: the poster's objective."""

    pairs = False

    def __call__(self, model: Autoencoder, images: Tensor, random: torch.Generator) -> Tensor:
        """The loss of a batch."""
        return mse_loss(model(images).float(), images)


def choose_objective(settings: Settings) -> Objective:
    """The objective that the settings name."""
    return Reconstruction()
