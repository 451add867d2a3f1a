"""Who is near whom, without hubs.

What belongs here: distances between encodings and their mutual proximity.
What does not: tracks, tags or rules; this module sees rows of numbers.

In many dimensions a few points ("hubs") are among the nearest neighbours of almost everything,
and others of nothing. Mutual proximity asks instead how probable it is that both points find the
other nearer than chance. With the distances from x taken as normal(mean_x, deviation_x) and
the two sides as independent,

    MP(x, y) = P(D_x > d_xy) · P(D_y > d_xy) = Φ((mean_x − d)/dev_x) · Φ((mean_y − d)/dev_y)

(Schnitzer, Flexer, Schedl and Widmer, "Local and global scaling reduce hubs in space", JMLR 13,
2012, section 3.2, the Gaussian variant with independence). Mean and deviation come from a fixed
sample of the points, so nothing of size n × n is ever made.

Where columns are weighed, all of this is of the weighed distances: what is far in tempo is not
what is far in sound. The points stay as they are, and what they are compared with is multiplied:
Σ w²(x − y)² = Σ w²x² + Σ w²y² − 2 Σ x(w²y).
"""

import copy
from collections.abc import Iterator
from typing import Self

import numpy as np
from numpy.typing import NDArray
from scipy.special import log_ndtr, ndtr

Singles = NDArray[np.float32]

SAMPLE_SIZE = 1000
"""Points whose distances estimate mean and deviation: a standard error of 3 % of a deviation."""

_BLOCK = 4096


class Proximity:
    """Mutual proximity between the rows of `encodings` (float32, (n, d))."""

    def __init__(self, encodings: Singles, *, sample_size: int = SAMPLE_SIZE, seed: int = 0):
        # Distances do not change by a shift; a centred cloud loses fewer digits in float32.
        centre = encodings.mean(axis=0, dtype=np.float64) if len(encodings) else 0.0
        self.encodings = np.ascontiguousarray(encodings - centre, dtype=np.float32)
        self.centre = centre
        self._sample = _choose_sample(len(encodings), sample_size, seed)
        self._weigh(np.ones(self.encodings.shape[1], dtype=np.float32))

    def weighed(self, factors: Singles) -> Self:
        """The same rows, each column counting `factors` (d,) times as much; they are shared.

        This measures the distances to the sample again: about a second at 100,000 rows.
        """
        other = copy.copy(self)
        other._weigh(factors)
        return other

    def _weigh(self, factors: Singles) -> None:
        self._factors = np.square(factors, dtype=np.float32)
        heard = np.flatnonzero(self._factors)
        self._heard = slice(int(heard.min(initial=0)), int(heard.max(initial=-1)) + 1)
        self._squares = np.empty(len(self), dtype=np.float32)
        for rows in _blocks(len(self)):
            self._squares[rows] = _square_lengths(self.encodings[rows], self._factors)
        self.means, self.deviations = self._measure_spread()

    def __len__(self) -> int:
        return len(self.encodings)

    @property
    def scale(self) -> float:
        """The mean distance between two tracks, a unit for distances; 1 where there is none."""
        mean = float(self.means.mean()) if len(self) > 1 else 0.0
        return mean if mean > 0 else 1.0

    def distances(self, position: int) -> Singles:
        """Euclidean distances float32 (n,) from one row to all."""
        return self._distances_from(self.encodings[position], self._squares[position])

    def distances_between(
        self, first: NDArray[np.int64], second: NDArray[np.int64]
    ) -> NDArray[np.float64]:
        """Euclidean distances (len(first), len(second)), exact to float64."""
        a = self.encodings[first].astype(np.float64)
        b = self.encodings[second].astype(np.float64)
        factors = self._factors.astype(np.float64)
        squares = _square_lengths(a, factors)[:, None] + _square_lengths(b, factors)[None, :]
        squares -= 2 * (a @ (b * factors).T)
        found = np.sqrt(np.maximum(squares, 0))
        found[first[:, None] == second[None, :]] = 0
        return np.asarray(found)

    def to_all(self, position: int, distances: Singles | None = None) -> Singles:
        """Mutual proximity float32 (n,) of one row with every row, in [0, 1]; itself 1.

        `distances` are those of the row, where they are known already.
        """
        found = self._against(
            slice(None),
            self.distances(position) if distances is None else distances,
            self.means[position],
            self.deviations[position],
        )
        found[position] = 1
        return found

    def find_nearest(self, position: int, count: int) -> tuple[NDArray[np.int64], Singles]:
        """The `count` other rows of highest mutual proximity, best first, with their proximity.

        Exact, yet the other side's probability is computed for few: rows are taken by distance
        until no row further away could still enter, for MP is at most Φ((mean_x − d)/dev_x).
        """
        distances = self.distances(position)
        distances[position] = np.inf
        count = min(count, len(self) - 1)
        mean, deviation = self.means[position], self.deviations[position]
        num_looked = 4 * count + 64
        while True:
            rows = _smallest(distances, min(num_looked, len(self) - 1))
            found = self._against(rows, distances[rows], mean, deviation)
            order = np.lexsort((rows, distances[rows], -found))[:count]
            reach = distances[rows].max(initial=0)
            if len(rows) >= len(self) - 1 or (
                ndtr((mean - reach) / deviation) < found[order].min(initial=1)
            ):
                return rows[order], found[order]
            num_looked *= 4

    def distances_to(self, encoding: Singles) -> Singles:
        """Euclidean distances float32 (n,) from an encoding from outside to all rows."""
        point = (encoding - self.centre).astype(np.float32)
        return self._distances_from(point, np.float32(point @ (point * self._factors)))

    def of_vector(self, encoding: Singles) -> Singles:
        """Mutual proximity float32 (n,) of an encoding from outside with every row."""
        distances = self.distances_to(encoding)
        seen = distances[self._sample]
        spread = max(seen.std(), _floor(seen.mean()))
        return self._against(slice(None), distances, seen.mean(), spread)

    def between(self, first: NDArray[np.int64], second: NDArray[np.int64]) -> NDArray[np.float64]:
        """Mutual proximity (len(first), len(second)), float64."""
        return np.asarray(np.exp(self.log_between(first, second)))

    def log_between(
        self, first: NDArray[np.int64], second: NDArray[np.int64]
    ) -> NDArray[np.float64]:
        """Natural logarithm of mutual proximity (len(first), len(second)); 0 on itself."""
        distances = self.distances_between(first, second)
        found = log_ndtr((self.means[first][:, None] - distances) / self.deviations[first][:, None])
        found += log_ndtr((self.means[second] - distances) / self.deviations[second])
        found[first[:, None] == second[None, :]] = 0
        return np.asarray(found)

    def _against(
        self, rows: NDArray[np.int64] | slice, distances: Singles, mean: float, deviation: float
    ) -> Singles:
        mine = ndtr((np.float32(mean) - distances) / np.float32(deviation))
        theirs = ndtr((self.means[rows] - distances) / self.deviations[rows])
        return np.asarray(mine * theirs, dtype=np.float32)

    def _distances_from(self, point: Singles, square: np.float32) -> Singles:
        found = self.encodings[:, self._heard] @ (point * self._factors)[self._heard]
        found *= -2
        found += self._squares
        found += square
        np.maximum(found, 0, out=found)
        return np.asarray(np.sqrt(found, out=found))

    def _measure_spread(self) -> tuple[Singles, Singles]:
        """Mean and deviation float32 (n,) of the distances from each row to the sample."""
        means = np.zeros(len(self), dtype=np.float32)
        deviations = np.ones(len(self), dtype=np.float32)
        sample = (self.encodings[self._sample] * self._factors)[:, self._heard]
        for rows in _blocks(len(self) if len(self) > 1 else 0):
            squares = self._squares[rows, None] + self._squares[self._sample]
            squares -= 2 * (self.encodings[rows, self._heard] @ sample.T)
            found = np.sqrt(np.maximum(squares, 0))
            itself = np.arange(len(self))[rows, None] == self._sample
            found[itself] = 0
            others = (~itself).sum(axis=1)
            mean = found.sum(axis=1) / others
            spread = np.where(itself, 0, found - mean[:, None])
            means[rows] = mean
            deviations[rows] = np.sqrt((spread**2).sum(axis=1) / others)
        return means, np.maximum(deviations, _floor(means)).astype(np.float32)


def _smallest(values: Singles, count: int) -> NDArray[np.int64]:
    """Positions of the `count` smallest values, in no order."""
    if count >= len(values):
        return np.arange(len(values))
    return np.asarray(np.argpartition(values, count)[:count])


def _floor(means: Singles) -> Singles:
    """Deviations are kept above this, so that equal distances give ½ · ½ and never a NaN."""
    return np.asarray(np.maximum(np.float32(1e-3) * means, np.float32(1e-12)), dtype=np.float32)


def _square_lengths(
    rows: NDArray[np.floating], factors: NDArray[np.floating]
) -> NDArray[np.floating]:
    return np.asarray(np.einsum("ij,ij->i", rows, rows * factors))


def _blocks(num: int) -> Iterator[slice]:
    for start in range(0, num, _BLOCK):
        yield slice(start, start + _BLOCK)


def _choose_sample(num: int, size: int, seed: int) -> NDArray[np.int64]:
    if num <= size:
        return np.arange(num)
    return np.sort(np.random.default_rng(seed).choice(num, size, replace=False))
