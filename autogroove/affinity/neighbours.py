"""Nearest neighbours: exact by blocks, or within cells for larger collections.

What belongs here: the exact search as a pure function of a block of rows, and `Neighbours`.
What does not: cells (`autogroove.affinity.cells`), graphs.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from autogroove.affinity.search_kernels import LOWEST, keep_best, measure_pairs
from autogroove.affinity.threads import MapCells, cut_rows

Points = npt.NDArray[np.float32]
Ids = npt.NDArray[np.int32]

_QUERY_ROWS = 384
_BASE_ROWS = 2048


@dataclass(frozen=True)
class Neighbours:
    """Every query's nearest rows of a base, nearest first.

    Attributes:
        index: int32 (n, k); −1 where there are fewer than k.
        similarity: float32 (n, k), −‖x − y‖²; −1e30 where the index is −1.
        exact: whether nothing nearer can have been missed.
    """

    index: Ids
    similarity: Points
    exact: bool


@dataclass(frozen=True)
class BlockSearch:
    """The exact search among a base: pure, picklable, mapped over blocks of queries.

    A block travels once, to whoever searches it; the base goes to everyone who searches.

    Attributes:
        base: float32 (m, d).
        names: int32 (m,), what a base row is called in the answer.
        k: neighbours wanted.
    """

    base: Points
    names: Ids
    k: int

    def __call__(self, block: tuple[Points, Ids]) -> tuple[Ids, Points]:
        """Names (q, k) and similarities (q, k) of queries (q, d), centred like the base.

        Beside them int32 (q,), the name that a query must not find (itself), or −1.
        """
        queries, owners = block
        return search_block(queries, self.base, self.names, owners, self.k)


def search_block(
    queries: Points, base: Points, names: Ids, owners: Ids, k: int
) -> tuple[Ids, Points]:
    """The k nearest base rows of each query, by blocked products and a heap a row."""
    heap_s = np.full((len(queries), k), LOWEST, dtype=np.float32)
    heap_i = np.full((len(queries), k), -1, dtype=np.int32)
    positions = np.arange(len(base), dtype=np.int32)
    avoid = _find_owners(names, owners)
    doubled = 2 * queries
    buffer = np.empty((len(queries), min(_BASE_ROWS, len(base))), dtype=np.float32)
    for start, stop in cut_rows(len(base), _BASE_ROWS):
        part = base[start:stop]
        scores = buffer[:, : stop - start]
        np.matmul(doubled, part.T, out=scores)
        scores -= np.einsum("ij,ij->i", part, part)
        keep_best(scores, positions[start:stop], avoid, heap_s, heap_i)
    found = np.empty_like(heap_s)
    measure_pairs(queries, base, heap_i, found)
    heap_s[:] = found
    order = np.lexsort((heap_i, -found), axis=1)
    index = np.take_along_axis(heap_i, order, axis=1)
    index = np.where(index >= 0, names[index], np.int32(-1))
    return index.astype(np.int32), np.take_along_axis(found, order, axis=1)


def search_exact(
    queries: Points,
    base: Points,
    k: int,
    run: MapCells,
    *,
    names: Ids | None = None,
    owners: Ids | None = None,
) -> Neighbours:
    """The k nearest base rows of every query, exact up to rounding in float32."""
    names = np.arange(len(base), dtype=np.int32) if names is None else names
    owners = np.full(len(queries), -1, dtype=np.int32) if owners is None else owners
    index = np.empty((len(queries), k), dtype=np.int32)
    similarity = np.empty((len(queries), k), dtype=np.float32)
    blocks = cut_rows(len(queries), _QUERY_ROWS)
    units = ((queries[start:stop], owners[start:stop]) for start, stop in blocks)
    answers = run(BlockSearch(base, names, k), units)
    for (start, stop), (some, values) in zip(blocks, answers, strict=True):
        index[start:stop], similarity[start:stop] = some, values
    return Neighbours(index, similarity, exact=True)


def _find_owners(names: Ids, owners: Ids) -> Ids:
    """Positions in the base of the names to avoid; names are sorted; −1 where absent."""
    place = np.searchsorted(names, owners)
    place[place == len(names)] = 0
    found = (names[place] == owners) if len(names) else np.zeros(len(owners), dtype=np.bool_)
    return np.where(found, place, -1).astype(np.int32)
