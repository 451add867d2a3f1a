"""Which failures are worth another try, and how long a task may take.

What belongs here: the retry rule that every task shares. What does not: the work.
"""

import logging
from typing import Any

import httpx
from prefect.client.schemas.objects import State, TaskRun
from prefect.tasks import exponential_backoff

from autogroove.errors import AutogrooveError, DamagedObject, StoreError


class _KnownLimit(logging.Filter):
    """Prefect warns at each task on Dask that its time limit cannot break off a blocking call.

    That is known: a decoder that may hang has a process of its own, and a training looks up after
    each epoch. Hundreds of such warnings would hide those that matter.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        return "running in a worker thread" not in record.getMessage()


logging.getLogger("prefect.task_runs").addFilter(_KnownLimit())


def can_help(task: Any, run: TaskRun, state: State[Any]) -> bool:
    """Another try may help against a store or a network, never against bad input, damaged bytes
    or a bug.

    Prefect's own server, which a task tells what it shows, is one of those that may stumble.
    """
    fault = state.data
    if isinstance(fault, AutogrooveError):
        return isinstance(fault, StoreError) and not isinstance(fault, DamagedObject)
    return isinstance(fault, OSError | httpx.TransportError)


def retrying(hours: float = 1) -> Any:
    """Options of every task that talks to a store: a time limit, and retries where they can help.

    Again after two, four and eight seconds, each stretched by up to its half: longer than a storage
    server's hiccup and shorter than a person's wait, and not all workers at the same moment.
    """
    return {
        "timeout_seconds": hours * 3600,
        "retries": 3,
        "retry_delay_seconds": exponential_backoff(backoff_factor=2),
        "retry_jitter_factor": 0.5,
        "retry_condition_fn": can_help,
    }
