"""The processes of the local stack: started, watched and stopped in order.

What belongs here: their life, and the file that tells of it. What does not: what they are
(`local_services`), or the command (`local_stack`).
"""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
from local_services import POOLS, Service, run_as
from local_setting import ROOT, Setting, StackError

START_SECONDS = 240
STOP_SECONDS = 20


class Stack:
    """The processes that were started, in their order."""

    def __init__(self, setting: Setting) -> None:
        self.setting = setting
        self.running: list[tuple[Service, subprocess.Popen[bytes]]] = []

    @property
    def environment(self) -> dict[str, str]:
        """Of every process: the stack's own, and nothing of another Prefect or S3."""
        inherited = {k: v for k, v in os.environ.items() if not k.startswith(("PREFECT_", "AWS_"))}
        ours = {
            "PYTHONPATH": str(ROOT),
            "PREFECT_HOME": str(self.setting.home / "prefect"),
            "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
            "DO_NOT_TRACK": "1",
        }
        return inherited | ours | self.setting.environment

    def start(self, service: Service) -> None:
        """Start a service and wait until it answers; its output is in HOME/logs."""
        say(f"  {service.name} …")
        self._launch(service)
        process = self.running[-1][1]
        deadline = time.monotonic() + START_SECONDS
        while service.is_ready and not service.is_ready():
            if process.poll() is not None or time.monotonic() > deadline:
                raise StackError(f"{service.name} did not start. {self._quote_log(service)}")
            time.sleep(0.3)

    def _launch(self, service: Service) -> None:
        folder = self.setting.home / service.name
        folder.mkdir(exist_ok=True)
        with self._log(service).open("ab") as log:
            process = subprocess.Popen(
                service.command,
                env=self.environment | service.environment,
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # Ctrl-C is for us, who stop them in order
                **run_as(service.user),
            )
        self.running.append((service, process))
        self.write_state(ready=False)

    def deploy(self) -> None:
        """Work pools and every deployment of prefect.yaml."""
        say("  deployments …")
        for pool in POOLS:
            self._prefect("work-pool", "create", pool, "--type", "process", "--overwrite")
        file = str(ROOT / "deployments" / "prefect.yaml")
        self._prefect("--no-prompt", "deploy", "--all", "--prefect-file", file)

    def _prefect(self, *arguments: str) -> None:
        command = [sys.executable, "-m", "prefect", *arguments]
        done = subprocess.run(
            command, env=self.environment, cwd=self.setting.home, capture_output=True, text=True
        )
        if done.returncode:
            raise StackError(f"prefect {' '.join(arguments)} failed: {done.stdout}{done.stderr}")

    def supervise(self) -> None:
        """Stay until somebody asks for the end; a service that ends by itself ends all."""
        while True:
            time.sleep(1)
            for place, (service, process) in enumerate(self.running):
                if process.poll() is None:
                    continue
                if not service.restarts:
                    raise StackError(f"{service.name} ended by itself. {self._quote_log(service)}")
                del self.running[place]
                self._launch(service)
                self.write_state(ready=True)
                break

    def stop(self) -> None:
        """End everything, last started first, each for sure before the next."""
        for service, process in reversed(self.running):
            say(f"  stopping {service.name}")
            end(psutil.Process(process.pid) if process.poll() is None else None, service.name)
            process.wait()
        self.state_path.unlink(missing_ok=True)

    def write_state(self, *, ready: bool) -> None:
        """What `status` and `stop` read; nothing secret is in it."""
        pids = {"local-stack": os.getpid()} | {s.name: p.pid for s, p in self.running}
        processes = {
            name: {"pid": pid, "started": psutil.Process(pid).create_time()}
            for name, pid in pids.items()
            if psutil.pid_exists(pid)
        }
        ports = dict(self.setting.ports)
        state = {"ready": ready, "processes": processes, "ports": ports}
        unfinished = self.state_path.with_suffix(".part")
        unfinished.write_text(json.dumps(state, indent=1))
        unfinished.rename(self.state_path)

    @property
    def state_path(self) -> Path:
        """Where `write_state` writes."""
        return self.setting.home / "stack.json"

    def _log(self, service: Service) -> Path:
        return self.setting.home / "logs" / f"{service.name}.log"

    def _quote_log(self, service: Service) -> str:
        log = self._log(service)
        last = log.read_text(errors="replace").strip().splitlines()[-3:]
        return f"Its log, {log}, ends with: " + " / ".join(last)


def end(process: psutil.Process | None, name: str) -> None:
    """Ask a process to end, and make it and its children end.

    SIGINT makes PostgreSQL end at once; after SIGTERM it would wait for its clients.
    """
    if process is None:
        return
    try:
        family = [process, *process.children(recursive=True)]
        process.send_signal(signal.SIGINT if name == "postgres" else signal.SIGTERM)
        _, alive = psutil.wait_procs([process], timeout=STOP_SECONDS)
    except psutil.NoSuchProcess:
        return
    leftover = [p for p in family if p.is_running() and p.status() != psutil.STATUS_ZOMBIE]
    if leftover and name == "postgres" and not alive:
        return  # its children end themselves
    for each in leftover:
        if each in alive:
            say(f"  {name} did not end in {STOP_SECONDS} s: killed")
        each.kill()


def read_living(home: Path) -> dict[str, psutil.Process]:
    """The processes of a stack that still run, in their order; a number used again is not one."""
    state = home / "stack.json"
    living = {}
    for name, known in (
        json.loads(state.read_text())["processes"] if state.exists() else {}
    ).items():
        try:
            process = psutil.Process(known["pid"])
            if abs(process.create_time() - known["started"]) < 1:
                living[name] = process
        except psutil.NoSuchProcess:
            continue
    return living


def say(text: str) -> None:
    """To the terminal at once."""
    print(text, flush=True)
