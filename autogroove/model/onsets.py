"""Onset curves of a clip by trained filters.

What belongs here: from the whitened image to one curve a band. What does not: whitening
(`autogroove.model.whitening`), or what curves are compared for (`autogroove.model.correlogram`).
"""

import torch
from torch import Tensor, nn
from torch.nn.functional import pad, softplus

FILTER_FRAMES = 7
NUM_FILTERS = 2


class OnsetFilters(nn.Module):
    """Whitened images (n, 1, bins, frames) to onset curves (n, bands, frames) ≥ 0.

    Every row is filtered over time by the same few filters, what is positive is kept, and each
    band weighs rows and filters by numbers ≥ 0. The first filter begins as the rise over two
    frames, the second as the rise over five; bands begin as overlapping triangles.
    """

    def __init__(self, num_bins: int, num_bands: int) -> None:
        super().__init__()
        self.filters = nn.Parameter(_first_filters())
        self.thresholds = nn.Parameter(torch.zeros(NUM_FILTERS))
        self.bands = nn.Parameter(_first_bands(num_bins, num_bands))

    def forward(self, whitened: Tensor) -> Tensor:
        """Onset curves of whitened images."""
        rows = whitened.squeeze(1)
        frames = rows.shape[2]
        around = pad(rows, (FILTER_FRAMES // 2, FILTER_FRAMES // 2))
        moved = [around[..., tap : tap + frames] for tap in range(FILTER_FRAMES)]
        rises = [
            torch.relu(_weigh(moved, weights) - threshold)
            for weights, threshold in zip(self.filters, self.thresholds, strict=True)
        ]
        return softplus(self.bands) @ torch.cat(rises, dim=1)


def _weigh(moved: list[Tensor], weights: Tensor) -> Tensor:
    """A convolution as a sum: with so few taps it is five times as fast as torch's own."""
    total = moved[0] * weights[0]
    for rows, weight in zip(moved[1:], weights[1:], strict=True):
        total = torch.addcmul(total, rows, weight)
    return total


def _first_filters() -> Tensor:
    fast = torch.tensor([0.0, 0, -1, 0, 1, 0, 0])
    slow = torch.tensor([-0.5, -0.5, -0.5, 0, 0.5, 0.5, 0.5])
    filters = torch.stack([fast, slow])
    return filters + 0.02 * torch.randn(filters.shape)


def _first_bands(num_bins: int, num_bands: int) -> Tensor:
    """(bands, filters · bins) before softplus: triangles over the rows, the slow filter at less."""
    rows = (torch.arange(num_bins) + 0.5) / num_bins * num_bands
    centres = torch.arange(num_bands)[:, None] + 0.5
    triangles = (1 - (rows - centres).abs()).clamp(min=0) * num_bands / num_bins
    weights = torch.cat([triangles, 0.2 * triangles], dim=1) + 1e-3
    return torch.log(torch.expm1(weights))
