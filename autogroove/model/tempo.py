"""Tempo from a correlogram: a network that slides over the logarithm of the lag.

What belongs here: how much each length of a beat is in a clip, and the code of that.
What does not: rhythm without its tempo (`autogroove.model.pattern`).
"""

import math

import torch
from torch import Tensor, nn
from torch.nn.functional import normalize

LAGS_PER_OCTAVE = 40
"""Beats 1.7 % apart."""
DILATIONS = (1, 2, 4, 8, 20, 40, 23, 17)
"""Places between a filter's taps: with 40 it compares a lag with its double and its half, with
23 and 17 with one and a half of it and one and a third."""
WIDTH = 48


class TempoNetwork(nn.Module):
    """Correlograms (n, pairs, places) over log-lag to logits (n, tempi).

    The same network looks at every lag as if it were the beat: what it learned of one tempo it
    knows of all. A bias says how usual each is.
    """

    def __init__(self, num_pairs: int, first: int, count: int) -> None:
        super().__init__()
        self.first, self.count = first, count
        self.narrow = nn.Sequential(
            nn.Conv1d(num_pairs, WIDTH, 3, padding=1, bias=False),
            nn.BatchNorm1d(WIDTH),
            nn.ReLU(inplace=True),
        )
        self.blocks = nn.ModuleList(_block(dilation) for dilation in DILATIONS)
        self.to_logit = nn.Conv1d(WIDTH, 1, 1)
        self.usual = nn.Parameter(torch.zeros(count))

    def forward(self, correlogram: Tensor) -> Tensor:
        """Logits of the tempi, the shortest beat first."""
        heard = self.narrow(correlogram)
        for block in self.blocks:
            heard = heard + block(heard)
        logits: Tensor = self.to_logit(heard)[:, 0, self.first : self.first + self.count]
        return logits + self.usual


def _block(dilation: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv1d(WIDTH, WIDTH, 3, padding=dilation, dilation=dilation, bias=False),
        nn.BatchNorm1d(WIDTH),
        nn.ReLU(inplace=True),
    )


def choose_tempi(logits: Tensor, count: int) -> tuple[Tensor, Tensor]:
    """The most likely tempi that are peaks: places (n, count) and shares (n, count) that sum to 1.

    A peak is as likely as its three classes together, and lies where a parabola through their
    logits is highest.
    """
    chances = logits.softmax(dim=1)
    mass = nn.functional.avg_pool1d(chances[:, None], 3, 1, 1)[:, 0] * 3
    highest = nn.functional.max_pool1d(chances[:, None], 5, 1, 2)[:, 0]
    shares, chosen = torch.where(chances >= highest, mass, 0.0).topk(count, dim=1)
    middle = logits.gather(1, chosen)
    left = logits.gather(1, (chosen - 1).clamp(min=0))
    right = logits.gather(1, (chosen + 1).clamp(max=logits.shape[1] - 1))
    bend = (left - 2 * middle + right).clamp(max=-1e-3)
    places = chosen + (0.5 * (left - right) / bend).clamp(-0.5, 0.5)
    return places, shares / shares.sum(dim=1, keepdim=True).clamp(min=1e-9)


def describe_tempo(logits: Tensor, size: int, blur: float) -> Tensor:
    """Tempo without its octave: (n, size), rows of length about 1.

    The square root of a blurred distribution on the circle of an octave, as Fourier coefficients:
    the distance of two is Hellinger's, less what is finer than the blur.
    """
    chances = logits.softmax(dim=1)
    padded = nn.functional.pad(chances, (0, -chances.shape[1] % LAGS_PER_OCTAVE))
    folded = padded.unflatten(1, (-1, LAGS_PER_OCTAVE)).sum(dim=1)  # type: ignore[no-untyped-call]
    steps = torch.arange(LAGS_PER_OCTAVE, device=logits.device) / LAGS_PER_OCTAVE
    apart = (steps[:, None] - steps + 0.5) % 1 - 0.5
    kernel = torch.exp(-0.5 * (apart / blur).square())
    rooted = normalize(((folded @ kernel) / kernel.sum(dim=0) + 1e-6).sqrt(), dim=1)
    return rooted @ _waves(size, logits.device)


def _waves(size: int, device: torch.device) -> Tensor:
    """(LAGS_PER_OCTAVE, size) orthonormal waves on the circle: the constant, then slow ones."""
    turns = torch.arange(LAGS_PER_OCTAVE, device=device) / LAGS_PER_OCTAVE
    slow = torch.arange(size // 2, device=device)
    cosines = torch.cos(2 * math.pi * turns[:, None] * slow)
    cosines[:, 0] = math.sqrt(0.5)
    sines = torch.sin(2 * math.pi * turns[:, None] * (slow + 1))
    return torch.cat([cosines, sines], dim=1) * math.sqrt(2 / LAGS_PER_OCTAVE)
