"""The neighbour graph that sparse messages travel along.

What belongs here: the union of nearest neighbours with its reverse, in compressed rows.
What does not: finding the neighbours, passing the messages.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from autogroove.affinity.graph_kernels import count_edges, fill_edges
from autogroove.affinity.neighbours import Ids, Neighbours, Points
from autogroove.affinity.similarity import hash_jitter


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
