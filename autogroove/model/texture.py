"""From images to texture: how loud the bands are, and how they move together.

What belongs here: statistics over time. An equaliser changes the levels by a constant and leaves
the others nearly as they were. No weights.
What does not: longer repetitions (`autogroove.model.whitening`).

After McDermott and Simoncelli (2011), who showed that such statistics are what people remember
of a sound texture.
"""

import torch
from torch import Tensor
from torch.nn.functional import adaptive_avg_pool2d

from autogroove.model.whitening import LARGEST_LEVEL, autocorrelate

NUM_BANDS = 16
NUM_COARSE_BANDS = 8
NUM_SHORT_LAGS = 16
QUANTILES = (0.1, 0.5, 0.9)

LEVEL_FEATURES = NUM_BANDS
TEXTURE_FEATURES = (
    NUM_BANDS * (NUM_BANDS - 1) // 2
    + NUM_BANDS * (1 + len(QUANTILES) + 2)
    + NUM_COARSE_BANDS * (NUM_SHORT_LAGS - 1)
)


def describe_texture(whitened: Tensor) -> Tensor:
    """Statistics of (n, 1, bins, frames): (n, TEXTURE_FEATURES)."""
    bands, coarse = (_pool_rows(whitened, count) for count in (NUM_BANDS, NUM_COARSE_BANDS))
    short = autocorrelate(coarse, min(NUM_SHORT_LAGS, coarse.shape[2]))[..., 1:].flatten(1)
    return torch.cat([_correlate(bands), _spread(bands), _move(bands), short], dim=1)


def describe_levels(images: Tensor) -> Tensor:
    """Logarithm of the mean magnitude of NUM_BANDS bands of (n, 1, bins, frames)."""
    magnitudes = torch.atanh(images.clamp(max=LARGEST_LEVEL)).mean(dim=3, keepdim=True)
    return (adaptive_avg_pool2d(magnitudes, (NUM_BANDS, 1)).flatten(1) + 0.01).log()


def _pool_rows(images: Tensor, count: int) -> Tensor:
    """Means of adjoining rows of (n, 1, bins, frames): (n, count, frames)."""
    rows = images.squeeze(1)
    if rows.shape[1] % count:
        return adaptive_avg_pool2d(rows, (count, rows.shape[2]))
    # Equal to pooling, in a quarter of its time.
    means: Tensor = rows.unflatten(1, (count, -1)).mean(dim=2)  # type: ignore[no-untyped-call]
    return means


def _correlate(bands: Tensor) -> Tensor:
    """Correlations of pairs of bands, and the logarithm of each band's deviation."""
    centred = bands - bands.mean(dim=2, keepdim=True)
    covariance = centred @ centred.transpose(1, 2) / bands.shape[2]
    deviation = covariance.diagonal(dim1=1, dim2=2).clamp(min=0).sqrt() + 1e-3
    correlation = covariance / deviation[:, :, None] / deviation[:, None, :]
    above = torch.triu_indices(NUM_BANDS, NUM_BANDS, 1, device=bands.device)
    return torch.cat([correlation[:, above[0], above[1]], deviation.log()], dim=1)


def _spread(bands: Tensor) -> Tensor:
    ordered = bands.sort(dim=2).values
    places = [round(q * (bands.shape[2] - 1)) for q in QUANTILES]
    return torch.cat([ordered[..., place] for place in places], dim=1)


def _move(bands: Tensor) -> Tensor:
    change = bands[..., 1:] - bands[..., :-1]
    return torch.cat([change.std(dim=2, correction=0), torch.relu(change).mean(dim=2)], dim=1)
