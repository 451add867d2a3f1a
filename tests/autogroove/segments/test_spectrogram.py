"""The image: agreement with librosa, and what must hold for any samples."""

import librosa
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sounds import play_music

from autogroove.config.settings import ClipSettings, Settings, SpectrogramSettings
from autogroove.errors import SettingsError
from autogroove.segments.spectrogram import (
    _measure_frames,
    check_recipe,
    image_shape,
    make_images,
    plan_transform,
    top_frequency_hz,
)

POSTER = SpectrogramSettings()
GROOVE = Settings.from_preset("groove").spectrogram
SMALL = SpectrogramSettings(num_bins=32, num_frames=16)


def reference_spectrogram(samples, rate, recipe):
    """The recipe in librosa's words: resample, transform, crop or gather."""
    resampled = librosa.resample(samples, orig_sr=rate, target_sr=recipe.sample_rate_hz)
    magnitudes = np.abs(
        librosa.stft(
            resampled, n_fft=recipe.window_samples, hop_length=recipe.hop_samples, center=False
        )
    )[:, : recipe.num_frames]
    if recipe.scale == "linear":
        return magnitudes[: recipe.num_bins]
    return librosa.feature.melspectrogram(
        S=magnitudes,
        sr=recipe.sample_rate_hz,
        n_fft=recipe.window_samples,
        n_mels=recipe.num_bins,
        fmin=recipe.mel_low_hz,
        fmax=recipe.mel_top_hz,
        power=1,
    )


def reference_image(samples, rate, recipe):
    values = reference_spectrogram(samples, rate, recipe).astype(float)
    if recipe.normalisation == "corpus":
        values /= recipe.corpus_scale
    else:
        values /= np.square(values).sum()
        values = (values - values.min()) / (values.max() - values.min())
    return np.round(255 * np.tanh(recipe.gain * values))


@pytest.mark.parametrize("recipe", [POSTER, GROOVE], ids=["poster", "groove"])
@pytest.mark.parametrize("rate", [22050, 44100, 48000, 96000])
def test_images_agree_with_librosa(recipe, rate):
    """Half of all pixels equal, 99 % within 1 grey level, none further than 4 from librosa's."""
    samples = play_music(10, rate, 1, seed=3)[:, 0]
    image = make_images(samples[None], rate, recipe)[0]
    expected = reference_image(samples, rate, recipe)
    difference = np.abs(image - expected)
    assert image.shape == expected.shape == image_shape(recipe)
    assert np.median(difference) == 0
    assert np.quantile(difference, 0.99) <= 1
    assert difference.max() <= 4


def test_a_low_rate_source_gives_the_same_picture_of_what_it_holds():
    rate = 44100
    samples = play_music(10, rate, 1)[:, 0]
    narrow = librosa.resample(samples, orig_sr=rate, target_sr=8000)
    wide, low = (make_images(x[None], r, POSTER)[0] for x, r in [(samples, rate), (narrow, 8000)])
    assert np.quantile(np.abs(wide.astype(int) - low), 0.99) <= 2


def test_a_batch_equals_its_clips_one_by_one():
    clips = np.stack([play_music(10, 44100, 1, seed)[:, 0] for seed in range(3)])
    together = make_images(clips, 44100, POSTER)
    alone = np.concatenate([make_images(clip[None], 44100, POSTER) for clip in clips])
    np.testing.assert_array_equal(together, alone)


def test_loudness_changes_a_clip_peak_image_not_at_all_and_a_corpus_image_does():
    clip = play_music(10, 44100, 1)[:, 0][None]
    np.testing.assert_allclose(
        make_images(clip, 44100, POSTER).astype(int),
        make_images(clip / 8, 44100, POSTER).astype(int),
        atol=0,
    )
    corpus = GROOVE.model_copy(update={"normalisation": "corpus"})
    assert make_images(clip, 44100, corpus).mean() > make_images(clip / 8, 44100, corpus).mean()


@pytest.mark.parametrize("recipe", [POSTER, GROOVE], ids=["poster", "groove"])
def test_silence_and_near_silence_are_finite(recipe):
    noise = np.random.default_rng(0).normal(size=(1, 441000)).astype("f4")
    for level in (0, 1e-30, 1e-7, 1e-3, 1, 1e5):
        image = make_images(noise * np.float32(level), 44100, recipe)
        assert image.dtype == np.uint8
        assert (image.max() == 0) == (level < 1e-3)


def test_a_constant_shows_in_the_lowest_rows_alone():
    image = make_images(np.full((1, 441000), 0.5, "f4"), 44100, POSTER)[0]
    assert image[0].min() == 255
    assert image[3:, :-1].max() == 0


def test_a_tone_lights_the_row_of_its_frequency():
    time = np.arange(441000) / 44100
    image = make_images(np.sin(2 * np.pi * 1500 * time)[None].astype("f4"), 44100, POSTER)[0]
    lit = np.flatnonzero(image[:, 100] == 255)
    assert lit.mean() == pytest.approx(1500 * 2048 / 22050, abs=1)
    assert len(lit) <= 4


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**32 - 1), st.floats(1e-3, 1e3))
def test_grey_levels_are_the_rounded_tanh(seed, gain):
    recipe = SMALL.model_copy(update={"gain": gain})
    clip = np.random.default_rng(seed).normal(0, 0.1, (1, 33000)).astype("f4")
    values = _measure_frames(clip, 22050, recipe)[0].T.astype(float)
    expected = 255 * np.tanh(gain * (values - values.min()) / np.ptp(values))
    assert np.abs(make_images(clip, 22050, recipe)[0] - expected).max() <= 0.5 + 1e-3


def test_the_transform_runs_at_a_rate_that_holds_the_band():
    assert plan_transform(POSTER).band.rate_hz == 11025
    for recipe in (POSTER, GROOVE, SMALL):
        assert plan_transform(recipe).band.rate_hz > 2 * top_frequency_hz(recipe)


def test_a_recipe_that_does_not_fit_its_clip_is_refused():
    with pytest.raises(SettingsError, match="clip_seconds"):
        check_recipe(ClipSettings(clip_seconds=9), POSTER)
    with pytest.raises(SettingsError, match="num_bins"):
        check_recipe(ClipSettings(), SpectrogramSettings(num_bins=2000))
