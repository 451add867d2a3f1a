"""Laws of the network that learns groove, most of which hold for any weights."""

import numpy as np
import pytest
import torch

from autogroove.model import GrooveNetwork
from autogroove.model.groove_network import TEMPO_SIZE
from autogroove.model.teacher import TeacherSettings, teach
from autogroove.model.tempo import LAGS_PER_OCTAVE, describe_tempo
from autogroove.model.training import build_network
from autogroove.model.training.contrast import blame_tempi
from autogroove.model.whitening import whiten_bands

STEADY = TeacherSettings(damage=0.0)


def to_tensor(images):
    return torch.from_numpy(images).float()[:, None] / 255


@pytest.fixture(scope="module")
def lesson():
    return teach(3, 0, STEADY, num_grooves=6)


@pytest.fixture(scope="module")
def images(lesson):
    return to_tensor(lesson.images)


@pytest.fixture(scope="module")
def network(images):
    """Random weights, batch norms settled on the lesson."""
    torch.manual_seed(1)
    made = build_network().train()
    with torch.no_grad():
        for _ in range(3):
            made(images)
    return made.eval()


@torch.no_grad()
def test_a_code_has_its_parts_and_a_picture_its_shape(network, images):
    heard = network.hear(images)
    assert [part.shape[1] for part in (heard.tempo, heard.rhythm, heard.sound, heard.when)] == [
        *network.sizes
    ]
    assert network.encode(images).shape == (len(images), network.code_size)
    assert network(images).shape == images.shape
    lengths = network.pace_of(heard.tempo).square().sum(dim=1), heard.rhythm.square().sum(dim=1)
    torch.testing.assert_close(lengths[0], torch.full_like(lengths[0], 0.5))
    torch.testing.assert_close(lengths[1], torch.ones_like(lengths[1]))


@torch.no_grad()
def test_when_has_no_say_in_distances(network, images):
    with_other = GrooveNetwork(network.image_shape, network.frame_seconds).eval()
    with_other.load_state_dict(network.state_dict())
    with_other.when.scales.mul_(3)
    assert not torch.equal(with_other.hear(images[:4]).when, network.hear(images[:4]).when)
    assert torch.equal(with_other.encode(images[:4]), network.encode(images[:4]))


@pytest.mark.parametrize("level", [0.0, 0.3, 1.0])
@torch.no_grad()
def test_silence_noise_floor_and_full_scale_have_finite_codes(network, level):
    flat = torch.full((2, 1, *network.image_shape), level)
    assert network.encode(flat).isfinite().all()
    assert network(flat).isfinite().all()


def test_silence_has_finite_gradients(network):
    flat = torch.zeros(2, 1, *network.image_shape)
    heard = network.hear(flat)
    (heard.rhythm.sum() + heard.tempo.sum() + heard.sound.sum()).backward()
    gradients = [weight.grad for weight in network.parameters() if weight.grad is not None]
    assert gradients
    assert all(gradient.isfinite().all() for gradient in gradients)
    network.zero_grad()


@torch.no_grad()
def test_a_batch_is_heard_as_its_clips_are_one_by_one(network, images):
    alone = torch.cat([network.encode(image[None]) for image in images[:6]])
    torch.testing.assert_close(network.encode(images[:6]), alone, atol=2e-4, rtol=0)


@torch.no_grad()
def test_gain_and_equaliser_hardly_move_tempo_and_rhythm(network, images):
    """Half as loud, treble up by 6 dB: nearer to itself than to any other clip of the lesson."""
    bins = images.shape[2]
    gains = 0.5 * 10 ** (torch.linspace(0, 6, bins) / 20)
    louder = torch.tanh(gains[:, None] * torch.atanh(images.clamp(max=0.999)))
    plain, changed = network.hear(images), network.hear(louder)
    for one, other in ((plain.tempo, changed.tempo), (plain.rhythm, changed.rhythm)):
        apart = torch.cdist(other, one)
        itself = apart.diagonal().clone()
        apart.fill_diagonal_(torch.inf)
        assert (itself < apart.min(dim=1).values).float().mean() > 0.95
        assert itself.median() < 0.3 * apart[apart.isfinite()].median()


@torch.no_grad()
def test_a_played_tempo_is_a_shift_of_the_correlogram(network):
    """Clicks at 120 and at 120 · 2^(-1/4) a minute: a quarter of an octave, or of its multiples."""
    found = []
    for beat in (0.5, 0.5 * 2**0.25):
        image = torch.zeros(1, 1, *network.image_shape)
        frames = (torch.arange(0, 10, beat) / network.frame_seconds).long()
        image[..., frames[frames < image.shape[3]]] = 0.8
        curve = network.correlate(image)[0].mean(dim=0)
        first, count = network.tempo.first, network.tempo.count
        found.append(int(curve[first : first + count].argmax()))
    assert (found[1] - found[0]) % LAGS_PER_OCTAVE in (9, 10, 11)


def test_known_beats_are_used_instead_of_heard_ones(network, images):
    with torch.no_grad():
        free = network.hear(images[:4])
        beats = torch.tensor([30.0, torch.nan, 40.0, torch.nan])
        told = network.hear(images[:4], beats)
    same = [torch.equal(a, b) for a, b in zip(free.rhythm, told.rhythm, strict=True)]
    assert same == [False, True, False, True]
    assert torch.equal(free.tempo, told.tempo)


@torch.no_grad()
def test_how_alike_bands_are_at_any_time_is_no_rhythm(network, images):
    """A reverberant room, say, or a drone: every lag of a pair of bands is higher by as much."""
    heard = network.hear(images[:4])
    lagged, _ = network._correlate(whiten_bands(images[:4]))
    beats = torch.full((4,), 25.0)
    raised = lagged + torch.linspace(-0.2, 0.4, lagged.shape[1])[:, None]
    plain, other = (network._read_rhythm(x, heard.tempi, beats) for x in (lagged, raised))
    torch.testing.assert_close(plain, other, atol=1e-3, rtol=0)


def test_places_and_beats_are_each_others_inverse(network):
    beats = torch.tensor([20.0, 31.4, 55.0])
    torch.testing.assert_close(network.beat_frames(network.places_of(beats)), beats)


def test_ten_steps_teach_the_tempo_head_what_it_can_tell_of_other_grooves():
    """Chance is 1 in 12: octaves aside, a window of 8 % of an octave either way."""
    torch.manual_seed(0)
    network = build_network()
    lessons = [teach(seed, 0, TeacherSettings(), num_grooves=12) for seed in (0, 1)]
    beats = [torch.from_numpy(60 / x.tempi_bpm / network.frame_seconds).float() for x in lessons]
    with torch.no_grad():
        shown, other = (network.correlate(to_tensor(lesson.images)) for lesson in lessons)
    optimizer = torch.optim.AdamW(network.tempo.parameters(), lr=3e-3)
    network.train()
    for _ in range(12):
        optimizer.zero_grad()
        blame_tempi(network.tempo(shown), network.places_of(beats[0])).backward()
        optimizer.step()
    network.eval()
    with torch.no_grad():
        heard = network.beat_frames(network.tempo(other).argmax(dim=1).float())
    octaves = np.log2(heard.numpy() / beats[1].numpy())
    assert (np.abs((octaves + 0.5) % 1 - 0.5) < 0.057).mean() > 0.7


def test_tempo_alone_is_the_same_an_octave_apart(network):
    logits = torch.full((3, network.tempo.count), -30.0)
    logits[0, 10] = logits[1, 10 + LAGS_PER_OCTAVE] = logits[2, 25] = 10.0
    codes = describe_tempo(logits, TEMPO_SIZE, 0.03)
    torch.testing.assert_close(codes[0], codes[1], atol=1e-4, rtol=0)
    assert (codes[0] - codes[2]).norm() > 0.5
