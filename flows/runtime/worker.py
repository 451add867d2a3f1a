"""What a worker of an embedded cluster does first; Dask preloads this module there.

What belongs here: keeping the run's terminal free of what tells nobody anything. What does not:
importing anything large, as every worker waits for it.
"""

import logging

from distributed import Worker

from flows.runtime.surroundings import settle_in


def dask_setup(worker: Worker) -> None:
    """Print whatever the console can show; drop one line of Dask's, and its traceback.

    A cluster that closes after a run meets a heartbeat on its way now and then. The scheduler is in
    the process of the run, so there is no other way for it not to answer a heartbeat.
    """
    settle_in()
    logging.getLogger("distributed.worker").addFilter(_tells_something)


def _tells_something(line: logging.LogRecord) -> bool:
    return line.msg != "Failed to communicate with scheduler during heartbeat."
