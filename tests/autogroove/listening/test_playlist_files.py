"""Playlist files as seeds: ours come back whole, and those of players are understood."""

from pathlib import Path

import numpy as np
import pytest

from autogroove.errors import NotFoundError
from autogroove.listening.choosing import make_playlist
from autogroove.listening.exports import export_playlist
from autogroove.listening.finding import Sought
from autogroove.listening.library import open_collection
from autogroove.listening.locations import Locations
from autogroove.listening.playlist_files import find_listed, is_playlist_file
from autogroove.listening.roots import Root
from autogroove.listening.rules import Rules
from autogroove.listening.track_finder import TrackFinder

NAMES = ["a/plain.mp3", "a/with space.mp3", "b/100 % & more#1.flac", "b/Ünïcode.ogg", "top.mp3"]


@pytest.fixture
def collection(make_release):
    encodings = np.random.default_rng(0).normal(size=(5, 4))
    release = make_release(
        encodings,
        path=NAMES,
        title=["One", "Two", "Three", "Four", "Same"],
        artist=["A", "B feat. C", "C", "D", "E"],
        musicbrainz_recording_id=[None, "0b1C", None, None, None],
    )
    return open_collection(release)


@pytest.mark.parametrize("roots", [(), (Root("/music", "D:\\Music"),), (Root("/music", ""),)])
@pytest.mark.parametrize("style", ["absolute", "relative"])
def test_a_playlist_that_we_wrote_comes_back(
    collection, tmp_path: Path, roots: tuple[Root, ...], style
) -> None:
    made = make_playlist(collection, [10], Rules(length=5))
    target = tmp_path / "list.m3u8"
    locations = Locations.of_source("/music", target, style, roots)
    target.write_text(export_playlist(made, "m3u8", locations))
    listed = find_listed(collection, target, Locations.of_source("/music", roots=roots))
    assert listed.track_ids == made.track_ids
    assert listed.missing == ()


def test_what_players_write_is_found_and_the_rest_is_named(collection, tmp_path: Path) -> None:
    target = tmp_path / "mine.M3U"
    lines = [
        "\ufeff#EXTM3U",
        "file:///music/a/with%20space.mp3",
        "X:\\elsewhere\\b\\Ünïcode.ogg",
        "#EXTINF:31,C - Three",
        "renamed.mp3",
        "#EXTINF:300,A - One",
        "another recording.mp3",
        "http://radio.example/stream",
        "file:///music/a/with%20space.mp3",
    ]
    target.write_text("\r\n".join(lines), encoding="utf-8")
    assert is_playlist_file(str(target))
    listed = find_listed(collection, target, Locations.of_source("/music"))
    assert listed.track_ids == (13, 19, 16)
    assert listed.missing == ("another recording.mp3", "http://radio.example/stream")


def test_a_file_of_other_music_says_what_to_do(collection, tmp_path: Path) -> None:
    target = tmp_path / "other.m3u"
    target.write_bytes("ä.mp3\n".encode("latin-1"))
    with pytest.raises(NotFoundError, match=r"None of the 1 songs .* --root FROM=TO"):
        find_listed(collection, target, Locations.of_source("/music"))


@pytest.mark.parametrize(
    ("sought", "track_id"),
    [
        (Sought(("/music/a/plain.mp3",)), 10),
        (Sought(("/data/a/plain.mp3",)), 10),
        (Sought(("top.mp3",)), 22),
        (Sought(("/other/top.mp3",)), None),
        (Sought(("/music/a/plain.mp",)), None),
        (Sought(musicbrainz_id="0B1c"), 13),
        (Sought(title="two", artist="B"), 13),
        (Sought(title="Two", artist="Nobody"), None),
        (Sought(title="Two", artist="B", seconds=31.0), 13),
        (Sought(title="Two", artist="B", seconds=60.0), None),
    ],
)
def test_a_track_is_found_by_exact_path_then_id_then_name(
    collection, sought: Sought, track_id: int | None
) -> None:
    roots = (Root("/music", "/data"),)
    finder = TrackFinder(collection, Locations.of_source("/music", roots=roots))
    assert finder.find(sought) == track_id
