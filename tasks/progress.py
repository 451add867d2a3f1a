"""What a person sees while a stage runs: a moving artifact in the UI, a line in the terminal.

What belongs here: carrying "done of total" from where work happens to where people look.
What does not: the look of the terminal (`flows.cli.terminal`), or the work.

A task on a Dask worker publishes its reports on a Dask topic; the process of the flow listens
and hands every report to the listeners, its own and the workers' alike.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import httpx
from distributed import Client, get_worker
from prefect.artifacts import create_progress_artifact, update_progress_artifact
from prefect.context import FlowRunContext, TaskRunContext
from prefect.logging import get_run_logger

from autogroove.errors import AutogrooveError

TOPIC = "autogroove-progress"
_ARTIFACT_INTERVAL_SECONDS = 1.0


@dataclass(frozen=True)
class Report:
    """How far a stage is: `done` of `total` units, and a short note such as "256 tracks"."""

    stage: str
    done: int
    total: int
    note: str = ""


class Unwanted(AutogrooveError):
    """The run that asked for a task has ended before it."""


Listener = Callable[[Report], None]
_listeners: list[Listener] = []


@contextmanager
def listening(listener: Listener) -> Iterator[None]:
    """Hand every report of the flows that run meanwhile to a listener."""
    _listeners.append(listener)
    try:
        yield
    finally:
        _listeners.remove(listener)


def send_report(report: Report) -> None:
    """Report from anywhere: straight to the listeners, or through Dask from a worker."""
    try:
        worker = get_worker()
    except ValueError:
        for listener in _listeners:
            listener(report)
        return
    worker.log_event(TOPIC, (report.stage, report.done, report.total, report.note))


def stop_where_unwanted() -> None:
    """End a task on a Dask worker that nobody waits for any more: its run was cancelled, or died.

    Dask forgets such a task but cannot stop its thread; a training would go on for days.

    Raises:
        Unwanted: so it is.
    """
    try:
        worker = get_worker()
        key = worker.get_current_task()
    except (ValueError, KeyError):
        return
    task = worker.state.tasks.get(key)
    if task is None or task.state == "cancelled":
        raise Unwanted("The run that asked for this has ended; what was done is kept.")


def receive_reports(client: Client) -> None:
    """Hand what workers report to the listeners of this process."""

    def forward(event: tuple[float, Any]) -> None:
        send_report(Report(*event[1]))

    client.subscribe_topic(TOPIC, forward)  # type: ignore[no-untyped-call]


@dataclass
class Stage:
    """One stage of a run, as people follow it; what it counted goes into the run's summary."""

    name: str
    started: float = field(default_factory=time.monotonic)
    _artifact: UUID | None = None
    _shown: float = 0.0
    _last: tuple[int, int, str] = (0, 0, "")

    def show(self, done: int, total: int, note: str = "") -> None:
        """Move the artifact (at most once a second) and the terminal."""
        self._last = (done, total, note)
        stop_where_unwanted()
        send_report(Report(self.name, done, total, note))
        now = time.monotonic()
        running = FlowRunContext.get() or TaskRunContext.get()
        if running is None or (done < total and now - self._shown < _ARTIFACT_INTERVAL_SECONDS):
            return
        self._shown = now
        try:
            self._move_artifact(done, total, note)
        except httpx.HTTPError as error:
            # Work of days does not end because a server is started anew meanwhile.
            get_run_logger().warning("Progress cannot be shown: %s", error)

    def _move_artifact(self, done: int, total: int, note: str) -> None:
        text = f"{self.name} {done}/{total}" + (f" · {note}" if note else "")
        get_run_logger().info(text)
        percent = 100.0 * done / total if total else 100.0
        if self._artifact is None:
            key = self.name.replace("_", "-")
            self._artifact = _uuid(create_progress_artifact(percent, key=key, description=text))
        else:
            update_progress_artifact(self._artifact, progress=percent, description=text)

    def finish(self) -> None:
        """Show the stage as done: it may have needed fewer steps than it was allowed."""
        done, total, note = self._last
        if done < total:
            self.show(total, total, note)

    @property
    def seconds(self) -> float:
        """Wall seconds since the stage began."""
        return round(time.monotonic() - self.started, 3)


def _uuid(value: Any) -> UUID:
    return value if isinstance(value, UUID) else UUID(str(value))
