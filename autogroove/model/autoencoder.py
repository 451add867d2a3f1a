"""What every model of ours can do, and the autoencoder of the poster.

What belongs here: encoding and reconstructing images with any model; the poster's six
convolutions, two fully connected layers, and six back.
What does not: the network that learns groove (`groove_network`), how weights are found
(`autogroove.model.training.train`), or kept (`storing`).
"""

from collections.abc import Iterator

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

GREY_LEVELS = 255.0
"""Clips are stored as uint8; a model sees them divided by this."""


class Autoencoder(nn.Module):
    """Images (n, 1, H, W) float32 in [0, 1] to codes (n, code_size) float32, and pictures back."""

    image_shape: tuple[int, int]
    code_size: int

    @property
    def num_drawn(self) -> int:
        """Numbers of a clip that the decoder is given: those of the code, and perhaps others."""
        return self.code_size

    @property
    def parts(self) -> dict[str, slice]:
        """Parts of a code that mean something alone, by name; together they are the code."""
        return {}

    def encode(self, images: Tensor) -> Tensor:
        """Codes (n, code_size) of images (n, 1, H, W)."""
        return self.learn(images)[0]

    def learn(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Codes (n, code_size) and reconstructions (n, 1, H, W), as a training compares them."""
        raise NotImplementedError

    def forward(self, images: Tensor) -> Tensor:
        """Reconstructions of images in [0, 1], both (n, 1, H, W)."""
        return self.learn(images)[1].clamp(0, 1)

    def prepare_compilation(self) -> None:
        """Mark what torch.compile must leave alone."""


class PosterAutoencoder(Autoencoder):
    """The poster's network.

    Each convolution halves the image (rounding up), so any height and width will do; each
    transposed convolution doubles it and is cropped to the size met on the way down.
    """

    def __init__(self, channels: tuple[int, ...], code_size: int, shape: tuple[int, int]) -> None:
        super().__init__()
        self.image_shape = shape
        self.code_size = code_size
        self._shapes = _halve(shape, len(channels))
        self._top = (channels[-1], *self._shapes[-1])
        flat = int(np.prod(self._top))
        steps = list(enumerate(zip((1, *channels), channels, strict=False)))
        self.down = nn.ModuleList(_convolution(a, b, norm=i > 0) for i, (a, b) in steps)
        self.to_code = nn.Linear(flat, code_size)
        self.from_code = nn.Linear(code_size, flat)
        self.up = nn.ModuleList(
            _deconvolution(b, a, norm=i > 1) for i, (a, b) in reversed(steps) if i > 0
        )
        self.up.append(nn.ConvTranspose2d(channels[0], 1, 4, stride=2, padding=1))

    def encode(self, images: Tensor) -> Tensor:
        """Codes (n, code_size) of images (n, 1, H, W)."""
        for layer in self.down:
            images = layer(images)
        codes: Tensor = self.to_code(images.flatten(1))
        return codes

    def decode(self, codes: Tensor) -> Tensor:
        """Images (n, 1, H, W) in [0, 1] that the codes stand for."""
        images = torch.relu(self.from_code(codes)).view(-1, *self._top)
        for layer, (height, width) in zip(self.up, self._shapes[-2::-1], strict=True):
            images = layer(images)[..., :height, :width]
        return torch.sigmoid(images)

    def learn(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Codes and reconstructions of images."""
        codes = self.encode(images)
        return codes, self.decode(codes)


def _halve(shape: tuple[int, int], times: int) -> list[tuple[int, int]]:
    shapes = [shape]
    for _ in range(times):
        height, width = shapes[-1]
        shapes.append(((height + 1) // 2, (width + 1) // 2))
    return shapes


def _convolution(inputs: int, outputs: int, *, norm: bool) -> nn.Module:
    layer = nn.Conv2d(inputs, outputs, 3, stride=2, padding=1, bias=not norm)
    return _activated(layer, outputs, norm)


def _deconvolution(inputs: int, outputs: int, *, norm: bool) -> nn.Module:
    layer = nn.ConvTranspose2d(inputs, outputs, 4, stride=2, padding=1, bias=not norm)
    return _activated(layer, outputs, norm)


def _activated(layer: nn.Module, channels: int, norm: bool) -> nn.Module:
    """Batch normalisation, but not at full size: there it costs as much as the convolutions."""
    between = [nn.BatchNorm2d(channels)] if norm else []
    return nn.Sequential(layer, *between, nn.ReLU(inplace=True))


def as_tensor(images: NDArray[np.uint8], device: torch.device | str = "cpu") -> Tensor:
    """uint8 images (n, H, W) as float32 (n, 1, H, W) in [0, 1] on a device."""
    levels = torch.from_numpy(images).to(device)
    return scale_levels(levels)


def scale_levels(levels: Tensor) -> Tensor:
    """uint8 (n, H, W) on any device as float32 (n, 1, H, W) in [0, 1]."""
    return levels.unsqueeze(1).to(torch.float32).div_(GREY_LEVELS)


def reconstruct(
    model: Autoencoder, images: NDArray[np.uint8], *, batch_size: int = 64
) -> NDArray[np.float32]:
    """What the model makes of images: uint8 (n, H, W) to float32 (n, H, W) in [0, 1]."""
    height, width = model.image_shape
    made = np.empty((len(images), height, width), np.float32)
    for start, batch in _batches(model, images, batch_size):
        made[start : start + len(batch)] = model(batch).squeeze(1).cpu()
    return made


def encode_images(
    model: Autoencoder, images: NDArray[np.uint8], *, batch_size: int = 64
) -> NDArray[np.float32]:
    """Codes of images: uint8 (n, H, W) to float32 (n, code_size)."""
    codes = np.empty((len(images), model.code_size), np.float32)
    for start, batch in _batches(model, images, batch_size):
        codes[start : start + len(batch)] = model.encode(batch).cpu()
    return codes


def _batches(
    model: Autoencoder, images: NDArray[np.uint8], batch_size: int
) -> Iterator[tuple[int, Tensor]]:
    """Batches on the model's own device, with the model in evaluation mode and no gradients."""
    device = next(model.parameters()).device
    was_training = model.training
    model.eval()
    with torch.inference_mode():
        for start in range(0, len(images), batch_size):
            yield start, as_tensor(np.ascontiguousarray(images[start : start + batch_size]), device)
    model.train(was_training)
