"""What people type, what stations and lists say, and tempo from pictures."""

import numpy as np
import pytest

from autogroove.errors import NotFoundError
from autogroove.listening.choosing import make_playlist
from autogroove.listening.clusters import describe_cluster_views
from autogroove.listening.lists import describe_tracks
from autogroove.listening.resolving import resolve_track, search_tracks
from autogroove.listening.tempo import estimate_tempo


@pytest.fixture
def library(make_release):
    return make_release(
        np.random.default_rng(0).normal(size=(6, 4)),
        clusters=[0, 0, 0, 1, 1, 0],
        title=["Megtört Álom", "Blue", "Blue in Green", "Strasse", "13", "Blue"],
        artist=["Obsidian Shell", "Joni", "Miles", "Müller", "Prime", "Other"],
        genre=["Metal", "Folk", "Jazz", "Folk", None, "Folk"],
        tempo_bpm=[100.0, 120.0, None, 90.0, 95.0, 140.0],
    )


@pytest.mark.parametrize(
    ("words", "track_id"),
    [
        ("10", 10),
        ("13", 13),  # an id wins over a title
        ("000/song 0.mp3", 10),
        ("./song 2.mp3", 16),
        ("megtört álom", 10),
        ("megtort alom", 10),
        ("muller strasse", 19),
        ("MEGTO\u0308RT A\u0301LOM", 10),
        ("blue in", 16),
        ("Joni - Blue", 13),
        ("blue other", 25),
        ("müller", 19),
    ],
)
def test_a_track_is_found_by_id_path_or_words(library, words: str, track_id: int) -> None:
    assert resolve_track(library, words) == track_id


def test_several_that_fit_are_named(library) -> None:
    with pytest.raises(NotFoundError, match=r"fits 3 tracks: .*Joni – Blue \(13\)"):
        resolve_track(library, "blue")


def test_what_is_misspelled_gets_a_suggestion(library) -> None:
    with pytest.raises(NotFoundError, match=r"Did you mean .*Obsidian Shell – Megtört Álom \(10\)"):
        resolve_track(library, "obsidan shel")
    with pytest.raises(NotFoundError, match=r"No track in release 3 \(6 tracks\)"):
        resolve_track(library, "zzzzqqqq")
    with pytest.raises(NotFoundError):
        resolve_track(library, "  ")


def test_search_puts_titles_that_begin_so_first(library) -> None:
    assert next(song.title for song in search_tracks(library, "blue")) == "Blue"
    assert {song.track_id for song in search_tracks(library, "folk")} == {13, 19, 25}
    assert search_tracks(library, "") == []


def test_stations_are_described(library) -> None:
    first, second = describe_cluster_views(library)
    assert (first.cluster, first.size, first.exemplar.track_id) == (0, 4, 10)
    assert first.track_ids[0] == 10
    assert first.genres == (("Folk", 2), ("Jazz", 1), ("Metal", 1))
    assert first.tempo_range_bpm == pytest.approx((104, 136))
    assert second.as_json()["tracks"] == [19, 22]
    assert {"cluster", "exemplar", "size", "tracks"} <= set(second.as_json())


def test_tracks_are_listed_with_the_reason_of_those_left_out(library) -> None:
    library.catalogue.loc[2, ["status", "reason"]] = ["quarantined", "silent"]
    library.clusters = library.clusters[library.clusters["track_id"] != 16]
    rows = describe_tracks(library)
    assert len(rows) == 6
    assert rows[0]["cluster"] == 0
    (left_out,) = describe_tracks(library, quarantined=True)
    assert (left_out["track_id"], left_out["reason"], left_out["cluster"]) == (16, "silent", None)


@pytest.mark.parametrize("bpm", [75.0, 96.0, 120.0, 140.0])
def test_tempo_is_read_from_spectrograms(bpm: float) -> None:
    rate = 22050 / 856
    draw = np.random.default_rng(1)
    images = draw.integers(0, 20, size=(3, 64, 256)).astype(np.uint8)
    for beat in range(int(10 * bpm / 60) + 1):
        frame = round(beat * 60 / bpm * rate)
        if frame < 254:
            images[:, :, frame : frame + 2] = 200
    assert estimate_tempo(images, rate) == pytest.approx(bpm, rel=0.04)


def test_silence_has_no_tempo() -> None:
    assert np.isnan(estimate_tempo(np.zeros((3, 64, 256), dtype=np.uint8), 25.0))


def test_a_playlist_fills_in_the_tempos_that_tags_lack(library) -> None:
    for at, track_id in enumerate(library.track_ids.tolist()):
        library.images[track_id] = np.zeros((3, 64, 256), dtype=np.uint8)
        library.images[track_id][:, :, :: 13 + 5 * at] = 255
    library.images[16], library.images[10] = library.images[10], library.images[16]
    library.settings = {"spectrogram": {"sample_rate_hz": 22050, "hop_samples": 856}}
    tempos = {s.song.track_id: s.song.tempo_bpm for s in make_playlist(library, [16]).tracks}
    assert tempos[16] == pytest.approx(60 * 22050 / 856 / 13, rel=0.02)
    assert tempos[10] == 100
