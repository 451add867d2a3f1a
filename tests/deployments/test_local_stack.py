"""The whole stack as processes: PostgreSQL, SeaweedFS, Prefect, Dask, a worker, a release on S3."""

import contextlib
import json
import os
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest
from places import ROOT

sys.path.insert(0, str(ROOT / "deployments"))

from local_services import find_program
from local_setting import USUAL_PORTS, StackError, choose_ports, read_credentials
from operated import wait_until
from pipelines import NUM_TRACKS, TRACKS_PER_SEGMENT, autogroove, quick_settings

from autogroove.source.groovebox.collection import demo_prefix, render_demo
from autogroove.source.groovebox.plan import DemoSpec
from autogroove.store.store import Store

SCRIPT = ROOT / "deployments" / "local_stack.py"

SERVICES = [
    "postgres", "seaweedfs", "prefect", "dask-scheduler", "dask-workers", "worker-cpu", "explorer",
]  # fmt: skip


@pytest.fixture
def home() -> Iterator[Path]:
    """A folder that the user postgres may enter; pytest's own are closed to others."""
    try:
        find_program("initdb", "usr/lib/postgresql/*/bin/initdb", install="PostgreSQL is missing.")
    except StackError as missing:
        pytest.skip(str(missing))
    folder = Path(tempfile.mkdtemp(prefix="stack-"))
    folder.chmod(0o711)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def music(home: Path) -> Path:
    store, spec = Store(home / "rendered"), DemoSpec(num_tracks=NUM_TRACKS)
    render_demo(spec, store)
    return Path(store.url) / demo_prefix(spec)


def local_stack(*arguments: str, **options: Any) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, str(SCRIPT), *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=300, **options)


def start(home: Path, music: Path) -> "subprocess.Popen[bytes]":
    command = [sys.executable, str(SCRIPT), "start", "--home", str(home), "--free-ports"]
    with (home / "stack.log").open("wb") as log:
        process = subprocess.Popen([*command, "--source", str(music)], stdout=log, stderr=log)
    state = home / "stack.json"

    def is_ready() -> bool:
        assert process.poll() is None, (home / "stack.log").read_text()
        return state.exists() and json.loads(state.read_text())["ready"]

    wait_until(is_ready, "the stack is ready", 400)
    return process


def read_environment(home: Path) -> dict[str, str]:
    lines = (home / "environment").read_text().splitlines()
    return {name: json.loads(value) for name, value in (line.split("=", 1) for line in lines)}


def run_by_hand(environment: dict[str, str]) -> None:
    """As an operator does, with settings that train in seconds."""
    settings = quick_settings().model_dump(mode="json")
    circumstances = {
        "store": environment["AUTOGROOVE_STORE"], "tracks_per_segment": TRACKS_PER_SEGMENT,
    }  # fmt: skip
    parameters = json.dumps({"settings": settings, "circumstances": circumstances})
    command = [sys.executable, "-m", "prefect", "deployment", "run", "publish-release/on-demand"]
    done = subprocess.run(
        [*command, "--params", parameters, "--watch"],
        env=os.environ | environment, capture_output=True, text=True, timeout=600,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.long
@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_the_line_runs_on_the_stack_and_the_stack_ends_in_order(home: Path, music: Path) -> None:
    stack = start(home, music)
    try:
        environment = read_environment(home)
        for name in ("credentials", "environment"):
            assert stat.S_IMODE((home / name).stat().st_mode) == 0o600
        secrets = [line.split("=")[1] for line in (home / "credentials").read_text().split()]
        processes = json.loads((home / "stack.json").read_text())["processes"]
        assert list(processes) == ["local-stack", *SERVICES]
        for each in processes.values():  # a command line can be read by everybody
            command = " ".join(psutil.Process(each["pid"]).cmdline())
            assert not any(secret in command for secret in secrets)
        shown = local_stack("status", "--home", str(home))
        assert shown.returncode == 0
        assert shown.stdout.split()[-1] == "ready"
        assert "A stack is running" in local_stack("start", "--home", str(home)).stderr

        run_by_hand(environment)
        shell = os.environ | environment
        rows = json.loads(autogroove("releases", "list", "--json", env=shell).stdout)
        assert [(row["release"], row["tracks"]) for row in rows] == [(1, NUM_TRACKS)]
        assert environment["AUTOGROOVE_STORE"].startswith("s3://")
        stranger = shell | {"AWS_SECRET_ACCESS_KEY": "of-somebody-else"}
        assert autogroove("releases", "list", env=stranger).returncode == 1
        ports = json.loads((home / "stack.json").read_text())["ports"]
        assert httpx.get(f"http://127.0.0.1:{ports['explorer']}/").status_code == 200
    finally:
        stack.send_signal(signal.SIGINT)
        stack.wait(200)
    said = (home / "stack.log").read_text()
    ended = [line.split()[-1] for line in said.splitlines() if line.startswith("  stopping")]
    assert ended == SERVICES[::-1], said
    assert not any(secret in said for secret in secrets)
    for log in (home / "logs").iterdir():
        assert not any(secret in log.read_text(errors="replace") for secret in secrets), log
    for each in processes.values():
        assert not psutil.pid_exists(each["pid"])


def test_a_missing_program_is_named_with_what_to_do() -> None:
    with pytest.raises(StackError, match=r"no-such-program is missing\. Install it like so"):
        find_program("no-such-program", install="Install it like so.")


def test_a_port_in_use_is_named() -> None:
    with socket.socket() as other:
        with contextlib.suppress(OSError):  # taken by somebody else: the same to us
            other.bind(("127.0.0.1", USUAL_PORTS["prefect"]))
        with pytest.raises(StackError, match=r"4200 \(prefect\).* --free-ports"):
            choose_ports(free=False)
    assert len(set(choose_ports(free=True).values())) == len(USUAL_PORTS)


def test_credentials_are_made_once_and_private(tmp_path: Path) -> None:
    made = read_credentials(tmp_path / "credentials")
    assert read_credentials(tmp_path / "credentials") == made
    assert len(set(made.values())) == 3
    assert stat.S_IMODE((tmp_path / "credentials").stat().st_mode) == 0o600


def test_status_and_stop_of_nothing(tmp_path: Path) -> None:
    assert local_stack("stop", "--home", str(tmp_path)).returncode == 0
    shown = local_stack("status", "--home", str(tmp_path))
    assert (shown.returncode, shown.stderr) == (1, f"local-stack: No stack runs from {tmp_path}.\n")
