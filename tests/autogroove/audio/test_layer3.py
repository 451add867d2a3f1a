"""The decoder that decodes in part: agreement with libmpg123, and what it leaves to it."""

import io
import os
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest
import soundfile
from places import TESTS
from sounds import drop_xing, encode_mp3, play_music

from autogroove.audio import decoding
from autogroove.audio.clips import Band
from autogroove.audio.decoding import read_clips
from autogroove.audio.files import AudioFault, open_bytes
from autogroove.audio.layer3.clips import choose_step, decode_clip, open_stream
from autogroove.audio.layer3.codes import PAIRS, QUADS
from autogroove.audio.mpeg import scan_mpeg
from autogroove.audio.mpeg_headers import frame_bytes
from autogroove.audio.resampling import resample_clips
from autogroove.config.settings import ClipSettings

SECONDS = 4
GROOVE, POSTER = Band(22050, 10000.0, 0), Band(11025, 2756.25, 0)


def make_sound(name, rate=44100):
    """Material that makes an encoder use what it has."""
    rng = np.random.default_rng(5)
    music = play_music(SECONDS, rate)
    if name == "mono":
        return music[:, :1]
    if name == "apart":  # nothing in common: left/right frames
        return np.column_stack([music[:, 0], rng.normal(0, 0.1, len(music))]).astype("f4")
    if name == "clicks":  # short blocks, not at the same time on both sides
        clicks = np.zeros_like(music)
        clicks[:: rate // 7, 0] = 0.9
        clicks[:: rate // 5, 1] = -0.9
        return clicks + rng.normal(0, 1e-3, music.shape).astype("f4")
    return music


def encode(name, rate=44100, mode="CONSTANT", level=0.5):
    return encode_mp3(make_sound(name, rate), rate, mode, level)


def open_content(content):
    scan = scan_mpeg(io.BytesIO(content))
    return scan and open_stream(content, scan)


def decode_whole(content):
    samples, rate = soundfile.read(io.BytesIO(content), dtype="float32", always_2d=True)
    return samples.mean(axis=1), rate


def relative_error(values, expected):
    return np.sqrt(np.mean(np.abs(values - expected) ** 2) / np.mean(np.abs(expected) ** 2))


CASES = [
    ("music", 44100, "CONSTANT", 0.0),
    ("music", 44100, "CONSTANT", 0.9),
    ("music", 44100, "VARIABLE", 0.1),
    ("mono", 44100, "CONSTANT", 0.5),
    ("apart", 44100, "CONSTANT", 0.4),
    ("clicks", 44100, "VARIABLE", 0.5),
    ("clicks", 44100, "CONSTANT", 0.8),
    ("music", 48000, "CONSTANT", 0.5),
    ("clicks", 32000, "VARIABLE", 0.3),
]


@pytest.mark.parametrize(("name", "rate", "mode", "level"), CASES)
def test_with_all_subbands_it_is_the_whole_decoder(name, rate, mode, level):
    """From the first sample of a clip to its last, wherever it starts."""
    content = encode(name, rate, mode, level)
    expected, _ = decode_whole(content)
    for start in (0, 12_345, 100_000):
        clip = decode_clip(open_content(content), start, 5000, 1, rate, rate)
        assert relative_error(clip, expected[start : start + 5000]) < 1e-5


@pytest.mark.parametrize(("name", "rate", "mode", "level"), CASES)
@pytest.mark.parametrize("band", [GROOVE, POSTER], ids=["groove", "poster"])
def test_a_part_equals_that_part_of_the_whole(name, rate, mode, level, band):
    """In the band the difference is below 5e-4 of the whole decoder's sound, resampled."""
    content = encode(name, rate, mode, level)
    expected, _ = decode_whole(content)
    stream, step = open_content(content), choose_step(rate, band)
    if step is None:
        assert rate == 32000
        return
    start, length = 12_345, 2 * rate
    clip = decode_clip(stream, start, length, step, band.top_hz, rate)
    part = expected[start : start + length]
    reference = resample_clips(part[None], rate, rate // step, band.top_hz, len(clip))[0]
    shape = np.hanning(len(clip))
    kept = int(band.top_hz * step / rate * len(clip))
    spectra = [np.fft.rfft(samples * shape)[:kept] for samples in (clip, reference)]
    assert relative_error(*spectra) < 5e-4


def test_streams_of_these_tests_have_all_kinds_of_frames():
    modes, blocks = set(), set()
    for name in ("music", "mono", "apart", "clicks"):
        content = encode(name)
        stream = open_content(content)
        for place in stream.places[:-1]:
            modes.add((content[place + 3] >> 4) & 0b1110)
            side = int.from_bytes(content[place + 4 : place + 36], "big")
            switched = side >> (256 - 20 - 34) & 1
            blocks.add(switched and side >> (256 - 20 - 36) & 3)
    assert {0b0110, 0b0100, 0b1100} <= modes
    assert 2 in blocks


@pytest.fixture
def whole_only(monkeypatch):
    """Calls a function without the decoder that decodes in part."""

    def call(function):
        with monkeypatch.context() as patched:
            patched.setattr(decoding, "_read_partly", lambda *_: None)
            return function()

    return call


def cut_start(content, frames=5):
    """What a copying cutter leaves: a stream whose first frames miss the data before them."""
    bare = drop_xing(content)
    for _ in range(frames):
        bare = bare[frame_bytes(int.from_bytes(bare[:4], "big")) :]
    return bare


@pytest.mark.parametrize("shape", ["whole", "bare", "cut", "tagged"])
@pytest.mark.parametrize("seconds", [1.0, 0.7])
def test_clips_are_at_the_same_places_as_without(whole_only, shape, seconds):
    content = encode("music", level=0.3)
    content = {
        "whole": content,
        "bare": drop_xing(content),
        "cut": cut_start(content),
        "tagged": b"ID3\x04\0\0\0\0\x02\0" + bytes(256) + content + b"TAG" + bytes(125),
    }[shape]
    file, settings = open_bytes("a.mp3", content), ClipSettings(clip_seconds=seconds)
    band = Band(22050, 10000.0, round(22050 * seconds))
    assert open_content(content) is not None
    part = read_clips(file, settings, band)
    whole = whole_only(lambda: read_clips(file, settings, band))
    assert part.sample_rate_hz == whole.sample_rate_hz == 22050
    assert part.measures.duration_seconds == whole.measures.duration_seconds
    inner = slice(200, -200)
    for clip, expected in zip(part.samples, whole.samples, strict=True):
        lags = [np.dot(clip[200 + lag : -200 + lag], expected[inner]) for lag in (-1, 0, 1)]
        assert np.argmax(lags) == 1
        # above 10 kHz the two differ: the whole one keeps less
        assert relative_error(clip[inner], expected[inner]) < 0.1


def with_bits(content, place, mask):
    changed = bytearray(content)
    changed[place] ^= mask
    return bytes(changed)


def test_what_is_unusual_is_left_to_the_whole_decoder():
    content = encode("music")
    places = open_content(content).places
    assert open_content(encode("music", 22050)) is None  # MPEG-2
    for frame in (0, 40):
        assert open_content(with_bits(content, places[frame] + 1, 1)) is None  # a checksum
        assert open_content(with_bits(content, places[frame] + 3, 0x10)) is None  # intensity
    cut = int(places[30])
    assert open_content(content[:cut] + bytes(100) + content[cut:]) is None  # junk in between
    assert open_content(content[:cut] + content[int(places[31]) :]) is None  # a lost frame
    assert choose_step(44100, Band(22050, 10700.0, 0)) is None
    assert choose_step(32000, GROOVE) is None


def outcome(file, band):
    try:
        return read_clips(file, ClipSettings(clip_seconds=1.0), band)
    except AudioFault as fault:
        return fault.reason


def damage(content, rng):
    """Flipped bits, overwritten runs, a lost end."""
    changed = np.frombuffer(content, np.uint8).copy()
    first = scan_mpeg(io.BytesIO(content)).first_frame + 500
    kind = rng.integers(3)
    if kind == 0:
        places = rng.integers(first, len(changed), rng.integers(1, 60))
        changed[places] ^= (1 << rng.integers(0, 8, len(places))).astype(np.uint8)
    elif kind == 1:
        place = rng.integers(first, len(changed) - 2000)
        changed[place : place + 2000] = rng.integers(0, 256, 2000)
    else:
        changed = changed[: rng.integers(first, len(changed))]
    return changed.tobytes()


def test_damage_never_reaches_beyond_the_stream(whole_only):
    """Damaged streams end as the whole decoder has it, or as sound; none ends in a crash."""
    rng = np.random.default_rng(11)
    contents = [encode(name, level=0.4) for name in ("music", "clicks", "mono")]
    parts = 0
    for i in range(60):
        file = open_bytes("a.mp3", damage(contents[i % 3], rng))
        found = outcome(file, GROOVE)
        if isinstance(found, decoding.TrackClips):
            assert np.isfinite(found.samples).all()
            parts += found.samples.shape[1] == 22050
        else:
            assert found == whole_only(lambda file=file: outcome(file, GROOVE))
    assert parts > 5


@pytest.mark.long
def test_no_kernel_reads_outside_its_arrays(tmp_path):
    """The damaged streams once more, every index checked."""
    script = """
        import sys; sys.path[:0] = sys.argv[1:]
        import numpy as np, test_layer3 as t
        from autogroove.audio.layer3.clips import decode_clip
        rng = np.random.default_rng(3)
        contents = [t.encode(name, level=0.4) for name in ("music", "clicks", "mono")]
        for i in range(300):
            stream = t.open_content(t.damage(contents[i % 3], rng))
            if stream is not None:
                for step in (2, 4):
                    decode_clip(stream, 0, stream.num_samples, step, 2700.0 * 4 / step, 44100)
    """
    environment = {**os.environ, "NUMBA_BOUNDSCHECK": "1", "NUMBA_CACHE_DIR": str(tmp_path)}
    paths = [str(Path(__file__).parent), str(TESTS)]
    command = [sys.executable, "-c", textwrap.dedent(script), *paths]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=900)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("lengths", [lengths for _, lengths in [*PAIRS.values(), *QUADS]])
def test_codes_are_complete(lengths):
    assert sum(2.0 ** -int(digit, 32) for digit in lengths) == 1
