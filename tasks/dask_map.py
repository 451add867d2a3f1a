"""Units of pure work on the workers of a Dask cluster.

What belongs here: how the function, its arrays and the answers travel.
What does not: what is computed. The library takes any ordered map and knows no cluster.

An array that a function holds is sent once and stays with the workers for as long as it is alive
here, so that many maps over the same encodings send them once. Only arrays of the dataclass that
is the function are held like that; the units of work travel with their tasks.
"""

import logging
import weakref
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import fields, is_dataclass, replace
from itertools import islice
from typing import Any

import numpy as np
from distributed import Client, Future
from prefect.context import FlowRunContext
from prefect_dask.task_runners import DaskTaskRunner
from threadpoolctl import threadpool_limits

from autogroove.clustering import EXACT_UP_TO
from autogroove.errors import ClusterError

SPREAD_ABOVE = EXACT_UP_TO
"""Tracks above which searches leave this process: there they go by cells."""
UNITS_PER_TASK = 32
"""Cells or blocks a Dask task: a few tenths of a second, where the task itself costs 6 ms."""
_TASKS_PER_THREAD = 4
_SENT_ONCE_BYTES = 65_536

_log = logging.getLogger(__name__)


def find_client() -> Client | None:
    """The client of the running flow's cluster, which is started here if need be.

    Raises:
        ClusterError: there is no cluster at the address that was given.
    """
    context = FlowRunContext.get()
    if context is None or not isinstance(context.task_runner, DaskTaskRunner):
        return None
    try:
        return context.task_runner.client
    except (OSError, ValueError) as error:
        place = context.task_runner.address or "this machine"
        raise ClusterError(
            f"No Dask scheduler answers at {place}. Start one (`dask scheduler`, `dask worker`), "
            "mend the address, or leave --dask out for a cluster of the run's own."
        ) from error


def spread_cells(num_tracks: int) -> "ClusterMap | None":
    """A map over the flow's cluster where a search is worth it, else None."""
    client = find_client() if num_tracks > SPREAD_ABOVE else None
    return ClusterMap(client) if client else None


class ClusterMap:
    """An ordered map over a cluster, for `cluster_encodings(map_cells=...)`.

    Attributes:
        sent_bytes: of arrays sent to all workers, once, not times the number of workers.
    """

    def __init__(self, client: Client) -> None:
        self.sent_bytes = 0
        self._client = client
        self._held: dict[int, Future[Any]] = {}

    def __call__(self, function: Callable[[Any], Any], units: Iterable[Any]) -> Iterator[Any]:
        """The answers in the order of the units; a few tasks a thread are under way at a time."""
        frame, arrays = self._part(function)
        left = iter(units)
        batches = iter(lambda: tuple(islice(left, UNITS_PER_TASK)), ())
        threads: dict[str, int] = self._client.nthreads()  # type: ignore[no-untyped-call]
        room = _TASKS_PER_THREAD * max(1, sum(threads.values()))
        waiting = deque(self._submit(frame, arrays, batch) for batch in islice(batches, room))
        while waiting:
            answers = waiting.popleft().result()
            waiting.extend(self._submit(frame, arrays, batch) for batch in islice(batches, 1))
            yield from answers

    def _submit(
        self, frame: Any, arrays: dict[str, Future[Any]], batch: tuple[Any, ...]
    ) -> Future[Any]:
        return self._client.submit(run_units, frame, batch, **arrays, pure=False)

    def _part(self, function: Any) -> tuple[Any, dict[str, Future[Any]]]:
        """The function without its large arrays, and those on the workers."""
        if not is_dataclass(function) or isinstance(function, type):
            return function, {}
        found = {field.name: getattr(function, field.name) for field in fields(function)}
        large = {
            name: value
            for name, value in found.items()
            if isinstance(value, np.ndarray) and value.nbytes >= _SENT_ONCE_BYTES
        }
        arrays = {name: self._hold(value) for name, value in large.items()}
        return replace(function, **dict.fromkeys(large)), arrays

    def _hold(self, array: np.ndarray[Any, Any]) -> Future[Any]:
        held = self._held.get(id(array))
        if held is None:
            (held,) = self._client.scatter([array], broadcast=True, hash=False)  # type: ignore[no-untyped-call]
            self.sent_bytes += array.nbytes
            _log.debug("Sent an array of %.1f MB to the workers.", array.nbytes / 1e6)
            self._held[id(array)] = held
            weakref.finalize(array, self._held.pop, id(array), None).atexit = False
        return held


def run_units(frame: Any, batch: tuple[Any, ...], **arrays: Any) -> list[Any]:
    """On a worker: the function made whole again, called on every unit of a batch.

    One thread for the BLAS, as in `autogroove.clustering.machine`: the answers must be the same.
    """
    function = replace(frame, **arrays) if arrays else frame
    with threadpool_limits(1, user_api="blas"):
        return [function(unit) for unit in batch]
