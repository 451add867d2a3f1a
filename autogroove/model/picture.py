"""When things happen in a picture: its largest waves.

What belongs here: from pictures to the numbers `when` and back, with nothing lost but small
waves. No gradient descent: the waves are fitted in closed form.
What does not: what is drawn beyond that, from what was heard (`autogroove.model.drawing`).

A row's values over time are a sum of cosines, and rows that sound together are one direction.
Music may begin anywhere, so these are near the principal components of all pictures, and need a
few thousand numbers where those need millions.
"""

import math

import torch
from torch import Tensor, nn


class PictureWaves(nn.Module):
    """Differences (n, 1, bins, frames) from a mean picture to numbers (n, size) of about 1.

    Args:
        bins: rows of pictures.
        frames: columns of pictures.
        size: waves that are kept.
    """

    def __init__(self, bins: int, frames: int, size: int) -> None:
        super().__init__()
        self.shape, self.num_waves = (bins, frames), frames // 2
        self.waves: Tensor
        self.register_buffer("waves", _cosines(frames)[:, : self.num_waves], persistent=False)
        # Before a fit: smooth over rows and slow, which is better than nothing.
        rank = 8 * torch.arange(bins)[:, None] + torch.arange(self.num_waves)
        self.rows: Tensor
        self.places: Tensor
        self.scales: Tensor
        self.register_buffer("rows", _cosines(bins))
        self.register_buffer("places", rank.flatten().argsort(stable=True)[:size])
        self.register_buffer("scales", torch.ones(size))

    @torch.no_grad()
    def fit(self, centred: Tensor) -> None:
        """Find the waves that are largest in pictures whose mean was taken off."""
        pictures = centred.squeeze(1).double()
        together = torch.einsum("nft,ngt->fg", pictures, pictures)
        directions = torch.linalg.eigh(together).eigenvectors.flip(1)
        # An eigenvector's sign is the library's whim.
        directions = directions * directions.sum(dim=0).sign().where(directions.sum(dim=0) != 0, 1)
        self.rows.copy_(directions)
        sizes = self._analyse(centred).square().mean(dim=0)
        self.places.copy_(sizes.argsort(descending=True, stable=True)[: len(self.places)])
        self.scales.copy_(sizes[self.places].sqrt().clamp(min=1e-3))

    def forward(self, centred: Tensor) -> Tensor:
        """The numbers of pictures."""
        return self._analyse(centred)[:, self.places] / self.scales

    def draw(self, when: Tensor) -> Tensor:
        """Differences (n, 1, bins, frames) from the mean picture."""
        flat = when.new_zeros(len(when), self.shape[0] * self.num_waves)
        flat[:, self.places] = when * self.scales
        waves = flat.unflatten(1, (self.shape[0], self.num_waves))  # type: ignore[no-untyped-call]
        picture: Tensor = self.rows @ (waves @ self.waves.T)
        return picture[:, None]

    def _analyse(self, centred: Tensor) -> Tensor:
        """(n, bins · num_waves)."""
        return (self.rows.T @ (centred.squeeze(1) @ self.waves)).flatten(1)


def _cosines(count: int) -> Tensor:
    """(count, count) orthonormal: a column is a wave, the slowest first (DCT-II)."""
    places = torch.arange(count, dtype=torch.float64)
    waves = torch.cos(math.pi * (places[:, None] + 0.5) * places / count)
    waves[:, 0] = math.sqrt(0.5)
    return (waves * math.sqrt(2 / count)).float()
