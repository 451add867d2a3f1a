"""What a correlogram says beyond tempo: networks that keep where a correlation lies.

What belongs here: from correlations to a code, against beats (rhythm without its tempo) and
against seconds (a performance as it was played).
What does not: how long a beat is (`autogroove.model.tempo`).
"""

import torch
from torch import Tensor, nn

HIDDEN = 256
DROPOUT = 0.1
STEPS_PER_BEAT = 24
NUM_BEATS = 8
"""Two bars of four. At slow tempi a clip is too short for the last ones, which then are 0."""
NUM_PLACES = NUM_BEATS * STEPS_PER_BEAT


def beat_steps() -> Tensor:
    """(places,) lags in beats, from 0."""
    return torch.arange(NUM_PLACES) / STEPS_PER_BEAT


class PatternNetwork(nn.Module):
    """Correlations (n, pairs, places) to codes (n, size).

    Nothing is pooled over lags: where a correlation lies is what a rhythm is.
    """

    def __init__(self, num_pairs: int, num_places: int, width: int, size: int) -> None:
        super().__init__()
        kept = num_places
        for _ in range(3):
            kept = (kept + 1) // 2
        self.standardise = nn.BatchNorm1d(num_pairs)
        self.layers = nn.Sequential(
            _convolution(num_pairs, width, 5, 2),
            _convolution(width, width, 5, 2),
            _convolution(width, width, 3, 2),
            nn.Flatten(),
            nn.Dropout(DROPOUT),
            nn.Linear(width * kept, HIDDEN, bias=False),
            nn.BatchNorm1d(HIDDEN),
            nn.ReLU(inplace=True),
            nn.Linear(HIDDEN, size),
        )

    def forward(self, correlations: Tensor) -> Tensor:
        """Codes of correlations."""
        code: Tensor = self.layers(self.standardise(correlations))
        return code


def _convolution(inputs: int, outputs: int, width: int, stride: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv1d(inputs, outputs, width, stride=stride, padding=width // 2, bias=False),
        nn.BatchNorm1d(outputs),
        nn.ReLU(inplace=True),
    )
