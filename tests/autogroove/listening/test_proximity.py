"""Mutual proximity: agreement with its formula, fewer hubs, and small or odd collections."""

import numpy as np
import pytest
from scipy.spatial.distance import cdist
from scipy.stats import norm, skew

from autogroove.listening.choosing import find_similar
from autogroove.listening.matching import match_clips
from autogroove.listening.proximity import Proximity


def gaussian(num: int, size: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(num, size)).astype(np.float32)


def count_occurrences(nearness: np.ndarray, k: int = 10) -> np.ndarray:
    np.fill_diagonal(nearness, -np.inf)
    nearest = np.argpartition(-nearness, k, axis=1)[:, :k]
    return np.bincount(nearest.ravel(), minlength=len(nearness))


def test_it_is_the_product_of_two_survival_functions() -> None:
    points = gaussian(80, 16)
    distances = cdist(points.astype(np.float64), points.astype(np.float64))
    others = distances[~np.eye(80, dtype=bool)].reshape(80, 79)
    mean, deviation = others.mean(axis=1), others.std(axis=1)
    expected = norm.sf(distances, mean[:, None], deviation[:, None])
    expected *= norm.sf(distances, mean, deviation)
    np.fill_diagonal(expected, 1)
    proximity = Proximity(points)
    everything = np.arange(80)
    np.testing.assert_allclose(proximity.between(everything, everything), expected, atol=1e-4)
    rows = np.stack([proximity.to_all(at) for at in everything])
    np.testing.assert_allclose(rows, expected, atol=1e-4)


def test_hubs_and_orphans_become_fewer() -> None:
    points = gaussian(600, 100)
    proximity = Proximity(points)
    raw = count_occurrences(-cdist(points, points))
    mended = count_occurrences(np.stack([proximity.to_all(at) for at in range(600)]).astype(float))
    assert skew(raw) > 2
    assert skew(mended) < 0.5 * skew(raw)
    assert (mended == 0).sum() < 0.5 * (raw == 0).sum()


def test_a_sample_finds_nearly_the_same_neighbours_as_everything() -> None:
    points = gaussian(2000, 32)
    whole, sampled = Proximity(points, sample_size=2000), Proximity(points, sample_size=500)
    shared = [
        len(set(np.argsort(-whole.to_all(at))[:11]) & set(np.argsort(-sampled.to_all(at))[:11]))
        for at in range(0, 2000, 100)
    ]
    assert np.mean(shared) > 0.85 * 11


@pytest.mark.parametrize("num", [3, 50, 3000])
def test_the_nearest_are_those_of_the_whole_ranking(num: int) -> None:
    proximity = Proximity(gaussian(num, 24))
    for at in range(0, num, max(1, num // 20)):
        scores = proximity.to_all(at)
        scores[at] = -1
        found, shown = proximity.find_nearest(at, 12)
        expected = np.argsort(-scores, kind="stable")[: min(12, num - 1)]
        np.testing.assert_array_equal(found, expected)
        np.testing.assert_allclose(shown, scores[expected], rtol=1e-5)


def test_neighbours_do_not_depend_on_the_order_of_tracks() -> None:
    points = gaussian(200, 8)
    order = np.random.default_rng(1).permutation(200)
    there = Proximity(points).to_all(int(order[5]))[order]
    np.testing.assert_allclose(Proximity(points[order]).to_all(5), there, atol=1e-4)


def test_an_encoding_from_outside_is_treated_like_one_from_inside() -> None:
    points = gaussian(300, 16) + 5
    proximity = Proximity(points)
    outside, inside = proximity.of_vector(points[7]), proximity.to_all(7)
    assert int(np.argmax(outside)) == 7
    others = np.arange(300) != 7
    assert np.corrcoef(outside[others], inside[others])[0, 1] > 0.999


@pytest.mark.parametrize("num", [1, 2, 3])
def test_tiny_collections_have_finite_scores(num: int) -> None:
    scores = Proximity(gaussian(num, 4)).to_all(0)
    assert scores.shape == (num,)
    assert np.isfinite(scores).all()


def test_equal_encodings_have_finite_scores() -> None:
    proximity = Proximity(np.ones((5, 4), dtype=np.float32))
    assert np.isfinite(proximity.to_all(2)).all()
    assert np.isfinite(proximity.log_between(np.arange(5), np.arange(5))).all()


def test_similar_tracks_come_from_the_same_crowd_without_the_track_itself(make_release) -> None:
    centres = 20 * gaussian(4, 12, seed=3)
    crowd = np.repeat(np.arange(4), 10)
    release = make_release(centres[crowd] + gaussian(40, 12))
    for at in range(40):
        track_id = int(release.track_ids[at])
        found = find_similar(release, track_id, count=9)
        ids = [scored.song.track_id for scored in found]
        assert track_id not in ids
        assert {crowd[(other - 10) // 3] for other in ids} == {crowd[at]}
        scores = [scored.score for scored in found]
        assert scores == sorted(scores, reverse=True)


def test_the_clip_that_matched_is_found(make_release) -> None:
    release = make_release(gaussian(6, 8))
    first, second = gaussian(3, 8, seed=8), gaussian(4, 8, seed=9)
    second[3] = first[1] + 0.01
    release.clip_vectors = {10: first, 13: second}
    match = match_clips(release, 10, 13)
    assert (match.seed_clip, match.other_clip) == (1, 3)
    assert match.distance == pytest.approx(0.01 * np.sqrt(8), rel=1e-3)
