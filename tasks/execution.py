"""How tasks run: which failures are worth another try, and where goes what the library logs."""

import logging
from typing import Any

import httpx
from prefect.client.schemas.objects import State, TaskRun
from prefect.context import FlowRunContext, TaskRunContext
from prefect.logging.handlers import APILogHandler
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


_LOGGERS = ("autogroove", "tasks")


class _RunHandler(APILogHandler):
    """Sends lines of a run to it; lines of none, of a heartbeat for instance, have nowhere to go.

    Where Prefect was told to look after the same loggers it does so: sometimes after this handler
    is there, on a worker that is given its first task. Then each line would come twice.
    """

    def __init__(self, logger: logging.Logger) -> None:
        super().__init__()
        self._logger = logger

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether the line is sent."""
        others = any(
            isinstance(handler, APILogHandler) and handler is not self
            for handler in self._logger.handlers
        )
        in_run = TaskRunContext.get() is not None or FlowRunContext.get() is not None
        return in_run and not others and bool(super().filter(record))


def send_logs_to_runs() -> None:
    """Send what the library logs from now on to the run that it is logged in; once a process."""
    for name in _LOGGERS:
        logger = logging.getLogger(name)
        if logger.level == logging.NOTSET:
            logger.setLevel(logging.INFO)
        if not any(isinstance(handler, APILogHandler) for handler in logger.handlers):
            logger.addHandler(_RunHandler(logger))
