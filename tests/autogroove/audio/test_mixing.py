"""Mono that cannot cancel: which tracks it changes, and that all clips of one agree."""

import io

import lameenc
import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st
from sounds import play_music

from autogroove.audio.clips import Band
from autogroove.audio.decoding import read_clips
from autogroove.audio.files import open_bytes
from autogroove.audio.mixing import choose_signs
from autogroove.config.settings import ClipSettings

CLIPS = ClipSettings(clip_seconds=1.0)
BAND = Band(22050, 10000.0, 22050)
RATE = 44100
MONO = play_music(6, channels=1)[:, 0]


def wav_of(samples):
    stream = io.BytesIO()
    soundfile.write(stream, samples, RATE, format="WAV", subtype="FLOAT")
    return stream.getvalue()


def mp3_of(samples, joint):
    encoder = lameenc.Encoder()
    encoder.set_channels(2)
    encoder.set_in_sample_rate(RATE)
    encoder.set_bit_rate(192)
    encoder.set_quality(2 if joint else 7)
    encoder.silence()
    return bytes(encoder.encode((samples * 32767).astype("<i2").tobytes()) + encoder.flush())


def against(level=1.0, noise=0.0):
    """Two channels in opposite phase, the right one at a level, and something they share."""
    shared = np.random.default_rng(1).normal(0, 1, len(MONO)) * noise
    return np.column_stack([MONO + shared, shared - level * MONO]).astype("f4")


@pytest.mark.parametrize("band", [None, BAND], ids=["whole", "in part"])
@pytest.mark.parametrize("level", [1.0, 0.9])
def test_channels_that_cancel_are_heard(band, level):
    samples = against(level)
    clips = read_clips(open_bytes("a.wav", wav_of(samples)), CLIPS, band)
    turned = (samples[:, :1] - samples[:, 1:]) / 2
    expected = read_clips(open_bytes("b.wav", wav_of(turned)), CLIPS, band)
    np.testing.assert_allclose(clips.samples, expected.samples, atol=1e-6)


@pytest.mark.parametrize("band", [None, BAND], ids=["whole", "in part"])
@pytest.mark.parametrize("joint", [True, False])
def test_an_mp3_whose_channels_cancel_is_heard_in_part_too(band, joint):
    samples = against(0.95, noise=1e-3)
    clips = read_clips(open_bytes("a.mp3", mp3_of(samples, joint)), CLIPS, band)
    assert np.all(clips.samples.std(axis=1) > 0.5 * MONO.std())


def test_one_choice_holds_for_a_whole_track():
    samples = against()
    samples[: 2 * RATE, 1] = samples[: 2 * RATE, 0]
    samples[: 2 * RATE] *= 0.1  # a quiet beginning in phase, then loud and against each other
    clips = read_clips(open_bytes("a.wav", wav_of(samples)), CLIPS).samples
    expected = (samples[:, 0] - samples[:, 1]) / 2
    for i, clip in enumerate(clips):
        start = round((i + 0.5) * 2 * RATE - RATE / 2)
        np.testing.assert_allclose(clip, expected[start : start + RATE], atol=1e-6)


def test_wide_and_unrelated_channels_keep_their_mean():
    rng = np.random.default_rng(3)
    for samples in (
        rng.normal(0, 0.1, (6 * RATE, 2)).astype("f4"),
        play_music(6) * np.array([1, 0], "f4"),
        against(0.4),
        rng.normal(0, 0.1, (6 * RATE, 6)).astype("f4"),
        play_music(6, channels=1) * 0.1 + 0.5,
    ):
        clips = read_clips(open_bytes("a.wav", wav_of(samples)), CLIPS).samples
        start = 3 * RATE - RATE // 2
        mean = samples[start : start + RATE].mean(axis=1, dtype="f4")
        np.testing.assert_allclose(clips[1], mean, atol=1e-7)


@settings(deadline=None)
@given(st.integers(2, 8), st.integers(0, 10**6))
def test_what_is_turned_keeps_the_loudest_channel(channels, seed):
    """The energy of the mean is at least that of the loudest channel over n²."""
    rng = np.random.default_rng(seed)
    samples = rng.normal(size=(500, 2)) @ rng.normal(size=(2, channels))
    samples -= samples.mean(axis=1, keepdims=True) * rng.choice([0, 0.9, 1])
    samples -= samples.mean(axis=0)
    signs = choose_signs(samples.T @ samples)
    if signs is not None:
        energy = np.square((samples * signs).mean(axis=1)).sum()
        loudest = np.square(samples).sum(axis=0).max()
        assert energy >= loudest / channels**2 * 0.999
