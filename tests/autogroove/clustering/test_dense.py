"""Dense affinity propagation is scikit-learn's algorithm, whatever computes it."""

import numpy as np
import pytest
from affinity_oracles import ask_peer, make_blobs, make_similarities

from autogroove.clustering.dense import propagate_dense
from autogroove.clustering.dense_run import raise_damping, solve_dense
from autogroove.clustering.election import settle_dense

DAMPINGS = (0.5, 0.7, 0.9)
QUANTILES = (0.05, 0.5, 0.95)


def assert_same(similarities, preference, damping, run=propagate_dense):
    exemplars, labels, iterations = ask_peer(similarities, preference, damping=damping)
    election = run(similarities, np.full(len(similarities), preference), damping=damping)
    assert election.iterations == iterations
    if len(exemplars):
        ours, our_labels = settle_dense(similarities, election.chosen)
        np.testing.assert_array_equal(ours, exemplars)
        np.testing.assert_array_equal(our_labels, labels)
    else:
        assert not election.chosen.any()


@pytest.mark.parametrize("damping", DAMPINGS)
@pytest.mark.parametrize("quantile", QUANTILES)
def test_numpy_path_is_scikit_learns(damping, quantile):
    for seed in range(6):
        similarities, preference = make_similarities(make_blobs(90, seed=seed), quantile)
        assert_same(similarities, preference, damping)


@pytest.mark.parametrize("damping", DAMPINGS)
@pytest.mark.parametrize("quantile", QUANTILES)
def test_compiled_path_is_scikit_learns(damping, quantile):
    similarities, preference = make_similarities(make_blobs(640, seed=7), quantile)
    assert_same(similarities, preference, damping)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(4))
def test_compiled_path_is_scikit_learns_on_many_inputs(seed):
    for size in (2, 16, 64):
        # In a plane and at .5, messages swing until scikit-learn gives up; what float32 and
        # float64 make of such swings differs after a hundred of them.
        damping = max(DAMPINGS[seed % 3], 0.9 if size == 2 else 0.5)
        for quantile in QUANTILES:
            points = make_blobs(700 + 97 * seed, size=size, seed=seed)
            similarities, preference = make_similarities(points, quantile)
            assert_same(similarities, preference, damping)


@pytest.mark.parametrize("num_tracks", [60, 560])
def test_duplicates_and_grids_are_scikit_learns(num_tracks):
    repeated = np.repeat(make_blobs(num_tracks // 4, seed=3), 4, axis=0)
    similarities, preference = make_similarities(repeated, 0.5)
    assert_same(similarities, preference, 0.7)
    side = int(np.sqrt(num_tracks))
    grid = np.mgrid[:side, :side].reshape(2, -1).T.astype(np.float32)
    similarities, preference = make_similarities(grid, 0.5)
    assert_same(similarities, preference, 0.9)


def test_different_preferences_are_scikit_learns():
    similarities, preference = make_similarities(make_blobs(120), 0.5)
    each = preference * np.random.default_rng(0).uniform(0.5, 2, size=120)
    exemplars, labels, _ = ask_peer(similarities, each)
    solution = solve_dense(similarities, each)
    np.testing.assert_array_equal(solution.exemplars, exemplars)
    np.testing.assert_array_equal(solution.labels, labels)


@pytest.mark.parametrize("num_tracks", [1, 2, 3, 7])
@pytest.mark.parametrize("preference", [-3.0, -1.0, 0.0])
def test_equal_similarities_are_scikit_learns(num_tracks, preference):
    similarities = np.full((num_tracks, num_tracks), -1.0, dtype=np.float32)
    exemplars, labels, _ = ask_peer(similarities, preference)
    solution = solve_dense(similarities, np.full(num_tracks, preference))
    np.testing.assert_array_equal(solution.exemplars, exemplars)
    np.testing.assert_array_equal(solution.labels, labels)


def test_threads_do_not_change_the_messages():
    similarities, preference = make_similarities(make_blobs(900), 0.5)
    runs = [
        propagate_dense(
            similarities.copy(), np.full(900, preference), max_iterations=60, threads=threads
        )
        for threads in (1, 2, 3)
    ]
    for run in runs[1:]:
        assert run.flips == runs[0].flips
        np.testing.assert_array_equal(run.chosen, runs[0].chosen)


def test_unsettled_messages_are_tried_again_and_still_cluster_everybody():
    similarities, preference = make_similarities(make_blobs(150), 0.5)
    solution = solve_dense(similarities, np.full(150, preference), max_iterations=3)
    attempts = solution.details["attempts"]
    assert not solution.converged
    assert [one["damping"] for one in attempts] == raise_damping(0.5, 4)
    assert solution.labels.min() == 0
    np.testing.assert_array_equal(
        solution.labels[solution.exemplars], np.arange(len(solution.exemplars))
    )


def test_everybody_alone_is_not_an_answer_where_joining_pays():
    # Three far islands and a preference far below any distance within one: scikit-learn settles
    # on 600 clusters of one at damping 0.5.
    points = make_blobs(600) + 50 * (np.arange(600) % 3)[:, None]
    similarities, preference = make_similarities(points.astype(np.float32), 0.5)
    exemplars, _, _ = ask_peer(similarities, preference)
    solution = solve_dense(similarities, np.full(600, preference), max_iterations=400)
    assert len(exemplars) == 600
    assert len(solution.exemplars) < 20 or not solution.converged
