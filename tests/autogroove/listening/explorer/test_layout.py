"""The map: who is near whom, and what stays in its place from release to release."""

import numpy as np
import pytest
from numpy.typing import NDArray

from autogroove.listening.explorer import layout
from autogroove.listening.explorer.layout import draw_landscape, place_tracks

POINT = 0.01
"""Of the map's half width: about what a point takes on a small screen."""


def draw(
    encodings: NDArray[np.float64], exemplars: NDArray[np.int64] | None = None
) -> layout.Singles:
    rows = np.asarray(encodings, np.float32)
    ids = 7 * np.arange(len(rows))
    return place_tracks(draw_landscape(ids, rows, exemplars), ids, rows)


def make_crowds(num: int, seed: int = 0) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Five crowds: which one each track is of, and encodings (num, 16)."""
    random = np.random.default_rng(seed)
    crowd = random.integers(0, 5, num)
    centres = 8 * np.random.default_rng(99).normal(size=(5, 16))
    return crowd, centres[crowd] + random.normal(size=(num, 16))


@pytest.mark.parametrize("num", [0, 1, 2, 3, 9, 60])
def test_any_number_of_tracks_has_a_map(num: int) -> None:
    places = draw(np.random.default_rng(0).normal(size=(num, 6)))
    assert places.shape == (num, 2)
    assert np.isfinite(places).all()
    assert np.abs(places).max(initial=0) <= 1 + 1e-6


def test_equal_tracks_have_a_map_too() -> None:
    assert np.isfinite(draw(np.ones((30, 6)))).all()


def test_a_large_map_keeps_crowds_together_and_is_the_same_each_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(layout, "MOST_LANDMARKS", 150)
    crowd, encodings = make_crowds(600)
    places = draw(encodings, np.arange(50))
    centres = np.stack([places[crowd == c].mean(axis=0) for c in range(5)])
    nearest = np.linalg.norm(places[:, None] - centres, axis=-1).argmin(axis=1)
    assert (nearest == crowd).mean() > 0.98
    np.testing.assert_array_equal(places, draw(encodings, np.arange(50)))


@pytest.mark.parametrize("most", [800, 60])
def test_what_did_not_change_stays_and_what_is_new_lies_with_its_like(
    monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    monkeypatch.setattr(layout, "MOST_LANDMARKS", most)
    crowd, encodings = make_crowds(400)
    rows, ids = encodings.astype(np.float32), np.arange(400) * 3
    old = np.arange(300)
    landscape = draw_landscape(ids[old], rows[old])
    before = place_tracks(landscape, ids[old], rows[old])
    left = np.r_[5:300, 300:400]  # five went, a hundred came
    changed = rows[left].copy()
    changed[0] = rows[crowd == (crowd[left[0]] + 1) % 5][0]
    after = place_tracks(landscape, ids[left], changed)
    moved = np.abs(after[1:295] - before[6:300]).max(axis=1)
    assert moved.max() < POINT
    assert np.abs(after[0] - before[5]).max() > POINT
    centres = np.stack([before[crowd[old] == c].mean(axis=0) for c in range(5)])
    new = np.linalg.norm(after[295:, None] - centres, axis=-1).argmin(axis=1)
    assert (new == crowd[300:]).mean() > 0.98
