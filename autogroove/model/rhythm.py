"""From images to rhythm: onsets, what repeats, at which tempo, and the same against beats.

What belongs here: pooling over time that keeps rhythm and forgets where it began. No weights.
What does not: the network around it (`autogroove.model.groove`), or the card's own descriptors
(`autogroove.evaluation.descriptors`), which are measured from audio and which no model reads.

How much each tempo is in a clip is weighed by how well its beats repeat (comb filter: Scheirer
1998) and by how usual it is (log-normal around 120 a minute: Ellis 2007). With octaves folded
that is the tempo alone (cyclic tempogram: Grosche, Müller and Kurth 2010). The autocorrelation
read at fractions of a beat instead of seconds, the mean over tempi as they are weighed, is the
pattern without its tempo (beat spectrum: Foote, Cooper and Nam 2002): no tempo has to be chosen,
so that two that are near each other, or an octave apart and equally usual, give near patterns.
"""

import math
from itertools import pairwise

import torch
from torch import Tensor
from torch.nn.functional import normalize, pad

LARGEST_LEVEL = 0.998
"""Grey levels above are saturated; atanh of 1 is infinite."""
COMPRESSION = 10.0
FLOOR = 0.01
"""Of the loudest band: bands below it are not raised to the level of the others."""

RISE_FRAMES = 2
BAND_EDGES = (0, 1 / 16, 1 / 4, 1 / 2, 3 / 4, 1)
"""Of the rows. In the preset's 64: up to 0.2 kHz (kick, bass), 0.8, 1.9 (snare, voice), 4.4, 10
(hats)."""
NUM_ONSET_BANDS = len(BAND_EDGES) - 1
STEPS_PER_OCTAVE = 48
"""Tempi are 1.5 % apart: two that a listener would call the same lie within 4 %."""
NUM_OCTAVES = 2
SLOWEST_BEAT = 0.1
"""Of the clip: 60 beats a minute in 10 s. Two octaves up is 240."""
USUAL_BEAT = 0.055
USUAL_OCTAVES = 0.7
"""Deviation of usual tempi from the most usual one."""
COMB_BEATS = (1, 2, 3, 4)
SHARPNESS = 8.0
"""Power of a tempo's weight: the second best, four fifths as good, counts a sixth."""
TEMPO_BLUR = 0.035
"""Deviation in octaves, 2.5 %: tempi 4 % apart overlap by .72, those 8 % apart by .28."""

STEPS_PER_BEAT = 12
NUM_BEATS = 4
FIRST_STEP = 2
"""One step lies within the width of an onset."""
NUM_STEPS = STEPS_PER_BEAT * NUM_BEATS - FIRST_STEP + 1

TEMPO_FEATURES = STEPS_PER_OCTAVE
RHYTHM_FEATURES = NUM_ONSET_BANDS * NUM_STEPS


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
    """Rises over two frames of (n, 1, bins, frames), in NUM_ONSET_BANDS bands: (n, bands, frames).

    A window is longer than two frames, so that an onset takes as long to rise.
    """
    rises = torch.relu(whitened[..., RISE_FRAMES:] - whitened[..., :-RISE_FRAMES])
    rows = pad(rises, (RISE_FRAMES, 0)).squeeze(1)
    edges = [round(edge * rows.shape[1]) for edge in BAND_EDGES]
    bands = [rows[:, low:high].mean(dim=1) for low, high in pairwise(edges)]
    return torch.stack(bands, dim=1)


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


def count_lags(num_frames: int) -> int:
    """Lags that reach to the end of a pattern at the slowest tempo."""
    return min(num_frames, math.ceil(num_frames * SLOWEST_BEAT * NUM_BEATS) + 2)


def weigh_tempi(lagged: Tensor, num_frames: int) -> Tensor:
    """How much each tempo is in clips: (n, NUM_OCTAVES · STEPS_PER_OCTAVE), rows that sum to 1.

    Args:
        lagged: (n, bands, lags) autocorrelations.
        num_frames: of the clips.
    """
    periods = _beat_lengths(num_frames, lagged.device)
    together = torch.relu(lagged).sum(dim=1)
    beats = torch.tensor(COMB_BEATS, device=lagged.device)
    found = _read_at(together, periods[:, None] * beats).mean(dim=2)
    octaves = torch.log2(periods / (USUAL_BEAT * num_frames)) / USUAL_OCTAVES
    salience = found * torch.exp(-0.5 * octaves.square())
    sharpened = (salience / (salience.amax(dim=1, keepdim=True) + 1e-6)) ** SHARPNESS + 1e-6
    return sharpened / sharpened.sum(dim=1, keepdim=True)


def describe_tempo(weights: Tensor) -> Tensor:
    """Tempo without its octave: (n, TEMPO_FEATURES), rows of length 1.

    The square roots of a distribution: the distance of two is Hellinger's.
    """
    folded = weights.unflatten(1, (NUM_OCTAVES, STEPS_PER_OCTAVE)).sum(dim=1)  # type: ignore[no-untyped-call]
    steps = torch.arange(STEPS_PER_OCTAVE, device=weights.device) / STEPS_PER_OCTAVE
    apart = (steps[:, None] - steps + 0.5) % 1 - 0.5
    blurred = folded @ torch.exp(-0.5 * (apart / TEMPO_BLUR).square())
    return normalize(blurred.sqrt(), dim=1)


def describe_rhythm(lagged: Tensor, weights: Tensor, num_frames: int) -> Tensor:
    """What rises above each band's mean, against beats: (n, RHYTHM_FEATURES), rows of length 1.

    A row is zero where nothing repeats.

    Args:
        lagged: (n, bands, lags) autocorrelations.
        weights: (n, tempi) as `weigh_tempi` gives them.
        num_frames: of the clips.
    """
    steps = torch.arange(FIRST_STEP, FIRST_STEP + NUM_STEPS, device=lagged.device)
    places = _beat_lengths(num_frames, lagged.device)[:, None] * steps / STEPS_PER_BEAT
    patterns = _read_at(lagged, places)
    risen = torch.relu(patterns - patterns.mean(dim=3, keepdim=True))
    return normalize(torch.einsum("nbts,nt->nbs", risen, weights).flatten(1), dim=1)


def _beat_lengths(num_frames: int, device: torch.device) -> Tensor:
    """(tempi,) the length of a beat in frames, slowest first."""
    steps = torch.arange(NUM_OCTAVES * STEPS_PER_OCTAVE, device=device)
    return num_frames * SLOWEST_BEAT / 2 ** (steps / STEPS_PER_OCTAVE)


def _read_at(curves: Tensor, places: Tensor) -> Tensor:
    """Linear interpolation of (…, lags) at places (a, b): (…, a, b)."""
    left = places.floor().long().clamp(max=curves.shape[-1] - 2)
    share = (places - left).clamp(max=1)
    return torch.lerp(curves[..., left], curves[..., left + 1], share)
