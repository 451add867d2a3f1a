"""Laws of the waves of a picture."""

import pytest
import torch

from autogroove.model.picture import PictureWaves

BINS, FRAMES, SIZE = 16, 64, 40


def draw_pictures(count, seed):
    """Sums of twenty random directions over rows, each moving in slow waves, and a little noise."""
    random = torch.Generator().manual_seed(seed)
    rows = torch.randn(BINS, 2, generator=torch.Generator().manual_seed(9))
    slow = torch.randn(count, 2, FRAMES // 4, generator=random)
    moving = torch.nn.functional.interpolate(slow, FRAMES, mode="linear")
    return (rows @ moving + 0.01 * torch.randn(count, BINS, FRAMES, generator=random))[:, None]


def unexplained(waves, pictures):
    rest = pictures - waves.draw(waves(pictures))
    return float(rest.square().sum() / pictures.square().sum())


@pytest.fixture(scope="module")
def fitted():
    waves = PictureWaves(BINS, FRAMES, SIZE)
    waves.fit(draw_pictures(200, 0))
    return waves


def test_what_is_drawn_has_the_numbers_that_it_was_drawn_from(fitted):
    when = torch.randn(5, SIZE, generator=torch.Generator().manual_seed(1))
    torch.testing.assert_close(fitted(fitted.draw(when)), when, atol=1e-4, rtol=1e-4)


def test_nothing_is_added_but_only_left_out(fitted):
    pictures = draw_pictures(6, 2)
    drawn = fitted.draw(fitted(pictures))
    left = pictures - drawn
    torch.testing.assert_close((drawn * left).sum(), torch.zeros(()), atol=1e-2, rtol=0)


def test_a_fit_explains_new_pictures_with_a_few_numbers(fitted):
    pictures = draw_pictures(50, 3)
    assert unexplained(fitted, pictures) < 0.05
    assert unexplained(PictureWaves(BINS, FRAMES, SIZE), pictures) > 0.15


def test_numbers_are_about_one_where_they_were_fitted(fitted):
    sizes = fitted(draw_pictures(200, 0)).square().mean(dim=0)
    torch.testing.assert_close(sizes, torch.ones(SIZE), atol=1e-3, rtol=0)


def test_a_fit_does_not_depend_on_the_order_of_pictures():
    pictures = draw_pictures(100, 4)
    one, other = PictureWaves(BINS, FRAMES, SIZE), PictureWaves(BINS, FRAMES, SIZE)
    one.fit(pictures)
    other.fit(pictures.flip(0))
    shown = draw_pictures(3, 5)
    torch.testing.assert_close(one.draw(one(shown)), other.draw(other(shown)), atol=1e-3, rtol=0)


def test_silence_can_be_fitted():
    waves = PictureWaves(BINS, FRAMES, SIZE)
    waves.fit(torch.zeros(3, 1, BINS, FRAMES))
    assert waves(torch.zeros(1, 1, BINS, FRAMES)).isfinite().all()
