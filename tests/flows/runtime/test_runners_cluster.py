"""Runs on a cluster that was started apart: a scheduler and two workers as processes of their own.

What a worker's death costs, and what becomes of a file that kills whoever decodes it.
"""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from distributed import Client
from hostile import RATE, wav_of
from pipelines import (
    SHORT,
    TRACKS_PER_SEGMENT,
    Published,
    autogroove_json,
    run_arguments,
    start_autogroove,
)
from servers import stop
from sounds import play_music

from autogroove.releases.log import read_manifest
from autogroove.releases.reading import open_release
from autogroove.releases.verification import verify_release
from autogroove.store.store import Store

pytestmark = [pytest.mark.long, pytest.mark.slow, pytest.mark.timeout(900)]

DEADLY_FOLDER = Path(__file__).with_name("deadly")
DEADLY = b"this sound kills"
NUM_FINE = 7


@contextmanager
def running(module: str, *arguments: str) -> Iterator[None]:
    """One process of a cluster that knows nothing of Prefect's server, or of these tests."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PREFECT_")}
    environment["PYTHONPATH"] = str(DEADLY_FOLDER)
    process = subprocess.Popen(
        [sys.executable, "-m", f"distributed.cli.{module}", "--host", "127.0.0.1", *arguments],
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield
    finally:
        stop(process, patience_seconds=20)


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory, prefect_api: str) -> Iterator[str]:
    """The address of a scheduler with two workers of one thread each."""
    told = tmp_path_factory.mktemp("dask") / "scheduler.json"
    options = ("--port", "0", "--no-dashboard", "--scheduler-file", str(told))
    with running("dask_scheduler", *options):
        deadline = time.monotonic() + 120
        while not told.exists() or not told.read_text():
            assert time.monotonic() < deadline, "no scheduler"
            time.sleep(0.1)
        address = str(json.loads(told.read_text())["address"])
        worker = ("dask_worker", address, "--nthreads", "1", "--no-dashboard")
        with running(*worker), running(*worker), Client(address, set_as_default=False) as client:
            client.wait_for_workers(2, timeout=120)
            yield address


def digest_of(store: Path) -> str:
    return read_manifest(Store(store), 1).content_digest


def find_busy_worker(client: Client) -> int:
    """The process of a worker that has a task in hand."""
    while True:
        busy = [worker for worker, tasks in client.processing().items() if tasks]
        pids = client.run(os.getpid, workers=busy[:1]) if busy else {}
        if pids:
            return int(next(iter(pids.values())))


def test_a_killed_worker_costs_one_batch_and_changes_nothing(
    cluster: str, published: Published, tmp_path: Path
) -> None:
    """The digest is that of an embedded cluster, though a worker died in the midst of it."""
    store = tmp_path / "store"
    run = start_autogroove([*run_arguments(published.music, store), "--dask", cluster])
    with Client(cluster, set_as_default=False) as client:
        while not (whole := list(store.glob("segments/*/*/index.json"))):
            assert run.poll() is None, "the run ended before a worker could be killed"
        times = {path: path.stat().st_mtime_ns for path in whole}
        os.kill(find_busy_worker(client), signal.SIGKILL)
    assert len(times) < 3
    assert run.wait(600) == 0
    assert digest_of(store) == digest_of(published.store)
    assert {path: path.stat().st_mtime_ns for path in times} == times


def write_music(folder: Path) -> None:
    """Good tracks, and among them one on whose bytes the workers' decoder dies."""
    folder.mkdir()
    for number in range(NUM_FINE):
        samples = play_music(6, seed=number)
        (folder / f"fine {number}.wav").write_bytes(wav_of(samples, subtype="PCM_16"))
    deadly = (np.frombuffer(DEADLY * (RATE // 2), np.int16) / 32768).astype("f4")
    (folder / "deadly.wav").write_bytes(wav_of(deadly, subtype="PCM_16"))


def test_a_file_that_kills_every_worker_is_quarantined_and_the_others_are_stored(
    cluster: str, tmp_path: Path
) -> None:
    write_music(tmp_path / "music")
    assert DEADLY in (tmp_path / "music/deadly.wav").read_bytes()[:4096]
    arguments = run_arguments(tmp_path / "music", tmp_path / "store")
    for name, value in SHORT.items():
        arguments += ["--set", f"{name}={value}"]
    summary = autogroove_json(*arguments, "--dask", cluster)
    catalogue = open_release(str(tmp_path / "store")).catalogue.set_index("path")
    deadly = catalogue.loc["deadly.wav"]
    assert (deadly["status"], deadly["reason"]) == ("quarantined", "crashed_decoder")
    assert "SIGSEGV" in deadly["detail"]
    assert (catalogue.drop("deadly.wav")["status"] == "stored").all()
    counts = {"source": NUM_FINE + 1, "stored": NUM_FINE, "quarantined": 1, "excluded": 0}
    assert summary["coverage"] == counts
    assert summary["stages"]["spectrograms"]["segments_written"] == -(-8 // TRACKS_PER_SEGMENT)
    assert verify_release(Store(tmp_path / "store"), 1).faults == ()
    # Known bad, it is not decoded again: no worker dies.
    again = autogroove_json(*arguments, "--dask", cluster)
    assert (again["published"], again["stages"]["spectrograms"]["status"]) == (False, "reused")
