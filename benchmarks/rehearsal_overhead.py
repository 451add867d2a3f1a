"""Prefect's share of a run's wall time, from what Prefect itself recorded.

What belongs here: asking a server for task runs, and the definition of overhead.
What does not: running or printing.
"""

import os
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx

from flows.runtime import prefect_server

Task = tuple[str, float, float]
"""A task's name, and the seconds since the epoch when it began and ended to run."""

ONLY_SHOWING = {"show-tables", "show-summary"}
"""Tasks that only fill the UI: they count as Prefect's."""

_PAGE = 200


@dataclass(frozen=True)
class Overhead:
    """Seconds of the wall in which no stage worked, by when; workers' waits as wall seconds."""

    tasks: int
    before: float
    between: float
    after: float
    waiting: float

    @property
    def seconds(self) -> float:
        """All of it."""
        return self.before + self.between + self.after + self.waiting


def measure_overhead(tasks: Sequence[Task], began: float, ended: float, workers: int) -> Overhead:
    """Split the wall of a command from `began` to `ended` by whether its tasks were running."""
    working = sorted((start, end) for name, start, end in tasks if name not in ONLY_SHOWING)
    if not working:
        return Overhead(len(tasks), ended - began, 0.0, 0.0, 0.0)
    busy, last = 0.0, working[0][0]
    for start, end in working:
        busy += max(0.0, end - max(start, last))
        last = max(last, end)
    first = working[0][0]
    by_name = defaultdict(list)
    for name, start, end in tasks:
        by_name[name].append((start, end))
    waiting = sum(_wait(spans, workers) for spans in by_name.values())
    return Overhead(len(tasks), first - began, last - first - busy, ended - last, waiting)


def _wait(spans: list[tuple[float, float]], workers: int) -> float:
    """Wall seconds that workers lost between batches of one stage while batches were left.

    From the first start to the last one every worker ought to be busy; after the last start there
    is nothing left to wait for.
    """
    if len(spans) <= workers:
        return 0.0
    first, last = min(s for s, _ in spans), max(s for s, _ in spans)
    at_work = sum(max(0.0, min(end, last) - start) for start, end in spans)
    # A gap of the whole stage is counted as `between` already.
    return max(0.0, (last - first) - at_work / workers)


def read_task_runs(home: Path, flow_run_ids: Sequence[str]) -> list[list[Task]]:
    """The tasks of each flow run, from the database below a PREFECT_HOME."""
    before = os.environ.get("PREFECT_HOME")
    os.environ["PREFECT_HOME"] = str(home)
    try:
        with prefect_server(home / "asked.log") as url:
            return [_ask(url, run_id) for run_id in flow_run_ids]
    finally:
        os.environ.pop("PREFECT_HOME")
        if before is not None:
            os.environ["PREFECT_HOME"] = before


def _ask(url: str, flow_run_id: str) -> list[Task]:
    found: list[dict[str, Any]] = []
    while True:
        question = {
            "flow_runs": {"id": {"any_": [flow_run_id]}},
            "limit": _PAGE,
            "offset": len(found),
            "sort": "ID_DESC",
        }
        answer = httpx.post(f"{url}/task_runs/filter", json=question, timeout=60)
        answer.raise_for_status()
        page = answer.json()
        found += page
        if len(page) < _PAGE:
            break
    return [
        (
            task["task_key"].rpartition("-")[0],
            _seconds(task["start_time"]),
            _seconds(task["end_time"]),
        )
        for task in found
        if task["start_time"] and task["end_time"]
    ]


def _seconds(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()
