"""A whole operation, started once for all tests that need it.

What belongs here: the order of starting and stopping. What does not: how each is done (`operated`).
"""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import servers

sys.path.insert(0, str(Path(__file__).parent))

from operated import Stack, render_music, write_prefect_yaml


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Server, pools, deployments, worker and two Dask workers; the collection is not yet whole."""
    home = tmp_path_factory.mktemp("operated")
    music, waiting = render_music(home)
    port, dask_port = servers.free_ports(2)
    stack = Stack(home, home / "store", music, waiting, port, f"tcp://127.0.0.1:{dask_port}")
    try:
        stack.start(
            "scheduler", "distributed.cli.dask_scheduler", "--host", "127.0.0.1",
            "--port", str(dask_port), "--no-dashboard",
        )  # fmt: skip
        stack.start(
            "workers", "distributed.cli.dask_worker", stack.dask,
            "--nworkers", "2", "--nthreads", "1", "--no-dashboard",
        )  # fmt: skip
        stack.start_server()
        for pool in ("autogroove-cpu", "autogroove-gpu"):
            stack.prefect("work-pool", "create", pool, "--type", "process")
        write_prefect_yaml(home / "prefect.yaml")
        stack.prefect("deploy", "--all", "--prefect-file", str(home / "prefect.yaml"))
        stack.start_worker()
        yield stack
    finally:
        for name in reversed(list(stack.processes)):
            stack.stop(name)
