"""The entry of the pipeline and the estimator: everybody gets a cluster, and is told how."""

import json
import pickle

import numpy as np
import pytest
from affinity_oracles import ask_peer, make_blobs, make_music, make_similarities
from sklearn.utils.estimator_checks import parametrize_with_checks

from autogroove.clustering.affinity import choose_method, cluster_encodings
from autogroove.clustering.estimator import AffinityPropagation
from autogroove.clustering.similarity import (
    build_similarities,
    hash_jitter,
    measure_quantile,
    sample_quantile,
    search_preference,
)
from autogroove.config.settings import ClusteringSettings
from autogroove.errors import SettingsError


@pytest.mark.parametrize(
    "points",
    [
        np.zeros((0, 4)),
        np.zeros((1, 4)),
        np.zeros((2, 4)),
        np.eye(2),
        np.zeros((9, 3)),
        np.eye(6),
        np.arange(40)[:, None],
        np.mgrid[:8, :8].reshape(2, -1).T,
        np.repeat(make_blobs(20), 5, axis=0),
    ],
    ids=["none", "one", "equal pair", "pair", "equal", "simplex", "line", "grid", "duplicates"],
)
@pytest.mark.parametrize("method", ["auto", "sparse"])
def test_every_track_gets_a_cluster(points, method):
    settings = ClusteringSettings(method=method)
    found = cluster_encodings(points.astype(np.float32), settings)
    k = len(found.exemplars)
    assert found.labels.shape == (len(points),)
    np.testing.assert_array_equal(np.unique(found.labels), np.arange(k))
    np.testing.assert_array_equal(found.labels[found.exemplars], np.arange(k))
    assert found.report["clusters"] == k and found.report["tracks"] == len(points)
    json.dumps(found.report, allow_nan=False)


def test_net_similarity_is_the_sum_it_says():
    points = make_blobs(200)
    found = cluster_encodings(points, ClusteringSettings())
    similarities = build_similarities(points, dtype=np.float64)
    own = similarities[np.arange(200), found.exemplars[found.labels]].sum()
    expected = own + len(found.exemplars) * found.preference
    assert found.net_similarity == pytest.approx(expected, rel=1e-6)
    assert found.preference == pytest.approx(np.median(build_similarities(points)))


def test_equal_input_gives_equal_reports_with_any_number_of_threads():
    points = make_music(700)
    settings = ClusteringSettings(method="sparse")
    reports = [cluster_encodings(points, settings, threads=n).report for n in (1, 2)]
    assert reports[0] == reports[1]


def test_method_is_chosen_by_size_and_memory_and_said():
    settings = ClusteringSettings(dense_up_to=5000)
    assert choose_method(5000, settings, 10**12)[0] == "dense"
    assert choose_method(5001, settings, 10**12) == ("sparse", "more than 5000 tracks")
    method, why = choose_method(5000, settings, 10**8)
    assert method == "sparse" and "0.2 GB" in why
    assert choose_method(10**6, ClusteringSettings(method="dense"), 1)[0] == "dense"


@pytest.mark.parametrize("method", ["dense", "sparse"])
@pytest.mark.parametrize("wanted", [5, 30])
def test_a_wanted_number_of_clusters_is_reached(method, wanted):
    settings = ClusteringSettings(method=method, num_clusters=wanted, certificate=False)
    found = cluster_encodings(make_music(400), settings)
    assert abs(len(found.exemplars) - wanted) <= 1
    assert found.report["runs"] <= 14


def test_search_of_the_preference_ends_on_a_step_that_never_hits():
    preference, clusters, runs = search_preference(
        lambda p: 10 if p > -7 else 3, lambda k: k, 6, -1.0
    )
    assert clusters in (3, 10) and runs <= 14 and preference < 0


def test_settings_that_cannot_work_are_explained():
    bad = make_blobs(10)
    bad[3, 0] = np.nan
    with pytest.raises(SettingsError, match="row 3"):
        cluster_encodings(bad, ClusteringSettings())
    with pytest.raises(SettingsError, match="only 10 tracks"):
        cluster_encodings(make_blobs(10), ClusteringSettings(num_clusters=11))


def test_sampled_quantile_is_near_the_exact_one():
    points = make_music(1200)
    for quantile in (0.1, 0.5, 0.9):
        exact = measure_quantile(build_similarities(points), quantile)
        assert sample_quantile(points, quantile) == pytest.approx(exact, rel=0.005)


@pytest.mark.parametrize("make", [make_blobs, lambda n: np.ones((n, 2), np.float32)])
def test_quantile_of_a_large_matrix_is_numpys(make):
    similarities = build_similarities(make(1100))
    for quantile in (0.0, 0.03, 0.5, 1.0):
        assert measure_quantile(similarities, quantile) == pytest.approx(
            np.quantile(similarities, quantile), rel=1e-6
        )
    assert measure_quantile(similarities, 0.5) == np.median(similarities)


def test_jitter_is_even_and_without_pattern():
    rows, columns = np.divmod(np.arange(250_000), 500)
    jitter = hash_jitter(rows, columns)
    assert jitter.min() >= -1 and jitter.max() < 1
    assert abs(float(jitter.mean())) < 0.005
    assert float(jitter.std()) == pytest.approx(3**-0.5, rel=0.01)
    square = jitter.reshape(500, 500)
    assert abs(np.corrcoef(square.ravel(), square.T.ravel())[0, 1]) < 0.01


def list_what_does_not_apply(estimator):
    if estimator.affinity == "precomputed":
        return {"check_clustering": "gives samples where similarities are wanted"}
    return {}


@parametrize_with_checks(
    [
        AffinityPropagation(),
        AffinityPropagation(method="sparse"),
        AffinityPropagation(affinity="precomputed"),
    ],
    expected_failed_checks=list_what_does_not_apply,
)
def test_scikit_learns_estimator_checks(estimator, check):
    check(estimator)


def test_estimator_on_given_similarities_is_scikit_learns():
    similarities, preference = make_similarities(make_blobs(150), 0.5)
    exemplars, labels, _ = ask_peer(similarities, preference)
    ours = AffinityPropagation(affinity="precomputed", preference=preference).fit(similarities)
    np.testing.assert_array_equal(ours.cluster_centers_indices_, exemplars)
    np.testing.assert_array_equal(ours.labels_, labels)
    with pytest.raises(AttributeError):
        ours.predict(similarities)


def test_estimator_predicts_its_own_labels_and_survives_a_copy():
    points = make_blobs(120)
    estimator = AffinityPropagation(method="sparse", n_clusters=4).fit(points)
    again = pickle.loads(pickle.dumps(estimator))  # noqa: S301
    np.testing.assert_array_equal(again.predict(points), estimator.labels_)
