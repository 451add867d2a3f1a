"""From settings to a Dask task runner: an embedded cluster, or the address of one.

What belongs here: how the cluster of a run is found or made.
What does not: what runs on it (`tasks`).
"""

import os
from typing import Any, cast

from dask.distributed import LocalCluster
from prefect.task_runners import TaskRunner
from prefect_dask.task_runners import DaskTaskRunner

from autogroove.config import Circumstances

WORKER_MEMORY = "4GiB"
"""Prefect, Dask and torch take 350 MB of it; a batch of decoded tracks the rest."""


def make_task_runner(circumstances: Circumstances) -> TaskRunner[Any]:
    """The task runner of a flow; nothing is started before the first task is submitted."""
    if circumstances.dask:
        return _as_runner(DaskTaskRunner(address=circumstances.dask))
    make_cluster: Any = start_cluster
    workers = {"workers": circumstances.workers}
    return _as_runner(DaskTaskRunner(cluster_class=make_cluster, cluster_kwargs=workers))


def make_task_runner_from_environment() -> TaskRunner[Any]:
    """The runner of a deployed flow: AUTOGROOVE_DASK is an address, AUTOGROOVE_WORKERS a number."""
    workers = os.environ.get("AUTOGROOVE_WORKERS")
    return make_task_runner(
        Circumstances(
            dask=os.environ.get("AUTOGROOVE_DASK") or None,
            workers=int(workers) if workers else None,
        )
    )


def start_cluster(workers: int | None) -> LocalCluster:
    """One process a core and one thread a process: decoding and NumPy keep a core busy."""
    return LocalCluster(  # type: ignore[no-untyped-call]
        n_workers=workers or os.cpu_count() or 1,
        threads_per_worker=1,
        host="127.0.0.1",
        dashboard_address="127.0.0.1:0",
        memory_limit=WORKER_MEMORY,
        resources={"GPU": 1},
    )


def _as_runner(runner: Any) -> TaskRunner[Any]:
    """Prefect types a runner by its futures, and the Dask runner's own are not declared so."""
    return cast("TaskRunner[Any]", runner)
