"""Paths: the cheapest way, the length asked for, and honest answers where there is none."""

from itertools import pairwise, permutations

import networkx as nx
import numpy as np
import pytest

from autogroove.errors import SettingsError
from autogroove.listening.library import open_collection
from autogroove.listening.paths import STEP_COST, find_path
from autogroove.listening.rules import Rules

FREE = Rules(tracks_per_artist=None, tracks_per_album=None, artist_spacing=0)


def ids(*positions: int) -> tuple[int, ...]:
    return tuple(10 + 3 * at for at in positions)


def gaussian(num: int, size: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(num, size)).astype(np.float32)


def test_a_row_of_tracks_is_walked_from_end_to_end(make_release) -> None:
    line = np.linspace(0, 10, 21)[:, None] * np.ones((1, 4))
    path = find_path(make_release(line + 0.01 * gaussian(21, 4)), 10, ids(20)[0], 11)
    assert len(path) == 11
    walked = [(track_id - 10) // 3 for track_id in path.track_ids]
    assert walked == sorted(walked)
    assert max(np.diff(walked)) <= 4
    assert path.tracks[0].score == 1.0


def test_without_a_length_it_is_the_shortest_path_of_the_graph(make_release) -> None:
    release = make_release(gaussian(18, 5))
    collection = open_collection(release)
    every = np.arange(18)
    costs = -collection.proximity.log_between(every, every) + STEP_COST
    graph = nx.Graph()
    graph.add_weighted_edges_from((a, b, costs[a, b]) for a in every for b in every if a != b)
    for goal in range(1, 18):
        path = find_path(collection, 10, ids(goal)[0], rules=FREE)
        walked = [collection.positions[track_id] for track_id in path.track_ids]
        price = sum(costs[a, b] for a, b in pairwise(walked))
        assert price == pytest.approx(nx.shortest_path_length(graph, 0, goal, weight="weight"))


def test_with_a_length_no_other_advancing_walk_is_cheaper(make_release) -> None:
    collection = open_collection(make_release(gaussian(9, 3, seed=5)))
    every = np.arange(9)
    costs = -collection.proximity.log_between(every, every)
    away = collection.proximity.distances_between(every, every)
    progress = away[0] / (away[0] + away[8])
    path = find_path(collection, 10, ids(8)[0], 5, rules=FREE)
    walked = [collection.positions[track_id] for track_id in path.track_ids]

    def price(walk: list[int]) -> float:
        return float(sum(costs[a, b] for a, b in pairwise(walk)))

    advancing = [
        [0, *between, 8]
        for between in permutations(range(1, 8), 3)
        if progress[between[0]] < progress[between[1]] < progress[between[2]]
    ]
    assert price(walked) == pytest.approx(min(price(walk) for walk in advancing))


def test_artists_and_recordings_do_not_come_back(make_release) -> None:
    release = make_release(
        gaussian(120, 4),
        artist=[f"A{at % 30}" for at in range(120)],
        title=[f"T{at % 60}" for at in range(120)],
    )
    path = find_path(release, 10, ids(100)[0], 8)
    songs = [scored.song for scored in path.tracks]
    assert len(songs) == 8
    assert len({(song.artist, song.title) for song in songs}) == 8
    assert path.notes == ()
    assert max(sum(song.artist == f"A{a}" for song in songs) for a in range(30)) <= 2


def test_two_tracks_and_one_artist(make_release) -> None:
    two = find_path(make_release(gaussian(2, 4)), 10, 13, 6)
    assert two.track_ids == (10, 13)
    assert "found a way of 2" in two.notes[0]
    assert find_path(make_release(gaussian(2, 4)), 10, 13).track_ids == (10, 13)
    lonely = make_release(gaussian(30, 4), artist=["Me"] * 30, album=["Mine"] * 30)
    path = find_path(lonely, 10, 40, 5)
    assert len(path) == 5
    assert "repeat an artist" in path.notes[0]


def test_far_islands_are_still_connected(make_release) -> None:
    islands = np.r_[gaussian(40, 4), gaussian(40, 4, seed=1) + 1000]
    path = find_path(make_release(islands), 10, ids(79)[0])
    assert path.track_ids[0], path.track_ids[-1] == (10, ids(79)[0])


def test_a_path_needs_two_ends(make_release) -> None:
    release = make_release(gaussian(5, 4))
    with pytest.raises(SettingsError, match="two different tracks"):
        find_path(release, 10, 10)
    with pytest.raises(SettingsError, match="no two ends"):
        find_path(release, 10, 13, 1)
