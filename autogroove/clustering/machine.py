"""Blocks of rows on threads, with the same answer for any number of threads; how much memory
there is.
"""

import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
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


def find_available_bytes() -> int | None:
    """Memory that this process could still take, or None where the system does not say."""
    free = _read_meminfo()
    limit = _read_cgroup()
    known = [value for value in (free, limit) if value is not None]
    return min(known) if known else None


def _read_meminfo() -> int | None:
    try:
        lines = Path("/proc/meminfo").read_text().splitlines()
    except OSError:
        return None
    found = [line for line in lines if line.startswith("MemAvailable:")]
    return int(found[0].split()[1]) * 1024 if found else None


def _read_cgroup() -> int | None:
    root = Path("/sys/fs/cgroup")
    try:
        return int((root / "memory.max").read_text()) - int((root / "memory.current").read_text())
    except (OSError, ValueError):
        return None
