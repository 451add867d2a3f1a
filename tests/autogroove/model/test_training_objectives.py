"""Laws of the objectives and of how images are augmented for them."""

import numpy as np
import torch

from autogroove.config.settings import Settings
from autogroove.model.training.objectives import Augmentation, centre_frequencies, contrast_pairs

BINS = 64


def test_a_disguise_moves_a_tone_by_its_interval_and_no_onset():
    settings = Settings.from_preset("groove").with_overrides(
        {"training.equaliser_decibels": 0, "training.semitones": 3}
    )
    augmentation = Augmentation(settings.spectrogram, settings.training)
    images = torch.zeros(200, 1, BINS, 64)
    images[:, :, 30, 20] = 0.5
    changed = augmentation(images, torch.Generator().manual_seed(0)).squeeze(1)
    centres = centre_frequencies(settings.spectrogram)
    loudest = centres[changed.sum(dim=2).argmax(dim=1).numpy()]
    semitones = 12 * np.log2(loudest / centres[30])
    assert -3.6 < semitones.min() < -2.4
    assert 2.4 < semitones.max() < 3.6
    assert (changed.sum(dim=1).argmax(dim=1) == 20).all()


def test_pairs_that_find_each_other_cost_less():
    units = torch.eye(4)
    assert contrast_pairs(torch.cat([units, units]), 0.2) < 0.1
    assert contrast_pairs(torch.cat([units, units.roll(1, 0)]), 0.2) > 4
