"""Work on a Dask worker ends when nobody waits for it any more."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from distributed import Client, LocalCluster

from tasks.progress import Unwanted, stop_where_unwanted

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def client() -> Iterator[Client]:
    with (
        LocalCluster(
            n_workers=1, threads_per_worker=1, processes=False, dashboard_address=None
        ) as cluster,
        Client(cluster) as client,
    ):
        yield client


def train_for_ever(begun: str, ended: str) -> None:
    Path(begun).touch()
    try:
        while True:
            stop_where_unwanted()
            time.sleep(0.02)
    except Unwanted:
        Path(ended).touch()
        raise


def until(path: Path) -> None:
    deadline = time.monotonic() + 60
    while not path.exists():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_a_task_that_was_cancelled_stops_at_its_next_step(client: Client, tmp_path: Path) -> None:
    begun, ended = tmp_path / "begun", tmp_path / "ended"
    future = client.submit(train_for_ever, str(begun), str(ended))
    until(begun)
    time.sleep(0.3)
    assert not ended.exists()
    future.cancel()
    until(ended)


def test_a_task_whose_run_died_stops_at_its_next_step(client: Client, tmp_path: Path) -> None:
    begun, ended = tmp_path / "begun", tmp_path / "ended"
    other = Client(client.scheduler.address)
    future = other.submit(train_for_ever, str(begun), str(ended))
    until(begun)
    other.close()
    until(ended)
    del future


def test_elsewhere_nothing_is_stopped() -> None:
    stop_where_unwanted()
