"""One task a batch on Dask, followed to the end.

What belongs here: submitting, following and collecting mapped tasks; what happens when a batch
kills its worker.
What does not: what the tasks do.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

import dask
from distributed import Client, KilledWorker, as_completed
from prefect.futures import PrefectFuture
from prefect.logging import get_run_logger

from tasks.progress import Stage, receive_reports
from tasks.spreading import find_client

Batch = TypeVar("Batch")
Result = TypeVar("Result")
Submit = Callable[[Batch, str], PrefectFuture[Result]]


def fan_out(
    stage: Stage,
    batches: Sequence[Batch],
    submit: Submit[Batch, Result],
    *,
    count: Callable[[Result], str],
    resubmit: Submit[Batch, Result] | None = None,
) -> list[Result]:
    """The results of one task a batch, in the order of the batches.

    `submit(batch, "3/32")` starts a task; `count` words a result for the progress note, such as
    "256 tracks". A batch whose worker dies again and again is handed once to `resubmit`.
    """
    if not batches:
        return []
    client = follow_workers()
    names = [f"{number}/{len(batches)}" for number in range(1, len(batches) + 1)]
    stage.show(0, len(batches))
    futures: list[Any] = [submit(batch, name) for batch, name in zip(batches, names, strict=True)]
    places = {future.wrapped_future.key: place for place, future in enumerate(futures)}
    results: dict[int, Result] = {}
    following: Any = as_completed
    for ended in following([future.wrapped_future for future in futures], loop=client.loop):
        place = places[ended.key]
        try:
            results[place] = futures[place].result()
        except KilledWorker:
            if resubmit is None:
                raise
            get_run_logger().warning(
                "Batch %s killed its worker again and again: it is run in isolation.", names[place]
            )
            results[place] = resubmit(batches[place], names[place]).result()
        stage.show(len(results), len(batches), count(results[place]))
    return [results[place] for place in range(len(batches))]


def follow_workers() -> Client:
    """Hand what workers report to this process; starts the cluster where none is yet."""
    client = _find_client()
    receive_reports(client)
    return client


@contextmanager
def placed_on_gpu() -> Iterator[None]:
    """Place what is submitted meanwhile on workers with the Dask resource GPU, where there are any.

    A cluster without that resource would wait for it for ever.
    """
    workers = _find_client().scheduler_info(n_workers=-1)["workers"].values()
    if any(worker["resources"].get("GPU", 0) >= 1 for worker in workers):
        with dask.annotate(resources={"GPU": 1}):  # type: ignore[attr-defined]
            yield
    else:
        yield


def _find_client() -> Client:
    """The client of the running flow's cluster."""
    client = find_client()
    if client is None:
        raise RuntimeError("Tasks are fanned out within a flow whose task runner is Dask's.")
    return client
