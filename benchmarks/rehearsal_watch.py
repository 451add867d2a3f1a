"""Watching a command: what its processes use, and in which stage of the run they use it.

What belongs here: sampling the tree of processes, and dividing what was sampled among stages.
What does not: which commands are run (`rehearsal`).

Every quarter of a second the CPU time and resident memory of the command and all its descendants
are read. What was used between two samples goes to the stages that lay between them, in proportion;
so a stage shorter than that is a guess. Memory is a sum of resident sizes: pages that
processes share, such as libraries, count once for each.
"""

import os
import resource
import subprocess
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import psutil

INTERVAL_SECONDS = 0.25
STARTING, BETWEEN, STOPPING = "(starting)", "(between)", "(stopping)"
ROLES = ("command", "server", "workers")
ONE_WORKER = "one worker"

Interval = tuple[str, float, float]
"""A stage, and the seconds since the epoch when it began and ended."""


@dataclass(frozen=True)
class Sample:
    """One look: CPU seconds by role since the last look, and resident bytes by process."""

    at: float
    cpu: dict[str, float]
    resident: dict[str, int]
    largest_worker: int


@dataclass(frozen=True)
class Watched:
    """A command that ended: its exit status, its samples, and its exact CPU time."""

    status: int
    began: float
    ended: float
    cpu: float
    samples: list[Sample]


@dataclass
class Use:
    """What one stage used."""

    wall: float = 0.0
    cpu: float = 0.0
    peak: int = 0
    peak_of: dict[str, int] = field(default_factory=dict)


def watch(command: Sequence[str], environment: Mapping[str, str], output: Path) -> Watched:
    """Run a command to its end; its standard output goes to a file."""
    before = _cpu_of_ended_children()
    began = time.time()
    with output.open("wb") as out, output.with_suffix(".log").open("wb") as log:
        process = subprocess.Popen(command, env=environment, stdout=out, stderr=log)
    samples = list(_sample(process))
    return Watched(
        process.returncode, began, time.time(), _cpu_of_ended_children() - before, samples
    )


def _cpu_of_ended_children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _sample(process: "subprocess.Popen[bytes]") -> Iterator[Sample]:
    root = psutil.Process(process.pid)
    roles: dict[psutil.Process, str] = {root: "command"}
    spent: dict[psutil.Process, float] = {}
    while process.poll() is None:
        yield _look(root, roles, spent)
        time.sleep(INTERVAL_SECONDS)


def _look(
    root: psutil.Process, roles: dict[psutil.Process, str], spent: dict[psutil.Process, float]
) -> Sample:
    cpu: Counter[str] = Counter()
    resident: Counter[str] = Counter()
    largest = 0
    try:
        living = [root, *root.children(recursive=True)]
    except psutil.NoSuchProcess:
        living = []
    for process in living:
        try:
            role = roles.get(process) or roles.setdefault(process, _find_role(process))
            with process.oneshot():
                times, memory = process.cpu_times(), process.memory_info().rss
        except psutil.NoSuchProcess:
            continue
        total = times.user + times.system
        cpu[role] += total - spent.get(process, 0.0)
        spent[process] = total
        resident[role] += memory
        if role == "workers":
            largest = max(largest, memory)
    return Sample(time.time(), dict(cpu), dict(resident), largest)


def _find_role(process: psutil.Process) -> str:
    """Of a descendant: what is not the server was started by Dask, or by one of its workers."""
    words = " ".join(process.cmdline())
    return "server" if "prefect server" in words or "prefect.server" in words else "workers"


def divide(watched: Watched, stages: Sequence[Interval]) -> dict[str, Use]:
    """What each stage used, and what was used before, between and after them, in their order."""
    uses: dict[str, Use] = {}
    timeline = list(_fill(watched, stages))
    for name, began, ended in timeline:
        uses.setdefault(name, Use()).wall += ended - began
    last = watched.began
    for sample in watched.samples:
        span = max(sample.at - last, 1e-6)
        for name, began, ended in timeline:
            overlap = min(ended, sample.at) - max(began, last)
            if overlap > 0:
                _count(uses[name], sample, overlap / span)
        last = sample.at
    return uses


def _fill(watched: Watched, stages: Sequence[Interval]) -> Iterator[Interval]:
    """The stages by time, with what lies before, between and after them."""
    at, gap = watched.began, STARTING
    for name, began, ended in sorted(stages, key=lambda stage: stage[1]):
        if began > at:
            yield gap, at, began
        yield name, max(began, at), max(ended, at)
        at, gap = max(ended, at), BETWEEN
    yield STOPPING, at, max(at, watched.ended)


def _count(use: Use, sample: Sample, share: float) -> None:
    use.cpu += share * sum(sample.cpu.values())
    use.peak = max(use.peak, sum(sample.resident.values()))
    for name, size in {**sample.resident, ONE_WORKER: sample.largest_worker}.items():
        use.peak_of[name] = max(use.peak_of.get(name, 0), size)


def count_store(folder: Path) -> tuple[int, int]:
    """Objects and bytes below a folder."""
    sizes = [entry.stat().st_size for entry in _files(folder)]
    return len(sizes), sum(sizes)


def _files(folder: Path) -> Iterator[os.DirEntry[str]]:
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                yield from _files(Path(entry.path))
            else:
                yield entry
