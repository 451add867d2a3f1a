"""Laws of training: who is held out, in which order, and that a kill changes nothing."""

import re
import time

import numpy as np
import pytest
import torch
from stored_clips import draw_track, store_clips, tiny_settings

from autogroove.config.settings import TrainingSettings
from autogroove.errors import SettingsError, SourceError
from autogroove.model.storing import build_autoencoder, load_model, read_summary
from autogroove.model.training.clips import ClipLoader, shuffled_windows
from autogroove.model.training.devices import Machine, ProcessGroup, choose_machine
from autogroove.model.training.loop import Trainer
from autogroove.model.training.objectives import choose_objective
from autogroove.model.training.split import choose_members
from autogroove.model.training.train import make_model_key, train_model
from autogroove.segments.index import make_recipe_key
from autogroove.store.store import Store


class Killed(Exception):
    pass


def kill_after(epoch):
    def progress(done, total, note):
        if done == epoch:
            raise Killed

    return progress


@pytest.fixture
def settings():
    return tiny_settings()


@pytest.fixture
def catalogue(local_store, settings):
    return store_clips(local_store, settings)


def weights_of(store, summary):
    return store.read(f"models/{summary.model_key}/weights.safetensors")


def test_a_training_lowers_its_loss_and_is_found_again(local_store, catalogue, settings):
    seen = []
    longer = settings.with_overrides({"training.epochs": 12})
    made = train_model(local_store, catalogue, longer, progress=lambda *at: seen.append(at))
    assert [at[:2] for at in seen] == [(epoch, 12) for epoch in range(1, 13)]
    for _, _, note in seen:
        assert re.search(r"train loss \d.*, dev loss \d.*, \d+ images/s, \d+ s left", note)
    assert made.train_loss[-1] < 0.9 * made.train_loss[0]
    assert not made.reused
    again = train_model(local_store, catalogue, longer)
    assert again.reused
    assert again.weights_digest == made.weights_digest
    assert local_store.names(f"models/{made.model_key}/checkpoints") == []


def test_the_same_seed_gives_the_same_weights_and_another_seed_others(
    tmp_path, local_store, catalogue, settings
):
    other_store = Store(tmp_path / "other")
    assert catalogue.equals(store_clips(other_store, settings))
    first, second = (train_model(s, catalogue, settings) for s in (local_store, other_store))
    assert weights_of(local_store, first) == weights_of(other_store, second)
    reseeded = settings.with_overrides({"training.seed": 1})
    assert train_model(local_store, catalogue, reseeded).weights_digest != first.weights_digest


@pytest.mark.parametrize("epoch", [1, 2])
def test_a_killed_training_ends_at_the_same_weights(
    tmp_path, local_store, catalogue, settings, epoch
):
    whole_store = Store(tmp_path / "whole")
    store_clips(whole_store, settings)
    whole = train_model(whole_store, catalogue, settings)
    with pytest.raises(Killed):
        train_model(local_store, catalogue, settings, progress=kill_after(epoch))
    seen = []
    resumed = train_model(
        local_store, catalogue, settings, progress=lambda done, *_: seen.append(done)
    )
    assert seen == list(range(epoch + 1, 4))
    assert weights_of(local_store, resumed) == weights_of(whole_store, whole)
    assert resumed.train_loss == whole.train_loss


def test_patience_stops_early_and_keeps_the_best_epoch(local_store, catalogue, settings):
    patient = settings.with_overrides(
        {"training.epochs": 40, "training.patience": 2, "training.learning_rate": 0.02}
    )
    made = train_model(local_store, catalogue, patient)
    assert made.best_epoch == int(np.argmin(made.dev_loss)) + 1
    assert made.epochs == min(40, made.best_epoch + 2)


def test_a_warm_start_is_shorter_and_begins_where_its_parent_ended(
    local_store, catalogue, settings
):
    first = train_model(local_store, catalogue, settings)
    on = train_model(local_store, catalogue, settings, start_from=first.model_key)
    assert (first.epochs, on.epochs) == (3, 1)
    assert on.train_loss[0] < first.train_loss[0]
    assert train_model(local_store, catalogue, settings, start_from=first.model_key).reused


def test_the_key_of_a_warm_start_follows_its_parents_weights(local_store, catalogue, settings):
    members = choose_members(catalogue, settings.training)

    def key(parent):
        return make_model_key(local_store, members, settings, parent)

    first, second = (
        train_model(local_store, catalogue, settings.with_overrides({"training.seed": seed}))
        for seed in (0, 1)
    )
    assert len({key(None), key(first.model_key), key(second.model_key)}) == 3


@pytest.mark.parametrize("preset", ["poster", "groove"])
def test_a_killed_warm_start_ends_at_the_same_weights(store, tmp_path, preset):
    settings = tiny_settings(preset, training__epochs=4)
    other = Store(tmp_path / "whole")
    whole, resumed = (
        _warm_start(place, settings, kill) for place, kill in ((other, 0), (store, 1))
    )
    assert weights_of(store, resumed) == weights_of(other, whole)
    assert (resumed.model_key, resumed.epochs) == (whole.model_key, 2)


def _warm_start(store, settings, kill):
    """Go on from a model of some tracks to one of more, perhaps through a kill."""
    catalogue = store_clips(store, settings)
    parent = train_model(store, catalogue.iloc[:8], settings).model_key
    if kill:
        with pytest.raises(Killed):
            train_model(store, catalogue, settings, start_from=parent, progress=kill_after(kill))
        assert store.names(f"models/{parent}/checkpoints") == []
    return train_model(store, catalogue, settings, start_from=parent)


def test_the_key_follows_members_and_settings_and_not_ids_or_segments(
    local_store, catalogue, settings
):
    def key(table, chosen=settings):
        return make_model_key(local_store, choose_members(table, chosen.training), chosen)

    renamed = catalogue.assign(track_id=lambda t: t["track_id"] + 1000, segment="elsewhere")
    assert key(renamed.sample(frac=1, random_state=0)) == key(catalogue)
    assert key(catalogue.iloc[1:]) != key(catalogue)
    assert key(catalogue, settings.with_overrides({"training.epochs": 4})) != key(catalogue)
    assert key(catalogue, settings.with_overrides({"clustering.damping": 0.9})) == key(catalogue)


def test_no_artist_is_on_both_sides(catalogue):
    members = choose_members(catalogue, TrainingSettings(dev_fraction=0.3))
    artist = catalogue.set_index("fingerprint")["artist"]
    sides = [set(artist[side["fingerprint"]]) for side in (members.train, members.dev)]
    assert sides[0] and sides[1]
    assert not sides[0] & sides[1]
    assert len(members.train) + len(members.dev) == len(catalogue)


def test_the_official_split_decides_where_there_is_one(catalogue):
    split = ["training", "validation", "test"] * 4
    members = choose_members(catalogue.assign(split=split), TrainingSettings())
    ids = catalogue.set_index("fingerprint")["track_id"]
    assert set(ids[members.train["fingerprint"]]) == {0, 3, 6, 9}
    assert set(ids[members.dev["fingerprint"]]) == {1, 4, 7, 10}


@pytest.mark.parametrize("split", [["test"] * 12, ["training", *["test"] * 11]])
def test_a_split_that_leaves_nothing_to_train_on_is_left_aside(catalogue, split):
    members = choose_members(catalogue.assign(split=split), TrainingSettings())
    by_artist = choose_members(catalogue.assign(split=None), TrainingSettings())
    assert (members.key, len(members.train) + len(members.dev)) == (by_artist.key, 12)


def test_a_growing_collection_moves_no_artist_across(local_store, settings):
    large = store_clips(local_store, settings, num_tracks=200, clips=1, tracks_per_segment=200)
    small = choose_members(large.iloc[:120], settings.training)
    grown = choose_members(large, settings.training)
    assert set(small.dev["fingerprint"]) <= set(grown.dev["fingerprint"])


@pytest.mark.parametrize("count", [2, 3])
def test_tiny_collections_have_both_sides(catalogue, count):
    one_artist = catalogue.iloc[:count].assign(artist="one")
    members = choose_members(one_artist, TrainingSettings())
    assert len(members.dev) == 1
    assert len(members.train) == count - 1


def test_a_collection_without_tracks_says_so(catalogue):
    with pytest.raises(SourceError, match="at least 2"):
        choose_members(catalogue.assign(status="quarantined"), TrainingSettings())


def test_no_gpu_is_explained(local_store, catalogue, settings):
    if torch.cuda.is_available():
        pytest.skip("there is a GPU here")
    with pytest.raises(SettingsError, match="no CUDA"):
        train_model(local_store, catalogue, settings, device="cuda")


@pytest.fixture
def loaders(local_store, settings, catalogue):
    """The same tracks, in an order of their own, kept in memory and read each time."""
    table = catalogue.sample(frac=1, random_state=3).reset_index(drop=True)
    recipe = make_recipe_key(settings)
    return table, [
        ClipLoader(local_store, recipe, table, resident_bytes=limit) for limit in (10**9, 0)
    ]


def test_clips_are_those_of_the_tracks_however_they_are_read(loaders):
    table, both = loaders
    expected = np.concatenate([draw_track(n, 3, (32, 32)) for n in table["track_id"]])
    chosen = np.array([35, 0, 7, 7, 20])
    for loader in both:
        assert loader.num_clips == 36
        np.testing.assert_array_equal(loader.read_all(), expected)
        np.testing.assert_array_equal(loader.read(chosen), expected[chosen])


@pytest.mark.parametrize("pairs", [False, True])
def test_an_epoch_shows_everything_once_in_another_order_each_time(loaders, monkeypatch, pairs):
    monkeypatch.setattr("autogroove.model.training.clips.BLOCK_TRACKS", 3)
    monkeypatch.setattr("autogroove.model.training.clips.WINDOW_BYTES", 18 * 32 * 32)
    _, both = loaders
    for loader in both:
        seen = []
        for epoch in (1, 2, 1):
            epoch_clips = []
            for window in shuffled_windows(loader, seed=0, epoch=epoch, batch_size=5, pairs=pairs):
                epoch_clips += [window.images[batch] for batch in window.batches]
            assert min(len(batch) for batch in epoch_clips) > 1
            seen.append(np.concatenate(epoch_clips))
        np.testing.assert_array_equal(seen[0], seen[2])
        assert not np.array_equal(seen[0], seen[1])
        if not pairs:
            assert sorted(map(bytes, seen[0])) == sorted(map(bytes, loader.read_all()))


def test_reading_ahead_leaves_the_window_in_use_alone(loaders, monkeypatch):
    monkeypatch.setattr("autogroove.model.training.clips.BLOCK_TRACKS", 3)
    monkeypatch.setattr("autogroove.model.training.clips.WINDOW_BYTES", 9 * 32 * 32)
    _, (_, streamed) = loaders
    num_windows = 0
    for window in shuffled_windows(streamed, seed=0, epoch=1, batch_size=5, pairs=False):
        as_given = window.images.copy()
        time.sleep(0.1)  # the next window is read meanwhile
        np.testing.assert_array_equal(window.images, as_given)
        num_windows += 1
    assert num_windows > 2


def test_long_runs_are_read_in_pieces_and_are_the_same(loaders, monkeypatch):
    _, (_, streamed) = loaders
    whole = streamed.read_tracks(np.arange(streamed.num_tracks))
    monkeypatch.setattr("autogroove.model.training.clips.PIECE_BYTES", 5 * 32 * 32)
    every = np.arange(streamed.num_tracks)
    assert max(streamed.clips_of[run].sum() for run in streamed._runs(every)) < 5 + 3
    np.testing.assert_array_equal(streamed.read_tracks(every), whole)


def test_pairs_are_two_clips_of_one_track(loaders):
    _, (loader, _) = loaders
    tracks = []
    for window in shuffled_windows(loader, seed=0, epoch=1, batch_size=8, pairs=True):
        for batch in window.batches:
            first, second = np.split(batch, 2)
            assert (first != second).all()
            np.testing.assert_array_equal(loader.track_of(first), loader.track_of(second))
            tracks += list(loader.track_of(first))
    assert sorted(tracks) == list(range(loader.num_tracks))


def test_the_summary_survives_the_store(local_store, catalogue, settings):
    made = train_model(local_store, catalogue, settings)
    read = read_summary(local_store, made.model_key)
    assert (read.train_loss, read.weights_digest) == (made.train_loss, made.weights_digest)
    assert not load_model(local_store, made.model_key).training


def make_trainer(settings, machine=None):
    torch.manual_seed(0)
    model = build_autoencoder(settings.model, (32, 32), 0.04)
    machine = machine or choose_machine("cpu")
    return Trainer(model, choose_objective(settings), settings.training, machine, ProcessGroup())


def test_the_rate_rises_then_falls_to_nothing(loaders, settings):
    _, (loader, _) = loaders
    trainer = make_trainer(settings.with_overrides({"training.epochs": 4}))
    rates = []
    trainer.optimizer.register_step_pre_hook(
        lambda optimizer, *_: rates.append(optimizer.param_groups[0]["lr"])
    )
    while not trainer.is_done:
        trainer.run_epoch(loader, loader)
    assert isinstance(trainer.optimizer, torch.optim.AdamW)
    assert 0.9 * settings.training.learning_rate < max(rates) <= settings.training.learning_rate
    height = int(np.argmax(rates))
    assert rates[0] < 0.1 * max(rates)
    assert height < 0.2 * len(rates)
    assert rates[height:] == sorted(rates[height:], reverse=True)
    assert rates[-1] < 0.05 * max(rates)


def test_gradients_are_clipped(loaders, settings, monkeypatch):
    _, (loader, _) = loaders
    norms = []

    def watch(optimizer, *_):
        grads = [p.grad.flatten() for group in optimizer.param_groups for p in group["params"]]
        norms.append(float(torch.cat(grads).norm()))

    monkeypatch.setattr("autogroove.model.training.loop.LARGEST_GRADIENT", 1e-3)
    trainer = make_trainer(settings)
    trainer.optimizer.register_step_pre_hook(watch)
    trainer.run_epoch(loader, loader)
    assert max(norms) == pytest.approx(1e-3, rel=1e-3)


def test_images_stay_bytes_until_the_device_and_weights_lie_channels_last(loaders, settings):
    _, both = loaders
    for loader in both:
        for window in shuffled_windows(loader, seed=0, epoch=1, batch_size=8, pairs=False):
            assert window.images.dtype == np.uint8
    machine = Machine(torch.device("cpu"), half=True)
    trainer = make_trainer(settings, machine)
    kernels = [p for p in trainer.model.parameters() if p.dim() == 4 and min(p.shape[:2]) > 1]
    assert kernels
    assert all(p.is_contiguous(memory_format=torch.channels_last) for p in kernels)
    with machine.autocast():
        assert trainer.model.encode(torch.zeros(4, 1, 32, 32)).dtype == torch.bfloat16
    assert {p.dtype for p in trainer.model.parameters()} == {torch.float32}
