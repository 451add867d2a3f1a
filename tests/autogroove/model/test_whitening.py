"""Laws of whitening, and of what is compared over time."""

import numpy as np
import torch

from autogroove.model.texture import TEXTURE_FEATURES, describe_texture
from autogroove.model.whitening import autocorrelate, whiten_bands


def test_autocorrelation_is_that_of_its_definition():
    curves = torch.rand(2, 3, 40, dtype=torch.float64)
    found = autocorrelate(curves, 10).numpy()
    centred = (curves - curves.mean(dim=2, keepdim=True)).numpy()
    for lag in range(10):
        products = (centred[..., : 40 - lag] * centred[..., lag:]).sum(axis=2)
        expected = products / (1 - lag / 40) / (centred**2).sum(axis=2)
        np.testing.assert_allclose(found[..., lag], expected, rtol=1e-4, atol=1e-6)


def test_an_equaliser_and_a_gain_leave_texture_nearly_alone():
    random = torch.Generator().manual_seed(0)
    image = 0.02 + 0.02 * torch.rand(1, 1, 64, 512, generator=random)
    image[..., ::26] += 0.5 * torch.rand(1, 1, 64, 1, generator=random)
    slope = torch.linspace(0.4, 1.4, 64)[:, None]
    coloured = torch.tanh(slope * torch.atanh(image))
    plain, changed = (describe_texture(whiten_bands(x)) for x in (image, coloured))
    assert plain.shape == (1, TEXTURE_FEATURES)
    np.testing.assert_allclose(plain, changed, atol=0.15)
