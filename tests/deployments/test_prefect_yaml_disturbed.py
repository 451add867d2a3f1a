"""Runs that are cancelled, lose their worker or lose their server: what becomes of them, and that
running again ends where an undisturbed run does.

Every disturbance comes in the middle of a training, after a checkpoint. The oracle is a run of the
same settings that nobody disturbed.
"""

import os
import signal
import sys
from pathlib import Path
from typing import Any

import cloudpickle
import httpx
import psutil
import pytest
from distributed import Client
from operated import Stack, wait_until
from pipelines import TRACKS_PER_SEGMENT, quick_settings

from autogroove.releases.leases import PUBLISH_QUEUE, RUNS
from autogroove.releases.reading import open_release
from autogroove.releases.verification import verify_release
from autogroove.store.store import Store

pytestmark = [pytest.mark.long, pytest.mark.slow, pytest.mark.timeout(3000)]

LONG = {"training.epochs": "120", "training.seed": "7", "training.learning_rate": "0.0005"}


def start(stack: Stack, store: Path, deployment: str = "on-demand") -> str:
    settings = quick_settings().with_overrides(LONG).model_dump(mode="json")
    circumstances = {"store": str(store), "tracks_per_segment": TRACKS_PER_SEGMENT}
    return stack.run_with(deployment, settings=settings, circumstances=circumstances)


def is_training(store: Path) -> bool:
    return any(store.glob("models/*/checkpoints/*.json")) and not trained(store)


def trained(store: Path) -> bool:
    return any(store.glob("models/*/model.json"))


def finish(stack: Stack, run_id: str) -> None:
    assert stack.wait_for_end(run_id) == "COMPLETED", stack.explain(run_id)


@pytest.fixture(scope="module")
def oracle(stack: Stack) -> str:
    """The content of the release that an undisturbed run makes."""
    store = stack.home / "undisturbed"
    finish(stack, start(stack, store))
    return open_release(str(store)).manifest.content_digest


def check_release(store: Path, oracle: str) -> None:
    release = open_release(str(store))
    assert release.number == 1
    assert release.manifest.content_digest == oracle
    assert verify_release(Store(store), 1).faults == ()


def test_a_cancelled_run_stops_its_work_and_the_next_one_ends_it(stack: Stack, oracle: str) -> None:
    store = stack.home / "cancelled"
    run_id = start(stack, store)
    wait_until(lambda: is_training(store), "it trains")
    stack.prefect("flow-run", "cancel", run_id)
    assert stack.wait_for_end(run_id) == "CANCELLED"
    with Client(stack.dask) as client:
        wait_until(lambda: not any(client.processing().values()), "Dask is idle")
        wait_until(lambda: not any(executing(client).values()), "no thread works on")
    assert not trained(store)
    assert not any((store / "releases").glob("*.json"))
    assert list(Store(store).objects(RUNS)) == list(Store(store).objects(PUBLISH_QUEUE)) == []
    finish(stack, start(stack, store))
    check_release(store, oracle)


def executing(client: Client) -> dict[str, Any]:
    """What runs in the workers' threads, wanted or not."""
    cloudpickle.register_pickle_by_value(sys.modules[__name__])  # workers have no tests
    return client.run(
        lambda dask_worker: [t.key for t in dask_worker.state.tasks.values() if t.state in BUSY]
    )


BUSY = {"executing", "cancelled", "long-running"}


def test_a_run_crashes_with_its_worker_and_the_next_one_ends_it(stack: Stack, oracle: str) -> None:
    store = stack.home / "worker-killed"
    run_id = start(stack, store)
    wait_until(lambda: is_training(store), "it trains")
    stack.processes["worker"].kill()
    stack.stop("worker")
    stack.start_worker()
    assert stack.wait_for_end(run_id) == "CRASHED", stack.explain(run_id)
    finish(stack, start(stack, store))
    check_release(store, oracle)


def test_a_run_whose_machine_is_lost_is_marked_crashed_and_the_next_one_ends_it(
    stack: Stack, oracle: str
) -> None:
    stack.create_automations("http://127.0.0.1:9/")
    store = stack.home / "machine-lost"
    run_id = start(stack, store)
    wait_until(lambda: is_training(store), "it trains")
    worker = psutil.Process(stack.processes["worker"].pid)
    for process in [worker, *worker.children(recursive=True)]:
        os.kill(process.pid, signal.SIGKILL)
    stack.stop("worker")
    assert stack.find_run(run_id)["state_type"] == "RUNNING"  # nobody was left to say so
    stack.start_worker()
    next_one = start(stack, store)
    assert stack.wait_for_end(run_id) == "CRASHED"
    assert "No sign of life" in stack.find_run(run_id)["state"]["message"]
    finish(stack, next_one)
    check_release(store, oracle)


def test_a_run_goes_on_while_its_server_is_started_anew(stack: Stack, oracle: str) -> None:
    store = stack.home / "server-restarted"
    run_id = start(stack, store)
    wait_until(lambda: is_training(store), "it trains")
    stack.stop("server")
    with pytest.raises(httpx.HTTPError):
        httpx.get(f"{stack.url}/health", timeout=3)
    stack.start_server()
    ended = stack.wait_for_end(run_id)
    print("server restarted: the run ended as", ended)
    if ended != "COMPLETED":
        finish(stack, start(stack, store))
    check_release(store, oracle)
