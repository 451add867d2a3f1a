"""`autogroove doctor`: what this machine has for a run, in ten lines.

What belongs here: looking, and saying what is missing and what to do about it.
What does not: anything that a run needs; nothing is started, and nothing stays in the store.
"""

import importlib.metadata
import os
import platform
import shutil
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Literal

import typer

from flows.cli.options import DEFAULT_STORE, JsonOption, StoreOption, print_json

State = Literal["ok", "warning", "fault"]

KNOWN_TO_BREAK = {
    "fastapi": ("0.151", "Prefect's server does not start with it"),
    "sqlalchemy": ("2.1", "Prefect's scheduler stops with it, in silence"),
}
"""Distributions and the first version that does not work. The wheel's metadata bounds them too."""
LEAST_MEMORY_GB, LEAST_DISK_GB = 3.0, 2.0


@dataclass(frozen=True)
class Finding:
    """What was found of one thing."""

    name: str
    state: State
    text: str


def doctor(
    store: StoreOption = DEFAULT_STORE,
    dask: Annotated[
        str | None, typer.Option("--dask", metavar="ADDRESS", help="A Dask scheduler to look for.")
    ] = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """Say what is there for a run: Python, cores, memory, GPU, decoders, store, Prefect, Dask.

    Starts nothing. Exit status 1 if something is missing that a run cannot do without.
    """
    looks: list[tuple[str, Callable[[], tuple[State, str]]]] = [
        ("Python", look_at_python),
        ("cores", look_at_cores),
        ("memory", look_at_memory),
        ("GPU", look_at_gpu),
        ("decoders", look_at_decoders),
        ("store", lambda: look_at_store(store)),
        ("disk", lambda: look_at_disk(store)),
        ("Prefect", look_at_prefect),
        ("Dask", lambda: look_at_dask(dask)),
        ("packages", look_at_packages),
    ]
    findings = [_find(name, look) for name, look in looks]
    if as_json:
        print_json([asdict(each) for each in findings])
    else:
        marks = {"ok": "ok     ", "warning": "warning", "fault": "FAULT  "}
        for each in findings:
            typer.echo(f"{each.name:<9} {marks[each.state]} {each.text}")
    if any(each.state == "fault" for each in findings):
        raise typer.Exit(1)


def _find(name: str, look: Callable[[], tuple[State, str]]) -> Finding:
    """What a look found. A look that fails is a finding too: that is what a doctor is for."""
    try:
        state, text = look()
    except Exception as error:
        lines = str(error).splitlines() or [type(error).__name__]
        state, text = "fault", lines[0]
    return Finding(name, state, text)


def look_at_python() -> tuple[State, str]:
    """The interpreter, the system and our version."""
    version = importlib.metadata.version("autogroove")
    python = f"{platform.python_version()} on {platform.system()} {platform.machine()}"
    return "ok", f"{python}, Autogroove {version}"


def look_at_cores() -> tuple[State, str]:
    """Those that this process may use."""
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return "ok", f"{usable} of {os.cpu_count()}; --workers takes another number"


def look_at_memory() -> tuple[State, str]:
    """What is free, beside what two workers and a training take."""
    import psutil

    memory = psutil.virtual_memory()
    free, total = memory.available / 2**30, memory.total / 2**30
    text = f"{free:.1f} GB free of {total:.1f}"
    if free < LEAST_MEMORY_GB:
        return "warning", f"{text}: a run with two workers takes about {LEAST_MEMORY_GB:.0f}"
    return "ok", text


def look_at_gpu() -> tuple[State, str]:
    """The devices that PyTorch sees."""
    import torch

    if not torch.cuda.is_available():
        return "ok", f"none; PyTorch {torch.__version__} trains on the CPU"
    names = [torch.cuda.get_device_name(i) for i in range(torch.cuda.device_count())]
    return "ok", f"{', '.join(names)}; PyTorch {torch.__version__}"


def look_at_decoders() -> tuple[State, str]:
    """libsndfile and the FFmpeg in the `av` wheel."""
    from autogroove.audio import DECODER_VERSION

    return "ok", DECODER_VERSION


def look_at_store(url: str) -> tuple[State, str]:
    """Whether the store answers, takes writes, and can create an object only where none is."""
    from autogroove.releases import list_releases
    from autogroove.store import Store, check_conditional_create

    store = Store(url)
    folder = _local_folder(url)
    if folder is not None and not folder.exists():
        parent = _first_there(folder)
        if not os.access(parent, os.W_OK):
            return "fault", f"{folder} is not there, and {parent} cannot be written"
        return "ok", f"{folder} is not there yet: a run makes it"
    if not check_conditional_create(store):
        return "fault", f"{store.url} cannot create an object only where none is (If-None-Match)"
    releases = list_releases(store)
    held = f"release {releases[-1].release} is current" if releases else "no release yet"
    return "ok", f"{store.url}: {held}"


def look_at_disk(url: str) -> tuple[State, str]:
    """Space where the store lies and where temporary files go."""
    import tempfile

    folder = _local_folder(url)
    places = {tempfile.gettempdir(), *([str(_first_there(folder))] if folder else [])}
    free = {place: shutil.disk_usage(place).free / 2**30 for place in sorted(places)}
    text = ", ".join(f"{gigabytes:.0f} GB free in {place}" for place, gigabytes in free.items())
    return ("warning" if min(free.values()) < LEAST_DISK_GB else "ok"), text


def _local_folder(url: str) -> Path | None:
    return None if "://" in url else Path(url).expanduser().absolute()


def _first_there(folder: Path) -> Path:
    """The folder, or the nearest one around it that exists."""
    return next(each for each in (folder, *folder.parents) if each.exists())


def look_at_prefect() -> tuple[State, str]:
    """The server that a run would talk to."""
    from flows.runtime import running_server

    version = importlib.metadata.version("prefect")
    with running_server() as url:
        if url is None:
            return "ok", f"{version}; a run starts a server of its own"
        return "ok", f"{version}; the server at {url} answers and lets us in"


def look_at_dask(address: str | None) -> tuple[State, str]:
    """The scheduler, if one was named."""
    version = importlib.metadata.version("distributed")
    if address is None:
        return "ok", f"{version}; a run starts workers of its own"
    from distributed import Client

    with Client(address, timeout=5) as client:  # type: ignore[no-untyped-call]
        workers = client.scheduler_info()["workers"]
        threads = sum(each["nthreads"] for each in workers.values())
    if not workers:
        return "fault", f"The scheduler at {address} has no workers"
    return "ok", f"{version}; {len(workers)} workers with {threads} threads at {address}"


def look_at_packages() -> tuple[State, str]:
    """Versions that are known to break something."""
    from packaging.version import Version

    broken = [
        f"{name} {importlib.metadata.version(name)}: {why}; install one before {first}"
        for name, (first, why) in KNOWN_TO_BREAK.items()
        if Version(importlib.metadata.version(name)) >= Version(first)
    ]
    return ("fault", ". ".join(broken)) if broken else ("ok", "none that is known to break")
