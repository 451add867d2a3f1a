"""Playlists: every rule holds, or a note says what was given up."""

from collections import Counter
from itertools import pairwise, permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autogroove.errors import NotFoundError, SettingsError
from autogroove.listening.choosing import make_playlist
from autogroove.listening.filters import Filters
from autogroove.listening.library import open_collection
from autogroove.listening.ordering import find_close_artists, measure_transitions, order_tracks
from autogroove.listening.rules import Rules


def gaussian(num: int, size: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(num, size)).astype(np.float32)


@pytest.fixture
def varied(make_release):
    """160 tracks, 40 artists with two albums each, two licences, some recordings twice."""
    draw = np.random.default_rng(4)
    artist = draw.integers(0, 40, 160)
    title = [f"Song {at}" for at in range(160)]
    title[50], artist[50] = title[20], artist[20]
    return make_release(
        gaussian(160, 16),
        artist=[f"Artist {a}" for a in artist],
        album=[f"Album {draw.integers(0, 2)}" for _ in artist],
        title=title,
        licence=["CC-BY-SA-3.0" if at % 3 else "All rights reserved" for at in range(160)],
        duration_seconds=draw.uniform(60, 400, 160),
        tempo_bpm=draw.uniform(70, 180, 160),
    )


def test_the_usual_rules_hold_for_every_seed(varied) -> None:
    collection = open_collection(varied)
    for seed in varied.track_ids[::8]:
        playlist = make_playlist(collection, [int(seed)])
        songs = [scored.song for scored in playlist.tracks]
        assert len(songs) == 20
        assert songs[0].track_id == seed
        assert playlist.notes == ()
        assert max(Counter(song.artist for song in songs).values()) <= 2
        assert max(Counter((song.artist, song.album) for song in songs).values()) == 1
        assert len({(song.artist, song.title) for song in songs}) == 20
        assert find_close_artists(np.asarray([hash(s.artist) for s in songs]), 8) == []


def test_licences_and_exclusions_are_never_eased(varied) -> None:
    free = Rules(
        length=200, filters=Filters(licences=("cc-by",)), exclude=frozenset(range(10, 100))
    )
    playlist = make_playlist(varied, [10 + 3 * 100], free)
    others = [scored.song for scored in playlist.tracks if scored.song.track_id != 310]
    assert others
    assert {song.licence for song in others} == {"CC-BY-SA-3.0"}
    assert not {song.track_id for song in others} & free.exclude
    assert any("Asked for 200 tracks" in note for note in playlist.notes)


def test_one_artist_with_one_album_gives_a_full_list_and_says_why(make_release) -> None:
    release = make_release(gaussian(30, 8), artist=["Me"] * 30, album=["Mine"] * 30)
    playlist = make_playlist(release, [10], Rules(length=12))
    assert len(playlist) == 12
    assert "more than one track of an album" in playlist.notes[0]
    assert "any number of tracks of an artist" in playlist.notes[0]
    assert any("8 places apart" in note for note in playlist.notes)


def test_limits_are_eased_no_further_than_needed(make_release) -> None:
    release = make_release(gaussian(30, 8), artist=[f"A{at % 10}" for at in range(30)])
    playlist = make_playlist(release, [10], Rules(length=25))
    counts = Counter(scored.song.artist for scored in playlist.tracks)
    assert len(playlist) == 25
    assert max(counts.values()) <= 4
    assert "up to 4 tracks of an artist" in playlist.notes[0]
    assert "any number" not in playlist.notes[0]


@pytest.mark.parametrize("num", [1, 2])
def test_a_tiny_collection_gives_what_it_has(make_release, num: int) -> None:
    playlist = make_playlist(make_release(gaussian(num, 4)), [10], Rules(length=20))
    assert len(playlist) == num
    assert f"found {num} tracks" in playlist.notes[-1]


def test_a_recording_never_comes_twice_even_alone(make_release) -> None:
    near = gaussian(40, 4)
    near[36:] = 9 + 1e-3 * near[36:]
    release = make_release(near, title=["Other"] * 36 + ["Same"] * 4, artist=["A"] * 40)
    seed, others = int(release.track_ids[36]), frozenset(release.track_ids[:36].tolist())
    assert len(make_playlist(release, [seed], Rules(length=4, exclude=others))) == 1
    asked = Rules(length=4, exclude=others, versions=True)
    assert len(make_playlist(release, [seed], asked)) == 4


def test_an_artist_without_a_name_is_not_everybody(make_release) -> None:
    release = make_release(gaussian(30, 4), artist=[None] * 30, album=[None] * 30)
    playlist = make_playlist(release, [10], Rules(length=20))
    assert len(playlist) == 20
    assert playlist.notes == ()


def test_a_duration_is_met_as_closely_as_the_tracks_allow(varied) -> None:
    for minutes in (20, 45, 60):
        rules = Rules(duration_seconds=60 * minutes)
        playlist = make_playlist(varied, [10], rules)
        assert abs(playlist.duration_seconds - 60 * minutes) <= 200


def test_every_seed_is_in_and_counts_toward_the_rules(varied) -> None:
    seeds = [10, 40, 70]
    playlist = make_playlist(varied, [*seeds, 10], Rules(length=15))
    assert set(seeds) <= set(playlist.track_ids)
    assert playlist.track_ids[0] == 10
    assert len(set(playlist.track_ids)) == 15


def test_variety_spreads_a_playlist(make_release) -> None:
    release = make_release(gaussian(300, 3))
    collection = open_collection(release)

    def spread(variety: float) -> float:
        playlist = make_playlist(collection, [10], Rules(length=15, variety=variety))
        at = np.asarray([collection.positions[i] for i in playlist.track_ids])
        return float(collection.proximity.distances_between(at, at).mean())

    assert spread(0.0) < spread(0.6)


def test_a_seed_that_is_not_there_is_refused_with_words(varied) -> None:
    with pytest.raises(NotFoundError, match="not among the 160 tracks"):
        make_playlist(varied, [11])
    with pytest.raises(SettingsError, match="at least one seed"):
        make_playlist(varied, [])
    with pytest.raises(SettingsError, match="length is 0"):
        Rules(length=0)


@settings(max_examples=40, deadline=None)
@given(st.integers(3, 7), st.integers(0, 10_000))
def test_an_order_cannot_be_bettered_by_one_reversal(num: int, seed: int) -> None:
    points = np.random.default_rng(seed).normal(size=(num, 2))
    costs = np.linalg.norm(points[:, None] - points[None], axis=-1)
    order = order_tracks(costs, np.arange(num), spacing=8)

    def price(places: list[int]) -> float:
        return float(sum(costs[a, b] for a, b in pairwise(places)))

    assert sorted(order) == list(range(num))
    assert order[0] == 0
    for start in range(1, num):
        for stop in range(start + 1, num + 1):
            reversed_ = order[:start] + order[start:stop][::-1] + order[stop:]
            assert price(order) <= price(reversed_) + 1e-9
    best = min(price([0, *rest]) for rest in permutations(range(1, num)))
    assert price(order) <= 1.35 * best


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000))
def test_artists_are_kept_apart_where_an_order_can(seed: int) -> None:
    draw = np.random.default_rng(seed)
    artists = np.r_[np.arange(10), np.arange(10)]
    points = draw.normal(size=(10, 2))[artists] + 0.01 * draw.normal(size=(20, 2))
    costs = np.linalg.norm(points[:, None] - points[None], axis=-1)
    order = order_tracks(costs, artists, spacing=8)
    assert find_close_artists(artists[order], 8) == []


def test_a_jump_to_double_tempo_costs_as_much_as_a_stranger(make_release) -> None:
    release = make_release(gaussian(40, 64), tempo_bpm=[90.0, 180.0] * 20)
    collection = open_collection(release)
    costs = measure_transitions(collection, np.arange(40))
    same, other = costs[0, 2::2].mean(), costs[0, 1::2].mean()
    assert other - same == pytest.approx(1.0, abs=0.1)
