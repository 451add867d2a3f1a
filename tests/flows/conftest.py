"""A real Prefect server, a real Dask cluster and a small collection, shared by the flow tests.

What belongs here: what flow tests need started. What does not: assertions.
"""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from distributed import Client, LocalCluster
from pipelines import NUM_TRACKS, Published, Publisher
from servers import S3Server

from autogroove.source.groovebox.collection import demo_prefix, render_demo
from autogroove.source.groovebox.plan import DemoSpec
from autogroove.store.store import Store
from flows.runtime.server import prefect_server


@pytest.fixture(scope="session")
def prefect_api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """One server for the whole session, with a database of its own."""
    home = tmp_path_factory.mktemp("prefect")
    before = {name: os.environ.get(name) for name in ("PREFECT_HOME", "PREFECT_API_URL")}
    os.environ["PREFECT_HOME"] = str(home)
    os.environ.pop("PREFECT_API_URL", None)
    try:
        with prefect_server(home / "server.log") as url:
            yield url
    finally:
        for name, value in before.items():
            os.environ.pop(name, None)
            if value is not None:
                os.environ[name] = value


@pytest.fixture(scope="session")
def dask_address(prefect_api: str) -> Iterator[str]:
    """Two worker processes, started once the server is known to their environment."""
    with LocalCluster(
        n_workers=2, threads_per_worker=1, host="127.0.0.1", dashboard_address="127.0.0.1:0"
    ) as cluster:
        yield cluster.scheduler_address


@pytest.fixture(scope="session")
def s3_workers(s3_server: S3Server, dask_address: str) -> S3Server:
    """The S3 server, known to the workers too, which may be older than it."""
    with Client(dask_address) as client:
        # A function, because a method of os.environ would travel with a copy of it.
        client.run(lambda more: os.environ.update(more), s3_server.environment)
    return s3_server


@pytest.fixture(scope="session")
def publish(dask_address: str) -> Publisher:
    """Runs the pipeline."""
    return Publisher(dask_address)


@pytest.fixture(scope="session")
def rendered(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A few demo tracks in FMA's layout. Copy it before changing it."""
    store, spec = Store(tmp_path_factory.mktemp("rendered")), DemoSpec(num_tracks=NUM_TRACKS)
    render_demo(spec, store)
    return Path(store.url) / demo_prefix(spec)


@pytest.fixture(scope="session")
def published(
    tmp_path_factory: pytest.TempPathFactory, rendered: Path, publish: Publisher
) -> Published:
    """The first release, published once for all tests. Copy its store before changing it."""
    home = tmp_path_factory.mktemp("published")
    summary = publish(rendered, home / "store")
    assert summary.published
    assert summary.release == 1
    return Published(rendered, home / "store")
