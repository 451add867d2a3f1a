"""What is set beside each other: the poster's network, its first weights, PCA, and groove.

What belongs here: one way to encode and to draw, whatever does it. What does not: measuring.
"""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray

from autogroove.config import Settings
from autogroove.evaluation.baselines import PrincipalComponents
from autogroove.model import (
    Autoencoder,
    build_autoencoder,
    encode_images,
    frame_seconds,
    load_pretrained,
    reconstruct,
)
from autogroove.model.training import build_network

Images = NDArray[np.uint8]
Floats = NDArray[np.float32]


class Rival(Protocol):
    """Something that makes codes (n, d) of images (n, bins, frames), and pictures again."""

    def encode(self, images: Images) -> Floats:
        """Codes, float32."""
        ...

    def draw(self, images: Images) -> Floats:
        """Reconstructions, float32, white being 1."""
        ...


@dataclass(frozen=True)
class Trained:
    """An autoencoder of a preset."""

    model: Autoencoder

    @classmethod
    def untrained(cls, settings: Settings, shape: tuple[int, int]) -> "Trained":
        """The same network with the weights that its training began with."""
        torch.manual_seed(settings.training.seed)
        spacing = frame_seconds(settings.spectrogram)
        return cls(build_autoencoder(settings.model, shape, spacing).eval())

    @classmethod
    def pretrained(cls, device: torch.device) -> "Trained":
        """The groove network with the weights of the package, on a device."""
        network = build_network()
        load_pretrained(network)
        return cls(network.to(device).eval())

    @property
    def numbers(self) -> int:
        """That the decoder is given."""
        return self.model.num_drawn

    def encode(self, images: Images) -> Floats:
        """Codes."""
        return encode_images(self.model, images)

    def draw(self, images: Images) -> Floats:
        """Reconstructions."""
        return reconstruct(self.model, images)


@dataclass(frozen=True)
class Components:
    """The first so many principal components of training images."""

    components: PrincipalComponents
    numbers: int

    def encode(self, images: Images) -> Floats:
        """Scores."""
        return self.components.encode(images)[:, : self.numbers]

    def draw(self, images: Images) -> Floats:
        """The mean image and what the components add."""
        kept = self.components.components[: self.numbers]
        flat = self.components.mean + self.encode(images) @ kept
        return np.asarray(flat.reshape(images.shape), np.float32)


@dataclass(frozen=True)
class MeanImage:
    """Always the same picture: what a network that learned nothing else draws."""

    mean: Floats

    def encode(self, images: Images) -> Floats:
        """Nothing."""
        return np.zeros((len(images), 0), np.float32)

    def draw(self, images: Images) -> Floats:
        """The mean."""
        return np.broadcast_to(self.mean.reshape(images.shape[1:]), images.shape)
