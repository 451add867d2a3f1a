"""Laws of the data report: counts against numpy on the whole, merging, known distributions."""

import json
import warnings
from dataclasses import fields

import numpy as np
import pytest

from autogroove.config.settings import Settings
from autogroove.errors import StoreError
from autogroove.evaluation.data_report.counting import (
    analyse_segment,
    analyse_segment_once,
    read_statistics,
)
from autogroove.evaluation.data_report.drawing import draw_report
from autogroove.evaluation.data_report.findings import (
    bright_at,
    dark_at,
    entropy_at,
    list_gains,
    recommend_gain,
    undo_tanh,
)
from autogroove.evaluation.data_report.statistics import (
    components_for,
    effective_rank,
    merge_statistics,
)
from autogroove.evaluation.data_report.summary import summarise
from autogroove.segments.index import SegmentIndex, StoredTrack
from autogroove.segments.shards import ShardWriter
from autogroove.store.store import Store

SHAPE = 40, 48
CLIPS = 3


def settings_of(**spectrogram):
    shape = {"spectrogram.num_bins": SHAPE[0], "spectrogram.num_frames": SHAPE[1]}
    return Settings().with_overrides(
        shape | {f"spectrogram.{name}": value for name, value in spectrogram.items()}
    )


def make_images(num_tracks: int, seed: int = 0) -> np.ndarray:
    """Tracks with their own spectrum, a beat, and noise: (tracks * CLIPS, bins, frames)."""
    rng = np.random.default_rng(seed)
    tone = rng.gamma(2.0, 0.15, (num_tracks, 1, SHAPE[0], 1))
    beat = 1 + np.sin(2 * np.pi * 6 * np.arange(SHAPE[1]) / SHAPE[1])
    noise = rng.gamma(3.0, 0.3, (num_tracks, CLIPS, *SHAPE))
    values = np.tanh(tone * beat * noise)
    return np.rint(255 * values).astype(np.uint8).reshape(-1, *SHAPE)


def put_segment(store: Store, key: str, images: np.ndarray) -> None:
    prefix = f"segments/recipe/{key}"
    writer = ShardWriter(store, prefix, SHAPE)
    writer.append(images)
    writer.finish({})
    rows = tuple(
        StoredTrack(f"{key}-{n}", n * CLIPS, CLIPS, 30.0, 44100, 2, 0.001 * n, 0.0)
        for n in range(len(images) // CLIPS)
    )
    index = SegmentIndex("recipe", key, "decoder", 0, rows, (), writer.objects)
    store.write(f"{prefix}/index.json", index.to_bytes())


@pytest.fixture(scope="module")
def images():
    return make_images(60)


@pytest.fixture(scope="module")
def store(tmp_path_factory, images):
    store = Store(tmp_path_factory.mktemp("store"))
    put_segment(store, "whole", images)
    put_segment(store, "first", images[:75])
    put_segment(store, "second", images[75:])
    return store


@pytest.fixture(scope="module")
def whole(store):
    return analyse_segment(store, "recipe", "whole")


def test_merged_parts_equal_the_whole(store, whole):
    parts = [analyse_segment(store, "recipe", name) for name in ("second", "first")]
    merged = merge_statistics(parts)
    exact = {"num_clips", "num_black", "level_counts", "frame_products", "block_sums"}
    for field in fields(merged):
        ours, theirs = getattr(merged, field.name), getattr(whole, field.name)
        if field.name in exact | {"block_products"}:
            np.testing.assert_array_equal(ours, theirs)
        elif field.name != "tracks":
            np.testing.assert_allclose(ours, theirs, rtol=1e-12)
    assert sorted(merged.tracks[:, 3]) == sorted([*parts[0].tracks[:, 3], *parts[1].tracks[:, 3]])


def test_counts_agree_with_numpy_on_all_images_at_once(images, whole):
    levels = images.astype(float)
    for row in (0, 7, 39):
        counts = np.bincount(images[:, row].ravel(), minlength=256)
        np.testing.assert_array_equal(whole.level_counts[row], counts)
    frames = levels.transpose(0, 2, 1).reshape(-1, SHAPE[0])
    np.testing.assert_array_equal(whole.frame_products, frames.T @ frames)
    assert whole.num_clips == len(images)


def test_variance_splits_by_the_law_of_total_variance(images, whole):
    rows = summarise(whole, settings_of())["rows"]
    levels = images.reshape(60, CLIPS, *SHAPE) / 255
    oracle = {
        "total": levels.var(axis=(0, 1, 3)),
        "between_tracks": levels.mean(axis=(1, 3)).var(axis=0),
        "between_clips": levels.mean(axis=3).var(axis=1).mean(axis=0),
        "within_clips": levels.var(axis=3).mean(axis=(0, 1)),
    }
    for name, expected in oracle.items():
        np.testing.assert_allclose(rows[f"{name}_variance"], expected, rtol=1e-4, atol=1e-9)
    np.testing.assert_allclose(rows["median"], np.median(levels, axis=(0, 1, 3)), atol=1 / 255)
    quartile = np.quantile(levels, 0.25, axis=(0, 1, 3))
    np.testing.assert_allclose(rows["lower_quartile"], quartile, atol=1 / 255)


def test_components_agree_with_scikit_learn(images, whole):
    from sklearn.decomposition import PCA

    frames = images.transpose(0, 2, 1).reshape(-1, SHAPE[0]) / 255
    oracle = PCA().fit(frames)
    ours = summarise(whole, settings_of())["components"]["frames"]
    scale = (len(frames) - 1) / len(frames)
    np.testing.assert_allclose(ours["variance"], oracle.explained_variance_ * scale, rtol=1e-4)
    explained = np.cumsum(oracle.explained_variance_ratio_)
    for name, count in ours["needed_for"].items():
        share = float(name.rstrip("%")) / 100
        assert explained[count - 1] >= share - 1e-9
        assert count == 1 or explained[count - 2] < share


def test_blocks_are_sums_of_their_pixels(images, whole):
    from sklearn.decomposition import PCA

    rows = np.add.reduceat(images.astype(float), np.arange(16) * SHAPE[0] // 16, axis=1)
    blocks = np.add.reduceat(rows, np.arange(32) * SHAPE[1] // 32, axis=2).reshape(len(images), -1)
    ours = summarise(whole, settings_of())["components"]["images"]
    oracle = PCA(10).fit(blocks / 255)
    scale = (len(images) - 1) / len(images)
    np.testing.assert_allclose(ours["variance"][:10], oracle.explained_variance_ * scale, rtol=1e-4)


def test_effective_rank_counts_equal_dimensions():
    assert effective_rank(np.array([2.0, 2.0, 2.0, 0.0])) == pytest.approx(3)
    assert components_for(np.array([5.0, 4.0, 0.6, 0.4])) == {
        "50%": 1,
        "80%": 2,
        "90%": 2,
        "95%": 3,
    }


def draw_levels(values: np.ndarray, gain: float) -> np.ndarray:
    return np.bincount(np.rint(255 * np.tanh(gain * values)).astype(int), minlength=256)


@pytest.mark.parametrize("gain", [4.0, 15.0, 40.0])
@pytest.mark.parametrize("shape", ["lognormal", "gamma"])
def test_entropy_and_saturation_by_gain_agree_with_drawing_again(gain, shape):
    rng = np.random.default_rng(2)
    many = {
        "lognormal": rng.lognormal(np.log(0.03), 1.0, 200_000),
        "gamma": rng.gamma(1, 0.05, 200_000),
    }
    values = many[shape][many[shape] < 1]
    before = undo_tanh(draw_levels(values, gain), gain, largest=1.0)
    # Beyond the last level a log-normal is assumed; a gamma's thinner tail is missed a little.
    close = {"abs": 0.02 if shape == "lognormal" else 0.06}
    near = {"abs": 0.01 if shape == "lognormal" else 0.03}
    for other in gain * np.array([0.25, 0.5, 1.0, 2.0]):
        counts = draw_levels(values, other)
        shares = counts[counts > 0] / counts.sum()
        drawn = np.tanh(other * values)
        assert entropy_at(before, other) == pytest.approx(
            -(shares * np.log2(shares)).sum(), **close
        )
        assert bright_at(before, other) == pytest.approx(np.mean(drawn > 0.98), **near)
        assert dark_at(before, other) == pytest.approx(np.mean(drawn < 0.02), **near)


def test_recommended_gain_does_not_depend_on_the_gain_used():
    values = np.random.default_rng(3).lognormal(np.log(0.02), 0.9, 300_000)
    values = values[values < 1]
    found = []
    for gain in (5.0, 20.0, 60.0):
        before = undo_tanh(draw_levels(values, gain), gain, largest=1.0)
        found.append(recommend_gain(before, list_gains(20.0)))
        assert bright_at(before, found[-1]) <= 0.1
    assert max(found) / min(found) < 1.2


def test_a_beat_shows_at_its_frequency_in_every_band(whole):
    modulation = summarise(whole, settings_of())["modulation"]
    frame_hz = 22050 / settings_of().spectrogram.hop_samples
    beat_hz = 6 / SHAPE[1] * frame_hz
    for shares in modulation["shares"]:
        assert sum(shares) == pytest.approx(1, abs=1e-4)
        peak = modulation["frequency_hz"][int(np.argmax(shares))]
        assert peak == pytest.approx(beat_hz, rel=0.01)


def test_only_the_asked_for_tracks_count(store, images):
    some = analyse_segment(store, "recipe", "whole", {"whole-3", "whole-41"})
    assert some.num_clips == 2 * CLIPS
    assert some.level_counts.sum() == 2 * CLIPS * SHAPE[0] * SHAPE[1]
    kept = np.concatenate([images[9:12], images[123:126]])
    np.testing.assert_array_equal(
        some.level_counts.sum(axis=0), np.bincount(kept.ravel(), minlength=256)
    )


def test_a_segment_is_counted_once_and_read_back_unchanged(store, whole):
    key = analyse_segment_once(store, "recipe", "whole")
    written = store.read(key)
    assert analyse_segment_once(store, "recipe", "whole", {f"whole-{n}" for n in range(99)}) == key
    back = read_statistics(store, key)
    for field in fields(back):
        np.testing.assert_array_equal(getattr(back, field.name), getattr(whole, field.name))
    store.write(key, written[:100])
    with pytest.raises(StoreError, match="damaged"):
        read_statistics(store, key)
    store.write(key, written)


def test_what_ingest_measured_is_reported_and_what_it_did_not_is_said(store):
    parts = [analyse_segment(store, "recipe", name) for name in ("first", "second")]
    treble = np.array([16000.0] * 25 + [19050.0] * 5 + [np.inf] * 3)
    heard = summarise(merge_statistics(parts), settings_of(), treble)
    audio = heard["audio"]
    assert (audio["low_pass_hz"]["measured"], audio["low_pass_hz"]["known"]) == (33, 30)
    counts = dict(zip(*audio["low_pass_hz"]["counts"].values(), strict=True))
    assert (counts[16000.0], counts[19000.0]) == (25, 5)
    assert "of 33 tracks" in heard["findings"][-1]
    assert "treble of 30 (median 16000 Hz)" in heard["findings"][-1]
    assert audio["clipping_tracks"] == 24 + 34
    unmeasured = summarise(analyse_segment(store, "recipe", "whole"), settings_of())
    assert unmeasured["audio"]["low_pass_hz"]["known"] == 0
    assert "cut off" not in unmeasured["findings"][-1]


@pytest.mark.parametrize("scale", ["linear", "mel"])
def test_report_is_json_and_draws_without_a_warning(whole, scale):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        report = summarise(whole, settings_of(scale=scale))
        pictures = draw_report(json.loads(json.dumps(report, allow_nan=False)))
    assert set(pictures) == {"gain", "rows", "components", "modulation", "audio"}
    assert all(len(png) < 100_000 for png in pictures.values())
    assert report == summarise(merge_statistics([whole]), settings_of(scale=scale))


def test_a_segment_of_which_nothing_counts_changes_nothing(store, whole):
    empty = analyse_segment(store, "recipe", "first", set())
    assert empty.num_clips == 0
    report = summarise(merge_statistics([empty, whole]), settings_of())
    assert report == summarise(whole, settings_of())
    assert len(draw_report(summarise(empty, settings_of()))) == 5


def test_silence_alone_gives_a_report(tmp_path):
    store = Store(tmp_path)
    put_segment(store, "silent", np.zeros((CLIPS, *SHAPE), np.uint8))
    report = summarise(analyse_segment(store, "recipe", "silent"), settings_of())
    assert report["clips"] == {"total": 3, "black": 3}
    assert len(draw_report(report)) == 5


def test_nothing_does_not_merge():
    with pytest.raises(ValueError, match="no statistics"):
        merge_statistics([])
