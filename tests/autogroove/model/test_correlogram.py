"""Correlograms beside sums written out by hand."""

import numpy as np
import torch

from autogroove.model.correlogram import (
    correlate_bands,
    log_lag_filters,
    log_lags,
    read_against_beats,
)


def test_each_pair_of_bands_is_correlated_as_the_sums_say():
    curves = torch.rand(2, 3, 40, generator=torch.Generator().manual_seed(0))
    found = correlate_bands(curves, 10)
    centred = (curves - curves.mean(dim=2, keepdim=True)).numpy()
    energy = np.square(centred).sum(axis=2)
    length = np.sqrt(energy + 0.02 * energy.mean(axis=1, keepdims=True) + 1e-6)
    for clip, one, other, lag in np.ndindex(2, 3, 3, 10):
        total = (centred[clip, one, : 40 - lag] * centred[clip, other, lag:]).sum()
        wanted = total / length[clip, one] / length[clip, other] * 40 / (40 - lag)
        assert abs(found[clip, 3 * one + other, lag] - wanted) < 1e-4


def test_a_snare_after_the_kick_is_told_from_one_before_it():
    after, before = torch.zeros(1, 2, 64), torch.zeros(1, 2, 64)
    after[0, 0, ::16] = before[0, 0, ::16] = 1
    after[0, 1, 3::16] = before[0, 1, 13::16] = 1
    first, second = correlate_bands(after, 9), correlate_bands(before, 9)
    torch.testing.assert_close(first[0, 0], second[0, 0])
    assert first[0, 1].argmax() == 3
    assert second[0, 2].argmax() == 3


def test_filters_over_log_lag_keep_a_constant_and_miss_no_lag():
    lags = log_lags(0.02, 500, shortest=0.08, per_octave=40)
    filters = log_lag_filters(lags, 260)
    torch.testing.assert_close(filters.sum(dim=0), torch.ones(len(lags)))
    assert (filters[4:257].sum(dim=1) > 0).all()
    torch.testing.assert_close(lags[40] / lags[0], torch.tensor(2.0))


def test_lags_in_beats_are_read_between_frames_and_are_0_beyond_the_clip():
    lagged = torch.arange(20.0).expand(2, 1, 20)
    steps = torch.tensor([0.0, 0.5, 1.0, 4.0])
    read = read_against_beats(lagged, torch.tensor([5.0, 4.5]), steps)
    torch.testing.assert_close(read[0, 0], torch.tensor([0.0, 2.5, 5.0, 0.0]))
    torch.testing.assert_close(read[1, 0], torch.tensor([0.0, 2.25, 4.5, 18.0]))
