"""Laws of intervals over artists."""

import numpy as np
import pytest

from autogroove.evaluation.card import (
    Figure,
    NotMeasurable,
    bootstrap_sums,
    estimate_mean,
    estimate_ratio,
    jackknife_groups,
)


def draw_artists(rng: np.random.Generator, num_artists: int = 40, size: int = 5):
    """Values whose artists differ more than their tracks: what makes naive intervals too short."""
    artists = np.repeat(np.arange(num_artists), size)
    values = 0.5 + np.repeat(rng.normal(0, 0.2, num_artists), size)
    return values + rng.normal(0, 0.05, len(values)), artists


@pytest.mark.parametrize("by_artist", [True, False])
def test_interval_covers_the_truth_only_if_artists_are_resampled(by_artist: bool) -> None:
    covered = 0
    for seed in range(150):
        values, artists = draw_artists(np.random.default_rng(seed))
        groups = artists if by_artist else np.arange(len(values))
        figure = estimate_mean(values, groups, num_replicates=200)
        assert figure.low is not None and figure.high is not None
        covered += figure.low <= 0.5 <= figure.high
    assert (covered >= 130) == by_artist, covered


def test_jackknife_agrees_with_the_bootstrap_on_a_mean() -> None:
    values, artists = draw_artists(np.random.default_rng(1), 100)
    direct = estimate_mean(values, artists, num_replicates=2000)
    left_out = jackknife_groups(lambda kept: float(values[kept].mean()), artists)
    assert left_out.value == pytest.approx(direct.value)
    assert left_out.low == pytest.approx(direct.low, abs=0.02)
    assert left_out.high == pytest.approx(direct.high, abs=0.02)


def test_value_is_the_plain_statistic() -> None:
    rng = np.random.default_rng(0)
    numerator, denominator = rng.random(30), rng.random(30)
    artists = rng.integers(0, 7, 30)
    figure = estimate_ratio(numerator, denominator, artists)
    assert figure.value == pytest.approx(numerator.sum() / denominator.sum())
    assert figure.num_items == 30
    assert estimate_ratio(numerator, denominator, artists) == figure, "the same seed, the same"


def test_one_artist_leaves_no_interval() -> None:
    assert estimate_mean(np.ones(4), np.zeros(4, int)) == Figure(1.0, None, None, 4)


def test_nothing_to_measure_says_so() -> None:
    with pytest.raises(NotMeasurable, match="no track"):
        estimate_mean(np.zeros(0), np.zeros(0, int))
    with pytest.raises(NotMeasurable, match="undefined"):
        bootstrap_sums(np.zeros((3, 2)), np.arange(3), lambda sums: sums[..., 0] / sums[..., 1])
