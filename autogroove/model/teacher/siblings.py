"""Grooves that differ from another in one thing, and how far apart two grooves are.

What belongs here: what makes hard negatives. What does not: drawing a groove from nothing
(`grooves`), or which siblings a lesson has (`plans`).
"""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from autogroove.model.teacher.grooves import Groove, Hits, vary_hits
from autogroove.model.teacher.idioms import ROWS

CHANGES = ("pattern", "lane", "accents", "swing", "lateness")
"""In what a hard negative may differ from its original."""

_CELLS = 32
"""Cells a beat in which grooves are compared."""


def alter_groove(groove: Groove, change: str, rng: np.random.Generator) -> Groove:
    """The groove with one thing changed so far that it is another: a hard negative.

    pattern: hits of several rows move. lane: one row plays something else, or starts or stops.
    accents: the same onsets, other strong ones. swing, lateness: other places in time.
    """
    return _ALTERATIONS[change](groove, rng)


def _alter_rows(groove: Groove, rng: np.random.Generator, count: int) -> Groove:
    hits = groove.hits.copy()
    used = rng.permutation(np.flatnonzero(hits.any(axis=1)))[:count]
    for row in used:
        before, size = hits[row].copy(), groove.steps_per_bar
        while np.array_equal(hits[row] > 0, before > 0):
            hits[row] = _reshuffle(before, size, rng)
    return replace(groove, hits=hits, variant=vary_hits(hits, rng))


def _reshuffle(row: Hits, size: int, rng: np.random.Generator) -> Hits:
    """The row turned within its bars, with other gaps, or some of its hits struck elsewhere."""
    bars = row.reshape(-1, size)
    if rng.random() < 0.4:
        return np.roll(bars, int(rng.integers(1, size)), axis=1).reshape(-1)
    order = np.arange(size)
    moved = rng.choice(size, max(2, size // 2), replace=False)
    order[moved] = rng.permutation(moved)
    drawn = bars[:, order].reshape(-1).copy()
    if rng.random() < 0.5 or np.all(row > 0):
        drawn[int(rng.integers(len(drawn))) :: size] = rng.choice([0.0, 0.7])
    return drawn


def _alter_pattern(groove: Groove, rng: np.random.Generator) -> Groove:
    return _alter_rows(groove, rng, max(2, int(groove.hits.any(axis=1).sum()) // 2))


def _alter_lane(groove: Groove, rng: np.random.Generator) -> Groove:
    return _alter_rows(groove, rng, 1)


def _alter_accents(groove: Groove, rng: np.random.Generator) -> Groove:
    """Strong and weak change places, in every row."""
    hits = groove.hits.copy()
    turn = int(rng.integers(1, groove.steps_per_beat + 1))
    strong = (np.arange(hits.shape[1]) + turn) % max(2, groove.steps_per_beat) == 0
    flipped = np.where(hits > 0.55, 0.3, 0.95)
    hits = np.where(hits > 0, np.where(rng.random(hits.shape) < 0.7, flipped, hits), 0)
    hits = np.where((hits > 0) & strong, 1.0, hits).astype(np.float32)
    return replace(groove, hits=hits, variant=vary_hits(hits, rng))


def _alter_swing(groove: Groove, rng: np.random.Generator) -> Groove:
    choices = np.array([0.5, 0.56, 0.6, 0.64, 0.68])
    far = choices[np.abs(choices - groove.swing) > 0.07]
    return replace(groove, swing=float(rng.choice(far)))


def _alter_lateness(groove: Groove, rng: np.random.Generator) -> Groove:
    """A third of the rows, one at least, clearly earlier or later."""
    used = np.flatnonzero(groove.hits.any(axis=1))
    chosen = rng.permutation(used)[: max(1, len(used) // 3)]
    late = groove.late_beats.copy()
    late[chosen] += rng.choice([-1, 1]) * rng.uniform(0.06, 0.12, len(chosen)).astype(np.float32)
    return replace(groove, late_beats=late)


_ALTERATIONS: dict[str, Callable[[Groove, np.random.Generator], Groove]] = {
    "pattern": _alter_pattern,
    "lane": _alter_lane,
    "accents": _alter_accents,
    "swing": _alter_swing,
    "lateness": _alter_lateness,
}


def tell_apart(first: Groove, second: Groove) -> float:
    """The share of two grooves that is not in both, 0 to 1.

    A hit is in both where one within 0.03 beats has about the same velocity in the same row.
    """
    lengths = (first.num_bars * first.beats_per_bar, second.num_bars * second.beats_per_bar)
    if max(lengths) % min(lengths):
        return 1.0
    tables = [np.zeros((len(ROWS), round(max(lengths) * _CELLS))) for _ in range(2)]
    for table, groove, length in zip(tables, (first, second), lengths, strict=True):
        rows, steps = np.nonzero(groove.hits)
        cells = np.rint(groove.hit_beats()[rows, steps] * _CELLS).astype(int)
        for turn in range(round(max(lengths) / length)):
            places = (cells + turn * round(length * _CELLS)) % table.shape[1]
            table[rows, places] = groove.hits[rows, steps]
    missing = sum(_count_missing(a, b) for a, b in (tables, tables[::-1]))
    return missing / max(1, sum(np.count_nonzero(table) for table in tables))


def _count_missing(table: NDArray[np.float64], other: NDArray[np.float64]) -> int:
    near = np.stack([np.roll(other, shift, axis=1) for shift in (-1, 0, 1)])
    alike = (near > 0) & (np.abs(near - table) < 0.22)
    return int(((table > 0) & ~alike.any(axis=0)).sum())
