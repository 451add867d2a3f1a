"""Laws of neighbours and ranks, against brute force."""

import numpy as np
import pytest

from autogroove.evaluation.neighbours import (
    NOBODY,
    find_neighbours,
    measure_distances,
    rank_same_track,
)


def encode(num: int, size: int = 8, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(num, size)).astype(np.float32)


def everybody_else(num: int) -> np.ndarray:
    return ~np.eye(num, dtype=bool)


def test_distances_hold_far_from_the_origin() -> None:
    queries, gallery = encode(20) + 300, encode(30, seed=1) + 300
    exact = ((queries[:, None].astype(float) - gallery) ** 2).sum(axis=2)
    np.testing.assert_allclose(measure_distances(queries, gallery), exact, rtol=1e-4)


@pytest.mark.parametrize("num", [2, 5, 60, 1500])
def test_neighbours_are_those_of_brute_force(num: int) -> None:
    rows = encode(num)
    found = find_neighbours(rows, everybody_else(num), 10)
    exact = ((rows[:, None] - rows) ** 2).sum(axis=2) + np.where(np.eye(num), np.inf, 0)
    expected = np.argsort(exact, axis=1)[:, : min(10, num - 1)]
    np.testing.assert_array_equal(found[:, : expected.shape[1]], expected)
    assert (found[:, expected.shape[1] :] == NOBODY).all()


def test_filter_keeps_a_trap_out() -> None:
    """Every track has twins by its own artist; none may ever be its neighbour."""
    artists = np.repeat(np.arange(10), 4)
    rows = encode(10)[artists] + encode(40, seed=1) * 1e-3
    allowed = artists[:, None] != artists
    unfiltered = find_neighbours(rows, everybody_else(40), 3)
    assert (artists[unfiltered] == artists[:, None]).all(), "the trap is set"
    filtered = find_neighbours(rows, allowed, 36)
    assert (artists[filtered] != artists[:, None]).all()
    assert (np.sort(filtered, axis=1)[:, 1:] > np.sort(filtered, axis=1)[:, :-1]).all()


def test_neighbours_move_with_the_rows() -> None:
    rows, allowed = encode(50), np.random.default_rng(2).random((50, 50)) < 0.5
    order = np.random.default_rng(3).permutation(50)
    direct = find_neighbours(rows, allowed, 5)
    moved = find_neighbours(rows[order], allowed[np.ix_(order, order)], 5)
    back = np.where(moved == NOBODY, NOBODY, order[moved])
    np.testing.assert_array_equal(back, direct[order])


def test_ranks_are_those_of_brute_force() -> None:
    rows, tracks = encode(90), np.random.default_rng(1).integers(0, 30, 90)
    ranks = rank_same_track(rows, np.arange(90), rows, tracks)
    for row in range(90):
        distances = ((rows - rows[row]) ** 2).sum(axis=1)
        order = [i for i in np.argsort(distances) if i != row]
        expected = [place for place, i in enumerate(order) if tracks[i] == tracks[row]]
        np.testing.assert_allclose(ranks[row], expected)


def test_source_of_a_disguised_clip_is_no_answer() -> None:
    gallery, tracks = encode(30), np.repeat(np.arange(10), 3)
    ranks = rank_same_track(gallery[:1], np.array([0]), gallery, tracks)
    assert len(ranks[0]) == 2, "two other clips, and not the clip itself at distance 0"


def test_a_collapsed_encoder_gains_nothing() -> None:
    tracks = np.repeat(np.arange(50), 2)
    flat = np.ones((100, 4), np.float32)
    ranks = rank_same_track(flat, np.arange(100), flat, tracks)
    assert np.unique(np.concatenate(ranks)) == pytest.approx(49), "the middle of 99"
    found = find_neighbours(flat, everybody_else(100), 5)
    assert found.max() > 20, "not the first rows, which may well be of one artist or genre"
