"""From settings to a Dask task runner: an embedded cluster, or the address of one.

What belongs here: how the cluster of a run is found or made.
What does not: what runs on it (`tasks`).
"""

import os
from typing import Any, cast

import dask
from dask.distributed import LocalCluster
from prefect.context import FlowRunContext
from prefect.task_runners import TaskRunner
from prefect_dask.client import PrefectDaskClient
from prefect_dask.task_runners import DaskTaskRunner

from autogroove.config import Circumstances

WORKER_MEMORY = "4GiB"
"""Prefect, Dask and torch take 350 MB of it; a batch of decoded tracks the rest."""

USUAL_ALLOCATOR = {"distributed.nanny.pre-spawn-environ.MALLOC_TRIM_THRESHOLD_": None}
"""Dask's own threshold, 64 KiB, has every array mapped anew, and training take seven times as long.

Left out, glibc keeps what it will soon need again (mallopt(3)).
"""


def make_task_runner(circumstances: Circumstances) -> TaskRunner[Any]:
    """The task runner of a flow; nothing is started before the first task is submitted."""
    if circumstances.dask:
        return _as_runner(DaskTaskRunner(address=circumstances.dask))
    make_cluster: Any = start_cluster
    workers = {"workers": circumstances.workers}
    return _as_runner(DaskTaskRunner(cluster_class=make_cluster, cluster_kwargs=workers))


class DeployedRunner(DaskTaskRunner):
    """The runner of a deployed flow, which is made before the run's parameters are known.

    The cluster is chosen with the first task: `circumstances` of the run, else AUTOGROOVE_DASK (an
    address) and AUTOGROOVE_WORKERS (a number) in the worker's environment.
    """

    @property
    def client(self) -> PrefectDaskClient:
        """The client of the chosen cluster, which is found or started here."""
        if not self._client:
            workers = os.environ.get("AUTOGROOVE_WORKERS")
            asked = _asked_by_run()
            self.address = asked.dask or os.environ.get("AUTOGROOVE_DASK") or None
            make_cluster: Any = start_cluster
            self.cluster_class = make_cluster
            self.cluster_kwargs = {"workers": asked.workers or (int(workers) if workers else None)}
        return super().client


def make_task_runner_from_environment() -> TaskRunner[Any]:
    """The runner of a deployed flow."""
    return _as_runner(DeployedRunner())


def start_cluster(workers: int | None) -> LocalCluster:
    """One process a core and one thread a process: decoding and NumPy keep a core busy."""
    with dask.config.set(USUAL_ALLOCATOR):
        return LocalCluster(  # type: ignore[no-untyped-call]
            n_workers=workers or os.cpu_count() or 1,
            threads_per_worker=1,
            host="127.0.0.1",
            dashboard_address="127.0.0.1:0",
            memory_limit=WORKER_MEMORY,
            resources={"GPU": 1},
            preload="flows.runtime.worker",
        )


def _asked_by_run() -> Circumstances:
    context = FlowRunContext.get()
    parameters = (context.parameters if context else None) or {}
    return Circumstances.model_validate(parameters.get("circumstances") or {})


def _as_runner(runner: Any) -> TaskRunner[Any]:
    """Prefect types a runner by its futures, and the Dask runner's own are not declared so."""
    return cast("TaskRunner[Any]", runner)
