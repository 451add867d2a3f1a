"""The neighbour graph that sparse messages travel along, and compiled passes over its edges."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from numba import njit

from autogroove.clustering.neighbours import Ids, Neighbours, Points
from autogroove.clustering.similarity import hash_jitter

LOWEST = np.float32(-1e30)


@njit(nogil=True, cache=True)
def _knows(index: Any, i: int, j: int) -> bool:
    found = 0
    row = index[i]
    for place in range(row.size):
        found += row[place] == j
    return found > 0


@njit(nogil=True, cache=True)
def count_edges(index: Any) -> Any:
    """Degree of every point in the union of a neighbour list (n, k) with its reverse."""
    degree = np.zeros(index.shape[0], dtype=np.int64)
    for i in range(index.shape[0]):
        for j in index[i]:
            if j >= 0:
                degree[i] += 1
                if not _knows(index, j, i):
                    degree[j] += 1
    return degree


@njit(nogil=True, cache=True)
def fill_edges(index: Any, similarity: Any, indptr: Any, columns: Any, values: Any) -> None:
    """Write the edges of the union: each point's own neighbours first, then the reverse ones."""
    place = indptr[:-1].copy()
    for i in range(index.shape[0]):
        for slot in range(index.shape[1]):
            j = index[i, slot]
            if j >= 0:
                columns[place[i]], values[place[i]] = j, similarity[i, slot]
                place[i] += 1
                if not _knows(index, j, i):
                    columns[place[j]], values[place[j]] = i, similarity[i, slot]
                    place[j] += 1


@njit(nogil=True, cache=True)
def count_components(indptr: Any, columns: Any) -> int:
    """How many parts of a symmetric graph have no edge between them; 5 bytes a point."""
    n = indptr.size - 1
    seen = np.zeros(n, dtype=np.bool_)
    waiting = np.empty(n, dtype=np.int32)
    components = 0
    for start in range(n):
        if seen[start]:
            continue
        components += 1
        seen[start], waiting[0], count = True, start, 1
        while count:
            count -= 1
            i = waiting[count]
            for e in range(indptr[i], indptr[i + 1]):
                j = columns[e]
                if not seen[j]:
                    seen[j], waiting[count] = True, j
                    count += 1
    return components


@njit(nogil=True, cache=True, fastmath=True)
def pass_edges(
    indptr: Any,
    edges: tuple[Any, Any],
    messages: tuple[Any, Any],
    diagonal: Any,
    totals: Any,
    rows: tuple[int, int],
    damping: Any,
    sums: Any,
) -> None:
    """One iteration for rows [start, stop): availabilities, then responsibilities.

    Args:
        indptr: int64 (n + 1,).
        edges: columns int32 (m,), similarities float32 (m,).
        messages: availabilities and responsibilities float32 (m,), updated.
        diagonal: float32 (3, n): preference, availability and responsibility to self (updated).
        totals: float32 (n,), last iteration's sums of positive responsibilities.
        rows: (start, stop).
        damping: float32.
        sums: float32 (n,), gains this block's positive responsibilities, without the diagonal.
    """
    columns, s = edges
    a, r = messages
    keep, zero = np.float32(1) - damping, np.float32(0)
    for i in range(rows[0], rows[1]):
        first, second, where = diagonal[0, i] + diagonal[1, i], LOWEST, -1
        for e in range(indptr[i], indptr[i + 1]):
            fresh = min(zero, totals[columns[e]] - max(r[e], zero))
            a[e] = damping * a[e] + keep * fresh
            value = a[e] + s[e]
            if value > first:
                first, second, where = value, first, e
            elif value > second:
                second = value
        for e in range(indptr[i], indptr[i + 1]):
            rival = second if e == where else first
            r[e] = damping * r[e] + keep * (s[e] - rival)
            if r[e] > zero:
                sums[columns[e]] += r[e]
        rival = second if where < 0 else first
        diagonal[2, i] = damping * diagonal[2, i] + keep * (diagonal[0, i] - rival)


@njit(nogil=True, cache=True)
def open_exemplars(
    candidates: Any, indptr: Any, columns: Any, values: Any, cost: Any, best: Any
) -> Any:
    """Open every candidate that still gains when its turn comes; returns those opened.

    Args:
        candidates: int64, in the order in which to try.
        indptr, columns, values: the (symmetric) graph.
        cost: −preference.
        best: float32 (n,), similarity to the present exemplar, updated as exemplars open.
    """
    opened = np.zeros(candidates.size, dtype=np.bool_)
    for turn in range(candidates.size):
        j = candidates[turn]
        gain = -cost - best[j]
        for e in range(indptr[j], indptr[j + 1]):
            gain += max(np.float32(0), values[e] - best[columns[e]])
        if gain > 0:
            opened[turn] = True
            best[j] = 0
            for e in range(indptr[j], indptr[j + 1]):
                best[columns[e]] = max(best[columns[e]], values[e])
    return opened


@njit(nogil=True, cache=True, fastmath=True)
def measure_gains(indptr: Any, columns: Any, values: Any, best: Any, out: Any) -> None:
    """out[j] = what all points would gain in similarity if j were an exemplar too."""
    for j in range(out.size):
        gain = -best[j]
        for e in range(indptr[j], indptr[j + 1]):
            gain += max(np.float32(0), values[e] - best[columns[e]])
        out[j] = gain


@njit(nogil=True, cache=True, fastmath=True)
def find_slack(
    indptr: Any, columns: Any, values: Any, prices: Any, cost: Any, slack: Any, rows: Any
) -> None:
    """slack[j] = cost − Σ_i max(0, prices[i] − c_ij) over j itself and its edges."""
    for j in range(rows[0], rows[1]):
        load = prices[j]
        for e in range(indptr[j], indptr[j + 1]):
            load += max(np.float32(0), prices[columns[e]] + values[e])
        slack[j] = cost - load


@njit(nogil=True, cache=True, fastmath=True)
def find_slope(
    indptr: Any, columns: Any, values: Any, prices: Any, slack: Any, slope: Any, rows: Any
) -> None:
    """slope[i] = 1 − the overpaid exemplars that point i bids for: a supergradient."""
    zero = np.float32(0)
    for i in range(rows[0], rows[1]):
        bidders = 1 if slack[i] < zero else 0
        for e in range(indptr[i], indptr[i + 1]):
            bidders += (prices[i] + values[e] > zero) & (slack[columns[e]] < zero)
        slope[i] = 1 - bidders


@dataclass(frozen=True)
class Graph:
    """Edges by row.

    Attributes:
        indptr: int64 (n + 1,), where each row begins.
        columns: int32 (m,), the other end of each edge.
        values: float32 (m,), similarities.
    """

    indptr: npt.NDArray[np.int64]
    columns: Ids
    values: Points

    @property
    def edges(self) -> tuple[npt.NDArray[np.int64], Ids, Points]:
        """The three arrays, as the kernels take them."""
        return self.indptr, self.columns, self.values

    @property
    def num_points(self) -> int:
        """How many rows."""
        return len(self.indptr) - 1


def join_neighbours(neighbours: Neighbours) -> Graph:
    """The symmetric graph in which i and j are joined if either is among the other's nearest."""
    degree = count_edges(neighbours.index)
    indptr = np.concatenate([[0], np.cumsum(degree)])
    columns = np.empty(indptr[-1], dtype=np.int32)
    values = np.empty(indptr[-1], dtype=np.float32)
    fill_edges(neighbours.index, neighbours.similarity, indptr, columns, values)
    return Graph(indptr, columns, values)


def point_to_candidates(neighbours: Neighbours) -> Graph:
    """The one-way graph from every point to the candidates it found."""
    found = neighbours.index >= 0
    indptr = np.concatenate([[0], np.cumsum(found.sum(axis=1))])
    return Graph(indptr, neighbours.index[found], neighbours.similarity[found])


def jitter_graph(graph: Graph, scale: float) -> Graph:
    """The graph with a jitter of at most `scale` on every edge: ties would never settle."""
    values = graph.values.copy()
    step = 65_536
    for start in range(0, graph.num_points, step):
        stop = min(start + step, graph.num_points)
        edges = slice(graph.indptr[start], graph.indptr[stop])
        rows = np.repeat(np.arange(start, stop), np.diff(graph.indptr[start : stop + 1]))
        values[edges] += hash_jitter(rows, graph.columns[edges]) * np.float32(scale)
    return Graph(graph.indptr, graph.columns, values)
