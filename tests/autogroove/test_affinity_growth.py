"""New tracks join at once; a refresh is as good as a new start and asked for when it pays."""

import numpy as np
import pytest

from autogroove.affinity.clustering import measure_net_similarity
from autogroove.affinity.growth import assign_tracks, measure_drift, refresh_clusters
from autogroove.affinity.similarity import sample_quantile
from autogroove.affinity.sparse_run import SparseSettings, find_neighbourhood, solve_sparse
from tests.autogroove.affinity_oracles import make_blobs, make_music


def similarity_to_exemplar(points, solution):
    difference = points - points[solution.exemplars[solution.labels]]
    return -np.einsum("ij,ij->i", difference, difference)


def test_assignment_follows_the_nearest_exemplar():
    points, exemplars = make_blobs(300), make_blobs(20, seed=5)
    labels, similarity = assign_tracks(points, exemplars)
    distance = ((points[:, None] - exemplars) ** 2).sum(axis=2)
    np.testing.assert_array_equal(labels, distance.argmin(axis=1))
    np.testing.assert_allclose(-similarity, distance.min(axis=1), rtol=1e-4)


def test_refresh_is_within_a_thousandth_of_a_new_start():
    points = make_music(2500)
    limits = SparseSettings(sample_quantile(points[:2000], 0.5))
    old = solve_sparse(find_neighbourhood(points[:2000]), limits)
    around = find_neighbourhood(points)
    fresh = refresh_clusters(around, old.exemplars, limits)
    full = solve_sparse(around, limits)
    nets = [
        measure_net_similarity(points, one.labels, one.exemplars, limits.preference)
        for one in (fresh, full)
    ]
    assert nets[0] >= nets[1] - 1e-3 * abs(nets[1])
    kept = [np.isin(old.exemplars, one.exemplars).mean() for one in (fresh, full)]
    assert kept[0] >= kept[1]


@pytest.mark.parametrize("moved", [False, True])
def test_drift_is_signalled_when_and_only_when_the_music_changes(moved):
    points = make_music(1600)
    old, new = points[:1500], points[1500:1540].copy()
    solution = solve_sparse(find_neighbourhood(old), SparseSettings(-20.0))
    if moved:
        new += np.random.default_rng(0).normal(size=64).astype(np.float32) * 3
    drift = measure_drift(
        similarity_to_exemplar(old, solution), new, old[solution.exemplars], -20.0
    )
    assert drift.refresh == moved
    assert (drift.mean_distance_ratio > 2) == moved


def test_no_new_tracks_mean_no_drift():
    similarity = np.full(3, -1.0, dtype=np.float32)
    drift = measure_drift(similarity, np.zeros((0, 4)), np.zeros((1, 4)), -1.0)
    assert not drift.refresh and drift.promised_gain == 0
