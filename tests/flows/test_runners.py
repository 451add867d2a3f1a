"""The embedded cluster of a run."""

import os

import pytest
from distributed import Client

from flows.runners import start_cluster


@pytest.mark.slow
def test_workers_allocate_as_other_processes_do():
    names = "MALLOC_TRIM_THRESHOLD_", "MALLOC_MMAP_THRESHOLD_"
    ours = {name: os.environ.get(name) for name in names}
    with start_cluster(1) as cluster, Client(cluster) as client:
        (theirs,) = client.run(lambda: {name: os.environ.get(name) for name in names}).values()
    assert theirs == ours
