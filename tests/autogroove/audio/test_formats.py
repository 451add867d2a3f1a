"""Sizes and lengths that headers get wrong: what is there counts, and what is lost is told."""

import io
import struct

import numpy as np
import pytest
import soundfile
from sounds import locate, play_music

from autogroove.audio.clips import Band
from autogroove.audio.decoding import read_clips
from autogroove.audio.files import AudioFault, open_bytes
from autogroove.config.settings import ClipSettings
from autogroove.source import Reason

CLIPS = ClipSettings(clip_seconds=1.0)
BAND = Band(22050, 10000.0, 22050)
MUSIC = play_music(8)


def write(form, samples=MUSIC, subtype=None):
    stream = io.BytesIO()
    soundfile.write(stream, samples, 44100, format=form, subtype=subtype)
    return stream.getvalue()


def with_sizes(content, riff, data):
    """A WAV whose two sizes are others."""
    at = content.index(b"data") + 4
    changed = bytearray(content)
    struct.pack_into("<I", changed, 4, riff)
    struct.pack_into("<I", changed, at, data)
    return bytes(changed)


def with_length(content, frames):
    """A FLAC whose header says another number of samples; 0 is unknown."""
    changed = bytearray(content)
    changed[21] = (changed[21] & 0xF0) | frames >> 32
    struct.pack_into(">I", changed, 22, frames & 0xFFFFFFFF)
    return bytes(changed)


def clips_of(content, band=None):
    return read_clips(open_bytes("a", content), CLIPS, band).samples


@pytest.mark.parametrize("band", [None, BAND], ids=["whole", "in part"])
@pytest.mark.parametrize(
    ("riff", "data"),
    [(0, 0), (0xFFFFFFFF, 0xFFFFFFFF), (0x7FFFFFFF, 0x7FFFFFFF - 36), (0xFFFFFFFF, None)],
    ids=["a recorder's zeros", "a pipe's largest", "half of that", "only the whole is wrong"],
)
def test_a_wav_with_wrong_sizes_has_all_its_samples(riff, data, band):
    plain = write("WAV")
    right = len(plain) - plain.index(b"data") - 8
    wrong = with_sizes(plain, riff, right if data is None else data)
    np.testing.assert_allclose(clips_of(wrong, band), clips_of(plain, band), atol=1e-6)


@pytest.mark.parametrize("padding", [b"", b"\0"], ids=["without", "with"])
@pytest.mark.parametrize("size", [1, 5, 33])
def test_a_chunk_of_odd_length_may_lack_its_padding(size, padding):
    plain = write("WAV")
    data = plain.index(b"data")
    odd = b"note" + struct.pack("<I", size) + b"\xe9" * size + padding
    changed = plain[:data] + odd + plain[data:]
    np.testing.assert_allclose(clips_of(changed), clips_of(plain), atol=1e-6)


@pytest.mark.parametrize("band", [None, BAND], ids=["whole", "in part"])
@pytest.mark.parametrize("frames", [0, (1 << 36) - 1, 50_000], ids=["unknown", "largest", "less"])
def test_a_flac_of_any_said_length_has_all_its_samples(frames, band):
    plain = write("FLAC")
    wrong = with_length(plain, frames)
    if frames > len(MUSIC):
        with pytest.raises(AudioFault) as caught:
            clips_of(wrong, band)
        assert caught.value.reason is Reason.truncated
    else:
        np.testing.assert_allclose(clips_of(wrong, band), clips_of(plain, band), atol=1e-6)


def test_streams_behind_one_another_are_one_track():
    first, second = play_music(4, seed=1), play_music(6, seed=2)
    clips = clips_of(write("OGG", first) + write("OGG", second))
    whole = np.concatenate([first, second]).mean(axis=1)
    starts = [(2 * i + 1) * len(whole) // 6 - 22050 for i in range(3)]
    for clip, start in zip(clips, starts, strict=True):
        at, likeness = locate(clip, whole)
        assert likeness > 0.95
        assert abs(at - start) < 1000  # the encoder's last block is longer than the music


@pytest.mark.parametrize("form", ["WAV", "AIFF", "CAF", "W64", "AU", "FLAC"])
def test_a_file_cut_in_the_middle_is_truncated(form):
    content = write(form)
    with pytest.raises(AudioFault) as caught:
        clips_of(content[: len(content) * 2 // 3])
    assert caught.value.reason is Reason.truncated


@pytest.mark.parametrize("form", ["WAV", "AIFF", "CAF", "W64", "AU"])
def test_a_file_that_lacks_its_last_bytes_is_heard(form):
    content = write(form)
    assert clips_of(content[:-40]).shape == clips_of(content).shape
