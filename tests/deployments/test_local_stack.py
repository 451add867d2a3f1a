"""The whole stack as processes: PostgreSQL, SeaweedFS, Prefect, Dask, a worker, a release on S3."""

import contextlib
import importlib.util
import json
import os
import re
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from importlib.machinery import SourceFileLoader
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest
from operated import wait_until
from pipelines import NUM_TRACKS, TRACKS_PER_SEGMENT, autogroove, quick_settings
from places import ROOT

from autogroove.source.groovebox.collection import demo_prefix, render_demo
from autogroove.source.groovebox.plan import DemoSpec
from autogroove.store.store import Store

SCRIPT = ROOT / "deployments" / "local-stack"

PROCESSES = {
    "postgres.1", "seaweedfs.1", "prefect.1", "dask-scheduler.1", "dask-workers.1", "worker-cpu.1",
    "explorer.1", "honcho",
}  # fmt: skip


def load_script() -> Any:
    """The script as a module; its name has no ending by which Python would know it."""
    loader = SourceFileLoader("local_stack", str(SCRIPT))
    spec = importlib.util.spec_from_loader("local_stack", loader)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    loader.exec_module(module)
    return module


script = load_script()


@pytest.fixture
def home() -> Iterator[Path]:
    """A folder that the user postgres may enter; pytest's own are closed to others."""
    if not list(Path("/usr/lib/postgresql").glob("*/bin/initdb")) and not shutil.which("initdb"):
        pytest.skip("PostgreSQL is not installed (apt-get install postgresql)")
    folder = Path(tempfile.mkdtemp(prefix="stack-"))
    folder.chmod(0o711)
    yield folder
    local_stack("stop", "--home", str(folder))
    shutil.rmtree(folder)


@pytest.fixture
def music(home: Path) -> Path:
    store, spec = Store(home / "rendered"), DemoSpec(num_tracks=NUM_TRACKS)
    render_demo(spec, store)
    return Path(store.url) / demo_prefix(spec)


def local_stack(*arguments: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, str(SCRIPT), *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=300)


def start(home: Path, *arguments: str) -> "subprocess.Popen[bytes]":
    """Start a stack and wait until its worker can take runs; its output is in HOME/stack.log."""
    command = [sys.executable, str(SCRIPT), "start", "--home", str(home), "--free-ports"]
    log = home / "stack.log"
    with log.open("wb") as file:
        process = subprocess.Popen([*command, *arguments], stdout=file, stderr=file)

    def is_ready() -> bool:
        assert process.poll() is None, log.read_text()
        return re.search("Worker .* started!", log.read_text()) is not None

    wait_until(is_ready, "the stack is ready", 400)
    return process


def read_status(home: Path) -> dict[str, psutil.Process]:
    """The oldest process of each name, as `status` shows them."""
    shown = local_stack("status", "--home", str(home))
    assert shown.returncode == 0, shown.stderr
    words = [line.split() for line in shown.stdout.splitlines()]
    return {name: psutil.Process(int(pid)) for name, _, pid, *_ in words}


def find_living(processes: dict[str, psutil.Process]) -> list[str]:
    """Names of those that run; one that nobody has waited for yet does not."""
    living = []
    for name, process in processes.items():
        with contextlib.suppress(psutil.NoSuchProcess):
            if process.is_running() and process.status() != psutil.STATUS_ZOMBIE:
                living.append(name)
    return living


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


def list_releases(environment: dict[str, str]) -> list[tuple[int, int]]:
    """Number and number of tracks of each."""
    done = autogroove("releases", "list", "--json", env=os.environ | environment)
    return [(row["release"], row["tracks"]) for row in json.loads(done.stdout)]


def find_explorer(home: Path) -> str:
    found = re.search("The explorer is at (http://[0-9.:]+)", (home / "stack.log").read_text())
    assert found is not None
    return found[1]


@pytest.mark.long
@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_a_release_is_made_on_the_stack_and_found_by_the_next(home: Path, music: Path) -> None:
    stack = start(home, "--source", str(music))
    environment = script.read_variables(home / "environment")
    secrets = script.read_variables(home / "credentials").values()
    for name in ("credentials", "environment"):
        assert stat.S_IMODE((home / name).stat().st_mode) == 0o600
    processes = read_status(home)
    assert set(processes) == PROCESSES
    for each in processes.values():  # a command line can be read by everybody
        assert not any(secret in " ".join(each.cmdline()) for secret in secrets)
    assert "A stack is running" in local_stack("start", "--home", str(home)).stderr

    run_by_hand(environment)
    assert list_releases(environment) == [(1, NUM_TRACKS)]
    stranger = os.environ | environment | {"AWS_SECRET_ACCESS_KEY": "of-somebody-else"}
    assert autogroove("releases", "list", env=stranger).returncode == 1
    assert httpx.get(find_explorer(home)).status_code == 200

    stack.send_signal(signal.SIGTERM)
    assert stack.wait(60) == 0
    assert not find_living(processes)
    assert not any(secret in (home / "stack.log").read_text() for secret in secrets)

    stack = start(home, "--source", str(music))
    assert list_releases(script.read_variables(home / "environment")) == [(1, NUM_TRACKS)]
    processes = read_status(home)
    processes["explorer.1"].kill()  # one for all
    assert stack.wait(60) == 1
    assert not find_living(processes)


@pytest.mark.long
@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_a_stack_is_stopped_in_the_middle_of_a_run_and_after_its_starter_was_killed(
    home: Path, music: Path
) -> None:
    stack = start(home, "--source", str(music))
    environment = os.environ | script.read_variables(home / "environment")
    command = [sys.executable, "-m", "prefect", "deployment", "run", "publish-release/on-demand"]
    subprocess.run(command, env=environment, capture_output=True, check=True)
    log = home / "stack.log"
    wait_until(lambda: "Beginning flow run" in log.read_text(), "a run has begun", 120)
    processes = read_status(home)
    assert set(processes) == PROCESSES | {"runs"}
    assert local_stack("stop", "--home", str(home)).returncode == 0
    stack.wait(60)
    assert not find_living(processes)
    assert "Finished in state Crashed" in log.read_text()  # so that it holds nobody up

    stack = start(home, "--source", str(music))
    processes = read_status(home)
    stack.kill()
    stack.wait()
    processes["honcho"].kill()
    assert local_stack("stop", "--home", str(home)).returncode == 0
    assert not find_living(processes)


def test_a_missing_program_is_named_with_what_to_install() -> None:
    script.require_programs("sh")
    with pytest.raises(SystemExit, match=r"missing: no-such-program\. .*apt-get install"):
        script.require_programs("sh", "no-such-program")


def test_ports_in_use_are_named() -> None:
    usual = script.read_variables(ROOT / "deployments" / "local-stack.env")
    with socket.socket() as other:
        if script.is_free(int(usual["PGPORT"])):
            other.bind(("127.0.0.1", int(usual["PGPORT"])))
            other.listen()
        with pytest.raises(SystemExit, match=r"5433 \(PGPORT\).* --free-ports"):
            script.choose_ports(is_any=False)
    ports = script.choose_ports(is_any=True)
    assert len(set(ports.values())) == len(ports) == 10


def test_credentials_are_made_once_and_private(tmp_path: Path) -> None:
    made = script.make_credentials(tmp_path / "credentials")
    assert script.make_credentials(tmp_path / "credentials") == made
    assert len(set(made.values())) == 3
    assert stat.S_IMODE((tmp_path / "credentials").stat().st_mode) == 0o600


def test_status_and_stop_of_nothing(tmp_path: Path) -> None:
    assert local_stack("stop", "--home", str(tmp_path)).returncode == 0
    shown = local_stack("status", "--home", str(tmp_path))
    assert (shown.returncode, shown.stderr) == (1, f"No stack runs from {tmp_path}.\n")
