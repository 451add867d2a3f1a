"""A file that moved, or whose tags were changed, is the track that it was."""

import shutil
from collections.abc import Callable
from pathlib import Path

import fma_layout
import mutagen
import mutagen.id3
import numpy as np
import pytest
import soundfile
from mutagen.aiff import AIFF
from mutagen.apev2 import APEv2
from mutagen.flac import Picture
from mutagen.wave import WAVE
from sounds import encode_mp3, encode_noise

from autogroove.source.comparison import compare_catalogues, compare_listing
from autogroove.source.preview import preview_scan
from autogroove.source.scan import Scan, scan_source
from autogroove.source.sound_digests import digest_sound
from autogroove.source.sources import open_source
from autogroove.store.store import Store

RATE = 8000


def noise(seed: int, seconds: float = 1.0) -> np.ndarray:
    size = (int(RATE * seconds), 1)
    return np.random.default_rng(seed).normal(0, 0.1, size).astype("f4")


def write_mp3(place: Path, seed: int = 0) -> Path:
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(encode_mp3(noise(seed), RATE))
    return place


def tag(place: Path, title: str) -> None:
    """Other ID3 in front; the file grows."""
    tags = mutagen.id3.ID3()
    tags.add(mutagen.id3.TIT2(encoding=3, text=title))
    tags.save(place)


@pytest.fixture
def music(tmp_path: Path) -> Path:
    for number in range(6):
        tag(write_mp3(tmp_path / "music" / f"{number}.mp3", number), f"Song {number}")
    return tmp_path / "music"


def scan(folder: Path, store: Store, **options: bool | str) -> Scan:
    return scan_source(open_source(str(folder), store=store), store, **options)


def name_sound(place: Path) -> str | None:
    with place.open("rb") as file:
        return digest_sound(file)


def tag_easily(place: Path) -> None:
    opened = mutagen.File(place, easy=True)
    opened["title"] = "Another title"
    opened.save()


def tag_in_ape(place: Path) -> None:
    tags = APEv2()
    tags["Title"] = "Another title"
    tags.save(place)
    place.write_bytes(place.read_bytes() + b"TAG" + bytes(125))


def paint(place: Path) -> None:
    """A picture of some pages, which all pages behind are numbered after."""
    opened = mutagen.File(place)
    picture = Picture()
    picture.data, picture.mime = bytes(range(256)) * 30, "image/png"
    if place.suffix == ".flac":
        opened.add_picture(picture)
    else:
        opened["metadata_block_picture"] = [picture.write().hex()]
    opened.save()


def tag_wave(place: Path) -> None:
    opened = (AIFF if place.suffix == ".aiff" else WAVE)(place)
    opened.add_tags()
    opened.tags.add(mutagen.id3.TIT2(encoding=3, text="Another title"))
    opened.save()


MAKERS: dict[str, Callable[[Path, int], object]] = {
    "song.mp3": lambda place, seed: write_mp3(place, seed),
    "song.m4a": lambda place, seed: encode_noise(place, "aac", "ipod", seed),
    "song.wma": lambda place, seed: encode_noise(place, "wmav2", "asf", seed),
}


def make(place: Path, seed: int = 0) -> Path:
    if place.name in MAKERS:
        MAKERS[place.name](place, seed)
    else:
        options = {"format": "OGG", "subtype": "OPUS"} if place.suffix == ".opus" else {}
        soundfile.write(place, noise(seed, 4), RATE, **options)
    return place


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("song.mp3", lambda place: tag(place, "Another title" * 100)),
        ("song.mp3", tag_in_ape),
        ("song.flac", tag_easily),
        ("song.flac", paint),
        ("song.ogg", tag_easily),
        ("song.ogg", paint),
        ("song.opus", paint),
        ("song.m4a", tag_easily),
        ("song.wma", tag_easily),
        ("song.wav", tag_wave),
        ("song.aiff", tag_wave),
    ],
)
def test_other_tags_leave_the_sound_what_it_is(
    tmp_path: Path, name: str, change: Callable[[Path], None]
) -> None:
    place = make(tmp_path / name)
    before, bytes_before = name_sound(place), place.read_bytes()
    assert before is not None
    change(place)
    assert place.read_bytes() != bytes_before
    assert name_sound(place) == before


@pytest.mark.parametrize("name", ["song.mp3", "song.flac", "song.ogg", "song.m4a", "song.wav"])
def test_another_sound_has_another_name(tmp_path: Path, name: str) -> None:
    assert name_sound(make(tmp_path / name, 1)) != name_sound(make(tmp_path / name, 2))


def test_a_header_that_does_not_tell_the_truth_names_no_sound(tmp_path: Path) -> None:
    place = make(tmp_path / "song.wav")
    data = bytearray(place.read_bytes())
    at = data.index(b"data") + 4
    data[at : at + 4] = bytes(4)
    place.write_bytes(data)
    assert name_sound(place) is None


def test_a_file_with_other_tags_keeps_its_fingerprint_and_tells_its_own_digest(
    music: Path, local_store: Store
) -> None:
    first = scan(music, local_store).catalogue.set_index("path")
    tag(music / "3.mp3", "Corrected")
    again = scan(music, local_store).catalogue.set_index("path")
    assert again["fingerprint"].equals(first["fingerprint"])
    assert again.loc["3.mp3", "title"] == "Corrected"
    digest = again.loc["3.mp3", "file_digest"]
    assert digest != again.loc["3.mp3", "fingerprint"]
    assert again["file_digest"].notna().sum() == 1
    tag(music / "3.mp3", "Corrected once more")
    (music / "deeper").mkdir()
    shutil.move(music / "3.mp3", music / "deeper/moved.mp3")
    moved = scan(music, local_store).catalogue.set_index("path").loc["deeper/moved.mp3"]
    assert (moved["fingerprint"], moved["title"]) == (
        first.loc["3.mp3", "fingerprint"],
        "Corrected once more",
    )
    assert moved["file_digest"] != digest


def test_a_copy_with_tags_of_its_own_is_a_track_of_its_own(music: Path, local_store: Store) -> None:
    scan(music, local_store)
    shutil.copy(music / "3.mp3", music / "copy.mp3")
    tag(music / "copy.mp3", "Copy")
    catalogue = scan(music, local_store).catalogue
    assert catalogue["fingerprint"].is_unique and (catalogue["status"] == "listed").all()


def test_a_library_at_another_root_is_read_as_little_as_it_was(
    music: Path, local_store: Store, tmp_path: Path
) -> None:
    tag(music / "2.mp3", "Once")
    scan(music, local_store)
    tag(music / "2.mp3", "Twice")
    before = scan(music, local_store).catalogue
    there = tmp_path / "elsewhere"
    shutil.move(music, there)
    found = scan(there, local_store, before_url=str(music))
    assert found.catalogue.equals(before) and found.audio_bytes_read == 0
    shutil.copytree(there, tmp_path / "copied", copy_function=shutil.copy)  # with other times
    assert scan(tmp_path / "copied", local_store, before_url=str(there)).catalogue.equals(before)


def test_a_disk_that_comes_back_is_not_read_again(
    music: Path, local_store: Store, tmp_path: Path
) -> None:
    before = scan(music, local_store).catalogue
    away = [shutil.move(music / f"{number}.mp3", tmp_path / f"{number}") for number in range(3)]
    assert len(scan(music, local_store).catalogue) == 3
    for place in away:
        shutil.move(place, music / f"{Path(place).name}.mp3")
    found = scan(music, local_store)
    assert found.catalogue.equals(before) and found.audio_bytes_read == 0


def test_a_comparison_counts_a_track_once_whatever_became_of_it(
    music: Path, local_store: Store
) -> None:
    source = open_source(str(music), store=local_store)
    before = scan(music, local_store).catalogue
    shutil.move(music / "0.mp3", music / "renamed.mp3")
    tag(music / "1.mp3", "Corrected")
    seen = compare_listing(source, local_store, before)
    assert (seen.new, seen.changed, seen.removed, seen.moved) == (0, 1, 0, 1)
    foreseen = preview_scan(source, local_store, current=before).catalogue
    changes = compare_catalogues(before, foreseen)
    assert (changes.moved, changes.retagged, changes.total) == (1, 1, 2)
    after = scan(music, local_store).catalogue
    assert foreseen.equals(after)
    assert compare_catalogues(before, after) == changes


def test_a_title_that_was_corrected_in_the_metadata_is_seen(
    tmp_path: Path, local_store: Store
) -> None:
    root = fma_layout.write_fma(tmp_path / "fma", [1, 2, 3])
    source = open_source(str(root), store=local_store)
    before = scan(root, local_store).catalogue
    unchanged = compare_listing(source, local_store, before)
    fma_layout.write_tracks_csv(root, {1: {}, 2: {("track", "title"): "Corrected"}, 3: {}})
    changes = compare_listing(source, local_store, before)
    assert (changes.retagged, changes.total) == (1, 1)
    assert changes.difference != unchanged.difference
