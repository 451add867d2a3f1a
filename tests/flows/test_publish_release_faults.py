"""Whole runs against object storage that misbehaves, and where their credentials end up.

A proxy that breaks requests on purpose stands between `autogroove run` and a real SeaweedFS.
"""

import io
import os
import subprocess
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from faulty_proxy import Decide, Fault, Request, faulty_proxy
from pipelines import Published, autogroove, run_arguments
from servers import S3Server

from autogroove.releases.log import list_releases
from autogroove.releases.verification import verify_release
from autogroove.store.store import Store

pytestmark = [pytest.mark.long, pytest.mark.slow, pytest.mark.s3, pytest.mark.timeout(900)]

Done = subprocess.CompletedProcess[str]
PASSING = (
    Fault.internal_error,
    Fault.slow_down,
    Fault.unavailable,
    Fault.cut_upload,
    Fault.cut_download,
    Fault.lost_answer,
)
ONE_IN = 12


@dataclass(frozen=True)
class Story:
    """Two runs on one store: one whose credentials expire, one through faults that pass."""

    store: Store
    stopped: Done
    releases_when_stopped: int
    finished: Done
    faults: list[Fault]
    prefect_home: Path

    @property
    def printed(self) -> str:
        runs = (self.stopped, self.finished)
        return "".join(run.stdout + run.stderr for run in runs)


def expire_at_the_first_encoding() -> Decide:
    expired = False

    def decide(request: Request) -> Fault | None:
        nonlocal expired
        expired = expired or (request.method == "PUT" and "/encodings/" in request.path)
        return Fault.expired if expired else None

    return decide


def break_some(broken: list[Fault]) -> Decide:
    """Every so many requests the next fault, noted in `broken`."""
    kinds = cycle(PASSING)

    def decide(request: Request) -> Fault | None:
        if request.number % ONE_IN:
            return None
        broken.append(next(kinds))
        return broken[-1]

    return decide


@pytest.fixture(scope="module")
def story(published: Published, s3_server: S3Server, prefect_api: str) -> Iterator[Story]:
    """The two runs, with what they left."""
    store = Store(f"s3://{s3_server.bucket}/{uuid.uuid4().hex}")
    arguments = run_arguments(published.music, store.url)
    broken: list[Fault] = []
    with faulty_proxy(int(s3_server.endpoint.rpartition(":")[2])) as proxy:
        environment = os.environ | {"AWS_ENDPOINT_URL": proxy.endpoint}
        proxy.decide = expire_at_the_first_encoding()
        stopped = autogroove(*arguments, env=environment)
        releases_when_stopped = len(list_releases(store))
        proxy.decide = break_some(broken)
        finished = autogroove(*arguments, env=environment)
    home = Path(os.environ["PREFECT_HOME"])
    yield Story(store, stopped, releases_when_stopped, finished, broken, home)


def test_a_run_whose_credentials_expire_says_so_and_publishes_nothing(story: Story) -> None:
    assert story.stopped.returncode == 1
    last = story.stopped.stderr.strip().splitlines()[-1]
    assert last.startswith("autogroove: ")
    assert "expired" in last
    assert story.releases_when_stopped == 0


def test_faults_that_pass_leave_no_trace_in_a_release(story: Story, published: Published) -> None:
    assert story.finished.returncode == 0, story.finished.stderr
    assert set(story.faults) == set(PASSING)
    expected = [manifest.content_digest for manifest in list_releases(Store(published.store))]
    assert [manifest.content_digest for manifest in list_releases(story.store)] == expected
    assert verify_release(story.store, 1).faults == ()


def readable(key: str, data: bytes) -> bytes:
    """The bytes of an object, and those of a table uncompressed."""
    if not key.endswith(".parquet"):
        return data
    return data + pq.read_table(io.BytesIO(data)).to_pandas().to_csv().encode()


def test_credentials_are_in_no_object_no_log_and_nothing_printed(
    story: Story, s3_server: S3Server
) -> None:
    objects = list(story.store.objects())
    places = {o.key: readable(o.key, story.store.read(o.key)) for o in objects}
    files = [path for path in story.prefect_home.rglob("*") if path.is_file()]
    places |= {str(path): path.read_bytes() for path in files}
    places["printed"] = story.printed.encode()
    # The search finds what is there: the run's store is known to Prefect, titles to catalogues.
    known = [place for place, data in places.items() if story.store.url.encode() in data]
    assert any("prefect.db" in place for place in known)
    assert "printed" in known
    assert len(objects) > 40
    for credential in (s3_server.access_key, s3_server.secret_key):
        assert [place for place, data in places.items() if credential.encode() in data] == []
