"""Rhythm without its tempo: a network that reads a correlogram against beats.

What belongs here: from correlations at fractions of a beat to a code.
What does not: how long a beat is (`autogroove.model.tempo`).
"""

import torch
from torch import Tensor, nn

STEPS_PER_BEAT = 24
NUM_BEATS = 8
"""Two bars of four. At slow tempi a clip is too short for the last ones, which then are 0."""


def beat_steps() -> Tensor:
    """(places,) lags in beats, from 0."""
    return torch.arange(NUM_BEATS * STEPS_PER_BEAT) / STEPS_PER_BEAT


class PatternNetwork(nn.Module):
    """Correlations (n, pairs, places) against beats to codes (n, size).

    Nothing is pooled over lags: where a correlation lies against the beat is what a rhythm is.
    """

    def __init__(self, num_pairs: int, size: int, width: int = 96, dropout: float = 0.1) -> None:
        super().__init__()
        places = NUM_BEATS * STEPS_PER_BEAT
        self.standardise = nn.BatchNorm1d(num_pairs)
        self.layers = nn.Sequential(
            _convolution(num_pairs, width, 5, 2),
            _convolution(width, width, 5, 2),
            _convolution(width, width, 3, 2),
            nn.Flatten(),
            nn.Dropout(dropout),
            nn.Linear(width * (places // 8), 256, bias=False),
            nn.BatchNorm1d(256),
            nn.ReLU(inplace=True),
            nn.Linear(256, size),
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
