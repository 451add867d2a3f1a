"""Similarities, preferences, and the preference that gives a wanted number of clusters."""

import math
from collections.abc import Callable
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from autogroove.clustering.machine import cut_rows, open_map

Floats = npt.NDArray[np.float32] | npt.NDArray[np.float64]

SAMPLED_PAIRS = 2_000_000
"""Random pairs behind a sampled quantile: within 0.1 % of the exact one on music encodings."""

JITTER = 1e-6
"""Size of the tie-breaking jitter relative to the preference."""

_BLOCK_ROWS = 64

_SAMPLED_ENTRIES = 200_000
"""Entries of a matrix that say where to look for its quantile."""


def build_similarities(
    encodings: Floats, *, threads: int | None = None, dtype: type = np.float32
) -> Floats:
    """Negative squared distances of every pair, shape (n, n); the diagonal is zero.

    Worked out in float64 and stored as `dtype`, so that near duplicates keep their digits.
    """
    points = np.asarray(encodings, dtype=np.float64)
    points = points - points.sum(axis=0) / max(1, len(points))
    squares = np.einsum("ij,ij->i", points, points)
    out: Floats = np.empty((len(points), len(points)), dtype=dtype)

    def fill(rows: tuple[int, int]) -> None:
        block = slice(*rows)
        product = points[block] @ points.T
        product *= 2
        product -= squares[block, None]
        product -= squares
        np.minimum(product, 0, out=out[block], casting="same_kind")

    with open_map(threads) as run:
        list(run(fill, cut_rows(len(points), _BLOCK_ROWS)))
    np.fill_diagonal(out, 0)
    return out


def hash_jitter(
    rows: npt.NDArray[np.integer], columns: npt.NDArray[np.integer]
) -> npt.NDArray[np.float32]:
    """Uniform numbers in [-1, 1), float32, that depend only on (row, column).

    The same pair has the same jitter whether the matrix is dense, sparse or cut into blocks.
    """
    mixed = rows.astype(np.uint32) * np.uint32(0x9E3779B1)
    mixed = mixed ^ (columns.astype(np.uint32) * np.uint32(0x85EBCA77) + np.uint32(0x165667B1))
    mixed ^= mixed >> np.uint32(15)
    mixed *= np.uint32(0x2C1B3C6D)
    mixed ^= mixed >> np.uint32(12)
    mixed *= np.uint32(0x297A2D39)
    mixed ^= mixed >> np.uint32(15)
    return mixed.astype(np.float32) * np.float32(2.0**-31) - np.float32(1)


def add_jitter(similarities: Floats, scale: float, *, threads: int | None = None) -> None:
    """Add a jitter of at most `scale` to every similarity in place: ties would never settle."""
    columns = np.arange(len(similarities))

    def add(rows: tuple[int, int]) -> None:
        index = np.arange(*rows)
        similarities[slice(*rows)] += hash_jitter(index[:, None], columns) * np.float32(scale)

    with open_map(threads) as run:
        list(run(add, cut_rows(len(similarities), 64)))


def measure_quantile(similarities: Floats, quantile: float) -> float:
    """The quantile of all entries, diagonal included, as scikit-learn's median is.

    Of a large matrix only the entries around the quantile are copied, some 2 % of them.
    """
    if not similarities.size:
        return 0.0
    rank = quantile * (similarities.size - 1)
    low = int(rank)
    around, below = _gather_around(similarities, quantile, low)
    places = [low - below, min(low + 1, similarities.size - 1) - below]
    pair = np.partition(around, places)[places]
    if rank - low == 0.5:  # rounded as numpy's median is
        return float(pair.mean())
    return float(np.quantile(pair.astype(np.float64), rank - low))


def _gather_around(similarities: Floats, quantile: float, low: int) -> tuple[Floats, int]:
    """A flat copy of entries that holds ranks `low` and `low + 1`, and how many are smaller."""
    step = similarities.size // _SAMPLED_ENTRIES
    if step > 1:
        sample = similarities.reshape(-1)[:: step | 1]
        least, most = np.quantile(sample, np.clip([quantile - 0.01, quantile + 0.01], 0, 1))
        parts, below = [], 0
        for start, stop in cut_rows(len(similarities), _BLOCK_ROWS):
            block = similarities[start:stop]
            below += int(np.count_nonzero(block < least))
            parts.append(block[(block >= least) & (block <= most)])
        if below <= low and low + 1 < below + sum(map(len, parts)):
            return np.concatenate(parts), below
    return similarities.ravel(), 0


def sample_quantile(
    encodings: Floats, quantile: float, *, seed: int = 0, pairs: int = SAMPLED_PAIRS
) -> float:
    """The quantile of the similarities of random pairs: no matrix is built."""
    random = np.random.default_rng(seed)
    values = np.empty(pairs, dtype=np.float32)
    for start, stop in cut_rows(pairs, 65_536):
        left, right = random.integers(len(encodings), size=(2, stop - start))
        difference = encodings[left] - encodings[right]
        values[start:stop] = -np.einsum("ij,ij->i", difference, difference)
    return float(np.quantile(values, quantile))


T = TypeVar("T")

_MOST_RUNS = 14


def search_preference(
    solve: Callable[[float], T],
    count: Callable[[T], int],
    wanted: int,
    start: float,
) -> tuple[float, T, int]:
    """The preference, its solution and the number of runs it took.

    Interpolates in the logarithms, because the number of clusters is close to a power of the
    preference; ends within 1 % of the wanted number, or with the closest of 14 runs.

    Args:
        solve: clusters with a preference.
        count: the number of clusters of a solution.
        wanted: at least 1.
        start: a preference below zero; at zero or above the first run is returned.
    """
    few: tuple[float, int] | None = None
    many: tuple[float, int] | None = None
    best: tuple[float, T] | None = None
    preference, runs = start, 0
    while runs < _MOST_RUNS:
        solution = solve(preference)
        runs, found = runs + 1, count(solution)
        if best is None or abs(found - wanted) < abs(count(best[1]) - wanted):
            best = preference, solution
        if abs(found - wanted) <= 0.01 * wanted or preference >= 0:
            break
        if found > wanted:
            many = preference, found
        else:
            few = preference, found
        preference = _choose_next(few, many, wanted)
    assert best is not None
    return best[0], best[1], runs


def _choose_next(
    few: tuple[float, int] | None, many: tuple[float, int] | None, wanted: int
) -> float:
    if few is None or many is None:
        known = few or many
        assert known is not None
        return known[0] * (4.0 if wanted < known[1] else 0.25)
    span = math.log(many[1]) - math.log(few[1])
    share = (math.log(wanted) - math.log(few[1])) / span if span > 0 else 0.5
    share = min(0.9, max(0.1, share))
    low, high = math.log(-few[0]), math.log(-many[0])
    return -math.exp(low + share * (high - low))
