"""Nearest neighbours: exact by blocks, or within cells for larger collections."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from numba import njit

from autogroove.clustering.machine import MapCells, cut_rows

LOWEST = np.float32(-1e30)

_TILE = 128


@njit(nogil=True, cache=True)
def _replace_least(heap_s: Any, heap_i: Any, score: Any, index: int) -> None:
    """Put a score in the place of the least of a min-heap and sift it down."""
    size, place = heap_s.size, 0
    while True:
        child = 2 * place + 1
        if child >= size:
            break
        if child + 1 < size and heap_s[child + 1] < heap_s[child]:
            child += 1
        if heap_s[child] >= score:
            break
        heap_s[place], heap_i[place] = heap_s[child], heap_i[child]
        place = child
    heap_s[place], heap_i[place] = score, index


@njit(nogil=True, cache=True)
def keep_best(scores: Any, columns: Any, owners: Any, heap_s: Any, heap_i: Any) -> None:
    """Merge a block of scores into every row's heap of the largest.

    Args:
        scores: float32 (q, c).
        columns: int32 (c,), what each column is called.
        owners: int32 (q,), the column name that row q must not take (itself), or −1.
        heap_s, heap_i: (q, k) float32 and int32, min-heaps, updated.
    """
    for row in range(scores.shape[0]):
        best_s, best_i, owner = heap_s[row], heap_i[row], owners[row]
        for start in range(0, scores.shape[1], _TILE):
            tile = scores[row, start : start + _TILE]
            least, above = best_s[0], 0
            for j in range(tile.size):
                above += tile[j] > least
            if above == 0:
                continue
            for j in range(tile.size):
                if tile[j] > best_s[0] and columns[start + j] != owner:
                    _replace_least(best_s, best_i, tile[j], columns[start + j])


@njit(nogil=True, cache=True, fastmath=True)
def measure_pairs(queries: Any, base: Any, index: Any, out: Any) -> None:
    """out[i, j] = −‖queries[i] − base[index[i, j]]‖²; where the index is −1, LOWEST."""
    for i in range(index.shape[0]):
        for j in range(index.shape[1]):
            if index[i, j] < 0:
                out[i, j] = LOWEST
                continue
            x, y = queries[i], base[index[i, j]]
            total = np.float32(0)
            for d in range(x.size):
                total += (x[d] - y[d]) * (x[d] - y[d])
            out[i, j] = -total


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
