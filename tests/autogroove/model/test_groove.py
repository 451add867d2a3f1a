"""Laws of the model that hears groove: what its views keep, and what they leave out."""

import numpy as np
import pytest
import torch
from stored_clips import store_clips, tiny_settings

from autogroove.config.settings import Settings
from autogroove.model.autoencoder import as_tensor, encode_images, reconstruct
from autogroove.model.overfit import measure_unexplained
from autogroove.model.rhythm import (
    NUM_OCTAVES,
    NUM_STEPS,
    SLOWEST_BEAT,
    STEPS_PER_OCTAVE,
    autocorrelate,
    count_lags,
    describe_rhythm,
    describe_tempo,
    detect_onsets,
    weigh_tempi,
    whiten_bands,
)
from autogroove.model.storing import build_autoencoder, load_model
from autogroove.model.texture import TEXTURE_FEATURES, describe_texture
from autogroove.model.training.clips import ClipLoader
from autogroove.model.training.closed_form import (
    begin_model,
    find_axes,
    find_components,
    find_discriminants,
    finish_model,
    prepare_code,
)
from autogroove.model.training.objectives import Augmentation, centre_frequencies, contrast_pairs
from autogroove.model.training.train import train_model
from autogroove.segments.index import make_recipe_key
from autogroove.store.store import Store

FRAMES, BINS = 512, 64
PATTERNS = {"even": (0, 4, 8, 12), "son": (0, 3, 6, 10, 12), "waltz": (0, 2, 5)}


def draw_beat(pattern: str, frames_per_step: float, start: float = 3) -> torch.Tensor:
    """An image (1, 1, BINS, FRAMES) of a pattern that repeats: low hits, and high ones between."""
    steps, length = PATTERNS[pattern], 12 if pattern == "waltz" else 16
    image = torch.full((BINS, FRAMES), 0.02)
    for count in range(1000):
        bar, hit = divmod(count, len(steps))
        for shift, rows in ((0, slice(0, 16)), (1, slice(48, 64))):
            at = start + frames_per_step * (bar * length + steps[hit] + shift)
            if at < FRAMES - 2:
                image[rows, int(at)] += 0.6 * (1 - at % 1)
                image[rows, int(at) + 1] += 0.6 * (at % 1)
    return image[None, None]


def weigh(images):
    """Autocorrelations of the onsets, and the weights of the tempi."""
    lagged = autocorrelate(detect_onsets(whiten_bands(images)), count_lags(FRAMES))
    return lagged, weigh_tempi(lagged, FRAMES)


def hear(images):
    lagged, weights = weigh(images)
    return describe_tempo(weights), describe_rhythm(lagged, weights, FRAMES)


def similarity(one, other):
    return float((one * other).sum())


def test_autocorrelation_is_that_of_its_definition():
    curves = torch.rand(2, 3, 40, dtype=torch.float64)
    found = autocorrelate(curves, 10).numpy()
    centred = (curves - curves.mean(dim=2, keepdim=True)).numpy()
    for lag in range(10):
        products = (centred[..., : 40 - lag] * centred[..., lag:]).sum(axis=2)
        expected = products / (1 - lag / 40) / (centred**2).sum(axis=2)
        np.testing.assert_allclose(found[..., lag], expected, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("frames_per_step", [5.2, 6.5, 8.1])
def test_the_heaviest_tempo_is_the_one_that_is_played(frames_per_step):
    _, weights = weigh(draw_beat("even", frames_per_step))
    heaviest = int(weights.argmax())
    beat_frames = FRAMES * SLOWEST_BEAT / 2 ** (heaviest / STEPS_PER_OCTAVE)
    octaves = np.log2(4 * frames_per_step / beat_frames)
    assert abs(octaves - round(octaves)) < 1 / STEPS_PER_OCTAVE
    assert weights.shape == (1, NUM_OCTAVES * STEPS_PER_OCTAVE)
    assert float(weights.sum()) == pytest.approx(1, abs=1e-4)


def test_a_pattern_rises_where_its_hits_follow_each_other():
    """The even pattern has a hit every beat: 12 steps of a twelfth."""
    lagged, weights = weigh(draw_beat("even", 6.5))
    pattern = describe_rhythm(lagged, weights, FRAMES).view(-1, NUM_STEPS)[0]
    assert int(pattern.argmax()) + 2 in (12, 24, 36, 48)
    assert float(pattern[12 - 2] / pattern.max()) > 0.6
    assert float(pattern[6 - 2] / pattern.max()) < 0.4


def test_tempo_knows_another_tempo_and_not_another_octave():
    slow, double, other = (hear(draw_beat("even", f))[0] for f in (4.0, 8.0, 5.2))
    assert similarity(slow, double) > 0.75
    assert similarity(slow, other) < 0.3


def test_rhythm_follows_the_pattern_through_other_tempi():
    son = [hear(draw_beat("son", f))[1] for f in (5.6, 6.2, 6.9)]
    even, waltz = (hear(draw_beat(p, 6.2))[1] for p in ("even", "waltz"))
    for tempo in son[1:]:
        assert similarity(son[0], tempo) > max(similarity(son[0], even), similarity(son[0], waltz))


def test_where_a_clip_begins_does_not_matter():
    early, late = draw_beat("son", 4.6, start=3), draw_beat("son", 4.6, start=40.5)
    for one, other in zip(hear(early), hear(late), strict=True):
        assert similarity(one, other) > 0.9


def test_an_equaliser_and_a_gain_leave_rhythm_and_texture_nearly_alone():
    image = draw_beat("son", 4.6) + 0.02 * torch.rand(1, 1, BINS, FRAMES)
    slope = torch.linspace(0.4, 1.4, BINS)[:, None]
    coloured = torch.tanh(slope * torch.atanh(image))
    for one, other in zip(hear(image), hear(coloured), strict=True):
        assert similarity(one, other) > 0.98
    plain, changed = (describe_texture(whiten_bands(x)) for x in (image, coloured))
    assert plain.shape == (1, TEXTURE_FEATURES)
    np.testing.assert_allclose(plain, changed, atol=0.15)


@pytest.mark.parametrize("level", [0, 255])
def test_silence_and_saturation_are_finite(level):
    settings = Settings.from_preset("groove")
    model = build_autoencoder(settings.model, (BINS, FRAMES)).eval()
    flat = np.full((2, BINS, FRAMES), level, np.uint8)
    assert np.isfinite(encode_images(model, flat)).all()
    assert np.isfinite(reconstruct(model, flat)).all()


def test_it_is_an_autoencoder_of_six_and_six_whose_batch_changes_nothing():
    settings = Settings.from_preset("groove")
    model = build_autoencoder(settings.model, (BINS, FRAMES)).eval()
    kinds = [type(m).__name__ for m in model.modules()]
    assert (kinds.count("Conv2d"), kinds.count("ConvTranspose2d")) == (6, 6)
    images = np.random.default_rng(0).integers(0, 255, (3, BINS, FRAMES)).astype(np.uint8)
    codes = encode_images(model, images)
    assert codes.shape == (3, settings.model.code_size)
    np.testing.assert_allclose(encode_images(model, images[1:2])[0], codes[1], atol=1e-5)
    assert reconstruct(model, images).shape == images.shape


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


def test_discriminants_whiten_the_scatter_within_classes():
    random = np.random.default_rng(0)
    classes = np.repeat(np.arange(40), 25)
    centres = 3 * random.normal(size=(40, 3)) @ random.normal(size=(3, 8))
    noise = random.normal(size=(1000, 8)) * [9, 1, 1, 1, 1, 1, 1, 4]
    line = find_discriminants(centres[classes] + noise, classes, 3)
    found = (centres[classes] + noise) @ line.matrix + line.offset
    within = found - np.stack([found[classes == c].mean(axis=0) for c in range(40)])[classes]
    scatter = within.T @ within / len(within)
    off_diagonal = scatter - np.diag(np.diag(scatter))
    assert np.abs(off_diagonal).max() < 0.15 * np.diag(scatter).max()
    np.testing.assert_allclose(found.mean(axis=0), 0, atol=1e-9)


def test_axes_lead_back_to_the_rows():
    rows = np.random.default_rng(0).normal(size=(50, 3)) @ np.random.default_rng(1).normal(
        size=(3, 20)
    )
    line, back = find_axes(rows + 7, 3)
    found = (rows + 7) @ line.matrix + line.offset
    assert np.square(found).sum(axis=1).mean() == pytest.approx(1)
    np.testing.assert_allclose(found @ back, rows - rows.mean(axis=0), atol=1e-9)


def test_components_keep_distances_and_are_padded_where_there_are_few():
    rows = np.random.default_rng(0).normal(size=(5, 20))
    line = find_components(rows, 12)
    assert line.matrix.shape == (20, 12)
    kept = rows @ line.matrix + line.offset
    np.testing.assert_allclose(kept @ kept.T, rows @ rows.T, atol=1e-9)


@pytest.fixture
def groove_settings():
    return tiny_settings("groove", shape=(32, 64), model__code_size=16)


def test_training_brings_the_clips_of_a_track_together(local_store, groove_settings):
    catalogue = store_clips(local_store, groove_settings, num_tracks=16)
    made = train_model(local_store, catalogue, groove_settings)
    loader = ClipLoader(local_store, make_recipe_key(groove_settings), catalogue)
    codes = encode_images(load_model(local_store, made.model_key), loader.read_all())
    distances = ((codes[:, None] - codes) ** 2).sum(axis=2)
    np.fill_diagonal(distances, np.inf)
    track = loader.track_of(np.arange(loader.num_clips))
    assert (track[distances.argmin(axis=1)] == track).mean() > 0.8


@pytest.mark.parametrize("clips", [1, 3])
def test_disguises_count_as_clips_of_a_track_that_has_but_one(
    local_store, groove_settings, monkeypatch, clips
):
    catalogue = store_clips(local_store, groove_settings, num_tracks=24, clips=clips)
    loader = ClipLoader(local_store, make_recipe_key(groove_settings), catalogue)
    images = as_tensor(loader.read_all(), torch.device("cpu"))
    augmentation = Augmentation(groove_settings.spectrogram, groove_settings.training)
    shown = augmentation(images, torch.Generator().manual_seed(5))
    model = begin_model(groove_settings, loader)
    scatter = {}
    for augmentations in (0, 2):
        monkeypatch.setattr(
            "autogroove.model.training.closed_form.NUM_AUGMENTATIONS", augmentations
        )
        finish_model(model, loader, groove_settings)
        with torch.inference_mode():
            sound, augmented = (model.sound_of(model.encode(x)) for x in (images, shown))
        scatter[augmentations] = float((augmented - sound).square().sum() / sound.var(dim=0).sum())
    assert scatter[2] < 0.8 * scatter[0] if clips == 1 else scatter[2] == scatter[0]


def test_a_decoder_starts_from_the_rows_and_not_from_nothing(local_store, groove_settings):
    catalogue = store_clips(local_store, groove_settings, num_tracks=16)
    loader = ClipLoader(local_store, make_recipe_key(groove_settings), catalogue)
    images = loader.read_all()
    model = build_autoencoder(groove_settings.model, (32, 64))
    blank = measure_unexplained(images, reconstruct(model, images))
    prepare_code(model, loader, seed=0)
    shown = images.astype(np.float32) / 255
    own_rows = np.broadcast_to(shown.mean(axis=2, keepdims=True), shown.shape)
    prepared = measure_unexplained(images, reconstruct(model, images))
    assert prepared < 1 < blank
    rows = shown.mean(axis=0) + (own_rows - own_rows.mean(axis=0))
    assert prepared < 1.2 * measure_unexplained(images, rows)


def test_the_spectrum_of_a_code_decides_between_equals_only(local_store, groove_settings):
    catalogue = store_clips(local_store, groove_settings, num_tracks=16)
    made = train_model(local_store, catalogue, groove_settings)
    model = load_model(local_store, made.model_key)
    loader = ClipLoader(local_store, make_recipe_key(groove_settings), catalogue)
    spread = encode_images(model, loader.read_all()).var(axis=0)
    *others, spectrum = (part.sum() for part in np.split(spread, np.cumsum(model.sizes)[:-1]))
    assert 0 < spectrum < 0.1 * sum(others)


def test_a_groove_training_is_repeatable(local_store, tmp_path, groove_settings):
    digests = []
    for store in (local_store, Store(tmp_path / "other")):
        catalogue = store_clips(store, groove_settings)
        digests.append(train_model(store, catalogue, groove_settings).weights_digest)
    assert digests[0] == digests[1]
