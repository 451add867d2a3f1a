"""Runs that kill themselves at chosen writes: a script, because what it does ends processes.

What belongs here: dying before, during or after a write. What does not: judging what is left.

`python killable.py JSON`, where JSON is an `Assignment`. The first run begins with an empty store;
each is killed with SIGKILL at its moment, what it left is copied, and the next goes on from there.
So every stage is made once for all moments together. Everything is imported once, and each run is
a fork, whose Dask worker is a thread: a kill leaves nothing alive.
"""

import json
import os
import re
import shutil
import signal
import sys
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from distributed import LocalCluster
from prefect_dask.task_runners import DaskTaskRunner

import flows.publish_release  # imported before the forks, not in each of them
from autogroove.config import Circumstances, Settings, SourceSelection
from autogroove.storage import Store


@dataclass(frozen=True)
class Moment:
    """The `number`-th write of a run whose key matches, and whether death comes before it, while
    the bytes are under their temporary name, or after it."""

    pattern: str
    when: str
    number: int = 1


@dataclass(frozen=True)
class Assignment:
    """What to run, and where to copy what the n-th killed run leaves: `copies/n`."""

    source: str
    store: str
    copies: str
    settings: dict[str, Any]
    tracks_per_segment: int
    moments: list[dict[str, Any]]


def main(assignment: Assignment) -> None:
    """Kill one run after the other; an error if one of them lives."""
    assert threading.active_count() == 1, "a fork would lose these threads"
    for number, moment in enumerate(assignment.moments):
        child = os.fork()
        if child == 0:
            _run_until(Moment(**moment), assignment)
        _, status = os.waitpid(child, 0)
        if not os.WIFSIGNALED(status) or os.WTERMSIG(status) != signal.SIGKILL:
            sys.exit(f"The run was not killed at {moment}: status {status}.")
        shutil.copytree(assignment.store, Path(assignment.copies) / str(number))


def _run_until(moment: Moment, assignment: Assignment) -> NoReturn:
    try:
        _lay_trap(moment)
        _run(assignment)
    finally:
        os._exit(3)  # alive: there was no such write


def _lay_trap(moment: Moment) -> None:
    lock, passed = threading.Lock(), [0]

    def guard(put: Any) -> Any:
        def guarded(store: Store, key: str, data: bytes) -> Any:
            if not re.match(moment.pattern, key):
                return put(store, key, data)
            with lock:
                passed[0] += 1
                if passed[0] < moment.number:
                    return put(store, key, data)
                if moment.when == "before":
                    _die()
                if moment.when == "during":
                    os.fsync = _die  # type: ignore[assignment]  # before the file is named
                put(store, key, data)
                _die()

        return guarded

    Store.write = guard(Store.write)  # type: ignore[method-assign]
    Store.create = guard(Store.create)  # type: ignore[method-assign]


def _die(*_: Any) -> NoReturn:
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError("nobody survives SIGKILL")


def _run(assignment: Assignment) -> None:
    circumstances = Circumstances(
        store=assignment.store, tracks_per_segment=assignment.tracks_per_segment
    )
    in_this_process = {
        "processes": False,
        "n_workers": 1,
        "threads_per_worker": 1,
        "dashboard_address": None,
    }
    runner: Any = DaskTaskRunner(cluster_class=LocalCluster, cluster_kwargs=in_this_process)
    flow: Any = flows.publish_release.publish_release.with_options(task_runner=runner)
    settings = Settings.model_validate(assignment.settings)
    flow(SourceSelection(source=assignment.source), settings, circumstances=circumstances)


if __name__ == "__main__":
    main(Assignment(**json.loads(sys.argv[1])))
