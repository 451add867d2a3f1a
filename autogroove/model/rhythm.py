"""From images to rhythm: onsets, what repeats, and the same with the tempo taken out.

What belongs here: pooling over time that keeps rhythm and forgets where it began. No weights.
What does not: the network around it (`autogroove.model.groove`), or the card's own descriptors
(`autogroove.descriptors`), which must not be what a model is built from.

An autocorrelation read at logarithmic lags turns another tempo into a shift. Folding octaves
then keeps the tempo alone (cyclic tempogram: Grosche, Müller and Kurth 2010); the magnitude of a
Fourier transform along that axis drops it and keeps the pattern (scale transform: Holzapfel and
Stylianou 2011).
"""

import torch
from torch import Tensor
from torch.nn.functional import adaptive_avg_pool2d, normalize, pad

LARGEST_LEVEL = 0.998
"""Grey levels above are saturated; atanh of 1 is infinite."""
COMPRESSION = 10.0
FLOOR = 0.01
"""Of the loudest band: bands below it are not raised to the level of the others."""

NUM_ONSET_BANDS = 4
NUM_OCTAVES = 5
STEPS_PER_OCTAVE = 32
SHORTEST_LAG = 1 / 80
"""Of the clip: 0.125 s of 10 s. Five octaves up is 4 s."""
NUM_SCALES = 30

TEMPO_FEATURES = NUM_ONSET_BANDS * STEPS_PER_OCTAVE
RHYTHM_FEATURES = NUM_ONSET_BANDS * NUM_SCALES


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


def detect_onsets(whitened: Tensor) -> Tensor:
    """Rises from frame to frame, in NUM_ONSET_BANDS bands: (n, bands, frames)."""
    rises = torch.relu(whitened[..., 1:] - whitened[..., :-1])
    bands = adaptive_avg_pool2d(pad(rises, (1, 0)), (NUM_ONSET_BANDS, None))
    return bands.squeeze(1)


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


def make_lag_reader(num_frames: int) -> Tensor:
    """A matrix (lags, NUM_OCTAVES · STEPS_PER_OCTAVE) that reads curves at logarithmic lags."""
    steps = torch.arange(NUM_OCTAVES * STEPS_PER_OCTAVE)
    lags = num_frames * SHORTEST_LAG * 2 ** (steps / STEPS_PER_OCTAVE)
    left = lags.floor().long()
    reader = torch.zeros(int(left.max()) + 2, len(steps))
    reader[left, steps] = 1 - (lags - left)
    reader[left + 1, steps] = lags - left
    return reader


def describe_tempo(repeats: Tensor) -> Tensor:
    """Cyclic tempogram of (n, bands, steps): (n, TEMPO_FEATURES), rows of length 1 or 0."""
    octaves = torch.relu(repeats).unflatten(2, (NUM_OCTAVES, STEPS_PER_OCTAVE))  # type: ignore[no-untyped-call]
    folded = octaves.sum(dim=2)
    return normalize((folded - folded.mean(dim=2, keepdim=True)).flatten(1), dim=1)


def describe_rhythm(repeats: Tensor) -> Tensor:
    """Scale magnitudes of (n, bands, steps): (n, RHYTHM_FEATURES), rows of length 1 or 0."""
    scales = torch.fft.rfft(repeats, dim=2)[..., 1 : NUM_SCALES + 1].abs()
    return normalize(scales.flatten(1), dim=1)
