"""Laws of a groove model of a collection: where it begins, and what is fitted to the tracks."""

import numpy as np
import pytest
import torch
from stored_clips import store_clips, tiny_settings

from autogroove.config.settings import Settings
from autogroove.errors import SettingsError
from autogroove.model.autoencoder import as_tensor, encode_images
from autogroove.model.groove_network import UNFITTED_SHARE
from autogroove.model.storing import load_model
from autogroove.model.training.clips import ClipLoader
from autogroove.model.training.closed_form import (
    FEWEST_TRACKS,
    begin_model,
    find_discriminants,
    finish_model,
)
from autogroove.model.training.train import train_model
from autogroove.segments.index import make_recipe_key
from autogroove.store.store import Store

PRESET = Settings.from_preset("groove")


@pytest.fixture
def small():
    return tiny_settings("groove", shape=(32, 96), model__code_size=16)


def test_pretrained_weights_are_for_the_preset_alone(small):
    assert PRESET.first_weights == "pretrained"
    assert small.first_weights == "scratch"
    assert Settings.from_preset("poster").first_weights == "scratch"
    assert PRESET.with_overrides({"training.start": "scratch"}).first_weights == "scratch"
    for other in (small, Settings.from_preset("poster")):
        asked = other.with_overrides({"training.start": "pretrained"})
        with pytest.raises(SettingsError, match="no pretrained weights"):
            _ = asked.first_weights


def test_clips_too_short_for_a_tempo_are_refused_in_words(local_store):
    short = tiny_settings("groove", shape=(32, 32), model__code_size=16)
    catalogue = store_clips(local_store, short)
    with pytest.raises(SettingsError, match="too short to hear a tempo"):
        train_model(local_store, catalogue, short)


def test_shapes_that_the_network_cannot_halve_are_refused_in_words(local_store):
    odd = tiny_settings("groove", shape=(24, 96), model__code_size=16)
    catalogue = store_clips(local_store, odd)
    with pytest.raises(SettingsError, match="num_bins"):
        train_model(local_store, catalogue, odd)


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


def test_training_brings_the_clips_of_a_track_together(local_store, small):
    catalogue = store_clips(local_store, small, num_tracks=24)
    made = train_model(local_store, catalogue, small)
    assert made.epochs == small.training.epochs
    assert share_found(local_store, catalogue, small, made.model_key) > 0.8


def share_found(store, catalogue, settings, model_key):
    """Of the clips, those whose nearest is of their own track."""
    loader = ClipLoader(store, make_recipe_key(settings), catalogue)
    codes = encode_images(load_model(store, model_key), loader.read_all())
    distances = ((codes[:, None] - codes) ** 2).sum(axis=2)
    np.fill_diagonal(distances, np.inf)
    track = loader.track_of(np.arange(loader.num_clips))
    return (track[distances.argmin(axis=1)] == track).mean()


@pytest.mark.parametrize(
    ("num_tracks", "clips", "fitted"),
    [(FEWEST_TRACKS, 3, True), (FEWEST_TRACKS - 1, 3, False), (2 * FEWEST_TRACKS, 1, False)],
)
def test_sound_is_fitted_where_enough_tracks_have_several_clips(
    local_store, small, num_tracks, clips, fitted
):
    catalogue = store_clips(local_store, small, num_tracks=num_tracks, clips=clips)
    loader = ClipLoader(local_store, make_recipe_key(small), catalogue)
    images = as_tensor(loader.read_all(), torch.device("cpu"))
    model = begin_model(small, loader).eval()
    sound = model.parts["sound"]
    with torch.inference_mode():
        before, heard = model.encode(images), model.hear(images)
        finish_model(model, loader, small)
        after = model.encode(images)
    weight = model.weights[2]
    torch.testing.assert_close(before[:, sound], UNFITTED_SHARE * weight * heard.sound)
    assert torch.equal(before[:, : sound.start], after[:, : sound.start])
    assert bool(model.is_fitted) is fitted
    assert torch.equal(before, after) is not fitted
    if fitted:
        lengths = after[:, sound].square().sum(dim=1).sqrt()
        torch.testing.assert_close(lengths, torch.full_like(lengths, weight))


def test_from_pretrained_weights_no_epoch_is_needed_and_only_sound_changes(local_store):
    catalogue = store_clips(local_store, PRESET, num_tracks=16)
    made = train_model(local_store, catalogue, PRESET)
    assert (made.epochs, made.train_loss, made.dev_loss) == (0, (), ())
    assert made.num_train_clips > 0
    model = load_model(local_store, made.model_key)
    loader = ClipLoader(local_store, make_recipe_key(PRESET), catalogue)
    untouched = begin_model(PRESET, loader).eval()
    assert bool(model.is_fitted)
    sound = model.parts["sound"]
    ours, theirs = (encode_images(each, loader.read_all()) for each in (model, untouched))
    np.testing.assert_array_equal(ours[:, : sound.start], theirs[:, : sound.start])
    assert not np.allclose(ours[:, sound], theirs[:, sound])


def test_epochs_from_pretrained_weights_leave_tempo_and_rhythm_alone(local_store):
    asked = PRESET.with_overrides({"training.pretrained_epochs": 1, "training.batch_size": 8})
    catalogue = store_clips(local_store, asked, num_tracks=16, clips=2)
    made = train_model(local_store, catalogue, asked)
    assert made.epochs == 1
    model = load_model(local_store, made.model_key)
    loader = ClipLoader(local_store, make_recipe_key(asked), catalogue)
    untouched = begin_model(asked, loader).eval()
    images = as_tensor(loader.read_all()[:4], torch.device("cpu"))
    with torch.no_grad():
        ours, theirs = model.hear(images), untouched.hear(images)
    assert torch.equal(ours.tempo, theirs.tempo)
    assert torch.equal(ours.rhythm, theirs.rhythm)
    assert not torch.equal(ours.sound, theirs.sound)
    assert not torch.equal(model.draw(theirs), untouched.draw(theirs))


@pytest.mark.parametrize("start", ["auto", "scratch"])
def test_a_groove_training_is_repeatable(tmp_path, small, start):
    settings = PRESET if start == "auto" else small
    digests = []
    for name in ("one", "other"):
        store = Store(tmp_path / name)
        catalogue = store_clips(store, settings)
        digests.append(train_model(store, catalogue, settings).weights_digest)
    assert digests[0] == digests[1]
