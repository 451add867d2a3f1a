"""What a question may cost: long lists and hopeless rules take no longer than a listener waits."""

import time
import tracemalloc
from collections.abc import Callable
from itertools import pairwise

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autogroove.errors import SettingsError
from autogroove.listening import Rules, find_path, make_playlist, open_collection
from autogroove.listening.cancellation import Cancelled, cancelled_when
from autogroove.listening.ordering import CLOSE_ARTISTS_COST, order_tracks
from autogroove.listening.spacing import pair_artists, save_by_moves, save_by_reversals
from autogroove.listening.walks import Walks, Ways


def price_closeness(artists: np.ndarray, order: np.ndarray, spacing: int) -> float:
    """The price as it is defined: every pair of one artist, by its places."""
    places = np.argsort(order)
    total = 0.0
    for a in range(len(artists)):
        for b in range(a):
            short = spacing - abs(int(places[a] - places[b]))
            if artists[a] == artists[b] and short > 0:
                total += CLOSE_ARTISTS_COST + 0.01 * short
    return total


@settings(max_examples=60, deadline=None)
@given(st.integers(2, 12), st.integers(1, 6), st.integers(0, 14), st.integers(0, 10_000))
def test_what_a_change_saves_is_the_difference_of_the_prices(
    num: int, num_artists: int, spacing: int, seed: int
) -> None:
    draw = np.random.default_rng(seed)
    artists, order = draw.integers(0, num_artists, num), draw.permutation(num)
    pairs, places = pair_artists(artists, spacing), np.argsort(order)
    reversals, moves = save_by_reversals(pairs, places), save_by_moves(pairs, places)
    now = price_closeness(artists, order, spacing)
    for i in range(num):
        for j in range(num):
            moved = np.insert(np.delete(order, i), j, order[i])
            saved = now - price_closeness(artists, moved, spacing)
            assert moves[i, j] == pytest.approx(saved, abs=1e-9)
            if i <= j:
                turned = np.concatenate([order[:i], order[i : j + 1][::-1], order[j + 1 :]])
                saved = now - price_closeness(artists, turned, spacing)
                assert reversals[i, j] == pytest.approx(saved, abs=1e-9)


@pytest.mark.parametrize("seed", range(5))
def test_no_single_change_betters_an_order_of_forty(seed: int) -> None:
    draw = np.random.default_rng(seed)
    points = draw.normal(size=(40, 6))
    costs = np.linalg.norm(points[:, None] - points[None], axis=-1)
    artists = draw.integers(0, 15, 40)
    order = np.asarray(order_tracks(costs, artists, spacing=8))

    def price(places: np.ndarray) -> float:
        steps = sum(costs[a, b] for a, b in pairwise(places))
        return float(steps) + price_closeness(artists, places, 8)

    best = price(order)
    for i in range(1, 40):
        for j in range(1, 40):
            assert price(np.insert(np.delete(order, i), j, order[i])) >= best - 1e-6


def measure(run: Callable[[], object]) -> float:
    """The CPU time of something, in times that sorting four million numbers takes.

    That is measured before and after, so that a busy machine slows both.
    """
    numbers = np.random.default_rng(0).normal(size=4_000_000)
    times = [time.process_time()]
    for each in (lambda: np.sort(numbers), run, lambda: np.sort(numbers)):
        each()
        times.append(time.process_time())
    first, asked, second = np.diff(times)
    return float(asked / max(first, second))


@pytest.mark.parametrize(
    ("num", "num_artists", "spacing"), [(200, 60, 8), (500, 125, 8), (500, 1, 8), (500, 250, 500)]
)
def test_an_order_costs_little_at_any_length(num: int, num_artists: int, spacing: int) -> None:
    draw = np.random.default_rng(0)
    points = draw.normal(size=(num, 16))
    costs = np.linalg.norm(points[:, None] - points[None], axis=-1)
    artists = draw.integers(0, num_artists, num)
    assert measure(lambda: order_tracks(costs, artists, spacing=spacing)) < 40
    tracemalloc.start()
    order = order_tracks(costs, artists, spacing=spacing)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert sorted(order) == list(range(num))
    assert peak < 100 << 20


@pytest.fixture
def prolific(make_release):
    """2,000 tracks by eight artists: no long list can keep the rules."""
    draw = np.random.default_rng(1)
    encodings = draw.normal(size=(2000, 16)).astype(np.float32)
    return make_release(encodings, artist=[f"A{at % 8}" for at in range(2000)])


def test_the_longest_playlist_and_path_of_few_artists_end_soon(prolific) -> None:
    collection = open_collection(prolific)
    rules = Rules(length=500, tracks_per_artist=None, tracks_per_album=None)
    assert len(make_playlist(collection, [10], rules)) == 500
    path = find_path(collection, 10, 10 + 3 * 1999, 50)
    assert len(path) == 50
    assert "repeat an artist" in path.notes[0]
    assert measure(lambda: make_playlist(collection, [10], rules)) < 120
    assert measure(lambda: find_path(collection, 10, 10 + 3 * 1999, 50)) < 120


def test_lists_and_paths_have_a_longest(prolific) -> None:
    with pytest.raises(SettingsError, match="up to 500"):
        Rules(length=501)
    with pytest.raises(SettingsError, match="up to 500"):
        find_path(prolific, 10, 13, 501)
    day = make_playlist(prolific, [10], Rules(duration_seconds=86_400))
    assert len(day) == 500
    assert any("at most 500 tracks: these are 250 minutes" in note for note in day.notes)


def test_a_question_ends_when_nobody_waits(prolific) -> None:
    collection = open_collection(prolific)
    asked = iter([False] * 3)
    for ask in (
        lambda: make_playlist(collection, [10], Rules(length=100)),
        lambda: find_path(collection, 10, 100, 50),
    ):
        asked = iter([False] * 3)
        with cancelled_when(lambda asked=asked: next(asked, True)), pytest.raises(Cancelled):
            ask()
    assert len(make_playlist(collection, [10], Rules(length=5))) == 5


@settings(max_examples=25, deadline=None)
@given(st.integers(5, 60), st.integers(0, 10_000))
def test_after_points_are_closed_the_ways_are_those_of_what_is_left(num: int, seed: int) -> None:
    draw = np.random.default_rng(seed)
    points = draw.normal(size=(num, 3))
    steps = np.linalg.norm(points[:, None] - points[None], axis=-1)
    np.fill_diagonal(steps, np.inf)
    progress = np.r_[0, 1, draw.uniform(0.01, 0.99, num - 2)]
    closed = draw.choice(np.arange(2, num), min(num - 3, 4), replace=False)
    left = np.setdiff1d(np.arange(num), closed)
    own = steps[np.ix_(left, left)]

    walks, ways = Walks(steps, progress, 4), Ways(steps)
    for point in closed.tolist():
        walks.close(point)
        ways.close(point)
    fresh = Walks(own, progress[left], 4).find()
    assert walks.find() == (None if fresh is None else left[fresh].tolist())
    near = np.argsort(own, axis=1)[:, : min(20, len(left) - 1)]
    graph = nx.Graph()
    for row, columns in enumerate(near):
        graph.add_weighted_edges_from((row, int(c), own[row, c]) for c in columns)
    price = sum(steps[a, b] for a, b in pairwise(ways.find()))
    assert price == pytest.approx(nx.shortest_path_length(graph, 0, 1, weight="weight"))
