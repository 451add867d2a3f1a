"""Runs that kill themselves at chosen writes: a script, because what it does ends processes.

What belongs here: dying before, during or after a write. What does not: judging what is left.

`python killable.py JSON`, where JSON is an `Assignment`. The first run begins with an empty store;
each is killed with SIGKILL at its moment, what it left is copied, and the next goes on from there.
So every stage is made once for all moments together. Everything is imported once, and each run is
a fork, whose Dask worker is a thread: a kill leaves nothing alive. Copying is a fork too, because
an S3 client has threads, which a later fork would lose.
"""

import asyncio.selector_events
import json
import os
import re
import signal
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NoReturn
from urllib.parse import urlsplit

from distributed import LocalCluster
from prefect_dask.task_runners import DaskTaskRunner

import flows.publish_release
from autogroove.config.run import Circumstances, SourceSelection
from autogroove.config.settings import Settings
from autogroove.store.store import Store


@dataclass(frozen=True)
class Moment:
    """The `number`-th write of a run whose key matches, and whether death comes before it, while
    the bytes are under their temporary name or half sent, or after it."""

    pattern: str
    when: str
    number: int = 1


@dataclass(frozen=True)
class Assignment:
    """What to run, and where to copy what the n-th killed run leaves: `copies/n`.

    `store` and `copies` are folders or URLs.
    """

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
        status = _fork(lambda moment=moment: _run_until(Moment(**moment), assignment))
        if not os.WIFSIGNALED(status) or os.WTERMSIG(status) != signal.SIGKILL:
            sys.exit(f"The run was not killed at {moment}: status {status}.")
        if _fork(lambda number=number: _copy(assignment.store, f"{assignment.copies}/{number}")):
            sys.exit(f"What the run left at {moment} could not be copied.")


def _fork(work: Callable[[], None]) -> int:
    """Do it in a process of its own; how that ended."""
    child = os.fork()
    if child == 0:
        code = 3
        try:
            work()
            code = 0
        finally:
            os._exit(code)
    return os.waitpid(child, 0)[1]


def _copy(source: str, target: str) -> None:
    old, new = Store(source), Store(target)
    for each in old.objects(leftovers=True):
        new.write(each.key, old.read(each.key))


def _run_until(moment: Moment, assignment: Assignment) -> None:
    _lay_trap(moment)
    _run(assignment)


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
                    _die_when_half_is_sent()
                put(store, key, data)
                _die()

        return guarded

    Store.write = guard(Store.write)  # type: ignore[method-assign]
    Store.create = guard(Store.create)  # type: ignore[method-assign]


def _die_when_half_is_sent() -> None:
    """The next request to the S3 server, where the store is on one, ends in its middle."""
    if "AWS_ENDPOINT_URL" not in os.environ:
        return
    port = urlsplit(os.environ["AWS_ENDPOINT_URL"]).port
    transport: Any = asyncio.selector_events._SelectorSocketTransport  # type: ignore[attr-defined]
    write = transport.write

    def half(self: Any, data: Any) -> None:
        if self.get_extra_info("peername")[1] != port or not bytes(data).startswith(b"PUT "):
            return write(self, data)
        self._sock.send(bytes(data)[: len(data) // 2])
        _die()

    transport.write = half
    transport.writelines = lambda self, parts: self.write(b"".join(parts))


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
