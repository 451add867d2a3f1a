"""Formats that only FFmpeg reads: exact to the sample, from any place on, and faults with names."""

import io

import av
import numpy as np
import pytest
from sounds import encode_by_ffmpeg, locate, play_music

from autogroove.audio.decoding import read_clips
from autogroove.audio.ffmpeg import open_ffmpeg
from autogroove.audio.files import AudioFault, open_bytes
from autogroove.config.settings import ClipSettings
from autogroove.source import Reason

CLIPS = ClipSettings(clip_seconds=1.0)
RATE = 48000  # all of these formats know it
MUSIC = play_music(7, RATE)

LOSSLESS = {
    "m4a of ALAC": ("ipod", "alac", "s32p"),
    "WavPack": ("wv", "wavpack", "s16p"),
    "True Audio": ("tta", "tta", "s16"),
    "FLAC in Ogg": ("ogg", "flac", "s16"),
    "FLAC in Matroska": ("matroska", "flac", "s16"),
    "Wave64": ("w64", "pcm_s16le", "s16"),
    "AU": ("au", "pcm_s16be", "s16"),
    "CAF": ("caf", "pcm_s16le", "s16"),
    "AIFF": ("aiff", "pcm_s24be", "s32"),
}
LOSSY = {
    "m4a of AAC": ("ipod", "aac", "fltp"),
    "ADTS": ("adts", "aac", "fltp"),
    "MP2": ("mp2", "mp2", "s16"),
    "AC-3": ("ac3", "ac3", "fltp"),
    "Windows Media": ("asf", "wmav2", "fltp"),
    "WebM of Opus": ("webm", "libopus", "s16"),
    "Opus": ("ogg", "libopus", "s16"),
    "MP3": ("mp3", "libmp3lame", "fltp"),
    "a transport stream": ("mpegts", "aac", "fltp"),
    "a program stream": ("mpeg", "mp2", "s16"),
}
FORMATS = LOSSLESS | LOSSY
SAYS_LENGTH = [
    "m4a of ALAC", "m4a of AAC", "WavPack", "True Audio", "AU", "AIFF", "CAF", "Wave64"
]  # fmt: skip
RANDOM = {"AC-3": 0.1, "Opus": 1e-3}
"""By how much decoders may differ: AC-3 fills up with random numbers, Opus is not exact."""


def encode(name):
    return encode_by_ffmpeg(MUSIC, RATE, *FORMATS[name])


def decode_whole(content):
    """What PyAV's own loop makes of a file: the mean of its channels."""
    to_float = av.AudioResampler("fltp", "stereo", RATE)
    parts = []
    with av.open(io.BytesIO(content)) as container:
        for frame in container.decode(audio=0):
            frame.pts = None
            parts += [each.to_ndarray() for each in to_float.resample(frame)]
    return np.concatenate(parts, axis=1).mean(axis=0)


@pytest.fixture(scope="module", params=FORMATS)
def encoded(request):
    return request.param, encode(request.param)


def test_clips_are_parts_of_the_whole_decode(encoded):
    name, content = encoded
    whole = decode_whole(content)
    found = read_clips(open_bytes("wrong.ending", content), CLIPS)
    starts = [locate(clip, whole) for clip in found.samples]
    assert len(starts) == 3
    for clip, (start, _) in zip(found.samples, starts, strict=True):
        part = whole[start : start + len(clip)]
        np.testing.assert_allclose(clip, part, rtol=0, atol=RANDOM.get(name, 1e-4))


def test_clips_lie_where_they_lay_before_encoding(encoded):
    name, content = encoded
    found = read_clips(open_bytes("a", content), CLIPS)
    before = MUSIC.mean(axis=1)
    # What an encoder adds at the end moves the middle and the last clip by a part of it.
    padding = 0 if name in LOSSLESS else 4096
    wanted = [(2 * i + 1) * len(before) // 6 - RATE // 2 for i in range(3)]
    for clip, start in zip(found.samples, wanted, strict=True):
        at, likeness = locate(clip, before)
        assert abs(at - start) <= padding + 1
        assert likeness > (0.97 if name in LOSSY else 0.9999)


@pytest.mark.parametrize("name", LOSSLESS)
def test_a_lossless_file_is_as_long_as_it_was(name):
    with open_ffmpeg(io.BytesIO(encode(name))) as sound:
        assert (sound.frames, sound.samplerate, sound.channels) == (len(MUSIC), RATE, 2)


def test_any_place_reads_as_in_the_whole(encoded):
    name, content = encoded
    with open_ffmpeg(io.BytesIO(content)) as sound:
        whole = sound.read(out=np.empty((sound.frames, sound.channels), "f4")).copy()
        assert len(whole) == sound.frames
        for start in (0, 250_000, 100_001, 3, sound.frames - 100, sound.frames):
            sound.seek(start)
            part = sound.read(out=np.empty((5000, sound.channels), "f4"))
            same = whole[start : start + 5000]
            np.testing.assert_allclose(part, same, rtol=0, atol=RANDOM.get(name, 1e-4))


@pytest.mark.parametrize("name", SAYS_LENGTH)
def test_a_file_whose_end_was_lost_is_truncated(name):
    content = encode(name)
    content = content[: len(content) // 2]
    with pytest.raises(AudioFault) as caught:
        read_clips(open_bytes("a", content), CLIPS)
    assert caught.value.reason is Reason.truncated


@pytest.mark.parametrize("name", ["ADTS", "a transport stream", "AC-3", "m4a of AAC"])
def test_what_looks_like_frames_of_mp3_inside_of_another_format_is_none(name):
    content = bytearray(encode(name))
    middle = len(content) // 2
    for at in range(middle, middle + 12 * 400, 400):  # an MP3 of free format, 0.3 s of it
        content[at : at + 4] = b"\xff\xfb\x04\xeb"
    found = read_clips(open_bytes("a.mp3", bytes(content)), CLIPS)
    assert len(found.samples) == 3
    assert found.measures.duration_seconds == pytest.approx(7, abs=0.3)


@pytest.mark.parametrize("name", FORMATS)
def test_damage_is_a_fault_or_is_heard_through(name):
    random = np.random.default_rng(4)
    content = encode(name)
    for _ in range(3):
        damaged = bytearray(content)
        for at in random.integers(0, len(content), 20):
            damaged[at] ^= 1 << random.integers(8)
        try:
            found = read_clips(open_bytes("a", bytes(damaged)), CLIPS)
        except AudioFault:
            continue
        assert np.isfinite(found.samples).all()


@pytest.mark.parametrize(
    ("name", "head"),
    [
        ("OptimFROG", b"OFR "),
        ("TAK", b"tBaK"),
        ("RealMedia", b".RMF"),
        ("Shorten", b"ajkg"),
    ],
)
def test_what_no_decoder_reads_is_told_by_its_name(name, head):
    noise = np.random.default_rng(5).integers(0, 256, 50_000, np.uint8).tobytes()
    with pytest.raises(AudioFault) as caught:
        read_clips(open_bytes("a.mp3", head + noise), CLIPS)
    assert caught.value.reason is Reason.unsupported_format
    assert name in str(caught.value)


def test_what_a_shop_protects_is_told():
    content = encode("m4a of AAC").replace(b"mp4a", b"drms")
    with pytest.raises(AudioFault, match="protected") as caught:
        read_clips(open_bytes("a.m4p", content), CLIPS)
    assert caught.value.reason is Reason.unsupported_format
