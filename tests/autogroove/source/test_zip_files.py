"""Archives: FMA's own, hostile ones, and remote ones read by ranges."""

import http.server
import io
import socket
import struct
import threading
import tracemalloc
import zipfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import fma_layout
import mutagen.id3
import numpy as np
import pytest
import soundfile

from autogroove.errors import SourceError
from autogroove.source.scan import scan_source
from autogroove.source.sources import open_source
from autogroove.source.tracks import Reason
from autogroove.store.store import Store

TRACK_IDS = range(100, 140)
METHODS = [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2]


def noise(track_id: int, num_bytes: int = 20_000) -> bytes:
    """What does not shrink, as MP3 does not."""
    return np.random.default_rng(track_id).bytes(num_bytes)


@pytest.fixture
def fma(tmp_path: Path) -> Path:
    for track_id in TRACK_IDS:
        fma_layout.write_file(tmp_path / "fma", fma_layout.fma_path(track_id), noise(track_id))
    fma_layout.write_tracks_csv(tmp_path / "fma", {i: {} for i in TRACK_IDS})
    return tmp_path / "fma"


@pytest.mark.parametrize("method", METHODS)
def test_an_archive_is_the_folder_it_was_made_of(
    fma: Path, tmp_path: Path, local_store: Store, method: int
) -> None:
    archive = fma_layout.zip_folder(fma, tmp_path / "fma_small.zip", method)
    source = open_source(str(archive), store=local_store)
    folder = open_source(str(fma), store=local_store)
    assert source.kind == "fma"
    columns = ["track_id", "path", "size_bytes", "title", "split"]
    assert source.list_tracks()[columns].equals(folder.list_tracks()[columns])
    for track in source.list_tracks().itertuples():
        assert source.read(track.path) == noise(track.track_id)
        assert source.local_path(track.path) is None
        with source.open(track.path) as opened:
            opened.seek(-7, io.SEEK_END)
            assert opened.read() == noise(track.track_id)[-7:]


def test_metadata_may_be_inside_or_beside_or_absent(
    fma: Path, tmp_path: Path, local_store: Store
) -> None:
    wrapped = fma_layout.zip_folder(fma.parent, tmp_path.parent / f"{tmp_path.name}.zip")
    titles = open_source(str(wrapped), store=local_store).list_tracks()["title"]
    assert titles.notna().all()
    wrapped.unlink()

    place = tmp_path / "apart"
    place.mkdir()
    audio = place / "fma_small.zip"
    with zipfile.ZipFile(audio, "w") as opened:
        for path in sorted(fma.glob("fma_small/*/*.mp3")):
            opened.write(path, path.relative_to(fma).as_posix())
    alone = open_source(str(audio), store=local_store)
    assert alone.kind == "fma"
    assert list(alone.list_tracks()["track_id"]) == list(TRACK_IDS)
    assert alone.list_tracks()["title"].isna().all()

    with zipfile.ZipFile(place / "fma_metadata.zip", "w") as opened:
        opened.write(fma / "fma_metadata/tracks.csv", "fma_metadata/tracks.csv")
    beside = open_source(str(audio), store=local_store)
    assert (beside.list_tracks()["title"] == "Title").all()


def test_a_scan_of_an_archive_reads_no_audio_and_finds_copies(
    fma: Path, tmp_path: Path, local_store: Store
) -> None:
    fma_layout.write_file(fma, fma_layout.fma_path(999), noise(100))
    archive = fma_layout.zip_folder(fma, tmp_path / "fma.zip")
    scan = scan_source(open_source(str(archive), store=local_store), local_store)
    assert (scan.fingerprinted, scan.audio_bytes_read) == (0, 0)
    (copy,) = scan.catalogue[scan.catalogue["status"] != "listed"].to_dict("records")
    assert (copy["track_id"], copy["reason"]) == (999, Reason.duplicate_content)
    assert "track 100" in copy["detail"]


def test_any_music_in_an_archive_is_a_folder_with_tags(tmp_path: Path, local_store: Store) -> None:
    song = fma_layout.write_file(tmp_path, "music/song.mp3", b"")
    soundfile.write(song, np.sin(np.arange(12000) / 9) / 9, 8000)
    tags = mutagen.id3.ID3()
    tags.add(mutagen.id3.TIT2(text=["From the archive"]))
    tags.save(song)
    archive = fma_layout.zip_folder(song.parent, tmp_path / "music.zip")
    scan = scan_source(open_source(str(archive), store=local_store), local_store)
    assert scan.catalogue["title"].tolist() == ["From the archive"]


def test_members_that_climb_out_are_quarantined_and_never_read(
    tmp_path: Path, local_store: Store
) -> None:
    names = ["../climbs.mp3", "a/../../climbs.mp3", "/absolute.mp3", "C:/drive.mp3", "fine.mp3"]
    with zipfile.ZipFile(tmp_path / "evil.zip", "w") as opened:
        for name in [*names, ".hidden.mp3", "__MACOSX/._fine.mp3"]:
            opened.writestr(name, name)
    source = open_source(str(tmp_path / "evil.zip"), store=local_store)
    catalogue = scan_source(source, local_store).catalogue.set_index("path")
    assert set(catalogue.index) == set(names)
    assert set(catalogue.loc[names[:4], "reason"]) == {Reason.unsafe_path}
    assert catalogue.loc["fine.mp3", "status"] == "listed"
    with pytest.raises(OSError, match="leads out"):
        source.read("../climbs.mp3")


def patch_directory(archive: Path, name: str, **fields: int) -> None:
    """Make the directory lie about a member."""
    data = bytearray(archive.read_bytes())
    at = data.rindex(name.encode()) - 46
    offsets = {"flags": (8, "<H"), "method": (10, "<H"), "crc": (16, "<I"), "size": (24, "<I")}
    for field, value in fields.items():
        place, form = offsets[field]
        struct.pack_into(form, data, at + place, value)
    archive.write_bytes(bytes(data))


def test_bombs_and_liars_are_stopped_by_what_they_claim(tmp_path: Path, local_store: Store) -> None:
    archive = tmp_path / "bomb.zip"
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as opened:
        opened.writestr("bomb.wav", bytes(100 << 20))
        for name in ("huge.mp3", "small.mp3", "crc.mp3", "locked.mp3", "method.mp3"):
            opened.writestr(name, name * 50)
    patch_directory(archive, "huge.mp3", size=(1 << 32) - 2)
    patch_directory(archive, "small.mp3", size=3)
    patch_directory(archive, "crc.mp3", crc=1)
    patch_directory(archive, "locked.mp3", flags=1)
    patch_directory(archive, "method.mp3", method=9)
    source = open_source(str(archive), store=local_store)
    catalogue = scan_source(source, local_store).catalogue.set_index("path")
    expected = {"bomb.wav": "unsafe_archive", "huge.mp3": "unsafe_archive"}
    expected |= dict.fromkeys(("small.mp3", "crc.mp3", "locked.mp3", "method.mp3"), "unreadable")
    assert catalogue["reason"].to_dict() == expected
    for path in catalogue.index:
        with pytest.raises(OSError):
            source.read(path)


@pytest.mark.parametrize("method", METHODS[1:])
def test_a_member_never_unpacks_to_more_than_it_claims(
    tmp_path: Path, local_store: Store, method: int
) -> None:
    archive = tmp_path / "sly.zip"
    with zipfile.ZipFile(archive, "w", method) as opened:
        opened.writestr("fma_small/000/000001.mp3", bytes(80 << 20))
    patch_directory(archive, "fma_small/000/000001.mp3", size=1 << 20)
    source = open_source(str(archive), store=local_store)
    tracemalloc.start()
    with pytest.raises(OSError, match="damaged"):
        source.read("fma_small/000/000001.mp3")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 16 << 20


def test_of_two_members_with_one_name_the_last_counts(tmp_path: Path, local_store: Store) -> None:
    with (
        pytest.warns(UserWarning, match="Duplicate name"),
        zipfile.ZipFile(tmp_path / "twice.zip", "w") as opened,
    ):
        opened.writestr("song.mp3", b"first")
        opened.writestr("song.mp3", b"second")
    source = open_source(str(tmp_path / "twice.zip"), store=local_store)
    catalogue = scan_source(source, local_store).catalogue
    assert catalogue["track_id"].is_unique
    assert sorted(catalogue["status"]) == ["excluded", "listed"]
    assert set(catalogue["reason"].dropna()) == {Reason.duplicate_id}
    assert source.read("song.mp3") == b"second"


def test_a_cut_archive_is_one_clear_sentence(fma: Path, tmp_path: Path, local_store: Store) -> None:
    archive = fma_layout.zip_folder(fma, tmp_path / "cut.zip")
    archive.write_bytes(archive.read_bytes()[:-100])
    with pytest.raises(SourceError, match="not a zip archive that can be read"):
        open_source(str(archive), store=local_store)


class CountingHandler(http.server.SimpleHTTPRequestHandler):
    """Serves files with ranges, and counts."""

    absent = 404

    def __init__(self, *args: Any, counts: dict[str, int], ranged: bool, **options: Any) -> None:
        self.counts, self.ranged = counts, ranged
        super().__init__(*args, **options)

    def do_GET(self) -> None:
        place = Path(self.translate_path(self.path))
        if place.is_dir():
            super().do_GET()
            return
        if not place.is_file():
            self.send_error(self.absent)
            return
        content, status = place.read_bytes(), 200
        wanted = self.headers.get("Range")
        if wanted and self.ranged:
            first, last = wanted.removeprefix("bytes=").split("-")
            content, status = content[int(first) : int(last) + 1], 206
        self.counts["requests"] += 1
        self.counts["bytes"] += len(content)
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def do_HEAD(self) -> None:
        self.counts["heads"] += 1
        if not Path(self.translate_path(self.path)).exists():
            self.send_error(self.absent)
            return
        super().do_HEAD()

    def log_message(self, format: str, *args: Any) -> None:
        pass


def serve(folder: Path, counts: dict[str, int], ranged: bool) -> http.server.ThreadingHTTPServer:
    handler = partial(CountingHandler, counts=counts, ranged=ranged, directory=str(folder))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


@pytest.fixture
def counts() -> dict[str, int]:
    return {"requests": 0, "bytes": 0, "heads": 0}


@pytest.fixture
def web(tmp_path: Path, counts: dict[str, int]) -> Iterator[str]:
    server = serve(tmp_path, counts, ranged=True)
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize("prefix", ["", "zip::"])
def test_a_limit_of_a_remote_archive_fetches_those_members_and_the_directory(
    fma: Path, tmp_path: Path, local_store: Store, web: str, counts: dict[str, int], prefix: str
) -> None:
    fma_layout.write_file(fma, "fma_small/README.bin", noise(0, 3 << 20))
    archive = fma_layout.zip_folder(fma, tmp_path / "fma_small.zip")
    source = open_source(f"{prefix}{web}/fma_small.zip", store=local_store, limit=5)
    scan = scan_source(source, local_store)
    assert list(scan.catalogue["track_id"]) == [100, 101, 102, 103, 104]
    for path in scan.catalogue["path"]:
        assert source.read(path) == noise(int(path[-10:-4]))
    with zipfile.ZipFile(archive) as opened:
        wanted = [*scan.catalogue["path"], "fma_metadata/tracks.csv"]
        packed = sum(opened.getinfo(name).compress_size for name in wanted)
        directory = archive.stat().st_size - opened.start_dir
    tail, slack = 1 << 16, 1200 * len(wanted)
    assert counts["bytes"] <= packed + max(directory, tail) + slack
    assert counts["requests"] <= len(wanted) + 2
    assert counts["bytes"] < archive.stat().st_size / 10


def test_a_large_directory_is_fetched_once_a_process(
    tmp_path: Path, local_store: Store, web: str, counts: dict[str, int]
) -> None:
    with zipfile.ZipFile(tmp_path / "many.zip", "w") as opened:
        for i in range(3000):
            opened.writestr(f"fma_large/{i // 1000:03d}/{i:06d}.mp3", f"{i}")
        directory = 3000 * 100
    source = open_source(f"{web}/many.zip", store=local_store)
    assert len(source.list_tracks()) == 3000
    assert len(source.list_tracks()) == 3000
    assert counts["requests"] <= 3
    assert counts["bytes"] <= directory + (1 << 16)


def test_a_server_without_ranges_and_an_absent_archive_are_clear(
    fma: Path, tmp_path: Path, local_store: Store, web: str, counts: dict[str, int]
) -> None:
    fma_layout.zip_folder(fma, tmp_path / "fma.zip")
    server = serve(tmp_path, counts, ranged=False)
    with pytest.raises(SourceError, match="does not answer to ranges"):
        open_source(f"http://127.0.0.1:{server.server_port}/fma.zip", store=local_store)
    server.shutdown()
    server.server_close()
    with pytest.raises(SourceError, match="is not there"):
        open_source(f"{web}/absent.zip", store=local_store)


def make_song(place: Path, title: str) -> Path:
    place.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(place, np.random.default_rng(0).normal(0, 0.1, 500_000), 44100)
    tags = mutagen.id3.ID3()
    tags.add(mutagen.id3.TIT2(text=[title]))
    tags.save(place)
    return place


def test_an_archive_of_another_name_is_opened_again_by_its_own_url(
    fma: Path, tmp_path: Path, local_store: Store, web: str
) -> None:
    fma_layout.zip_folder(fma, tmp_path / "download")
    for place in (f"zip::{web}/download", f"zip::{tmp_path}/download"):
        source = open_source(place, store=local_store)
        again = open_source(source.url, store=local_store)
        assert again == source
        assert len(again.list_tracks()) == len(TRACK_IDS)


def test_metadata_that_does_not_answer_is_not_taken_for_absent(
    fma: Path, local_store: Store, web: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else a hiccup of the server would give every track another id."""
    assert open_source(f"{web}/fma", store=local_store).kind == "fma"
    (fma / "fma_metadata/tracks.csv").rename(fma / "fma_metadata/gone.csv")
    assert open_source(f"{web}/fma", store=local_store).kind == "folder"
    monkeypatch.setattr(CountingHandler, "absent", 503)
    with pytest.raises(SourceError, match="does not answer as it should"):
        open_source(f"{web}/fma", store=local_store)


def test_a_server_that_is_not_there_is_said_to_be_so(local_store: Store, web: str) -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        for place in ("x.zip", "music"):
            with pytest.raises(SourceError, match="does not answer as it should"):
                open_source(f"{url}/{place}", store=local_store)


def test_tags_of_a_remote_archive_cost_only_heads(
    tmp_path: Path, local_store: Store, web: str, counts: dict[str, int]
) -> None:
    for i in range(4):
        make_song(tmp_path / f"music/{i}.mp3", f"Song {i}")
    archive = fma_layout.zip_folder(tmp_path / "music", tmp_path / "music.zip", METHODS[1])
    source = open_source(f"{web}/music.zip", store=local_store)
    scan = scan_source(source, local_store)
    assert sorted(scan.catalogue["title"]) == [f"Song {i}" for i in range(4)]
    assert scan.catalogue["duration_seconds"].isna().all()
    assert counts["bytes"] <= (1 << 16) + 4 * 36_000 < archive.stat().st_size
    fetched = counts["bytes"]
    again = scan_source(open_source(f"{web}/music.zip", store=local_store), local_store)
    assert again.catalogue.equals(scan.catalogue)
    assert counts["bytes"] == fetched


def test_a_folder_on_a_web_server_is_read_once(
    tmp_path: Path, local_store: Store, web: str, counts: dict[str, int]
) -> None:
    song = make_song(tmp_path / "music/Artist/one song.mp3", "On the web")
    source = open_source(f"{web}/music", store=local_store)
    scan = scan_source(source, local_store)
    assert scan.catalogue["title"].tolist() == ["On the web"]
    assert scan.catalogue["size_bytes"].tolist() == [song.stat().st_size]
    assert scan.audio_bytes_read == song.stat().st_size
    assert source.read(scan.catalogue["path"][0]) == song.read_bytes()
