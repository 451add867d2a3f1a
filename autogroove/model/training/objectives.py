"""What a training minimises, and how images are augmented for it. Never their tempo.

The card examines with another augmentation (`autogroove.evaluation.descriptors`), which works on
samples: a model must not be examined with what it was trained on.
"""

import math
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import cross_entropy, mse_loss, normalize

from autogroove.config import Settings, SpectrogramSettings, TrainingSettings
from autogroove.model.autoencoder import Autoencoder
from autogroove.model.whitening import LARGEST_LEVEL

PITCH_STEPS_PER_SEMITONE = 2

EQUALISER_WAVES = 4

LARGEST_BLUR = 0.5


class Augmentation:
    """Shifts pitch, equalises, changes gain and blurs in time, for each image by chance.

    A shift of pitch reads each band at the frequency that it came from; an equaliser is a few
    slow cosines over the bands; a blur mixes a frame with its neighbours, as a room does.
    """

    def __init__(self, spectrogram: SpectrogramSettings, training: TrainingSettings) -> None:
        bins = spectrogram.num_bins
        steps = int(training.semitones * PITCH_STEPS_PER_SEMITONE)
        shifts = np.arange(-steps, steps + 1) / PITCH_STEPS_PER_SEMITONE
        centres = centre_frequencies(spectrogram)
        self._shifts = torch.stack([_shift_bands(centres, shift) for shift in shifts])
        places = torch.linspace(0, 1, bins)
        waves = torch.arange(1, EQUALISER_WAVES + 1)[:, None]
        self._waves = torch.cos(math.pi * waves * places) / math.sqrt(EQUALISER_WAVES / 2)
        self._nepers = training.equaliser_decibels * math.log(10) / 20

    def __call__(self, images: Tensor, random: torch.Generator) -> Tensor:
        """Images (n, 1, bins, frames) in [0, 1], each augmented in its own way."""
        device, count = images.device, len(images)
        draw = torch.rand(count, 2 + EQUALISER_WAVES + 1, generator=random, device=device)
        chosen = (draw[:, 0] * len(self._shifts)).long()
        waves = 2 * math.sqrt(3) * (draw[:, 2 : 2 + EQUALISER_WAVES] - 0.5)
        curve = waves @ self._waves.to(device) + (draw[:, -1:] - 0.5)
        gains = torch.exp(self._nepers * curve)[:, :, None]
        magnitudes = torch.atanh(images.squeeze(1).clamp(max=LARGEST_LEVEL))
        shifted = gains * torch.bmm(self._shifts.to(device)[chosen], magnitudes)
        return torch.tanh(_blur(shifted, LARGEST_BLUR * draw[:, 1])).unsqueeze(1)


def centre_frequencies(spectrogram: SpectrogramSettings) -> NDArray[np.float64]:
    """The frequency in Hz that each row of an image stands for."""
    if spectrogram.scale == "linear":
        step = spectrogram.sample_rate_hz / spectrogram.window_samples
        return np.arange(spectrogram.num_bins, dtype=np.float64) * step
    from librosa import mel_frequencies

    top = min(spectrogram.mel_top_hz, spectrogram.sample_rate_hz / 2)
    edges = mel_frequencies(spectrogram.num_bins + 2, fmin=spectrogram.mel_low_hz, fmax=top)
    return np.asarray(edges[1:-1], dtype=np.float64)


def _shift_bands(centres_hz: NDArray[np.float64], semitones: float) -> Tensor:
    """A matrix (bins, bins) that reads each band where it was before the shift."""
    bins = len(centres_hz)
    source = np.interp(centres_hz / 2 ** (semitones / 12), centres_hz, np.arange(bins))
    left = np.minimum(source.astype(int), bins - 2)
    matrix = np.zeros((bins, bins), np.float32)
    matrix[np.arange(bins), left] = 1 - (source - left)
    matrix[np.arange(bins), left + 1] += source - left
    return torch.from_numpy(matrix)


def _blur(magnitudes: Tensor, share: Tensor) -> Tensor:
    around = (magnitudes.roll(1, dims=2) + magnitudes.roll(-1, dims=2)) / 2
    return torch.lerp(magnitudes, around, share[:, None, None])


class Objective(Protocol):
    """A loss of a batch: images float32 (n, 1, H, W) in [0, 1] to a scalar."""

    pairs: bool
    """Whether a batch is made of pairs: first clips, then their partners."""

    def __call__(self, model: Autoencoder, images: Tensor, random: torch.Generator) -> Tensor:
        """The loss of a batch."""
        ...


class Reconstruction:
    """Mean squared error of the picture: the poster's objective."""

    pairs = False

    def __call__(self, model: Autoencoder, images: Tensor, random: torch.Generator) -> Tensor:
        """The loss of a batch."""
        return mse_loss(model(images).float(), images)


class Pairs:
    """Two augmented clips of a track must find each other; the decoder must show both.

    Augmentation takes away what a code must not live on: level, colour and key. It keeps tempo
    and rhythm. Without the decoder a code may forget whatever does not tell tracks apart.
    """

    pairs = True

    def __init__(self, settings: Settings) -> None:
        self._augment = Augmentation(settings.spectrogram, settings.training)
        self._temperature = settings.training.temperature
        self._reconstruction_weight = settings.training.reconstruction_weight

    def __call__(self, model: Autoencoder, images: Tensor, random: torch.Generator) -> Tensor:
        """The loss of a batch."""
        shown = self._augment(images, random)
        codes, pictures = model.learn(shown)
        error = mse_loss(pictures.float(), shown)
        contrast = contrast_pairs(codes.float(), self._temperature)
        return contrast + self._reconstruction_weight * error


def contrast_pairs(codes: Tensor, temperature: float) -> Tensor:
    """NT-Xent (Chen et al. 2020) of codes (2n, d) whose rows i and i + n belong together."""
    units = normalize(codes, dim=1)
    similarity = units @ units.T / temperature
    itself = torch.eye(len(units), dtype=torch.bool, device=units.device)
    partners = torch.arange(len(units), device=units.device).roll(len(units) // 2)
    return cross_entropy(similarity.masked_fill(itself, float("-inf")), partners)


def choose_objective(settings: Settings) -> Objective:
    """The objective that the settings name."""
    return Reconstruction() if settings.training.objective == "reconstruction" else Pairs(settings)
