"""Blocks of rows on threads, with the same answer for any number of threads.

What belongs here: cutting rows into blocks whose bounds depend only on their number, and running
one function on every block.
What does not: what a block computes. The kernels release the GIL and use none of numba's own
threading layers, so they may be called from several threads at once, a Dask worker's too.
"""

import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

from threadpoolctl import threadpool_limits

MapCells = Callable[[Callable[[Any], Any], Iterable[Any]], Iterable[Any]]
"""What maps a pure function over units of work, in order: `map`, a pool's `map`, or a cluster's."""


def count_threads(threads: int | None = None) -> int:
    """The number of threads to use: what was asked for, or the processors this process may use."""
    if threads is not None:
        return max(1, threads)
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not on macOS
        return os.cpu_count() or 1


def cut_rows(num_rows: int, rows_per_block: int) -> list[tuple[int, int]]:
    """Half-open (start, stop) bounds that cover `num_rows` rows in order."""
    return [
        (start, min(start + rows_per_block, num_rows))
        for start in range(0, num_rows, rows_per_block)
    ]


@contextmanager
def open_map(threads: int | None = None) -> Iterator[MapCells]:
    """An ordered map over threads, with the BLAS held to one thread.

    One BLAS thread a block makes the sums independent of the number of threads and keeps the
    two kinds of threads from fighting over the processors.
    """
    count = count_threads(threads)
    with threadpool_limits(1, user_api="blas"):
        if count == 1:
            yield map
            return
        with ThreadPoolExecutor(count, thread_name_prefix="affinity") as pool:
            yield pool.map
