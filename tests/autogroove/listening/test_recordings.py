"""One recording is what sounds the same, or says the same and does not sound different."""

import numpy as np
import pytest

from autogroove.errors import MissingObject, NotFoundError
from autogroove.listening.choosing import find_similar, make_playlist
from autogroove.listening.library import open_collection
from autogroove.listening.paths import find_path
from autogroove.listening.resolving import resolve_track
from autogroove.listening.rules import Rules

RATE = {"sample_rate_hz": 22050, "hop_samples": 856}
NUM = 40


def draw_song(seed: int, frames: int = 800) -> np.ndarray:
    """Notes of random pitch, start and length: uint8 (64, frames), 31 s."""
    draw = np.random.default_rng(seed)
    song = np.zeros((64, frames))
    for start in range(0, frames, 5):
        pitch = draw.integers(0, 64)
        song[pitch, start : start + draw.integers(3, 30)] = draw.integers(60, 255)
    return song


def cut(song: np.ndarray, at: int = 0) -> np.ndarray:
    """Three clips of 256 frames, uint8 (3, 64, 256), of a song that begins `at` frames later."""
    starts = [at + start for start in (0, 256, 512)]
    return np.stack([np.roll(song, -start, axis=1)[:, :256] for start in starts]).astype(np.uint8)


@pytest.fixture
def make_library(make_release):
    """40 songs in 6 dimensions; `copies` maps a track to the one whose neighbour it is."""

    def make(copies=None, images=None, **columns):
        codes = np.random.default_rng(1).normal(size=(NUM, 6))
        for copy, original in (copies or {}).items():
            codes[copy] = codes[original] + 0.05
        release = make_release(codes, **columns)
        release.settings = {"spectrogram": RATE}
        release.images = {
            int(track_id): cut(draw_song(at)) for at, track_id in enumerate(release.track_ids)
        }
        for at, clips in (images or {}).items():
            release.images[int(release.track_ids[at])] = clips
        return open_collection(release)

    return make


def heard(at: int, **changes: float) -> np.ndarray:
    """The clips of a song at another level, with the noise of a codec, cut elsewhere."""
    song = cut(draw_song(at), int(changes.get("cut", 0))) * changes.get("level", 1.0)
    noise = np.random.default_rng(9).normal(size=song.shape) * changes.get("noise", 0)
    return np.clip(song + noise, 0, 255).astype(np.uint8)


@pytest.mark.parametrize(
    "changes", [{}, {"level": 0.5}, {"noise": 20}, {"cut": 60}, {"level": 0.7, "cut": 20}]
)
def test_what_sounds_the_same_is_one_recording_whatever_it_is_called(make_library, changes) -> None:
    collection = make_library({7: 3}, {7: heard(3, **changes)})
    assert collection.recordings.are_one(3, 7)
    assert collection.recordings.find_copy(7, range(NUM)) == 3
    assert all(collection.recordings.find_copy(at, range(NUM)) is None for at in (0, 5, 9, 30))


def test_near_songs_without_a_common_sound_or_name_are_two(make_library) -> None:
    assert not make_library({7: 3}).recordings.are_one(3, 7)


def test_what_says_the_same_is_one_unless_it_sounds_different(make_library) -> None:
    title = [f"Song {at}" for at in range(NUM)]
    title[3], title[7], title[9] = "Night", "Night (Live in Paris)", "Night"
    names = {"title": title, "artist": ["Me"] * 9 + ["Me feat. You"] * 31}
    recordings = make_library({7: 3}, **names).recordings
    assert recordings.are_one(3, 7)
    assert not recordings.are_one(3, 9)


def test_a_musicbrainz_id_says_the_same_too(make_library) -> None:
    same = "11111111-2222-3333-4444-555555555555"
    ids = [same if at in (3, 7, 9) else None for at in range(NUM)]
    recordings = make_library({7: 3}, musicbrainz_recording_id=ids).recordings
    assert recordings.are_one(3, 7)
    assert not recordings.are_one(3, 9)


@pytest.mark.parametrize(
    ("artist", "title"), [("Prolific", "Intro"), ("Unknown Artist", "Track 01"), ("Me", "Jam")]
)
def test_names_that_say_nothing_join_nothing(make_library, artist: str, title: str) -> None:
    copies = dict.fromkeys(range(1, 6), 0)
    names = {"artist": [artist] * NUM, "title": [title] * NUM}
    recordings = make_library(copies, **names).recordings
    assert not any(recordings.are_one(0, at) for at in range(1, 6))


def test_one_album_with_a_title_twice_means_two_songs(make_library) -> None:
    names = {"artist": ["Me"] * NUM, "title": ["Raga"] * NUM}
    assert make_library({7: 3}, **names).recordings.are_one(3, 7)
    assert not make_library({7: 3}, album=["One"] * NUM, **names).recordings.are_one(3, 7)


def test_a_playlist_takes_one_of_a_recording_unless_asked(make_library) -> None:
    copies = dict.fromkeys((7, 8, 9), 3)
    collection = make_library(copies, {at: heard(3, level=0.6) for at in copies})
    ids = collection.release.track_ids
    group = {int(ids[at]) for at in (3, *copies)}
    for seed in range(0, NUM, 5):
        found = make_playlist(collection, [int(ids[seed])], Rules(length=NUM))
        assert len(group & set(found.track_ids)) == 1
        assert len(found) == NUM - 3
    asked = make_playlist(collection, [int(ids[0])], Rules(length=NUM, versions=True))
    assert group <= set(asked.track_ids)


def test_a_path_takes_one_of_a_recording_and_none_of_its_ends(make_library) -> None:
    copies = {7: 3, 8: 3, 12: 20, 13: 20}
    collection = make_library(copies, {at: heard(of) for at, of in copies.items()})
    ids = collection.release.track_ids
    for length in (None, 6):
        found = find_path(collection, int(ids[3]), int(ids[30]), length)
        at = [collection.positions[track_id] for track_id in found.track_ids]
        assert not {7, 8} & set(at)
        assert len({12, 13, 20} & set(at)) <= 1


def test_similar_shows_copies_unless_asked_for_each_recording_once(make_library) -> None:
    copies = {7: 3, 8: 3}
    collection = make_library(copies, {at: heard(3) for at in copies})
    ids = collection.release.track_ids
    shown = [scored.song.track_id for scored in find_similar(collection, int(ids[3]), count=5)]
    assert {int(ids[7]), int(ids[8])} <= set(shown)
    once = find_similar(collection, int(ids[3]), count=5, versions=False)
    assert len(once) == 5
    assert not {int(ids[7]), int(ids[8])} & {scored.song.track_id for scored in once}


def test_words_that_fit_several_songs_are_asked_about(make_library) -> None:
    title = [f"Song {at}" for at in range(NUM)]
    title[3:7] = ["Intro"] * 4
    album = [f"Album {at}" for at in range(NUM)]
    collection = make_library(title=title, album=album, artist=["Prolific"] * NUM)
    with pytest.raises(NotFoundError, match=r"fits 4 tracks: .*Intro, Album 3 \(\d+\); .*Album 4"):
        resolve_track(collection, "Intro")


def test_words_that_fit_versions_of_one_song_mean_it(make_library) -> None:
    title = [f"Song {at}" for at in range(NUM)]
    title[3], title[7] = "Night", "Night (Remastered)"
    collection = make_library({7: 3}, {7: heard(3)}, title=title, artist=["Me"] * NUM)
    assert resolve_track(collection, "night me") == int(collection.release.track_ids[3])


def test_images_that_are_gone_leave_the_names(make_library, monkeypatch) -> None:
    title = ["Night"] * NUM
    collection = make_library({7: 3}, title=title, artist=["Me"] * NUM)

    def lose(track_id: int) -> np.ndarray:
        raise MissingObject(f"no chunk of {track_id}")

    monkeypatch.setattr(collection.release, "clips", lose)
    assert collection.recordings.are_one(3, 7)


def test_albums_are_those_of_the_album_artist(make_library) -> None:
    album = ["Now 1"] * 20 + ["Hits"] * 10 + ["Blue", "Blue (Deluxe)"] + ["Unknown Album"] * 8
    holder = ["Various Artists"] * 10 + [None] * 10 + ["A", "B"] * 5 + [None] * 10
    folder = ["x"] * 10 + ["comp"] * 10 + ["flat"] * 20
    path = [f"{name}/{at}.mp3" for at, name in enumerate(folder)]
    artist = [f"Artist {at}" for at in range(30)] + ["Joni", "Joni"] + ["Unknown Artist"] * 8
    albums = make_library(album=album, album_artist=holder, path=path, artist=artist).albums
    assert len(set(albums[:10].tolist())) == 1  # by album artist
    assert len(set(albums[10:20].tolist())) == 1  # by folder
    assert albums[0] != albums[10]
    assert len(set(albums[20:30].tolist())) == 2
    assert albums[30] == albums[31]
    assert len(set(albums[32:].tolist())) == 8


def test_a_compilation_gives_a_list_one_of_its_tracks(make_library) -> None:
    album = ["Now 1" if at % 2 else f"Album {at}" for at in range(NUM)]
    holder = ["Various Artists" if at % 2 else None for at in range(NUM)]
    collection = make_library(album=album, album_artist=holder)
    for track_id in collection.release.track_ids[::7]:
        found = make_playlist(collection, [int(track_id)], Rules(length=15))
        assert sum(scored.song.album == "Now 1" for scored in found.tracks) <= 1
