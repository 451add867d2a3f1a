"""A Prefect server, a worker and a Dask cluster as an operator starts them: processes of their own.

What belongs here: starting, asking and stopping them. What does not: assertions.
"""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import servers
import yaml
from pipelines import NUM_TRACKS, TRACKS_PER_SEGMENT, autogroove_json, quick_settings
from places import ROOT

from autogroove.source.groovebox.collection import demo_prefix, render_demo
from autogroove.source.groovebox.plan import DemoSpec
from autogroove.store.store import Store

NUM_ADDED = 5
NO_WEBHOOK = "00000000-0000-0000-0000-000000000000"
LEASES_ON_DISK = "prefect.server.concurrency.lease_storage.filesystem"
ENDED = {"COMPLETED", "FAILED", "CANCELLED", "CRASHED"}


def wait_until(condition: Callable[[], Any], what: str, timeout_seconds: float = 1200) -> Any:
    """The first true answer of a condition."""
    deadline = time.monotonic() + timeout_seconds
    while not (answer := condition()):
        assert time.monotonic() < deadline, f"not in time: {what}"
        time.sleep(0.5)
    return answer


@dataclass
class Stack:
    """The processes, and what an operator asks them."""

    home: Path
    store: Path
    music: Path
    waiting: Path
    port: int
    dask: str
    processes: dict[str, "subprocess.Popen[bytes]"] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/api"

    @property
    def environment(self) -> dict[str, str]:
        inherited = {k: v for k, v in os.environ.items() if not k.startswith("PREFECT_")}
        return inherited | {
            "PYTHONPATH": str(ROOT),
            "PREFECT_HOME": str(self.home / "prefect"),
            "PREFECT_API_URL": self.url,
            "PREFECT_SERVER_API_HOST": "127.0.0.1",
            "PREFECT_SERVER_API_PORT": str(self.port),
            "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
            "PREFECT_SERVER_SERVICES_SCHEDULER_LOOP_SECONDS": "4",
            "PREFECT_WORKER_QUERY_SECONDS": "2",
            "PREFECT_SERVER_CONCURRENCY_LEASE_STORAGE": LEASES_ON_DISK,
            "DO_NOT_TRACK": "1",
            "AUTOGROOVE_SOURCE": str(self.music),
            "AUTOGROOVE_STORE": str(self.store),
            "AUTOGROOVE_DASK": self.dask,
            "MALLOC_MMAP_THRESHOLD_": "33554432",
            "MALLOC_TRIM_THRESHOLD_": "268435456",
            "OMP_NUM_THREADS": "1",
        }

    def start(self, name: str, *arguments: str) -> None:
        """Start `python -m …` in a folder that is not the checkout's; its output goes to a log.

        It leads a process group, so that what it started can be killed with it.
        """
        with (self.home / f"{name}.log").open("ab") as log:
            self.processes[name] = subprocess.Popen(
                [sys.executable, "-m", *arguments],
                env=self.environment,
                cwd=self.home,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def stop(self, name: str) -> None:
        servers.stop(self.processes.pop(name), patience_seconds=20)

    def start_server(self) -> None:
        self.start("server", "prefect", "server", "start", "--port", str(self.port))
        wait_until(self.answers, "the server answers", 180)

    def start_worker(self) -> None:
        self.start("worker", "prefect", "worker", "start", "--pool", "autogroove-cpu")

    def answers(self) -> bool:
        assert self.processes["server"].poll() is None, (self.home / "server.log").read_text()
        try:
            return httpx.get(f"{self.url}/health", timeout=3).status_code == 200
        except httpx.HTTPError:
            return False

    def prefect(self, *arguments: str) -> str:
        """Run the `prefect` command to its end; what it printed."""
        done = subprocess.run(
            [sys.executable, "-m", "prefect", "--no-prompt", *arguments],
            env=self.environment,
            cwd=self.home,
            capture_output=True,
            text=True,
            timeout=200,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def ask(self, path: str, **filters: Any) -> Any:
        """What the server's API answers to a POST."""
        answer = httpx.post(f"{self.url}{path}", json=filters, timeout=60)
        assert answer.is_success, answer.text
        return answer.json() if answer.content else None

    def runs_of(self, deployment: str) -> list[dict[str, Any]]:
        """Flow runs of a deployment, oldest first."""
        found: list[dict[str, Any]] = self.ask(
            "/flow_runs/filter",
            deployments={"name": {"any_": [deployment]}},
            sort="EXPECTED_START_TIME_ASC",
        )
        return found

    def run(self, flow: str, deployment: str) -> str:
        """Start a run by hand, as an operator does; its id."""
        known = {run["id"] for run in self.runs_of(deployment)}
        self.prefect("deployment", "run", f"{flow}/{deployment}")
        (started,) = [r["id"] for r in self.runs_of(deployment) if r["id"] not in known]
        return str(started)

    def run_with(self, deployment: str, **parameters: Any) -> str:
        """Start a run by hand with parameters of its own, as the UI's form does; its id."""
        (found,) = self.ask("/deployments/filter", deployments={"name": {"any_": [deployment]}})
        started = self.ask(f"/deployments/{found['id']}/create_flow_run", parameters=parameters)
        return str(started["id"])

    def find_run(self, run_id: str) -> dict[str, Any]:
        """A run, as the server has it."""
        found: dict[str, Any] = httpx.get(f"{self.url}/flow_runs/{run_id}", timeout=60).json()
        return found

    def wait_for_end(self, run_id: str) -> str:
        """The final state of a run."""

        def ended() -> str | None:
            run = self.find_run(run_id)
            return run["state_type"] if run["state_type"] in ENDED else None

        return str(wait_until(ended, f"run {run_id} ends"))

    def explain(self, run_id: str) -> str:
        """The log of a run, as the UI shows it."""
        lines = self.ask("/logs/filter", logs={"flow_run_id": {"any_": [run_id]}}, limit=200)
        return "\n".join(line["message"] for line in lines)

    def create_automations(self, webhook_url: str) -> None:
        """What docs/operations.md says: save a webhook, put its id in the file, create."""
        save = "import sys; from prefect.blocks.webhook import Webhook; "
        save += "print(Webhook(url=sys.argv[1]).save('autogroove-failures', overwrite=True))"
        saved = subprocess.run(
            [sys.executable, "-c", save, webhook_url],
            env=self.environment,
            capture_output=True,
            text=True,
            check=True,
        )
        text = (ROOT / "deployments" / "automations.yaml").read_text()
        path = self.home / "automations.yaml"
        text = text.replace("within: 300", "within: 90")  # no test waits so long
        path.write_text(text.replace(NO_WEBHOOK, saved.stdout.split()[-1]))
        names = {entry["name"] for entry in yaml.safe_load(text)["automations"]}
        for known in self.ask("/automations/filter"):
            if known["name"] in names:  # of an earlier test
                httpx.delete(f"{self.url}/automations/{known['id']}", timeout=60)
        self.prefect("automation", "create", "--from-file", str(path))

    def releases(self) -> list[int]:
        """The numbers that `autogroove releases list` shows."""
        if not (self.store / "releases").exists():
            return []
        rows = autogroove_json("releases", "list", "--store", str(self.store), "--json")
        return [row["release"] for row in rows]

    def add_tracks(self) -> None:
        """The tracks that wait come into the collection."""
        for path in sorted(self.waiting.iterdir()):
            shutil.move(path, self.music / "fma_small" / path.name[:3] / path.name)


def write_prefect_yaml(path: Path) -> None:
    """The file of the repository with settings that train in seconds, and schedules asleep."""
    deployed = yaml.safe_load((ROOT / "deployments" / "prefect.yaml").read_text())
    for deployment in deployed["deployments"]:
        parameters = deployment["parameters"] = dict(deployment["parameters"])
        if "circumstances" in parameters:
            parameters["settings"] = quick_settings().model_dump(mode="json")
            parameters["circumstances"] = parameters["circumstances"] | {
                "tracks_per_segment": TRACKS_PER_SEGMENT
            }
        if deployment["name"] == "nightly":
            deployment["schedules"] = [{"interval": 7 * 24 * 3600, "active": False}]
        else:
            deployment.pop("schedules", None)
    path.write_text(yaml.safe_dump(deployed))


def render_music(home: Path) -> tuple[Path, Path]:
    """A collection with some tracks missing, and the folder where those wait."""
    store, spec = Store(home / "rendered"), DemoSpec(num_tracks=NUM_TRACKS + NUM_ADDED)
    render_demo(spec, store)
    music, waiting = Path(store.url) / demo_prefix(spec), home / "waiting"
    waiting.mkdir()
    for path in sorted(music.glob("fma_small/*/*.mp3"))[-NUM_ADDED:]:
        shutil.move(path, waiting / path.name)
    return music, waiting
