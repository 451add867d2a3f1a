"""Onset curves of a clip by trained filters.

What belongs here: from the whitened image to one curve a band. What does not: whitening
(`autogroove.model.rhythm`), or what curves are compared for (`autogroove.model.correlogram`).
"""

import torch
from torch import Tensor, nn
from torch.nn.functional import softplus

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
        width = (1, FILTER_FRAMES)
        self.filters = nn.Conv2d(1, NUM_FILTERS, width, padding=(0, FILTER_FRAMES // 2))
        self.bands = nn.Parameter(_first_bands(num_bins, num_bands))
        with torch.no_grad():
            self.filters.weight.copy_(_first_filters())
            assert self.filters.bias is not None
            self.filters.bias.zero_()

    def forward(self, whitened: Tensor) -> Tensor:
        """Onset curves of whitened images."""
        rises = torch.relu(self.filters(whitened)).flatten(1, 2)
        return softplus(self.bands) @ rises


def _first_filters() -> Tensor:
    fast = torch.tensor([0.0, 0, -1, 0, 1, 0, 0])
    slow = torch.tensor([-0.5, -0.5, -0.5, 0, 0.5, 0.5, 0.5])
    filters = torch.stack([fast, slow])[:, None, None, :]
    return filters + 0.02 * torch.randn(filters.shape)


def _first_bands(num_bins: int, num_bands: int) -> Tensor:
    """(bands, filters · bins) before softplus: triangles over the rows, the slow filter at less."""
    rows = (torch.arange(num_bins) + 0.5) / num_bins * num_bands
    centres = torch.arange(num_bands)[:, None] + 0.5
    triangles = (1 - (rows - centres).abs()).clamp(min=0) * num_bands / num_bins
    weights = torch.cat([triangles, 0.2 * triangles], dim=1) + 1e-3
    return torch.log(torch.expm1(weights))
