"""The embedded cluster of a run."""

import os

import pytest
from distributed import Client, Worker

from flows.runtime.runners import start_cluster


@pytest.mark.slow
def test_workers_allocate_as_other_processes_do():
    names = "MALLOC_TRIM_THRESHOLD_", "MALLOC_MMAP_THRESHOLD_"
    ours = {name: os.environ.get(name) for name in names}
    with start_cluster(1) as cluster, Client(cluster) as client:
        (theirs,) = client.run(lambda: {name: os.environ.get(name) for name in names}).values()
    assert theirs == ours


@pytest.mark.slow
def test_a_heartbeat_that_meets_a_closed_scheduler_is_silent(capfd: pytest.CaptureFixture[str]):
    async def beat(dask_worker: Worker) -> None:
        there = dask_worker.scheduler
        dask_worker.scheduler = dask_worker.rpc("tcp://127.0.0.1:1")
        await dask_worker.heartbeat()
        dask_worker.scheduler = there

    with start_cluster(1) as cluster, Client(cluster) as client:
        client.run(beat)
    told = capfd.readouterr()
    assert "Traceback" not in told.out + told.err
