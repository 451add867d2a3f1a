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
    GrooveNetwork,
    build_autoencoder,
    encode_images,
    load_pretrained,
    reconstruct,
)
from autogroove.model.training import build_network

Images = NDArray[np.uint8]
Floats = NDArray[np.float32]
BATCH_SIZE = 64


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
        return cls(build_autoencoder(settings.model, shape).eval())

    def encode(self, images: Images) -> Floats:
        """Codes."""
        return encode_images(self.model, images)

    def draw(self, images: Images) -> Floats:
        """Reconstructions."""
        return reconstruct(self.model, images)


@dataclass(frozen=True)
class Pretrained:
    """The groove network with the weights of the package."""

    network: GrooveNetwork

    @classmethod
    def on(cls, device: torch.device) -> "Pretrained":
        """On a device."""
        network = build_network()
        load_pretrained(network)
        return cls(network.to(device).eval())

    @property
    def numbers(self) -> int:
        """That the decoder is given: the code, and when things happen."""
        return self.network.code_size + self.network.sizes[3]

    def encode(self, images: Images) -> Floats:
        """Codes."""
        starts = range(0, len(images), BATCH_SIZE)
        with torch.inference_mode():
            blocks = [self._show(images[start : start + BATCH_SIZE]) for start in starts]
            codes = [self.network.encode(block).cpu().numpy() for block in blocks]
        return np.concatenate(codes)

    def draw(self, images: Images) -> Floats:
        """Reconstructions."""
        with torch.inference_mode():
            drawn = self.network(self._show(images))[:, 0].cpu().numpy()
        return np.asarray(drawn, np.float32)

    def _show(self, images: Images) -> torch.Tensor:
        shown = torch.from_numpy(images).to(self.network.mean_image.device)
        return shown[:, None].float() / 255


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
