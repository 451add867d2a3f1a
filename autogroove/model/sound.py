"""What a clip sounds like, whatever is played: statistics of timbre, and a code of them.

What belongs here: from pictures to timbre, and from timbre to the sound that was learned.
What does not: statistics without weights (`autogroove.model.texture`), or the sound of a
collection (`autogroove.model.training.closed_form`).
"""

import torch
from torch import Tensor, nn
from torch.nn.functional import normalize

from autogroove.model.texture import LEVEL_FEATURES, TEXTURE_FEATURES

TRUNK = (8, 16, 32)
SOUND_HIDDEN = 160


class Trunk(nn.Module):
    """Convolutions over the picture, pooled over time: (n, num_pooled)."""

    def __init__(self, bins: int) -> None:
        super().__init__()
        steps = zip((2, *TRUNK), TRUNK, strict=False)
        self.layers = nn.ModuleList(_down(a, b, norm=i > 0) for i, (a, b) in enumerate(steps))
        self.num_pooled = 2 * TRUNK[-1] * (bins // 16)

    def forward(self, centred: Tensor, whitened: Tensor) -> Tensor:
        """Pooled features of pictures without their mean, and of whitened ones."""
        shown = torch.cat([centred * 4, whitened / 2], dim=1)
        for layer in self.layers:
            shown = layer(shown)
        halves = nn.functional.avg_pool2d(shown, (2, 1))
        spread = (halves.var(dim=3, correction=0) + 1e-6).sqrt()
        return torch.cat([halves.mean(dim=3), spread], dim=1).flatten(1)


class SoundNetwork(nn.Module):
    """Statistics of texture and of what the trunk heard, standardised, to a code of length 1."""

    def __init__(self, num_pooled: int, size: int) -> None:
        super().__init__()
        inputs = LEVEL_FEATURES + TEXTURE_FEATURES + num_pooled
        self.num_inputs = inputs
        self.standardise = nn.BatchNorm1d(inputs, affine=False)
        self.layers = nn.Sequential(
            nn.Dropout(0.1),
            nn.Linear(inputs, SOUND_HIDDEN, bias=False),
            nn.BatchNorm1d(SOUND_HIDDEN),
            nn.ReLU(inplace=True),
            nn.Linear(SOUND_HIDDEN, size),
        )

    def forward(self, timbre: Tensor) -> Tensor:
        """The sound of timbre."""
        return normalize(self.layers(timbre), dim=1)


def _down(inputs: int, outputs: int, *, norm: bool) -> nn.Sequential:
    between = [nn.BatchNorm2d(outputs)] if norm else []
    layer = nn.Conv2d(inputs, outputs, 3, stride=2, padding=1, bias=not norm)
    return nn.Sequential(layer, *between, nn.ReLU(inplace=True))
