"""The drawer adds to waves what it has learned, and at first nothing."""

import torch

from autogroove.model.drawing import Drawer


def test_at_first_nothing_is_added_to_the_waves():
    waves = torch.randn(3, 1, 32, 64)
    drawn = Drawer(10, 32, 64)(torch.randn(3, 10), waves)
    assert drawn.shape == waves.shape
    assert torch.equal(drawn, torch.zeros_like(drawn))


def test_sharp_strikes_are_learned_from_blurred_ones():
    """Strikes at random times, shown blurred: the same sharpening everywhere is easy to learn."""
    torch.manual_seed(0)

    def strike(count):
        sharp = (torch.rand(count, 1, 1, 64) < 0.1).float().expand(count, 1, 32, 64)
        return sharp, torch.nn.functional.avg_pool2d(sharp, (1, 5), 1, (0, 2))

    drawer = Drawer(10, 32, 64)
    optimizer = torch.optim.AdamW(drawer.parameters(), 1e-2)
    for _ in range(40):
        sharp, blurred = strike(16)
        left = sharp - blurred - drawer(torch.zeros(16, 10), blurred)
        optimizer.zero_grad()
        left.square().mean().backward()
        optimizer.step()
    drawer.eval()
    sharp, blurred = strike(16)
    with torch.no_grad():
        left = sharp - blurred - drawer(torch.zeros(16, 10), blurred)
    assert left.square().mean() < 0.9 * (sharp - blurred).square().mean()
