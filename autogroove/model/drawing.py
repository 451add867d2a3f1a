"""Pictures from what was heard and when.

What belongs here: the decoder of `autogroove.model.groove_network`. What does not: the waves of
`when` themselves (`autogroove.model.picture`).
"""

from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn.functional import avg_pool2d, pixel_unshuffle

WIDTHS = (32, 64, 32, 16, 8)
"""Channels, the coarsest picture first."""
LOUDER = 4.0
"""Differences from the mean picture are small beside what networks like to be given."""


class Drawer(nn.Module):
    """Codes (n, code_size) and waves (n, 1, bins, frames) to what the waves leave out.

    The code says what is played, the waves roughly where: at each of five resolutions layers
    are shown both, and make the edges sharp that a few hundred waves cannot.
    """

    def __init__(self, code_size: int, bins: int, frames: int) -> None:
        super().__init__()
        self.top = (WIDTHS[0], bins // 16, frames // 32)
        self.from_code = nn.Linear(code_size, WIDTHS[0] * self.top[1] * self.top[2])
        self.to_rows = nn.Linear(code_size, bins)
        self.layers = nn.ModuleList(
            _up(above + 1, below, stride=(1, 2) if place == 0 else (2, 2))
            for place, (above, below) in enumerate(pairwise(WIDTHS))
        )
        self.last = nn.ConvTranspose2d(WIDTHS[-1] + 4, 1, 4, stride=2, padding=1)
        for layer in (self.last, self.to_rows):
            nn.init.zeros_(layer.weight)
            nn.init.zeros_(layer.bias)  # type: ignore[arg-type]

    def forward(self, code: Tensor, waves: Tensor) -> Tensor:
        """Differences (n, 1, bins, frames)."""
        louder = waves * LOUDER
        shown = [avg_pool2d(louder, 4)]
        for window in (2, 2, (1, 2)):
            shown.append(avg_pool2d(shown[-1], window))
        drawn = torch.relu(self.from_code(code)).view(-1, *self.top)
        for layer, picture in zip(self.layers, shown[::-1], strict=True):
            drawn = layer(torch.cat([drawn, picture], dim=1))
        drawn = torch.cat([drawn, pixel_unshuffle(louder, 2)], dim=1)
        image: Tensor = self.last(drawn) + self.to_rows(code)[:, None, :, None]
        return image


def _up(inputs: int, outputs: int, *, stride: tuple[int, int]) -> nn.Sequential:
    kernel = (4 if stride[0] == 2 else 3, 4)
    layer = nn.ConvTranspose2d(inputs, outputs, kernel, stride=stride, padding=1, bias=False)
    return nn.Sequential(layer, nn.BatchNorm2d(outputs), nn.ReLU(inplace=True))
