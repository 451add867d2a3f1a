"""Sources and stores that cannot be used, given to the command: one sentence, exit status 1, and
nothing published."""

import json
import re
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import fma_layout
import pytest
from hostile import NOISE, wav_of
from pipelines import SHORT, Publisher, run_arguments
from sounds import play_music

from autogroove.releases.log import list_releases
from autogroove.releases.verification import verify_release
from autogroove.store.store import Store
from flows.cli.main import main

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

CLOSED = Path("/sys/bus/platform/drivers_probe")
"""A file that nobody may read, not even root."""

Command = Callable[..., tuple[int, str, str]]


@pytest.fixture
def autogroove_here(
    publish: Publisher, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Command:
    """The command in this process, on the cluster that is there: starting both costs most."""
    for name in ("PREFECT_LOGGING_EXTRA_LOGGERS", "PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL"):
        monkeypatch.setenv(name, "")  # the command sets them for its own process, and stays

    def run(source: Path | str, store: Path) -> tuple[int, str, str]:
        arguments = [*run_arguments(source, store), "--dask", publish.dask_address]
        for name, value in SHORT.items():
            arguments += ["--set", f"{name}={value}"]
        monkeypatch.setattr(sys, "argv", ["autogroove", *arguments])
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main()
        shown = capsys.readouterr()
        return int(ended.value.code or 0), shown.out, shown.err

    return run


def empty_folder(root: Path) -> Path:
    root.mkdir()
    return root


def folder_of_text(root: Path) -> Path:
    return fma_layout.write_file(root, "notes/read.txt", b"no music").parent.parent


def folder_of_closed_files(root: Path) -> Path:
    root.mkdir()
    for number in range(3):
        (root / f"{number}.mp3").symlink_to(CLOSED)
    return root


def folder_of_web_pages(root: Path) -> Path:
    for number in range(6):
        fma_layout.write_file(root, f"{number}.mp3", b"<html>%d</html>" % number * 50)
    return root


def folder_of_one_track(root: Path) -> Path:
    fma_layout.write_file(root, "only.wav", wav_of(play_music(6), subtype="PCM_16"))
    return root


def tracks_csv(text: bytes) -> Callable[[Path], Path]:
    def make(root: Path) -> Path:
        fma_layout.write_fma(root, [1, 2])
        (root / "fma_metadata/tracks.csv").write_bytes(text)
        return root

    return make


def broken_archive(root: Path) -> Path:
    return fma_layout.write_file(root, "fma_small.zip", b"PK\x03\x04" + NOISE[:5000])


def climbing_archive(root: Path) -> Path:
    """Nothing in it but members that lead out, and one that would unpack to 100 MB."""
    root.mkdir()
    with zipfile.ZipFile(root / "music.zip", "w", zipfile.ZIP_DEFLATED) as opened:
        opened.writestr("../../etc/song.mp3", NOISE[:2000])
        opened.writestr("/etc/song.mp3", NOISE[:3000])
        opened.writestr("bomb.wav", bytes(100 << 20))
    return root / "music.zip"


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (empty_folder, "holds no audio"),
        (folder_of_text, "holds no audio"),
        (folder_of_closed_files, "None of the 3 files .* can be read.*Permission denied"),
        (folder_of_web_pages, "0 of 6 tracks can be trained on"),
        (folder_of_one_track, "1 of 1 tracks can be trained on"),
        (tracks_csv(b"a,b\n1,2\n3,4\n"), "none of the columns"),
        (tracks_csv(b""), "header"),
        (tracks_csv(b',track\n,title\n1,"never closed\n2,x\n'), "EOF inside string"),
        (tracks_csv(b",track\n,title\n1,\xff\xfe\xfa\n"), "not UTF-8"),
        (broken_archive, "not a zip archive"),
        (climbing_archive, "0 of 3 tracks can be trained on"),
    ],
)
def test_a_source_that_cannot_be_used_is_one_sentence(
    autogroove_here: Command, tmp_path: Path, make: Callable[[Path], Path], says: str
) -> None:
    store = tmp_path / "store"
    code, out, err = autogroove_here(make(tmp_path / "source"), store)
    assert (code, out) == (1, ""), err
    (line,) = err.strip().splitlines()
    assert line.startswith("autogroove: ")
    assert re.search(says, line), line
    assert list_releases(Store(store)) == []


@pytest.mark.long
def test_a_store_that_runs_full_ends_the_run_and_with_more_space_it_goes_on(
    autogroove_here: Command, mount: Callable[[str], Path], tmp_path: Path
) -> None:
    music = tmp_path / "music"
    for number in range(14):
        audio = wav_of(play_music(6, seed=number), subtype="PCM_16")
        fma_layout.write_file(music, f"{number}.wav", audio)
    store = mount("size=150k") / "store"
    code, out, err = autogroove_here(music, store)
    assert (code, out) == (1, ""), err
    (line,) = err.strip().splitlines()
    assert "no space is left" in line
    assert list_releases(Store(store)) == []
    subprocess.run(["mount", "-o", "remount,size=64m", str(store.parent)], check=True)
    code, out, err = autogroove_here(music, store)
    assert (code, json.loads(out)["coverage"]["stored"]) == (0, 14), err
    assert verify_release(Store(store), 1).faults == ()
