"""How tasks are handed to the cluster: not all at once, and each result in its batch's place."""

import time
from typing import Any

import pytest
from prefect import flow, task
from prefect_dask.task_runners import DaskTaskRunner

from autogroove.errors import ClusterError
from flows.runtime.fan_out import FEWEST_AT_ONCE, Tally, fan_out
from tasks.progress import Report, Stage, listening

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

NUM_BATCHES = FEWEST_AT_ONCE + 5


def double(number: int) -> int:
    """Later batches are done sooner, so that results come in another order than batches."""
    time.sleep(0.02 * (NUM_BATCHES - number))
    return 2 * number


def run_in_flow(runner: Any, work: Any) -> Any:
    return flow(work, name="fan-out", task_runner=runner)()


def test_only_so_many_tasks_are_with_the_cluster_at_a_time(dask_address: str) -> None:
    doubling = task(double, name="double")
    futures: list[Any] = []
    at_once: list[int] = []

    def submit(number: int, name: str) -> Any:
        futures.append(doubling.submit(number))
        at_once.append(sum(each.wrapped_future.status == "pending" for each in futures))
        return futures[-1]

    def work() -> list[int]:
        return fan_out(Stage("double"), list(range(NUM_BATCHES)), submit, count=str)

    results = run_in_flow(DaskTaskRunner(address=dask_address), work)
    assert results == [2 * number for number in range(NUM_BATCHES)]
    assert len(at_once) == NUM_BATCHES
    assert max(at_once) <= FEWEST_AT_ONCE  # two workers of one thread ask for no more


def test_the_progress_note_counts_all_batches_so_far(dask_address: str) -> None:
    doubling = task(double, name="double")
    tally = Tally(lambda number: {"halves": number, "odd": number % 2})
    reports: list[Report] = []

    def work() -> list[int]:
        return fan_out(
            Stage("double"),
            list(range(NUM_BATCHES)),
            lambda number, name: doubling.submit(number),
            count=tally,
        )

    with listening(reports.append):
        results = run_in_flow(DaskTaskRunner(address=dask_address), work)
    assert reports[-1] == Report("double", NUM_BATCHES, NUM_BATCHES, f"{sum(results)} halves")


def test_a_tally_tells_what_there_is() -> None:
    tally = Tally(lambda pair: {"tracks": pair[0], "quarantined": pair[1]})
    assert tally((0, 0)) == "0 tracks"
    assert tally((256, 0)) == "256 tracks"
    assert tally((32, 3)) == "288 tracks, 3 quarantined"


def test_a_cluster_that_does_not_answer_is_one_sentence(prefect_api: str) -> None:
    import dask

    doubling = task(double, name="double")

    def work() -> list[int]:
        return fan_out(
            Stage("double"), [1], lambda number, name: doubling.submit(number), count=str
        )

    nowhere = DaskTaskRunner(address="tcp://127.0.0.1:1")
    with (
        dask.config.set({"distributed.comm.timeouts.connect": "1s"}),
        pytest.raises(ClusterError, match=r"No Dask scheduler answers at tcp://127\.0\.0\.1:1\."),
    ):
        run_in_flow(nowhere, work)
