"""Where neighbours are looked up: the same questions, asked exactly or within cells.

What belongs here: the two answers to "who are the k nearest of these candidates to everyone?".
What does not: what is done with the neighbours.
"""

from typing import Protocol

import numpy as np
import numpy.typing as npt

from autogroove.affinity.cells import Partition, cut_cells, search_cells
from autogroove.affinity.neighbours import Ids, Neighbours, Points, search_exact
from autogroove.affinity.threads import MapCells

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
