"""All-pairs correlograms: which band answers which, and after how long.

What belongs here: correlations of onset curves, and the two ways to read them: against the
logarithm of the lag, where another tempo is a shift, and against beats. No weights.
What does not: where onset curves come from (`autogroove.model.onsets`), or what is made of a
correlogram (`autogroove.model.tempo`, `autogroove.model.pattern`).

Autocorrelations know when a band repeats itself and nothing of the others: a snare before the
beat and one on it look alike. The correlations between bands tell them apart.
"""

import torch
from torch import Tensor

ENERGY_FLOOR = 0.02
"""Of the mean energy of all bands: a band that is nearly silent has no pattern to be raised."""


def correlate_bands(curves: Tensor, num_lags: int) -> Tensor:
    """Unbiased correlations of each curve with each, the second one later.

    Args:
        curves: (n, bands, frames) float32.
        num_lags: lags 0 to `num_lags` − 1 in frames; fewer than frames.

    Returns:
        (n, bands², num_lags); 1 at lag 0 of a band with itself, unless it is nearly silent.
    """
    count, bands, frames = curves.shape
    centred = curves - curves.mean(dim=2, keepdim=True)
    energy = centred.square().sum(dim=2)
    length = (energy + ENERGY_FLOOR * energy.mean(dim=1, keepdim=True) + 1e-6).sqrt()
    spectrum = torch.fft.rfft(centred / length[:, :, None], 1 << (2 * frames - 1).bit_length())
    one, other = torch.triu_indices(bands, bands, device=curves.device)
    lagged = torch.fft.irfft(spectrum[:, one].conj() * spectrum[:, other])
    later = lagged[..., :num_lags]
    sooner = torch.cat([lagged[..., :1], lagged[..., 1 - num_lags :].flip(2)], dim=2)
    overlap = 1 - torch.arange(num_lags, device=curves.device) / frames
    both = torch.cat([later, sooner], dim=1) / overlap
    # Each band's own correlation is in both halves; the first is taken.
    pairs = torch.arange(len(one), device=curves.device)
    places = torch.empty(bands, bands, dtype=torch.long, device=curves.device)
    places[other, one] = pairs + len(one)
    places[one, other] = pairs
    return both[:, places.flatten()].view(count, bands * bands, num_lags)


def log_lags(frame_seconds: float, num_frames: int, *, shortest: float, per_octave: int) -> Tensor:
    """(places,) lags in frames, evenly spaced in their logarithm, to a little over half a clip.

    Args:
        frame_seconds: from frame to frame.
        num_frames: of a clip.
        shortest: the first lag in seconds.
        per_octave: lags to an octave.
    """
    first, last = shortest / frame_seconds, 0.515 * num_frames
    octaves = torch.log2(torch.tensor(last / first)).item()
    steps = torch.arange(int(octaves * per_octave) + 1, dtype=torch.float64)
    return (first * 2 ** (steps / per_octave)).float()


def log_lag_filters(lags: Tensor, num_lags: int) -> Tensor:
    """A matrix (num_lags, places) that reads correlations at lags, without missing what lies
    between them: triangles as wide as the lags are apart, and never narrower than a frame."""
    apart = torch.diff(lags, append=lags[-1:] ** 2 / lags[-2:-1]).clamp(min=1)
    frames = torch.arange(num_lags, dtype=lags.dtype)[:, None]
    triangles = (1 - (frames - lags).abs() / apart).clamp(min=0)
    return triangles / triangles.sum(dim=0).clamp(min=1e-6)


def read_against_beats(lagged: Tensor, beat_frames: Tensor, steps: Tensor) -> Tensor:
    """Correlations at fractions of a beat; 0 where a clip is too short for the lag.

    Args:
        lagged: (n, pairs, lags) as `correlate_bands` gives them.
        beat_frames: (n,) length of a beat in frames.
        steps: (places,) lags in beats.

    Returns:
        (n, pairs, places).
    """
    count, pairs, num_lags = lagged.shape
    places = beat_frames[:, None] * steps
    left = places.long().clamp(max=num_lags - 2)
    share = (places - left)[:, None, :]
    index = left[:, None, :].expand(count, pairs, -1)
    read = torch.lerp(lagged.gather(2, index), lagged.gather(2, index + 1), share.clamp(max=1))
    return torch.where(share <= 1, read, 0.0)
