"""The poster's figure 5 in small: made in pieces, gone on with, and what its figures mean."""

import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sounds import play_music, write_audio
from synthetic import SMALL, put_release
from typer.testing import CliRunner

from autogroove.audio import open_path
from autogroove.errors import SettingsError
from autogroove.evaluation.baselines import fit_components
from autogroove.evaluation.poster import PosterSettings, make_examples
from autogroove.evaluation.poster.hearing import LABELS, ask_nearest, cluster_clips, label_clips
from autogroove.evaluation.poster.playing import cut_middle
from autogroove.evaluation.poster.rivals import Components, MeanImage
from autogroove.evaluation.poster.settings import find_music
from autogroove.evaluation.poster.unexplained import (
    count_equal,
    measure_errors,
    trace_components,
)
from autogroove.model.training import HELD_OUT, train_model
from autogroove.releases import publish_release
from autogroove.source import load_catalogue
from autogroove.store import Store
from flows.cli.experiment_commands import experiment_app

EXAMPLES, EPOCHS = 24, 2
ARGUMENTS = ["--examples", str(EXAMPLES), "--epochs", str(EPOCHS), "--device", "cpu", "--json"]


class Stopped(Exception):
    """Somebody pressed Ctrl-C."""


@pytest.fixture(scope="module")
def music(tmp_path_factory):
    """Recordings of 30, 12 and 5 s: three clips, one that is shorter, and none."""
    folder = tmp_path_factory.mktemp("music")
    for number in range(6):
        write_audio(folder / f"{number}.wav", play_music(30.0 if number else 12.0, seed=number))
    write_audio(folder / "short.wav", play_music(5.0, seed=9))
    return folder


@pytest.fixture(scope="module")
def whole(music, tmp_path_factory):
    """One that was never stopped: its folder, its page, and what the command said."""
    home = tmp_path_factory.mktemp("whole")
    return home, *run(music, home)


def run(music, home):
    page = home / "poster.md"
    places = ["--music", str(music), "--folder", str(home / "store"), "--output", str(page)]
    done = CliRunner().invoke(experiment_app, ["poster", *ARGUMENTS, *places, "--workers", "0"])
    assert done.exit_code == 0, done.output
    return page, json.loads(done.output)


def settings_of(music):
    return PosterSettings(examples=EXAMPLES, epochs=EPOCHS, music=str(music))


@pytest.mark.slow
def test_every_example_is_counted_and_the_page_shows_what_it_names(whole):
    home, page, said = whole
    assert sum(kind["training"] for kind in said["clips"].values()) == EXAMPLES
    assert {"music", "demo", "teacher"} == set(said["clips"])
    assert len(said["train_loss"]) == len(said["dev_loss"]) == EPOCHS
    text = page.read_text()
    pictures = {name.split(")")[0] for name in text.split("](")[1:]}
    assert {str(home / name) for name in pictures} == set(said["files"]) - {str(page)}
    assert all(Path(name).read_bytes().startswith(b"\x89PNG") for name in said["files"][1:])
    assert "24 examples, 2 epochs" in text.splitlines()[0]


@pytest.mark.slow
def test_one_that_was_stopped_anywhere_gives_the_same_page(whole, music, tmp_path):
    store, settings = Store(tmp_path / "store"), settings_of(music)
    with pytest.raises(Stopped):  # among the clips
        make_examples(store, settings, progress=stop_after(3))
    catalogue_key = make_examples(store, settings)
    with pytest.raises(Stopped):  # after the first epoch
        train_model(
            store,
            load_catalogue(store, catalogue_key),
            settings.poster,
            device="cpu",
            progress=stop_after(1),
        )
    page, said = run(music, tmp_path)
    _, first_page, first_said = whole
    assert page.read_text() == first_page.read_text()
    assert said["dev_loss"] == first_said["dev_loss"]
    for one, other in zip(said["files"], first_said["files"], strict=True):
        assert Path(one).read_bytes() == Path(other).read_bytes()


def stop_after(times):
    left = iter(range(times - 1))

    def follow(*_):
        if next(left, None) is None:
            raise Stopped

    return follow


@pytest.mark.slow
def test_pieces_that_are_there_are_left_alone_and_a_lost_one_comes_back(whole, music, tmp_path):
    home, _, _ = whole
    shutil.copytree(home / "store", tmp_path / "store")
    store = Store(tmp_path / "store")
    rows = sorted(found.key for found in store.objects("cache/poster-pieces"))
    before = {key: store.read(key) for key in rows}
    lost = rows[0]
    store.delete(lost)
    times = {key: store.stat(key).modified for key in rows[1:]}
    make_examples(store, settings_of(music))
    assert {key: store.read(key) for key in rows} == before
    assert {key: store.stat(key).modified for key in rows[1:]} == times


@pytest.mark.slow
def test_nobody_is_on_both_sides(whole):
    home, _, _ = whole
    store = Store(home / "store")
    (found,) = store.names("catalogues")
    table = load_catalogue(store, found.removesuffix(".parquet"))
    sides = [table[table["split"] == split] for split in ("training", "validation")]
    assert not set(sides[0]["fingerprint"]) & set(sides[1]["fingerprint"])
    lessons = [side[side["path"].str.startswith("teacher/")] for side in sides]
    assert not set(lessons[0]["groove"]) & set(HELD_OUT.idioms)
    assert set(lessons[1]["groove"]) <= set(HELD_OUT.idioms) | {"euclid", "chance"}
    assert set(lessons[1]["genre"]) <= set(HELD_OUT.kits)
    assert not set(lessons[0]["genre"]) & set(HELD_OUT.kits)


@pytest.mark.parametrize(
    ("seconds", "asked", "cut"), [(30, 3, 3), (30, 99, 21), (12, 5, 1), (24, 5, 5), (30, 1, 1)]
)
def test_clips_are_ten_seconds_each_evenly_over_the_middle(tmp_path, seconds, asked, cut):
    write_audio(tmp_path / "music.wav", play_music(float(seconds), seed=1))
    clips, rate = cut_middle(open_path(tmp_path / "music.wav"), asked)
    assert clips.shape == (cut, 10 * rate)
    if asked == cut == 3:
        whole = cut_middle(open_path(tmp_path / "music.wav"), 21)[0]
        np.testing.assert_array_equal(clips, whole[[0, 10, 20]])


@pytest.mark.parametrize("name", ["page", "page.txt", "nowhere/page.md"])
def test_a_page_that_cannot_be_written_is_refused_before_anything_is_made(tmp_path, name):
    places = ["--folder", str(tmp_path / "store"), "--output", str(tmp_path / name)]
    done = CliRunner().invoke(experiment_app, ["poster", *ARGUMENTS, *places])
    assert isinstance(done.exception, SettingsError)
    assert not (tmp_path / "store").exists()


def test_the_demo_is_not_taken_for_music(tmp_path):
    with pytest.raises(SettingsError, match="among the examples anyway"):
        make_examples(Store(tmp_path), PosterSettings(examples=24, epochs=1, music="demo"))


def test_a_store_stands_for_the_music_of_its_release(local_store, music):
    assert find_music(str(music)) == str(music)
    publish_release(local_store, put_release(local_store, SMALL))
    assert find_music(local_store.url) == "s3://made-up/music"


@pytest.fixture(scope="module")
def images():
    """Pictures that have a colour of their own and something that happens in time."""
    random = np.random.default_rng(0)
    colour, time = random.random((40, 16, 1)), random.random((40, 1, 24)) > 0.7
    return (255 * np.clip(0.5 * colour + 0.5 * time, 0, 1)).astype(np.uint8)


def test_the_mean_image_leaves_all_of_the_variance_and_components_what_the_curve_says(images):
    components = fit_components(images[:30], 20)
    whole = measure_errors(MeanImage(components.mean), images[30:])
    assert whole.share_of(whole) == whole.colour_of(whole) == whole.time_of(whole) == 1
    curve = trace_components(components, images[30:], whole)
    assert curve[0] == 1
    assert (np.diff(curve) <= 1e-9).all()
    for numbers in (1, 5, 20):
        left = measure_errors(Components(components, numbers), images[30:])
        assert left.share_of(whole) == pytest.approx(curve[numbers], abs=1e-4)
        assert left.rows.sum() == pytest.approx(left.clips.sum())
    assert count_equal(curve, curve[5]) == 5
    assert count_equal(curve, 0.0) is None


class KnowsColour:
    """Draws of each picture the mean of its rows, and nothing in time."""

    def encode(self, images):
        return images.mean(axis=2).astype(np.float32)

    def draw(self, images):
        rows = images.mean(axis=2, keepdims=True) / 255
        return np.broadcast_to(rows, images.shape).astype(np.float32)


def test_who_knows_colour_alone_leaves_none_of_it_and_all_that_happens_in_time(images):
    flat = np.full(images.shape[1] * images.shape[2], 0.5, np.float32)
    whole = measure_errors(MeanImage(flat), images)
    left = measure_errors(KnowsColour(), images)
    assert left.colour_of(whole) == pytest.approx(0, abs=1e-6)
    assert left.time_of(whole) == pytest.approx(1, abs=1e-6)


@pytest.fixture(scope="module")
def clips():
    """Of the teacher: four grooves, each in three sounds at two tempi."""
    rows = [
        {"album": f"groove {g}", "artist": f"sound {s}", "tempo_bpm": tempo, "groove": f"idiom {g}"}
        for g in range(4)
        for s in range(3)
        for tempo in (80.0 + 20 * g, 95.0 + 20 * g)
    ]
    table = pd.DataFrame(rows).assign(kind="teacher", genre="kit", title="a clip")
    return table.assign(fingerprint=[f"clip {n}" for n in range(len(rows))])


def codes_of(names):
    return np.eye(len(set(names)), dtype=np.float32)[pd.factorize(names)[0]]


def jittered(codes):
    return codes + np.random.default_rng(0).normal(0, 0.01, codes.shape).astype(np.float32)


def test_codes_of_grooves_find_grooves_and_codes_of_sounds_find_sounds(clips):
    grooves = ask_nearest(jittered(codes_of(clips["album"])), clips)
    assert grooves["the same groove, in another sound"][0] == 1
    assert grooves["the same sound, of another groove"][0] < 0.8
    sounds = ask_nearest(jittered(codes_of(clips["artist"])), clips)
    assert sounds["the same sound, of another groove"][0] == 1
    assert sounds["the same groove, in another sound"][0] < 0.8
    assert "another clip of the track" not in sounds  # no clip has another of its track


def test_clusters_of_a_label_know_it_wholly_and_what_is_beside_it_not(clips):
    images = np.random.default_rng(1).integers(1, 255, (len(clips), 8, 8)).astype(np.uint8)
    labels = label_clips(clips, images)
    assert set(labels) == set(LABELS)
    found = cluster_clips(jittered(codes_of(clips["album"])), labels, seed=0)
    assert found.known["groove"] == pytest.approx(1)
    assert abs(found.known["artist"]) < 0.3
    sizes = [len(found.members(cluster)) for cluster in found.largest_first]
    assert sizes == sorted(sizes, reverse=True)
    assert sum(sizes) == len(clips)
    assert all(found.members(c)[0] == found.exemplars[c] for c in found.largest_first)


def test_an_unknown_label_is_left_out_and_not_taken_for_one(clips):
    untold = clips.assign(groove=None, tempo_bpm=np.nan)
    labels = label_clips(untold, np.ones((len(clips), 4, 4), np.uint8))
    found = cluster_clips(jittered(codes_of(clips["album"])), labels, seed=0)
    assert np.isnan(found.known["groove"])
    assert np.isnan(found.known["tempo"])
    assert "the same tempo, in another sound" not in ask_nearest(codes_of(clips["album"]), untold)
