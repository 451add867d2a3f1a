"""Where an MP3 begins, what its frames are, and how long it is, whatever lies around them."""

import io
import struct

import av
import numpy as np
import pytest
from hostile import RATE, tell_frames
from sounds import drop_xing, encode_mp3, play_music

from autogroove.audio.clips import Band, place_clips
from autogroove.audio.decoding import read_clips
from autogroove.audio.files import AudioFault, open_bytes
from autogroove.audio.mpeg import scan_mpeg
from autogroove.config.settings import ClipSettings

CLIPS = ClipSettings(clip_seconds=1.0)
BAND = Band(22050, 10000.0, 22050)
MP3 = encode_mp3(play_music(8))
BARE = drop_xing(MP3)
NOISE = np.random.default_rng(2).integers(0, 256, 400_000, np.uint8).tobytes()


def tag_of(body, size=None, syncsafe=True):
    size = len(body) if size is None else size
    shifts = (21, 14, 7, 0) if syncsafe else (24, 16, 8, 0)
    mask = 127 if syncsafe else 255
    return b"ID3\x03\0\0" + bytes((size >> shift) & mask for shift in shifts) + body


def ape_of(body):
    head = struct.pack("<IIII", 2000, len(body) + 32, 1, 0xA0000000) + bytes(8)
    return b"APETAGEX" + head + body + b"APETAGEX" + head


IN_FRONT = {
    "one zero": bytes(1),
    "zeros": bytes(84_768),
    "many zeros": bytes(5_000_000),
    "ones": b"\xff" * 300,
    "padding that the tag leaves out": tag_of(b"TIT2\0\0\0\x02\0\0\0x") + bytes(100_000),
    "a size that is not syncsafe": tag_of(NOISE, syncsafe=False),
    "a size beyond the end of the file": tag_of(bytes(100), 9_000_000),
    "two tags": tag_of(bytes(100)) + tag_of(NOISE),
    "an answer of HTTP": b"HTTP/1.0 200 OK\r\nContent-Type: audio/mpeg\r\n\r\n",
    "noise": NOISE,
}
BEHIND = {
    "a cover": ape_of(NOISE * 20),
    "ID3v1": b"TAG" + bytes(125),
    "zeros": bytes(2_000_000),
}


def samples_of(content, band=None):
    return read_clips(open_bytes("a.mp3", content), CLIPS, band)


@pytest.mark.parametrize("band", [None, BAND], ids=["whole", "in part"])
@pytest.mark.parametrize("what", IN_FRONT)
def test_what_lies_in_front_changes_nothing(what, band):
    plain, fronted = samples_of(MP3, band), samples_of(IN_FRONT[what] + MP3, band)
    np.testing.assert_array_equal(fronted.samples, plain.samples)
    assert fronted.measures == plain.measures


@pytest.mark.parametrize("band", [None, BAND], ids=["whole", "in part"])
@pytest.mark.parametrize("what", BEHIND)
@pytest.mark.parametrize("stream", [MP3, BARE], ids=["with a length", "without"])
def test_what_lies_behind_changes_nothing(what, stream, band):
    plain, trailed = samples_of(stream, band), samples_of(stream + BEHIND[what], band)
    np.testing.assert_array_equal(trailed.samples, plain.samples)
    assert trailed.measures == plain.measures


@pytest.mark.parametrize("lost", [50, 200, 333])
def test_a_stream_that_begins_in_the_middle_of_a_frame(lost):
    clips = samples_of(BARE[lost:])
    whole = decode_by_ffmpeg(BARE[lost:])
    starts = place_clips(len(whole), RATE, CLIPS)
    for clip, start in zip(clips.samples, starts, strict=True):
        np.testing.assert_allclose(clip, whole[start : start + RATE], atol=1e-4)


def decode_by_ffmpeg(content):
    with av.open(io.BytesIO(content), format="mp3") as container:
        return np.concatenate([f.to_ndarray().mean(axis=0) for f in container.decode(audio=0)])


@pytest.mark.parametrize("says", [20, 250, 100_000_000])
def test_a_wrong_number_of_frames_is_not_believed(says):
    wrong, right = samples_of(tell_frames(MP3, says)), samples_of(MP3)
    assert wrong.measures.duration_seconds == pytest.approx(8, abs=0.03)
    assert wrong.samples.shape == right.samples.shape


def test_what_was_promised_and_lost_is_truncated():
    for stop in (len(MP3) // 2, len(MP3) // 2 + 77):
        with pytest.raises(AudioFault, match="truncated"):
            samples_of(MP3[:stop])


def test_a_length_without_xing_is_exact():
    """Not within some frames of what a decoder guesses: later clips would be late."""
    frames = 8 * RATE // 1152 + 2
    assert samples_of(BARE).measures.duration_seconds * RATE == pytest.approx(
        frames * 1152, abs=2304
    )
    scan = scan_mpeg(io.BytesIO(BARE))
    assert scan is not None
    assert len(decode_by_ffmpeg(BARE)) == scan.num_samples
    assert samples_of(BARE).measures.duration_seconds == round(scan.num_samples / RATE, 6)


def test_mono_and_stereo_in_one_stream():
    music = play_music(8)
    mono = drop_xing(encode_mp3(music[: 4 * RATE, :1]))
    stereo = drop_xing(encode_mp3(music[4 * RATE :]))
    for content, channels in ((mono + stereo, 1), (stereo + mono, 2)):
        clips = samples_of(content)
        whole = decode_alike(content, channels)
        assert clips.measures.channels == channels
        assert clips.measures.duration_seconds == round(len(whole) / RATE, 6)
        starts = place_clips(len(whole), RATE, CLIPS)
        for clip, start in zip(clips.samples, starts, strict=True):
            np.testing.assert_allclose(clip, whole[start : start + RATE], atol=1e-5)


def decode_alike(content, channels, rate=RATE):
    """As FFmpeg's tool decodes: what follows is resampled to what came first."""
    layout = "mono" if channels == 1 else "stereo"
    parts = []
    with av.open(io.BytesIO(content), format="mp3") as container:
        resampler = None
        for frame in container.decode(audio=0):
            if frame.layout.name == layout and frame.sample_rate == rate:
                parts.append(frame.to_ndarray())
                continue
            resampler = resampler or av.AudioResampler("fltp", layout, rate)
            frame.pts = None
            parts += [each.to_ndarray() for each in resampler.resample(frame)]
        if resampler is not None:
            parts += [each.to_ndarray() for each in resampler.resample(None)]
    return np.concatenate(parts, axis=1).mean(axis=0)


@pytest.mark.parametrize(("first", "second"), [(44100, 32000), (22050, 44100)])
def test_an_ident_at_another_rate_does_not_stand_for_the_song(first, second):
    ident = encode_mp3(play_music(2, first), first)
    song = encode_mp3(play_music(8, second, seed=3), second)
    clips = samples_of(ident + song)
    assert clips.sample_rate_hz == first
    assert clips.measures.duration_seconds == pytest.approx(10, abs=0.2)
    whole = decode_alike(ident + song, 2, first)
    starts = place_clips(len(whole), first, CLIPS)
    for clip, start in zip(clips.samples, starts, strict=True):
        np.testing.assert_allclose(clip, whole[start : start + first], atol=1e-4)


def test_a_hole_in_a_stream_is_no_end():
    cut = len(BARE) // 3
    clips = samples_of(BARE[:cut] + bytes(5000) + BARE[cut:])
    assert clips.measures.duration_seconds == pytest.approx(8, abs=0.1)
