"""Folders that are left out: never read, and accounted for."""

from pathlib import Path

import pytest
import sounds

from autogroove.config.run import read_excluded_folders, read_settings
from autogroove.config.settings import Settings
from autogroove.errors import SettingsError
from autogroove.source.comparison import compare_listing
from autogroove.source.folder_globs import match_folders
from autogroove.source.scan import Scan, scan_source
from autogroove.source.sources import open_source
from autogroove.source.tracks import Reason
from autogroove.store.store import Store

PATHS = ["Audiobooks/One/1.mp3", "audiobooks.mp3", "Jazz/Audiobooks/2.mp3", "Jazz/Caf\u00e9/3.mp3"]


@pytest.mark.parametrize(
    ("patterns", "fits"),
    [
        ([], []),
        (["Audiobooks"], [0]),
        (["./audiobooks/"], [0]),
        (["Audiobooks/*"], [0]),
        (["*/Audiobooks", "jazz/cafe\u0301"], [2, 3]),
        (["Jazz/*/3.mp3"], [3]),
        (["Audio"], []),
        (["Audio*"], [0, 1]),
        ([""], []),
        (["[Jazz"], []),
    ],
)
def test_patterns_name_folders_and_all_that_is_in_them(patterns: list[str], fits) -> None:
    found = match_folders([*PATHS, None], patterns)
    assert [at for at, fit in enumerate(found) if fit] == fits


@pytest.fixture
def music(tmp_path: Path) -> Path:
    folder = tmp_path / "music"
    for number, path in enumerate(("Rock/1.wav", "Rock/2.wav", "Audiobooks/3.wav", "Rock/4.wav")):
        sounds.write_audio(folder / path, sounds.play_music(0.1, 8000, 1, number), 8000)
    (folder / "Audiobooks" / "copy.wav").write_bytes((folder / "Rock/1.wav").read_bytes())
    return folder


def scan(folder: Path, store: Store, *patterns: str) -> Scan:
    return scan_source(open_source(str(folder), store=store, exclude_folders=patterns), store)


def test_what_is_left_out_is_not_read_and_stands_in_the_catalogue_with_its_reason(
    music: Path, tmp_path: Path
) -> None:
    store = Store(tmp_path / "store")
    found = scan(music, store, "audiobooks/*")
    assert found.fingerprinted == 3
    left_out = found.catalogue[found.catalogue["status"] == "excluded"]
    assert sorted(left_out["path"]) == ["Audiobooks/3.wav", "Audiobooks/copy.wav"]
    assert set(left_out["reason"]) == {Reason.excluded_folder}
    assert left_out["detail"].str.contains("--exclude-folder").all()
    assert left_out["fingerprint"].isna().all()
    assert (found.catalogue["status"] == "listed").sum() == 3


def test_a_folder_that_is_let_in_again_is_new_and_one_that_stays_out_is_no_news(
    music: Path, tmp_path: Path
) -> None:
    store = Store(tmp_path / "store")
    catalogue = scan(music, store, "Audiobooks").catalogue
    out = open_source(str(music), store=store, exclude_folders=["Audiobooks"])
    assert compare_listing(out, store, catalogue).total == 0
    let_in = open_source(str(music), store=store)
    assert compare_listing(let_in, store, catalogue).total == 2
    assert (scan(music, store).catalogue["status"] == "listed").sum() == 4


def test_a_file_of_settings_says_what_is_left_out_too(tmp_path: Path) -> None:
    config = tmp_path / "autogroove.toml"
    config.write_text('[source]\nexclude_folders = ["Audiobooks/*"]\nremoved_fraction = 0.5\n')
    assert read_excluded_folders(config) == ("Audiobooks/*",)
    assert read_settings(None, config, []).source.removed_fraction == 0.5
    assert read_excluded_folders(None) == ()
    config.write_text('[source]\nexclude_folders = "Audiobooks"\n')
    with pytest.raises(SettingsError, match="is a list of texts"):
        read_excluded_folders(config)
    assert read_settings(None, None, []) == Settings.from_preset()
