"""The cheapest ways from one point to another, found again after points were closed.

What belongs here: shortest paths on the neighbour graph, and walks of a given number of points.
What does not: which points are tracks, and which of them must be closed (`paths`).

Points are 0 … n-1; every way begins at 0 and ends at 1. Closing a point makes only those answers
anew that went through it.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import dijkstra

from autogroove.listening.cancellation import raise_if_cancelled

NEIGHBOURS = 20
"""Edges of a point in the neighbour graph."""


class Ways:
    """Shortest paths on the symmetric graph of nearest neighbours.

    `steps` (n, n) are the costs between points, infinite on the diagonal.
    """

    def __init__(self, steps: NDArray[np.float64]) -> None:
        self._steps = steps
        self._ranked = np.argsort(steps, axis=1, kind="stable")
        self._is_open = np.ones(len(steps), dtype=bool)

    def close(self, point: int) -> None:
        """Leave a point out."""
        self._is_open[point] = False

    def find(self) -> list[int]:
        """The shortest path. Where the graph falls apart, it crosses the narrowest gaps."""
        raise_if_cancelled()
        graph = self._link_nearest()
        reached, before = dijkstra(graph, directed=False, indices=0, return_predecessors=True)
        if not np.isfinite(reached[1]):
            before = self._cross_gaps()
        path = [1]
        while path[-1] != 0:
            path.append(int(before[path[-1]]))
        return path[::-1]

    def _link_nearest(self) -> coo_array:
        """Every open point with its nearest open ones."""
        open_ = np.flatnonzero(self._is_open)
        ranked = self._ranked[open_]
        usable = self._is_open[ranked]
        near = usable & (usable.cumsum(axis=1) <= min(NEIGHBOURS, len(open_) - 1))
        rows, columns = np.nonzero(near)
        source, target = open_[rows], ranked[rows, columns]
        return coo_array((self._steps[source, target], (source, target)), shape=self._steps.shape)

    def _cross_gaps(self) -> list[int]:
        """Predecessors where every pair of open points is an edge."""
        num = len(self._steps)
        reached, before = np.full(num, np.inf), [0] * num
        left = self._is_open.copy()
        reached[0] = 0
        while left[1]:
            at = int(np.argmin(np.where(left, reached, np.inf)))
            left[at] = False
            shorter = np.flatnonzero(left & (reached[at] + self._steps[at] < reached))
            reached[shorter] = reached[at] + self._steps[at, shorter]
            for point in shorter.tolist():
                before[point] = at
        return before


class Walks:
    """The cheapest walk of `length` points in which each is further along than the one before.

    `progress` (n,) grows from 0 at the start to 1 at the goal, so no point comes twice. There is
    one layer for each place of the walk: what it costs to be at a point then, and where from.
    """

    def __init__(
        self, steps: NDArray[np.float64], progress: NDArray[np.float64], length: int
    ) -> None:
        order = np.lexsort((np.arange(len(progress)), progress))
        places = np.empty_like(order)
        places[order] = np.arange(len(order))
        # By target and source, so that the sources of a target lie side by side.
        self._edges = np.where(places[:, None] > places[None, :], steps.T, np.inf)
        self._length = length
        self._costs = [np.where(np.arange(len(steps)) == 0, 0.0, np.inf)]
        self._origins: list[NDArray[np.int64]] = []
        for _ in range(min(length, len(steps)) - 1):
            raise_if_cancelled()
            costs, origins = self._reach(slice(None), self._costs[-1])
            self._costs.append(costs)
            self._origins.append(origins)

    def _reach(
        self, targets: slice | NDArray[np.int64], costs: NDArray[np.float64]
    ) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
        reached = self._edges[targets] + costs
        origins = reached.argmin(axis=1)
        return reached[np.arange(len(reached)), origins], origins

    def close(self, point: int) -> None:
        """Leave a point out."""
        raise_if_cancelled()
        self._edges[point] = self._edges[:, point] = np.inf
        changed = np.zeros(len(self._edges), dtype=bool)
        for layer, origins in enumerate(self._origins, start=1):
            stale = changed[origins]
            stale[point] = True
            targets = np.flatnonzero(stale)
            costs, origins[targets] = self._reach(targets, self._costs[layer - 1])
            changed[:] = False
            changed[targets] = costs != self._costs[layer][targets]
            self._costs[layer][targets] = costs

    def find(self) -> list[int] | None:
        """The cheapest walk, or None."""
        return self._trace(self._length) if self._reaches(self._length) else None

    def find_longest(self) -> list[int]:
        """The walk with most points, up to the length."""
        return self._trace(next(n for n in range(len(self._costs), 1, -1) if self._reaches(n)))

    def _reaches(self, num: int) -> bool:
        return num <= len(self._costs) and bool(np.isfinite(self._costs[num - 1][1]))

    def _trace(self, num: int) -> list[int]:
        path = [1]
        for origins in reversed(self._origins[: num - 1]):
            path.append(int(origins[path[-1]]))
        return path[::-1]
