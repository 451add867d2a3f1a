"""One task a batch on Dask, followed to the end.

What belongs here: submitting, following and collecting mapped tasks; what happens when a batch
kills its worker.
What does not: what the tasks do.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import islice
from typing import Any, TypeVar

import dask
from distributed import Client, KilledWorker, as_completed
from distributed.utils import sync
from prefect.futures import PrefectFuture
from prefect.logging import get_run_logger

from autogroove.errors import ClusterError
from tasks.dask_map import find_client
from tasks.progress import Stage, receive_reports

Batch = TypeVar("Batch")
Result = TypeVar("Result")
Submit = Callable[[Batch, str], PrefectFuture[Result]]

TASKS_PER_THREAD = 2
FEWEST_AT_ONCE = 8
"""Also where few workers are there yet: a cluster that adapts grows with what waits."""


class Tally:
    """What all results so far come to, in words: "288 tracks, 1 quarantined".

    `measure(result)` says how many of what one result is; what there are none of goes unsaid, but
    for the first.
    """

    def __init__(self, measure: Callable[[Any], Mapping[str, int]]) -> None:
        self._measure = measure
        self._totals: Counter[str] = Counter()

    def __call__(self, result: Any) -> str:
        """The words, with one more result counted in."""
        self._totals.update(self._measure(result))
        first, *others = self._totals.items()
        told = [first, *((name, number) for name, number in others if number)]
        return ", ".join(f"{number} {name}" for name, number in told)


def fan_out(
    stage: Stage,
    batches: Sequence[Batch],
    submit: Submit[Batch, Result],
    *,
    count: Callable[[Result], str],
    resubmit: Submit[Batch, Result] | None = None,
) -> list[Result]:
    """The results of one task a batch, in the order of the batches.

    `submit(batch, "3/32")` starts a task; `count` is told each result as it comes and words the
    progress note (a `Tally`: "256 tracks"). A batch whose worker dies again and again is handed
    once to `resubmit`. No more tasks than `most_at_once` are with the cluster at a time.

    Raises:
        ClusterError: a batch kills whatever worker it is given, and there is no `resubmit`.
    """
    if not batches:
        return []
    client = follow_workers()
    names = [f"{number}/{len(batches)}" for number in range(1, len(batches) + 1)]
    stage.show(0, len(batches))
    follow: Any = as_completed
    following = follow(loop=client.loop)
    waiting = iter(range(len(batches)))
    at_work: dict[str, tuple[int, Any]] = {}
    results: dict[int, Result] = {}

    def submit_more() -> None:
        room = max(0, most_at_once(client) - len(at_work))  # less than none where workers went
        for place in islice(waiting, room):
            future: Any = submit(batches[place], names[place])
            at_work[future.wrapped_future.key] = place, future
            following.add(future.wrapped_future)

    submit_more()
    for ended in following:
        place, future = at_work.pop(ended.key)
        submit_more()
        try:
            results[place] = await_result(future)
        except KilledWorker as error:
            results[place] = _run_apart(stage, batches[place], names[place], resubmit, error)
        stage.show(len(results), len(batches), count(results[place]))
    return [results[place] for place in range(len(batches))]


def most_at_once(client: Client) -> int:
    """Tasks that are with the cluster at a time: enough that no worker waits, and so few that a
    scheduler, a Prefect server and whoever cancels the run have little to hold."""
    workers = client.scheduler_info(n_workers=-1)["workers"].values()
    threads = sum(int(worker["nthreads"]) for worker in workers)
    return max(FEWEST_AT_ONCE, TASKS_PER_THREAD * threads)


def _run_apart(
    stage: Stage,
    batch: Batch,
    name: str,
    resubmit: Submit[Batch, Result] | None,
    error: KilledWorker,
) -> Result:
    """The result of a batch that killed its workers."""
    if resubmit is None:
        raise ClusterError(
            f"Batch {name} of the stage {stage.name!r} killed every worker that it was given. "
            "Most often that is memory: give workers more, or take fewer --tracks-per-segment."
        ) from error
    get_run_logger().warning(
        "Batch %s killed its worker again and again: it is run in isolation.", name
    )
    return await_result(resubmit(batch, name))


def await_result(future: PrefectFuture[Result]) -> Result:
    """The result of a task.

    Where this process is being ended, Dask's loop is closed beneath the wait, which then ends with
    an error about a variable of Dask's own. That is no failure of the run: it crashed.

    Raises:
        SystemExit: the process is being ended; Prefect records a crash.
    """
    try:
        return future.result()
    except UnboundLocalError as error:
        if not _is_of_closed_loop(error):
            raise
        raise SystemExit("The process of this run was ended while it waited for Dask.") from error


def _is_of_closed_loop(error: UnboundLocalError) -> bool:
    """Whether Dask's `sync`, in this process, ended with neither a result nor an error."""
    link = error.__traceback__
    while link is not None and link.tb_next is not None:
        link = link.tb_next
    return link is not None and link.tb_frame.f_globals.get("__name__") == sync.__module__


def follow_workers() -> Client:
    """Hand what workers report to this process; starts the cluster where none is yet."""
    client = _find_client()
    receive_reports(client)
    return client


def count_workers(client: Client) -> int:
    """Tasks that the cluster can work on at a time; at least 1, as workers may be on their way."""
    workers = client.scheduler_info(n_workers=-1)["workers"].values()
    return max(1, sum(int(worker["nthreads"]) for worker in workers))


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
    """The client of the running flow's cluster, which is started or found here."""
    client = find_client()
    if client is None:
        raise RuntimeError("Tasks are fanned out within a flow whose task runner is Dask's.")
    return client
