"""From images to what is compared over time: an equaliser or a gain changes little of it.

What belongs here: whitening, and autocorrelation of curves. No weights.
What does not: onsets (`autogroove.model.onsets`), or the card's own descriptors
(`autogroove.evaluation.descriptors`), which are measured from audio and which no model reads.
"""

import torch
from torch import Tensor

LARGEST_LEVEL = 0.998
"""Grey levels above are saturated; atanh of 1 is infinite."""
COMPRESSION = 10.0
FLOOR = 0.01
"""Of the loudest band: bands below it are not raised to the level of the others."""


def whiten_bands(images: Tensor) -> Tensor:
    """Each band against its own mean, then compressed: an equaliser or a gain changes little.

    Undoes the tanh of the images first. After Stowell and Plumbley (2007), adaptive whitening.

    Args:
        images: (n, 1, bins, frames) in [0, 1].

    Returns:
        (n, 1, bins, frames), 0 for silence.
    """
    magnitudes = torch.atanh(images.clamp(max=LARGEST_LEVEL))
    level = magnitudes.mean(dim=3, keepdim=True)
    floor = FLOOR * level.amax(dim=2, keepdim=True) + 1e-6
    return torch.log1p(COMPRESSION * magnitudes / (level + floor))


def autocorrelate(curves: Tensor, num_lags: int) -> Tensor:
    """Unbiased autocorrelation of (n, c, frames), 1 at lag 0: (n, c, num_lags)."""
    frames = curves.shape[2]
    centred = curves - curves.mean(dim=2, keepdim=True)
    spectrum = torch.fft.rfft(centred, 1 << (2 * frames - 1).bit_length(), dim=2)
    power = spectrum.real.square() + spectrum.imag.square()
    lagged = torch.fft.irfft(power, dim=2)[..., :num_lags]
    overlap = 1 - torch.arange(num_lags, device=curves.device) / frames
    unbiased: Tensor = lagged / overlap / (lagged[..., :1] + 1e-6)
    return unbiased
