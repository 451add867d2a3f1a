"""How tasks are handed to the cluster: not all at once, and each result in its batch's place."""

import asyncio
import threading
import time
import uuid
from typing import Any

import httpx
import pytest
from prefect import flow, task
from prefect_dask.task_runners import DaskTaskRunner

from autogroove.errors import ClusterError
from flows.runtime.fan_out import FEWEST_AT_ONCE, Tally, await_result, fan_out, follow_workers
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


def test_a_run_whose_loop_is_closed_beneath_it_has_crashed(
    dask_address: str, prefect_api: str
) -> None:
    """As where the process of a run is ended: what Dask's loop waits for is cancelled."""

    @task(name="sleep")
    def sleep(seconds: float) -> None:
        time.sleep(seconds)

    def cancel_waiting(loop: Any) -> None:
        for each in asyncio.all_tasks(loop):
            if "Future._result" in repr(each):
                loop.call_soon_threadsafe(each.cancel)

    def work() -> None:
        client = follow_workers()
        future = sleep.submit(5)
        threading.Timer(1, cancel_waiting, [client.loop.asyncio_loop]).start()
        await_result(future)

    name = f"closed-{uuid.uuid4().hex}"
    with pytest.raises(SystemExit, match="was ended while it waited"):
        flow(work, name=name, task_runner=DaskTaskRunner(address=dask_address))()
    asked = {"flows": {"name": {"any_": [name]}}}
    (run,) = httpx.post(f"{prefect_api}/flow_runs/filter", json=asked).json()
    assert run["state_type"] == "CRASHED"


def test_a_fault_of_a_task_is_no_crash(dask_address: str) -> None:
    def forget() -> int:
        if time.time() < 0:
            result = 1
        return result

    def work() -> int:
        return await_result(task(forget, name="forget").submit())

    runner = DaskTaskRunner(address=dask_address)
    state = flow(work, name="fault", task_runner=runner)(return_state=True)
    assert state.is_failed(), state
