"""Compiled parts of the neighbour search.

What belongs here: numba code that keeps the best scores of a block of a matrix product.
What does not: the products themselves (BLAS), or which rows are compared.
"""

from typing import Any

import numpy as np
from numba import njit

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
