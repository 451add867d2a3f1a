"""Sparse affinity propagation: as good as dense, honest about it, the same on any machine."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from affinity_oracles import make_blobs, make_music
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from autogroove.clustering import cells as spaces
from autogroove.clustering.affinity import measure_net_similarity
from autogroove.clustering.cells import cut_cells
from autogroove.clustering.dense_run import solve_dense
from autogroove.clustering.graph import join_neighbours
from autogroove.clustering.machine import open_map
from autogroove.clustering.neighbours import search_exact
from autogroove.clustering.refinement import assign_points, find_medoids
from autogroove.clustering.similarity import build_similarities, sample_quantile
from autogroove.clustering.sparse_run import SparseSettings, find_neighbourhood, solve_sparse


def solve_both(points, quantile=0.5):
    preference = sample_quantile(points, quantile)
    sparse = solve_sparse(find_neighbourhood(points), SparseSettings(preference))
    dense = solve_dense(
        build_similarities(points), np.full(len(points), preference), max_iterations=400
    )
    nets = [
        measure_net_similarity(points, one.labels, one.exemplars, preference)
        for one in (sparse, dense)
    ]
    return sparse, dense, nets


def assert_whole(solution, num_tracks):
    k = len(solution.exemplars)
    assert solution.labels.shape == (num_tracks,)
    assert solution.labels.min() == 0 and solution.labels.max() == k - 1
    np.testing.assert_array_equal(solution.labels[solution.exemplars], np.arange(k))
    assert (np.diff(solution.exemplars) > 0).all()


@pytest.mark.parametrize("make", [make_music, make_blobs])
def test_net_similarity_is_within_a_thousandth_of_dense_and_the_bound_holds(make):
    sparse, _, (net, dense_net) = solve_both(make(1500))
    assert_whole(sparse, 1500)
    assert net >= dense_net - 1e-3 * abs(dense_net)
    certificate = sparse.details["certificate"]
    best = certificate["best_possible"]
    assert best >= max(net, dense_net)
    assert 0 <= certificate["gap"] < 0.02
    assert certificate["gap"] == pytest.approx((best - net) / abs(net), rel=1e-3)


@pytest.mark.slow
def test_net_similarity_is_within_a_thousandth_of_dense_at_5000():
    for seed in range(2):
        _, _, (net, dense_net) = solve_both(make_music(5000, seed=seed))
        assert net >= dense_net - 1e-3 * abs(dense_net)


@pytest.mark.parametrize("shape", [(600,), (10, 10, 10), (8, 8, 8, 2)], ids=str)
def test_clusters_that_outgrow_the_neighbourhood_are_as_good_as_dense(shape):
    points = np.indices(shape).reshape(len(shape), -1).T.astype(np.float32)
    sparse, dense, (net, dense_net) = solve_both(points)
    assert_whole(sparse, len(points))
    assert net >= dense_net - 1e-3 * abs(dense_net)
    assert len(sparse.exemplars) < 2 * len(dense.exemplars)


def test_components_without_a_path_between_them():
    points = make_blobs(600)
    points[300:] += 100
    graph = find_neighbourhood(points).graph
    matrix = csr_array((graph.values, graph.columns, graph.indptr), shape=(600, 600))
    solution = solve_sparse(find_neighbourhood(points), SparseSettings(-40.0))
    expected = connected_components(matrix, directed=False, return_labels=False)
    assert solution.details["components"] == expected >= 2
    assert_whole(solution, 600)
    sides = solution.exemplars[solution.labels] >= 300
    np.testing.assert_array_equal(sides, np.arange(600) >= 300)


def test_duplicates_share_a_cluster_and_all_equal_points_settle():
    points = np.repeat(make_music(200), 5, axis=0)
    solution = solve_sparse(find_neighbourhood(points), SparseSettings(-10.0))
    assert (solution.labels.reshape(200, 5) == solution.labels[::5, None]).all()
    same = solve_sparse(find_neighbourhood(np.ones((80, 4), np.float32)), SparseSettings(-1.0))
    assert len(same.exemplars) == 1


def test_threads_and_the_map_of_cells_do_not_change_a_bit(monkeypatch):
    monkeypatch.setattr(spaces, "EXACT_UP_TO", 1000)
    points = make_music(2500)
    alone = find_neighbourhood(points, threads=1)
    limits = SparseSettings(sample_quantile(points, 0.5))
    first = solve_sparse(alone, limits, threads=1)
    assert first.details["neighbour_recall"] >= 0.99
    assert first.details["certificate"] is None
    with ThreadPoolExecutor(3) as pool:
        around = find_neighbourhood(points, threads=2, map_cells=pool.map)
        second = solve_sparse(around, limits, threads=2, map_cells=pool.map)
    np.testing.assert_array_equal(alone.neighbours.index, around.neighbours.index)
    np.testing.assert_array_equal(first.labels, second.labels)
    assert first.details == second.details


def test_exact_neighbours_are_those_of_the_sorted_distances():
    points = make_blobs(700)
    with open_map(2) as run:
        found = search_exact(points, points, 9, run, owners=np.arange(700, dtype=np.int32))
    similarities = build_similarities(points)
    np.fill_diagonal(similarities, -np.inf)
    best = -np.sort(-similarities, axis=1)[:, :9]
    np.testing.assert_allclose(found.similarity, best, rtol=1e-4)
    assert (found.index != np.arange(700)[:, None]).all()
    assert (np.diff(np.sort(found.index, axis=1), axis=1) > 0).all()


def test_fewer_points_than_neighbours_are_marked_absent():
    points = make_blobs(6)
    with open_map(1) as run:
        found = search_exact(points, points, 8, run, owners=np.arange(6, dtype=np.int32))
    assert (found.index[:, :5] >= 0).all() and (found.index[:, 5:] == -1).all()


def test_cells_hold_the_share_of_neighbours_that_they_say():
    points = make_music(6000)
    with open_map(2) as run:
        partition = cut_cells(points, run, k=10)
        space = spaces.CellSpace(partition)
        near = space.find(10, None, run).index
        owners = np.arange(6000, dtype=np.int32)
        truth = search_exact(space.points, space.points, 10, run, owners=owners).index
    np.testing.assert_array_equal(points[partition.order], space.points)
    hit = (near[:, :, None] == truth[:, None, :]).any(axis=1).mean()
    assert hit >= 0.985
    assert abs(hit - partition.recall) < 0.01


def test_graph_is_symmetric_without_repeats():
    points = make_music(400)
    graph = find_neighbourhood(points, neighbours=7).graph
    rows = np.repeat(np.arange(400), np.diff(graph.indptr))
    edges = set(zip(rows.tolist(), graph.columns.tolist(), strict=True))
    assert len(edges) == len(graph.columns)
    assert all((j, i) in edges and i != j for i, j in edges)


def test_medoids_have_the_largest_sum_of_similarities():
    points = make_blobs(300)
    with open_map(1) as run:
        space = spaces.open_space(points, run, k=5)
        state = assign_points(space, np.arange(0, 300, 37), -5.0, run)
    medoids = find_medoids(space.points, state)
    for cluster, medoid in enumerate(medoids):
        members = np.flatnonzero(state.labels == cluster)
        sums = build_similarities(points[members], dtype=np.float64).sum(axis=0)
        assert sums[members == medoid] == pytest.approx(sums.max())


def test_assignment_is_to_the_nearest_exemplar():
    points = make_blobs(500)
    exemplars = np.array([3, 77, 400])
    with open_map(1) as run:
        state = assign_points(spaces.open_space(points, run, k=5), exemplars, -5.0, run)
    distance = ((points[:, None] - points[exemplars]) ** 2).sum(axis=2)
    np.testing.assert_array_equal(state.labels, distance.argmin(axis=1))
    others = np.setdiff1d(np.arange(500), exemplars)
    second = np.argsort(distance, axis=1)[:, 1]
    np.testing.assert_array_equal(state.second[others], second[others])
    assert join_neighbours(
        spaces.open_space(points, map, k=5).find(5, None, map)
    ).num_points == len(points)
