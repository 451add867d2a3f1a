"""Files that mean harm: the segment is written, the coverage balances, the reason is right."""

import errno
import io
import resource
import subprocess
import sys
import textwrap
from pathlib import Path

import av
import numpy as np
import pytest
from hostile import (
    BAD,
    GOOD,
    MP3,
    MUSIC,
    RATE,
    TAG,
    TEN_HOURS,
    flac_of,
    tell_frames,
    tell_samples,
    wav_of,
)
from sounds import drop_xing, encode_mp3, play_music, scan_folder, write_audio

from autogroove.audio.clips import place_clips
from autogroove.audio.decoding import read_clips
from autogroove.audio.files import AudioFault, AudioFile, fetch_audio, open_bytes
from autogroove.config.settings import ClipSettings, Settings
from autogroove.errors import StoreError
from autogroove.segments.coverage import complete_catalogue
from autogroove.segments.index import find_segment_index, open_clips, segment_prefix
from autogroove.segments.planning import plan_segments
from autogroove.segments.writing import write_segment
from autogroove.store.keys import digest_bytes
from autogroove.store.store import Store

SETTINGS = Settings().with_overrides(
    {"clip.clip_seconds": 2, "spectrogram.num_bins": 64, "spectrogram.num_frames": 32}
)


@pytest.fixture(scope="module")
def hostile(tmp_path_factory):
    """One segment of everything above, among three tracks that are fine."""
    folder = tmp_path_factory.mktemp("hostile")
    for i in range(3):
        write_audio(folder / "music" / f"fine{i}.ogg", play_music(6, seed=i + 1))
    for name, content in {**GOOD, **{n: c for n, (c, _) in BAD.items()}}.items():
        (folder / "music" / name).write_bytes(content)
    store = Store(folder / "store")
    source, catalogue = scan_folder(folder / "music", store)
    plan = plan_segments(catalogue, store, SETTINGS)
    indexes = [write_segment(batch, source, store, SETTINGS) for batch in plan.batches]
    return store, complete_catalogue(catalogue, indexes).set_index("path"), indexes


@pytest.mark.parametrize("name", BAD)
def test_a_bad_file_is_quarantined_with_its_reason(hostile, name):
    row = hostile[1].loc[name]
    assert (row["status"], row["reason"]) == ("quarantined", BAD[name][1]), row["detail"]


@pytest.mark.parametrize("name", GOOD)
def test_an_odd_file_is_stored(hostile, name):
    store, catalogue, indexes = hostile
    row = catalogue.loc[name]
    assert (row["status"], row["clips"]) == ("stored", 3), row["reason"]
    first = int(row["first_clip"])
    images = open_clips(store, indexes[0].recipe_key, row["segment"])[first : first + 3]
    assert np.all(images.reshape(3, -1).max(axis=1) > 100)


def test_the_coverage_balances_and_nothing_is_damaged(hostile):
    store, catalogue, indexes = hostile
    counts = catalogue["status"].value_counts()
    assert counts.sum() == len(catalogue) == len(BAD) + len(GOOD) + 3
    assert counts["stored"] == len(GOOD) + 3
    for index in indexes:
        prefix = segment_prefix(index.recipe_key, index.segment_key)
        for name, (digest, _) in index.objects.items():
            assert digest_bytes(store.read(f"{prefix}/{name}")) == digest


def test_no_damaged_stream_raises_anything_but_a_fault():
    rng = np.random.default_rng(7)
    settings = ClipSettings(clip_seconds=1)
    for whole in (MP3[:60_000], flac_of(MUSIC[:100_000]), wav_of(MUSIC[:50_000], subtype="PCM_16")):
        for _ in range(12):
            damaged = bytearray(whole)
            for place in rng.integers(0, len(whole), 20):
                damaged[place] = rng.integers(0, 256)
            try:
                clips = read_clips(open_bytes("a", bytes(damaged)), settings)
            except AudioFault:
                continue
            assert np.isfinite(clips.samples).all()


def test_a_file_that_changed_since_the_scan_is_not_stored(tmp_path):
    path = write_audio(tmp_path / "m/a.wav", MUSIC, subtype="FLOAT")
    write_audio(tmp_path / "m/b.wav", MUSIC[::-1], subtype="FLOAT")
    store = Store(tmp_path / "store")
    source, catalogue = scan_folder(tmp_path / "m", store)
    changed = bytearray(path.read_bytes())
    changed[-10] ^= 1
    path.write_bytes(bytes(changed))
    (batch,) = plan_segments(catalogue, store, SETTINGS).batches
    index = write_segment(batch, source, store, SETTINGS)
    done = complete_catalogue(catalogue, [index]).set_index("path")
    assert done.loc["a.wav", "reason"] == "changed_while_reading"
    assert done.loc["b.wav", "status"] == "stored"


def test_a_large_file_is_checked_too(tmp_path, monkeypatch):
    monkeypatch.setattr("autogroove.audio.files.WHOLE_FILE_BYTES", 1000)
    path = write_audio(tmp_path / "m/a.flac", MUSIC)
    store = Store(tmp_path / "store")
    source, catalogue = scan_folder(tmp_path / "m", store)
    row = catalogue.iloc[0]
    file = fetch_audio(source, row["path"], int(row["size_bytes"]), row["fingerprint"])
    assert file.content is None
    assert read_clips(file, SETTINGS.clip).samples.shape == (3, 2 * RATE)
    path.write_bytes(path.read_bytes()[:-1] + b"!")
    with pytest.raises(AudioFault, match="changed_while_reading"):
        fetch_audio(source, row["path"], int(row["size_bytes"]), row["fingerprint"])


class BreakingFile(io.BytesIO):
    """A large file of which only the first half can be read, as on a disk that dies."""

    def read(self, size: int | None = -1, /) -> bytes:
        if self.tell() > len(self.getvalue()) // 2:
            raise OSError(errno.EIO, "Input/output error")
        return super().read(min(10_000, size or 0) if size and size > 0 else size)


@pytest.mark.parametrize(
    "content", [MP3, flac_of(MUSIC), wav_of(MUSIC)], ids=["mp3", "flac", "wav"]
)
def test_a_file_that_cannot_be_read_to_its_end_is_unreadable_and_not_called_truncated(
    content, capfd
):
    """A fault of the moment: it is tried again at each run, as one that is truncated is not."""
    file = AudioFile("a", len(content), lambda: BreakingFile(content))
    with pytest.raises(AudioFault, match="unreadable: Input/output error"):
        read_clips(file, SETTINGS.clip)
    assert "Traceback" not in capfd.readouterr().err


def test_a_full_store_ends_the_batch_and_leaves_no_index(tmp_path):
    """A store of one mebibyte: a file-size limit, which gives the same OSError as a full disk."""
    write_audio(tmp_path / "m/a.wav", MUSIC)
    write_audio(tmp_path / "m/b.wav", MUSIC[::-1])
    store = Store(tmp_path / "store")
    source, catalogue = scan_folder(tmp_path / "m", store)
    large = SETTINGS.with_overrides({"spectrogram.num_frames": 400, "spectrogram.hop_samples": 100})
    (batch,) = plan_segments(catalogue, store, large).batches
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, before[1]))
    try:
        with pytest.raises(StoreError):
            write_segment(batch, source, store, large)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert find_segment_index(store, batch.recipe_key, batch.segment_key) is None
    assert write_segment(batch, source, store, large).num_clips == 6


KILLER = """
import os, sys, time
import autogroove.segments.decoding as decoding

whole = decoding.draw_track
def draw(file, settings):
    if file.size_bytes == {crashing}:
        os.kill(os.getpid(), 11)
    if file.size_bytes == {hanging}:
        time.sleep(600)
    return whole(file, settings)
decoding.draw_track = draw
decoding.serve_requests(sys.stdin.buffer, sys.stdout.buffer)
"""


@pytest.mark.slow
def test_a_decoder_that_dies_or_hangs_costs_its_track(tmp_path, monkeypatch):
    for name, seconds in {"a": 6, "b": 7, "c": 8, "d": 9}.items():
        write_audio(tmp_path / f"m/{name}.wav", play_music(seconds, 22050), 22050)
    sizes = {path.stem: path.stat().st_size for path in (tmp_path / "m").iterdir()}
    script = tmp_path / "killer.py"
    script.write_text(KILLER.format(crashing=sizes["b"], hanging=sizes["c"]))
    monkeypatch.setattr("autogroove.segments.decoding.COMMAND", [sys.executable, str(script)])
    store = Store(tmp_path / "store")
    source, catalogue = scan_folder(tmp_path / "m", store)
    (batch,) = plan_segments(catalogue, store, SETTINGS).batches
    index = write_segment(batch, source, store, SETTINGS, isolate=True, timeout_seconds=20)
    done = complete_catalogue(catalogue, [index]).set_index("path")
    assert done.loc["b.wav", "reason"] == "crashed_decoder"
    assert "SIGSEGV" in done.loc["b.wav", "detail"]
    assert done.loc["c.wav", "reason"] == "timed_out"
    assert set(done.loc[["a.wav", "d.wav"], "status"]) == {"stored"}


def test_isolated_segments_have_the_same_bytes(tmp_path):
    write_audio(tmp_path / "m/a.wav", MUSIC)
    (tmp_path / "m/b.mp3").write_bytes(b"<html>" * 100)
    indexes = []
    for isolate in (False, True):
        store = Store(tmp_path / f"store{isolate}")
        source, catalogue = scan_folder(tmp_path / "m", store)
        (batch,) = plan_segments(catalogue, store, SETTINGS).batches
        indexes.append(write_segment(batch, source, store, SETTINGS, isolate=isolate))
    assert indexes[0].digest == indexes[1].digest


def peak_rss_mib(paths: list[Path]) -> list[int]:
    """Peak memory of one process that makes the images of files, after each of them.

    Not by getrusage, which counts the parent's memory too.
    """
    code = f"""
        from pathlib import Path
        from autogroove.audio import AudioFault
        from autogroove.audio.files import open_path
        from autogroove.config import Settings
        from autogroove.segments.decoding import draw_track
        for path in {[str(path) for path in paths]!r}:
            try:
                draw_track(open_path(Path(path)), Settings())
            except AudioFault:
                pass
            status = Path("/proc/self/status").read_text()
            print(int(status.split("VmHWM:")[1].split()[0]) // 1024)
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)], check=True, capture_output=True, text=True
    )
    return [int(line) for line in done.stdout.split()]


def long_files(folder):
    """Two hours of WAV (1.2 GiB, sparse), of MP3 (115 MB), and headers that claim ten hours."""
    wav = folder / "two-hours.wav"
    size = 2 * 3600 * RATE * 4
    head = bytearray(wav_of(MUSIC[:0], subtype="PCM_16"))
    head[4:8] = (len(head) - 8 + size).to_bytes(4, "little")
    head[-4:] = size.to_bytes(4, "little")
    noise = np.random.default_rng(0).normal(0, 3000, 30 * RATE * 2).astype("<i2").tobytes()
    with wav.open("wb") as file:
        file.write(head)
        for start in range(0, size, size // 24):
            file.seek(len(head) + start // 4 * 4)
            file.write(noise)
        file.truncate(len(head) + size)
    yield wav
    minute = drop_xing(encode_mp3(play_music(60)))
    mp3 = folder / "two-hours.mp3"
    mp3.write_bytes(minute * 120)
    yield mp3
    tagged = folder / "tagged.mp3"
    length = 100 << 20
    tagged.write_bytes(
        TAG + bytes((length >> s) & 127 for s in (21, 14, 7, 0)) + bytes(length) + MP3
    )
    yield tagged
    for name, content in {
        "claims.flac": tell_samples(flac_of(MUSIC), TEN_HOURS),
        "claims.mp3": tell_frames(MP3, TEN_HOURS // 1152),
    }.items():
        (folder / name).write_bytes(content)
        yield folder / name


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_memory_is_bounded_whatever_the_length(tmp_path):
    """32 MiB of file and 16 of samples are the bound; 30 s of audio take some of that too."""
    short = [write_audio(tmp_path / f"a.{suffix}", play_music(30)) for suffix in ("wav", "mp3")]
    peak_rss_mib(short)  # compiles the kernels, which takes memory of its own
    long = list(long_files(tmp_path))
    _, before, *peaks = peak_rss_mib([*short, *long])
    for path, peak in zip(long, peaks, strict=True):
        assert peak <= before + 32, path.name


@pytest.mark.slow
def test_clips_of_a_long_mp3_are_those_of_the_whole_decode():
    """Ten minutes without a length; the decoder seeks, and must land where it would have been."""
    bare = drop_xing(encode_mp3(play_music(60), mode="VARIABLE")) * 10
    with av.open(io.BytesIO(bare), format="mp3") as container:
        frames = [frame.to_ndarray().mean(axis=0) for frame in container.decode(audio=0)]
    whole = np.concatenate(frames)
    clips = read_clips(open_bytes("a.mp3", bare), ClipSettings())
    starts = place_clips(len(whole), RATE, ClipSettings())
    expected = [whole[s : s + 10 * RATE] for s in starts]
    np.testing.assert_allclose(clips.samples, expected, atol=1e-5)
