"""What a training minimises.

What belongs here: losses on one batch of images.
What does not: batches, optimisers, epochs (`autogroove.training.loop`).
"""

from typing import Protocol

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy, mse_loss, normalize

from autogroove.augmentation import Disguise
from autogroove.config import Settings
from autogroove.model.autoencoder import Autoencoder
from autogroove.model.groove import GrooveAutoencoder


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


class Pairs:
    """Two disguised clips of a track must find each other; the decoder must show both.

    The disguise takes away what a code must not live on: level, colour and key. It keeps tempo
    and rhythm. Without the decoder a code may forget whatever does not tell tracks apart.
    """

    pairs = True

    def __init__(self, settings: Settings) -> None:
        self._disguise = Disguise(settings.spectrogram, settings.training)
        self._temperature = settings.training.temperature
        self._reconstruction_weight = settings.training.reconstruction_weight

    def __call__(self, model: Autoencoder, images: Tensor, random: torch.Generator) -> Tensor:
        """The loss of a batch."""
        shown = self._disguise(images, random)
        codes = model.encode(shown).float()
        heard = model.sound_of(codes) if isinstance(model, GrooveAutoencoder) else codes
        error = mse_loss(model.draw(codes).float(), shown)
        return contrast_pairs(heard, self._temperature) + self._reconstruction_weight * error


def contrast_pairs(codes: Tensor, temperature: float) -> Tensor:
    """NT-Xent (Chen et al. 2020) of codes (2n, d) whose rows i and i + n belong together."""
    units = normalize(codes, dim=1)
    similarity = units @ units.T / temperature
    itself = torch.eye(len(units), dtype=torch.bool, device=units.device)
    partners = torch.arange(len(units), device=units.device).roll(len(units) // 2)
    return cross_entropy(similarity.masked_fill(itself, float("-inf")), partners)


def choose_objective(settings: Settings) -> Objective:
    """The objective that the settings name."""
    return Reconstruction() if settings.training.objective == "reconstruction" else Pairs(settings)
