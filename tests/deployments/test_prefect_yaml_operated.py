"""Deployed and triggered for real: by hand, by the event that a watch emits, and by a schedule.

The processes are those of an operator, the deployments those of `prefect.yaml`; only settings are
smaller and schedules asleep.
"""

import json
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest
from operated import Stack, wait_until
from pipelines import NUM_TRACKS, TRACKS_PER_SEGMENT, quick_settings

from autogroove.releases.log import list_releases
from autogroove.releases.reading import open_release
from autogroove.store.store import Store

pytestmark = [pytest.mark.long, pytest.mark.slow, pytest.mark.timeout(3000)]


@contextmanager
def timed(what: str) -> Iterator[None]:
    started = time.monotonic()
    yield
    print(f"{what}: {time.monotonic() - started:.0f} s")


def finish(stack: Stack, run_id: str) -> None:
    assert stack.wait_for_end(run_id) == "COMPLETED", stack.explain(run_id)


def statuses(stack: Stack) -> dict[str, int]:
    counts = open_release(str(stack.store)).catalogue["status"].value_counts()
    return {str(status): int(count) for status, count in counts.items()}


def test_runs_by_hand_by_an_event_and_by_a_schedule_each_make_a_release(stack: Stack) -> None:
    with timed("by hand"):
        by_hand = stack.run("publish-release", "on-demand")
        finish(stack, by_hand)
    assert "Epoch 2 of 2" in stack.explain(by_hand)  # what the library logs on a Dask worker
    assert stack.releases() == [1]
    assert statuses(stack)["stored"] == NUM_TRACKS

    finish(stack, stack.run("watch-source", "watch"))
    stack.add_tracks()
    finish(stack, stack.run("watch-source", "watch"))
    with timed("from event to release"):
        (told,) = wait_until(lambda: stack.runs_of("on-change"), "a run starts by itself")
        finish(stack, told["id"])
    assert told["parameters"]["selection"]["source"] == str(stack.music)
    assert stack.releases() == [1, 2]
    assert statuses(stack) == {"stored": NUM_TRACKS + 5}

    shutil.move(min((stack.music / "fma_small").glob("*/*.mp3")), stack.waiting)
    with timed("from schedule to release"):
        every = ("publish-release/nightly", "--interval", "30", "--replace", "--accept-yes")
        stack.prefect("deployment", "schedule", "create", *every)
        wait_until(lambda: any(run["start_time"] for run in stack.runs_of("nightly")), "it starts")
        stack.prefect("deployment", "schedule", "clear", "publish-release/nightly", "--accept-yes")
        begun = [run for run in stack.runs_of("nightly") if run["start_time"]]
        for run in begun:
            finish(stack, run["id"])
    assert all(run["auto_scheduled"] for run in begun)
    assert stack.releases() == [1, 2, 3]
    assert statuses(stack)["stored"] == NUM_TRACKS + 4


def test_training_goes_to_the_gpu_pool_while_a_worker_of_it_is_there(stack: Stack) -> None:
    stack.start("gpu-worker", "prefect", "worker", "start", "--pool", "autogroove-gpu")
    try:
        wait_until(lambda: stack.ask("/work_pools/autogroove-gpu/workers/filter"), "it is online")
        run_id = stack.run_with(
            "weekly-retrain",
            settings=quick_settings()
            .with_overrides({"training.seed": "5"})
            .model_dump(mode="json"),
        )
        finish(stack, run_id)
    finally:
        stack.stop("gpu-worker")
    (there,) = stack.runs_of("train")
    assert there["state_type"] == "COMPLETED"
    assert there["work_pool_name"] == "autogroove-gpu"
    assert stack.find_run(run_id)["work_pool_name"] == "autogroove-cpu"
    epochs = [line for line in stack.explain(there["id"]).splitlines() if "epoch" in line.lower()]
    assert epochs  # what a worker of a pool logs reaches the run
    reached = stack.explain(run_id)
    assert f"as run {there['id']}" in reached
    assert not any(line in reached for line in epochs)


def test_the_poster_is_trained_on_the_gpu_pool_and_examined_where_it_was_asked_for(
    stack: Stack,
) -> None:
    known = {run["id"] for run in stack.runs_of("train")}
    stack.start("gpu-worker", "prefect", "worker", "start", "--pool", "autogroove-gpu")
    try:
        wait_until(lambda: stack.ask("/work_pools/autogroove-gpu/workers/filter"), "it is online")
        small = ("--examples", "24", "--epochs", "2", "--folder", "store", "--json")
        done = subprocess.run(
            [sys.executable, "-m", "flows.cli", "experiment", "poster", *small],
            env=stack.environment,
            cwd=stack.home,
            capture_output=True,
            text=True,
            check=False,
        )
    finally:
        stack.stop("gpu-worker")
    assert done.returncode == 0, done.stderr
    (there,) = [run for run in stack.runs_of("train") if run["id"] not in known]
    assert there["state_type"] == "COMPLETED"
    assert there["parameters"]["store"] == str(stack.home / "store")
    assert len(json.loads(done.stdout)["dev_loss"]) == 2
    assert (stack.home / "poster.md").exists()


def test_publishes_of_two_deployments_take_turns(stack: Stack) -> None:
    store = stack.home / "shared"
    asked = {
        "settings": quick_settings().model_dump(mode="json"),
        "circumstances": {"store": str(store), "tracks_per_segment": TRACKS_PER_SEGMENT},
    }
    first = stack.run_with("on-demand", **asked)
    wait_until(lambda: any(store.glob("turns/*")), "the first has its turn")
    second = stack.run_with("nightly", **asked)
    finish(stack, first)
    finish(stack, second)
    reached = stack.explain(second)
    assert "Waiting for process" in reached
    assert "epoch" not in reached.lower()  # it found everything made
    assert len(list_releases(Store(store))) == 1


@contextmanager
def receiver() -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """A webhook on loopback, and what it was told."""
    told: list[dict[str, Any]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            told.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *arguments: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/", told
    finally:
        server.shutdown()
        server.server_close()


def test_a_run_that_fails_is_told_to_a_webhook_in_one_sentence(stack: Stack) -> None:
    with receiver() as (url, told):
        stack.create_automations(url)
        run_id = stack.run_with(
            "on-demand",
            selection={"source": "/nowhere/at/all"},
            circumstances={
                "store": str(stack.home / "failing"),
                "tracks_per_segment": TRACKS_PER_SEGMENT,
            },
        )
        assert stack.wait_for_end(run_id) == "FAILED"
        wait_until(lambda: told, "the webhook is told")
    (message,) = told
    assert "/nowhere/at/all" in message["text"]
    assert "Failed" in message["text"]
    assert "Traceback" not in message["text"]
    assert message["run"].endswith(run_id)
    scans = stack.ask(
        "/task_runs/filter",
        flow_runs={"id": {"any_": [run_id]}},
        task_runs={"name": {"like_": "scan"}},
    )
    assert [scan["run_count"] for scan in scans] == [1]  # a bad source is not tried again
