"""Neighbour search in cells, for collections where comparing every pair is too much."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from autogroove.clustering.machine import MapCells
from autogroove.clustering.neighbours import Ids, Neighbours, Points, search_block, search_exact

CELL_TRACKS = 500

WANTED_RECALL = 0.992
"""Share of the true neighbours that the probed cells must hold, on a sample of tracks."""

_LLOYD_ROUNDS = 6

_SAMPLE_PER_CELL = 40

_VOTES = 8

_MOST_PROBES = 96

_CHECKED_TRACKS = 384


@dataclass(frozen=True)
class Partition:
    """Points sorted by cell.

    Attributes:
        points: float32 (n, d), sorted by cell.
        order: int64 (n,), the original row of each sorted point.
        bounds: int64 (cells + 1,), where each cell begins.
        probes: int32 (cells, p), the cells each one looks into, itself among them.
        recall: share of true neighbours inside the probed cells, on a sample.
    """

    points: Points
    order: npt.NDArray[np.int64]
    bounds: npt.NDArray[np.int64]
    probes: Ids
    recall: float

    @property
    def num_cells(self) -> int:
        """How many cells."""
        return len(self.bounds) - 1

    def cell_of(self) -> Ids:
        """int32 (n,), the cell of each sorted point."""
        return np.repeat(np.arange(self.num_cells, dtype=np.int32), np.diff(self.bounds))


@dataclass(frozen=True)
class CellSearch:
    """The search of one cell: pure, picklable, mapped over cell numbers.

    Attributes:
        points: float32 (n, d), sorted by cell.
        bounds: int64 (cells + 1,), where each cell begins.
        probes: int32 (cells, p), the cells each one looks into.
        members: int32 (m,), sorted positions that may be found, or None for all.
        k: neighbours wanted.
    """

    points: Points
    bounds: npt.NDArray[np.int64]
    probes: Ids
    members: Ids | None
    k: int

    def __call__(self, cell: int) -> tuple[Ids, Points]:
        """Sorted positions (q, k) and similarities (q, k) for the tracks of a cell."""
        start, stop = self.bounds[cell : cell + 2]
        names = self._candidates(np.sort(self.probes[cell]))
        owners = np.arange(start, stop, dtype=np.int32)
        return search_block(self.points[start:stop], self.points[names], names, owners, self.k)

    def _candidates(self, probes: Ids) -> Ids:
        starts, stops = self.bounds[probes], self.bounds[probes + 1]
        if self.members is None:
            parts = [np.arange(*cell, dtype=np.int32) for cell in zip(starts, stops, strict=True)]
        else:
            cuts = np.searchsorted(self.members, [starts, stops]).T
            parts = [self.members[first:last] for first, last in cuts]
        return np.concatenate(parts)


def search_cells(
    partition: Partition, k: int, run: MapCells, members: Ids | None = None
) -> Neighbours:
    """The k nearest of `members` (or of all) for every sorted point, within the probed cells."""
    search = CellSearch(partition.points, partition.bounds, partition.probes, members, k)
    n = len(partition.points)
    index = np.empty((n, k), dtype=np.int32)
    similarity = np.empty((n, k), dtype=np.float32)
    for cell, (some, values) in enumerate(run(search, range(partition.num_cells))):
        block = slice(partition.bounds[cell], partition.bounds[cell + 1])
        index[block], similarity[block] = some, values
    return Neighbours(index, similarity, exact=False)


def cut_cells(points: Points, run: MapCells, *, seed: int = 0, k: int = 30) -> Partition:
    """Sort points into about n / 500 k-means cells and choose the cells each looks into."""
    n = len(points)
    random = np.random.default_rng(seed)
    num_cells = max(1, n // CELL_TRACKS)
    centres = _find_centres(points, num_cells, random, run)
    votes = search_exact(points, centres, min(_VOTES, num_cells), run).index
    order = np.argsort(votes[:, 0], kind="stable")
    bounds = np.searchsorted(votes[order, 0], np.arange(num_cells + 1))
    ranked = _rank_probes(votes[order], bounds, centres)
    whole = Partition(points[order], order, bounds.astype(np.int64), ranked, 1.0)
    probes, recall = _choose_probes(whole, k, random, run)
    return Partition(whole.points, order, whole.bounds, probes, recall)


def _find_centres(
    points: Points, num_cells: int, random: np.random.Generator, run: MapCells
) -> Points:
    size = min(len(points), _SAMPLE_PER_CELL * num_cells)
    sample = points[np.sort(random.choice(len(points), size, replace=False))]
    centres = sample[np.sort(random.choice(size, num_cells, replace=False))]
    for _ in range(_LLOYD_ROUNDS):
        nearest = search_exact(sample, centres, 1, run).index[:, 0]
        order = np.argsort(nearest, kind="stable")
        present, starts = np.unique(nearest[order], return_index=True)
        sums = np.add.reduceat(sample[order], starts, axis=0, dtype=np.float64)
        counts = np.diff(np.append(starts, size))
        centres = centres.copy()
        centres[present] = sums / counts[:, None]
    return centres


def _rank_probes(votes: Ids, bounds: npt.NDArray[np.intp], centres: Points) -> Ids:
    """For each cell the others by how often its tracks would have chosen them, most first."""
    num_cells = len(centres)
    ranked = np.empty((num_cells, min(_MOST_PROBES, num_cells)), dtype=np.int32)
    squares = np.einsum("ij,ij->i", centres, centres)
    for cell in range(num_cells):
        chosen = votes[bounds[cell] : bounds[cell + 1]]
        weights = np.arange(chosen.shape[1], 0, -1)
        counts = np.bincount(
            chosen.ravel(), np.broadcast_to(weights, chosen.shape).ravel(), num_cells
        )
        distance = squares - 2 * centres @ centres[cell]
        counts[cell] = np.inf
        ranked[cell] = np.lexsort((distance, -counts))[: ranked.shape[1]]
    return ranked


def _choose_probes(
    whole: Partition, k: int, random: np.random.Generator, run: MapCells
) -> tuple[Ids, float]:
    """The fewest probes whose cells hold the wanted share of a sample's true neighbours."""
    n = len(whole.points)
    sample = np.sort(random.choice(n, min(n, _CHECKED_TRACKS), replace=False)).astype(np.int32)
    truth = search_exact(whole.points[sample], whole.points, k, run, owners=sample)
    cells = whole.cell_of()
    ranks = np.argmax(
        whole.probes[cells[sample]][:, None, :] == cells[truth.index][:, :, None], axis=2
    )
    missed = np.take_along_axis(
        whole.probes[cells[sample]], ranks, axis=1
    ) != cells[truth.index]  # fmt: skip
    ranks[missed] = whole.probes.shape[1]
    held = np.cumsum(np.bincount(ranks.ravel(), minlength=whole.probes.shape[1]))
    recall = held[: whole.probes.shape[1]] / ranks.size
    enough = np.flatnonzero(recall >= WANTED_RECALL)
    count = int(enough[0]) + 1 if len(enough) else whole.probes.shape[1]
    return whole.probes[:, :count].copy(), float(recall[count - 1])


EXACT_UP_TO = 120_000
"""Tracks up to which every pair is compared; above, cells of about 500 are searched."""


class Space(Protocol):
    """Points (n, d) in an order of its own, and a search among them."""

    points: Points
    order: npt.NDArray[np.int64]
    recall: float

    def find(self, k: int, members: Ids | None, run: MapCells) -> Neighbours:
        """Every point's k nearest other points, among sorted `members` where given."""
        ...


class ExactSpace:
    """Every pair is compared."""

    recall = 1.0

    def __init__(self, points: Points) -> None:
        self.points = points - points.mean(axis=0, dtype=np.float64).astype(np.float32)
        self.order = np.arange(len(points))

    def find(self, k: int, members: Ids | None, run: MapCells) -> Neighbours:
        """See `Space`."""
        owners = np.arange(len(self.points), dtype=np.int32)
        base = self.points if members is None else self.points[members]
        return search_exact(self.points, base, k, run, names=members, owners=owners)


class CellSpace:
    """Points are compared with those of the cells around them."""

    def __init__(self, partition: Partition) -> None:
        self.partition = partition
        self.points, self.order = partition.points, partition.order
        self.recall = partition.recall

    def find(self, k: int, members: Ids | None, run: MapCells) -> Neighbours:
        """See `Space`; points whose cells hold no member are compared with all members."""
        found = search_cells(self.partition, k, run, members)
        lost = np.flatnonzero(found.index[:, 0] < 0)
        if members is not None and len(lost):
            rest = search_exact(
                self.points[lost], self.points[members], k, run,
                names=members, owners=lost.astype(np.int32),
            )  # fmt: skip
            found.index[lost], found.similarity[lost] = rest.index, rest.similarity
        return found


def open_space(points: Points, run: MapCells, *, k: int, seed: int = 0) -> Space:
    """An exact space up to `EXACT_UP_TO` points, a space of cells above."""
    if len(points) <= EXACT_UP_TO:
        return ExactSpace(points)
    centred = points - points.mean(axis=0, dtype=np.float64).astype(np.float32)
    return CellSpace(cut_cells(centred, run, seed=seed, k=k))
