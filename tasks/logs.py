"""What the library logs within a task belongs to the run, wherever the task happens.

What belongs here: the way of log lines to Prefect. What does not: what is logged.

PREFECT_LOGGING_EXTRA_LOGGERS gives the handler, though not the level, to processes that have it
when Prefect is imported. A Dask worker that was started by somebody else has not.
"""

import logging

from prefect.context import FlowRunContext, TaskRunContext
from prefect.logging.handlers import APILogHandler

_LOGGERS = ("autogroove", "tasks")


class _WithinRun(logging.Filter):
    """Lines of no run, of a heartbeat for instance, have nowhere to go."""

    def filter(self, record: logging.LogRecord) -> bool:
        return TaskRunContext.get() is not None or FlowRunContext.get() is not None


def send_logs_to_runs() -> None:
    """Send what the library logs from now on to the run that it is logged in; once a process."""
    for name in _LOGGERS:
        logger = logging.getLogger(name)
        if logger.level == logging.NOTSET:
            logger.setLevel(logging.INFO)
        if not any(isinstance(handler, APILogHandler) for handler in logger.handlers):
            handler = APILogHandler()
            handler.addFilter(_WithinRun())
            logger.addHandler(handler)
