"""Music folders as people have them, and as somebody hostile would make them."""

import os
import shutil
import tempfile
import wave
from collections.abc import Iterator
from pathlib import Path

import fma_layout
import mutagen.flac
import mutagen.id3
import numpy as np
import pandas as pd
import pytest
import soundfile

from autogroove.errors import SourceError
from autogroove.source.scan import Scan, scan_source
from autogroove.source.sources import open_source
from autogroove.source.table import read_catalogue, write_catalogue
from autogroove.source.tracks import Reason
from autogroove.store.store import Store

NOBODY = 65534


def scan(folder: Path, store: Store) -> Scan:
    found = scan_source(open_source(str(folder), store=store), store)
    assert read_catalogue(write_catalogue(found.catalogue)).equals(found.catalogue)
    return found


def faults(catalogue: pd.DataFrame) -> dict[str, str]:
    faulty = catalogue[catalogue["status"] != "listed"].set_index("path")
    assert faulty["detail"].notna().all()
    assert [Reason(r).status for r in faulty["reason"]] == list(faulty["status"])
    return dict(faulty["reason"])


@pytest.fixture
def music(tmp_path: Path) -> Path:
    """A folder with one honest file."""
    fma_layout.write_file(tmp_path, "music/Artist/Album/01 Song.mp3", b"song")
    return tmp_path / "music"


def test_every_kind_of_audio_is_listed_and_nothing_else(music: Path, local_store: Store) -> None:
    names = ("a.MP3", "b.flac", "c.ogg", "d.opus", "e.m4a", "f.wav", "g.aiff", "h.wma")
    for name in (*names, "cover.jpg", "list.m3u8", ".hidden.mp3", "._a.mp3", ".trash/x.mp3"):
        fma_layout.write_file(music, name, name.encode())
    paths = set(scan(music, local_store).catalogue["path"])
    assert paths == {*names, "Artist/Album/01 Song.mp3"}


def test_ids_stay_when_other_files_come_and_go(music: Path, local_store: Store) -> None:
    (before,) = scan(music, local_store).catalogue["track_id"]
    fma_layout.write_file(music, "A/new.mp3", b"new")
    after = scan(music, local_store).catalogue.set_index("path")["track_id"]
    assert after["Artist/Album/01 Song.mp3"] == before
    assert after["A/new.mp3"] != before


def test_names_that_are_not_text_are_stored_safely_and_read_truly(
    music: Path, local_store: Store
) -> None:
    names = [
        b"caf\xe9.mp3",
        b"two\nlines.mp3",
        b"<script>alert(1)</script>.mp3",
        b"back\\slash.mp3",
    ]
    for name in names:
        Path(os.fsdecode(os.fsencode(music) + b"/" + name.replace(b"/", b"-"))).write_bytes(name)
    source = open_source(str(music), store=local_store)
    catalogue = scan(music, local_store).catalogue
    assert (catalogue["status"] == "listed").all()
    assert {"caf\\xe9.mp3", "two\\x0alines.mp3", "back\\x5cslash.mp3"} < set(catalogue["path"])
    read = {source.read(path) for path in catalogue["path"]}
    assert read == {*names, b"song"}
    assert all(path.encode() and "\n" not in path for path in catalogue["path"])


def test_twins_whose_names_differ_in_the_form_of_an_accent_are_both_kept(
    music: Path, local_store: Store
) -> None:
    fma_layout.write_file(music, "J\u00f3ga.mp3", b"one")
    fma_layout.write_file(music, "Jo\u0301ga.mp3", b"two")
    catalogue = scan(music, local_store).catalogue
    assert catalogue["track_id"].is_unique
    assert faults(catalogue) == {}
    assert scan(music, local_store).catalogue.equals(catalogue)
    fma_layout.write_file(music, "Jo\u0301ga.mp3", b"one")
    assert list(faults(scan(music, local_store).catalogue).values()) == [Reason.duplicate_content]


def test_links_are_followed_and_loops_end(music: Path, local_store: Store) -> None:
    elsewhere = fma_layout.write_file(music.parent, "elsewhere/far.mp3", b"far").parent
    (music / "linked").symlink_to(elsewhere)
    (music / "again").symlink_to(elsewhere)
    (music / "Artist/loop").symlink_to(music)
    (music / "self.mp3").symlink_to("self.mp3")
    (music / "broken.mp3").symlink_to("nowhere.mp3")
    catalogue = scan(music, local_store).catalogue
    assert set(catalogue["path"][catalogue["status"] == "listed"]) == {
        "Artist/Album/01 Song.mp3",
        "again/far.mp3",
    }
    assert faults(catalogue) == {"self.mp3": Reason.unreadable, "broken.mp3": Reason.unreadable}


def test_a_folder_or_a_pipe_named_like_a_track_is_quarantined(
    music: Path, local_store: Store
) -> None:
    (music / "000123.mp3").mkdir()
    (music / "Live.mp3").mkdir()
    fma_layout.write_file(music, "Live.mp3/song.mp3", b"live")
    os.mkfifo(music / "pipe.mp3")
    catalogue = scan(music, local_store).catalogue
    assert faults(catalogue) == {"000123.mp3": Reason.unreadable, "pipe.mp3": Reason.unreadable}
    assert "Live.mp3/song.mp3" in set(catalogue["path"])


@pytest.fixture
def as_nobody() -> Iterator[Path]:
    """A folder, and a process that may not read everything in it, whoever runs the tests."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o777)
    is_root = os.geteuid() == 0
    if is_root:
        os.seteuid(NOBODY)
    try:
        yield folder
    finally:
        if is_root:
            os.seteuid(0)
        for place in [folder, *folder.rglob("*")]:
            place.chmod(0o777)
        shutil.rmtree(folder)


def test_files_and_folders_without_permission_are_quarantined(as_nobody: Path) -> None:
    music, store = as_nobody / "music", Store(as_nobody / "store")
    fma_layout.write_file(music, "open.mp3", b"open")
    fma_layout.write_file(music, "closed.mp3", b"closed").chmod(0)
    fma_layout.write_file(music, "shut/in.mp3", b"in").parent.chmod(0)
    found = scan(music, store)
    assert faults(found.catalogue) == {"closed.mp3": "unreadable", "shut": "unreadable"}
    (music / "closed.mp3").chmod(0o600)
    again = scan(music, store)
    assert (again.fingerprinted, again.audio_bytes_read) == (1, 6)
    assert faults(again.catalogue) == {"shut": "unreadable"}


def test_a_source_of_which_nothing_can_be_read_ends_with_a_sentence(as_nobody: Path) -> None:
    fma_layout.write_file(as_nobody, "music/closed.mp3", b"closed").chmod(0)
    with pytest.raises(SourceError, match=r"None of the 1 files .* can be read.*Permission"):
        scan(as_nobody / "music", Store(as_nobody / "store"))
    (as_nobody / "music").chmod(0)
    with pytest.raises(SourceError, match="No permission to list"):
        scan(as_nobody / "music", Store(as_nobody / "store"))


def test_empty_files_are_quarantined_without_being_opened(music: Path, local_store: Store) -> None:
    fma_layout.write_file(music, "empty.mp3", b"")
    found = scan(music, local_store)
    assert faults(found.catalogue) == {"empty.mp3": Reason.empty}
    assert found.fingerprinted == 1


def write_tone(place: Path, seconds: float = 1.5) -> None:
    tone = 0.1 * np.sin(np.arange(int(8000 * seconds)) / 5)
    soundfile.write(place, tone, 8000)


def test_tags_come_with_the_fingerprint_and_are_remembered(music: Path, local_store: Store) -> None:
    flac = music / "tagged.flac"
    write_tone(flac)
    tags = mutagen.flac.FLAC(flac)
    tags.update({"title": ["<b>Jóga</b>\n"], "artist": ["Björk"], "bpm": ["84"]})
    tags.update({"license": ["CC0"], "album": ["Homogenic"], "genre": ["Electronic"]})
    tags.save()
    first = scan(music, local_store).catalogue.set_index("path").loc["tagged.flac"]
    assert (first["title"], first["artist"], first["album"]) == (
        "<b>Jóga</b>",
        "Björk",
        "Homogenic",
    )
    assert (first["licence"], first["genre"], first["tempo_bpm"]) == ("CC0", "Electronic", 84)
    assert first["duration_seconds"] == pytest.approx(1.5)
    again = scan(music, local_store)
    assert again.audio_bytes_read == 0
    assert again.catalogue.set_index("path").loc["tagged.flac"].equals(first)


def test_tags_of_an_mp3_and_the_same_artist_has_one_id(music: Path, local_store: Store) -> None:
    for name, artist in (("a.mp3", "Nina  Simone"), ("b.mp3", "nina simone"), ("c.mp3", "Other")):
        write_tone(music / name)
        tags = mutagen.id3.ID3()
        tags.add(mutagen.id3.TIT2(text=[name]))
        tags.add(mutagen.id3.TPE1(text=[artist]))
        tags.save(music / name)
    found = scan(music, local_store).catalogue.dropna(subset=["artist"])
    assert sorted(found["title"]) == ["a.mp3", "b.mp3", "c.mp3"]
    assert found.groupby("artist_id").size().sort_values().tolist() == [1, 2]


def test_tags_that_lie_or_are_huge_cost_nothing_and_break_nothing(
    music: Path, local_store: Store
) -> None:
    huge = b"ID3\x04\x00\x00" + bytes([0x7F] * 4)
    hostile = {
        "huge.mp3": huge,
        "flac.flac": b"fLaC" + b"\xff" * 99,
        "riff.wav": b"RIFF\xff\xff\xff",
    }
    hostile |= {"ogg.ogg": b"OggS" + bytes(60), "m4a.m4a": b"\x00\x00\x00\x01ftyp" + b"\xff" * 60}
    for name, data in hostile.items():
        fma_layout.write_file(music, name, data)
    catalogue = scan(music, local_store).catalogue
    assert (catalogue["status"] == "listed").all()
    assert catalogue["title"].isna().all()


def test_a_wav_without_tags_has_its_duration(music: Path, local_store: Store) -> None:
    with wave.open(str(music / "plain.wav"), "wb") as opened:
        opened.setparams((1, 2, 8000, 0, "NONE", ""))
        opened.writeframes(bytes(8000))
    found = scan(music, local_store).catalogue.set_index("path")
    assert found.loc["plain.wav", "duration_seconds"] == pytest.approx(0.5)


def test_an_audiobook_is_left_out_and_counted(music: Path, local_store: Store) -> None:
    fma_layout.write_file(music, "Books/Chapter 1.m4b", b"words")
    fma_layout.write_file(music, "Books/Chapter 2.M4B", b"more words")
    fma_layout.write_file(music, "Books/Title.m4a", b"a song")
    catalogue = scan(music, local_store).catalogue
    left_out = {"Books/Chapter 1.m4b": "audiobook", "Books/Chapter 2.M4B": "audiobook"}
    assert faults(catalogue) == left_out
    assert set(catalogue["status"]) == {"listed", "excluded"}
