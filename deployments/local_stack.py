"""The whole stack on this machine without containers: the processes of compose.yaml, on loopback.

    deployments/local-stack start [--home FOLDER] [--source MUSIC] [--free-ports] [--workers 2]
    deployments/local-stack status [--home FOLDER]
    deployments/local-stack stop [--home FOLDER]

`start` runs PostgreSQL, SeaweedFS, Prefect's server, a Dask scheduler with workers, a Prefect
worker and the explorer, deploys `prefect.yaml`, and stays; Ctrl-C, SIGTERM or `stop` ends all of
it, the worker first and the server and its database last. What it stores is kept in the home and
found again. `HOME/environment` (readable by its owner alone) has what a shell needs:

    set -a; . HOME/environment; set +a

What belongs here: the command. What does not: what the services are, how a service is
started (`local_services`), or stopped (`local_processes`).
"""

import argparse
import json
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
from local_processes import STOP_SECONDS, Stack, end, read_living, say
from local_services import list_services
from local_setting import Setting, StackError, choose_ports, read_credentials, write_private


class Stopped(Exception):
    """Somebody asked for the end."""


def start(arguments: argparse.Namespace) -> None:
    """Start everything and stay."""
    home = Path(arguments.home).resolve()
    home.mkdir(parents=True, exist_ok=True)
    (home / "logs").mkdir(exist_ok=True)
    living = read_living(home)
    if living:
        raise StackError(f"A stack is running from {home}. End it with: local-stack stop --home …")
    setting = Setting(
        home=home,
        ports=choose_ports(arguments.free_ports),
        credentials=read_credentials(home / "credentials"),
        source=arguments.source if arguments.source == "demo" else _absolute(arguments.source),
        workers=arguments.workers,
    )
    lines = (f"{name}={json.dumps(value)}" for name, value in setting.environment.items())
    write_private(home / "environment", "\n".join(lines) + "\n")
    stack = Stack(setting)
    signal.signal(signal.SIGTERM, _on_signal)
    signal.signal(signal.SIGINT, _on_signal)
    say(f"Starting the stack in {home}")
    try:
        for service in list_services(setting, explorer=not arguments.no_explorer):
            if service.name == "worker-cpu":
                stack.deploy()
            stack.start(service)
        stack.write_state(ready=True)
        say(word_places(setting))
        stack.supervise()
    except Stopped:
        say("")
    finally:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, signal.SIG_IGN)
        stack.stop()


def _absolute(source: str) -> str:
    return source if "://" in source else str(Path(source).resolve())


def _on_signal(number: int, frame: Any) -> None:
    raise Stopped


def word_places(setting: Setting) -> str:
    """Where to look."""
    at = "http://127.0.0.1:{}".format
    return "\n".join(
        [
            "Ready. Ctrl-C ends it.",
            f"  Prefect        {at(setting.ports['prefect'])}",
            f"  explorer       {at(setting.ports['explorer'])}",
            f"  Dask           {at(setting.ports['dashboard'])}/status",
            f"  store          {setting.store} at {at(setting.ports['s3'])}",
            f"  for a shell    set -a; . {setting.home / 'environment'}; set +a",
            "  a first run    prefect deployment run publish-release/on-demand",
        ]
    )


def status(arguments: argparse.Namespace) -> None:
    """Print what runs, since when, and with how much memory. Exit status 1 where nothing does."""
    home = Path(arguments.home).resolve()
    living = read_living(home)
    for name, process in living.items():
        family = (
            [process, *process.children(recursive=True)] if name != "local-stack" else [process]
        )
        minutes = (time.time() - process.create_time()) / 60
        size = sum(each.memory_info().rss for each in family) / 2**20
        print(f"{name:<16} pid {process.pid:<8} {minutes:6.1f} min {size:8.0f} MiB")
    if not living:
        raise StackError(f"No stack runs from {home}.")
    print("ready" if json.loads((home / "stack.json").read_text())["ready"] else "starting")


def stop(arguments: argparse.Namespace) -> None:
    """End the stack of a home, also one whose `start` was killed."""
    home = Path(arguments.home).resolve()
    living = read_living(home)
    starter = living.pop("local-stack", None)
    if starter is not None:
        starter.terminate()
        psutil.wait_procs([starter], timeout=STOP_SECONDS * (len(living) + 1))
    for name, process in reversed(read_living(home).items()):
        say(f"  stopping {name}")
        end(process, name)
    (home / "stack.json").unlink(missing_ok=True)


def main() -> None:
    """Run one command. Exit status: 0 done, 1 failed with a message, 2 wrong usage."""
    parser = argparse.ArgumentParser(prog="local-stack", description=__doc__.split("\n\n")[0])
    commands = parser.add_subparsers(dest="command", required=True)
    actions: dict[str, Callable[[argparse.Namespace], None]]
    actions = {"start": start, "status": status, "stop": stop}
    for name, action in actions.items():
        command = commands.add_parser(name, help=(action.__doc__ or "").split(".")[0])
        command.add_argument("--home", default="./local-stack", help="where everything is kept")
        command.set_defaults(action=action)
    starting = commands.choices["start"]
    starting.add_argument("--source", default="demo", help="the music, as for `autogroove run`")
    starting.add_argument("--workers", type=int, default=2, help="Dask workers")
    starting.add_argument("--free-ports", action="store_true", help="any ports that are free")
    starting.add_argument("--no-explorer", action="store_true")
    arguments = parser.parse_args()
    try:
        arguments.action(arguments)
    except StackError as error:
        sys.exit(f"local-stack: {error}")


if __name__ == "__main__":
    main()
