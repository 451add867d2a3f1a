"""Decoding: where clips lie, how long a file really is, and that seeking changes nothing."""

import io

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st
from sounds import drop_xing, encode_mp3, play_music, write_audio

from autogroove.audio.clips import Band, place_clips
from autogroove.audio.decoding import read_clips
from autogroove.audio.files import AudioFault, open_bytes, open_path
from autogroove.audio.mpeg import scan_mpeg
from autogroove.audio.opening import FileRange
from autogroove.audio.resampling import resample_clips
from autogroove.config.settings import ClipSettings

CLIP = ClipSettings()
SHORT = ClipSettings(clip_seconds=1.0)


@given(st.integers(0, 10**9), st.integers(1, 50), st.sampled_from([8000, 44100, 96000]))
def test_clips_lie_inside_the_track_and_apart(num_samples, clips_per_track, rate):
    settings = ClipSettings(clips_per_track=clips_per_track)
    starts = place_clips(num_samples, rate, settings)
    length, tolerance = 10 * rate, round(0.1 * rate)
    assert len(starts) == min(clips_per_track, (num_samples + tolerance) // length)
    if starts:
        assert starts[0] >= 0
        assert starts[-1] + length <= num_samples + tolerance
        assert np.all(np.diff(starts) >= length)


def test_a_nominal_clip_of_fma_keeps_its_third_window():
    assert place_clips(1_321_967, 44100, CLIP) == [0, 441_000, 882_000]


def test_clips_of_a_long_track_are_spread_evenly():
    assert place_clips(3600 * 44100, 44100, CLIP) == [s * 44100 for s in (595, 1795, 2995)]


def test_a_short_tail_is_padded_with_silence(tmp_path):
    path = write_audio(tmp_path / "a.wav", play_music(2.95))
    clips = read_clips(open_path(path), SHORT)
    assert clips.samples.shape == (3, 44100)
    assert np.all(clips.samples[2, round(0.95 * 44100) :] == 0)
    assert clips.samples[2, : round(0.95 * 44100)].std() > 0.01


@pytest.mark.parametrize("suffix", ["wav", "flac", "ogg", "mp3"])
@pytest.mark.parametrize("channels", [1, 2])
def test_clips_are_the_mean_of_channels_of_the_whole_decode(tmp_path, suffix, channels):
    path = write_audio(tmp_path / f"a.{suffix}", play_music(20, channels=channels) * 0.7)
    clips = read_clips(open_path(path), SHORT)
    whole, rate = soundfile.read(path, always_2d=True)
    starts = place_clips(len(whole), rate, SHORT)
    expected = [whole[s : s + rate].mean(axis=1) for s in starts]
    tolerance = 2e-3 if suffix == "mp3" else 1e-6  # a decoder that starts in the middle
    np.testing.assert_allclose(clips.samples, expected, atol=tolerance)
    assert clips.measures.channels == channels
    assert clips.measures.duration_seconds == pytest.approx(len(whole) / rate, abs=1e-5)


@pytest.mark.parametrize("rate", [8000, 11025, 22050, 44100, 48000, 88200, 96000])
def test_a_tone_survives_resampling_and_what_would_alias_does_not(rate):
    time = np.arange(rate) / rate
    low, high = np.sin(2 * np.pi * 1000 * time), np.sin(2 * np.pi * 0.499 * rate * time)
    clips = np.stack([low, high]).astype("f4")
    out = resample_clips(clips, rate, 11025, 2756.0, 11025)
    inner = slice(500, -500)
    expected = np.sin(2 * np.pi * 1000 * np.arange(11025) / 11025)
    np.testing.assert_allclose(out[0, inner], expected[inner], atol=3e-4)
    spectrum = np.abs(np.fft.rfft(out[1, inner] * np.hanning(len(out[1, inner]))))
    if rate > 11025:
        assert spectrum[: int(2756 / 11025 * len(out[1, inner]))].max() < 1e-3 * len(out[1]) / 4


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("rate", [22050, 44100, 88200])
def test_the_fused_kernel_equals_mixing_then_resampling(tmp_path, rate, channels):
    path = write_audio(tmp_path / "a.wav", play_music(3.05, rate, channels), rate)
    band = Band(11025, 2756.0, 11000)
    plain = read_clips(open_path(path), SHORT)
    fused = read_clips(open_path(path), SHORT, band)
    assert fused.sample_rate_hz == 11025
    expected = resample_clips(plain.samples, rate, 11025, 2756.0, 11000)
    np.testing.assert_allclose(fused.samples, expected, atol=1e-6)
    assert fused.measures.clipped_share == pytest.approx(plain.measures.clipped_share, abs=1e-3)


@pytest.mark.parametrize("rate", [44100, 22050])
def test_variable_bit_rate_without_a_length_is_read_whole(rate):
    music = play_music(24, rate)
    music[: 8 * rate] *= 0.001  # a cheap beginning makes the decoder's guess too long or short
    whole = encode_mp3(music, rate, "VARIABLE")
    bare = drop_xing(whole)
    assert abs(soundfile.info(io.BytesIO(bare)).frames - len(music)) > rate
    clips = read_clips(open_bytes("a.mp3", bare), ClipSettings(clip_seconds=7))
    assert clips.samples.shape == (3, 7 * rate)
    assert clips.measures.duration_seconds == pytest.approx(24, abs=0.1)
    assert np.all(clips.samples[1:].std(axis=1) > 0.01)


def test_the_frames_of_a_stream_are_counted_across_blocks(monkeypatch):
    stream = encode_mp3(play_music(5))
    scan = scan_mpeg(io.BytesIO(stream))
    assert scan is not None
    assert scan.promise is not None
    assert scan.promise.num_frames == scan.num_frames
    monkeypatch.setattr("autogroove.audio.mpeg._BLOCK_BYTES", 20_000)
    monkeypatch.setattr("autogroove.audio.mpeg._LOOK_BYTES", 5_000)
    assert scan_mpeg(io.BytesIO(b"ID3\x04\0\0\0\0\x02\0" + bytes(256) + stream)) is not None
    again = scan_mpeg(io.BytesIO(stream))
    assert again is not None
    assert again.num_frames == scan.num_frames


@settings(deadline=None)
@given(st.binary(max_size=200), st.integers(0, 100), st.integers(0, 100), st.data())
def test_a_range_of_a_file_reads_as_one(content, start, length, data):
    start = min(start, len(content))
    stop = min(start + length, len(content))
    file = FileRange(io.BytesIO(content), start, stop)
    for _ in range(5):
        place, size = data.draw(st.integers(0, 300)), data.draw(st.integers(0, 300))
        file.seek(place)
        assert file.read(size) == content[start:stop][place : place + size]


def test_measures_tell_clipping_and_silence(tmp_path):
    music = play_music(3)
    music[44100:88200] = 0
    music[88200:] = np.sign(music[88200:])
    path = write_audio(tmp_path / "a.wav", music, subtype="FLOAT")
    measures = read_clips(open_path(path), SHORT).measures
    assert measures.silent_share == pytest.approx(1 / 3, abs=1e-5)
    assert measures.clipped_share == pytest.approx(1 / 3, abs=0.01)


def test_noise_is_no_stream_of_frames():
    noise = np.random.default_rng(0).integers(0, 256, 1 << 20, dtype=np.uint8).tobytes()
    assert scan_mpeg(io.BytesIO(noise)) is None
    with pytest.raises(AudioFault, match="not_audio"):
        read_clips(open_bytes("a.mp3", noise), CLIP)
