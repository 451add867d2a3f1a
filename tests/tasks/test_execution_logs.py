"""What the library logs reaches the run, also where Prefect was told to look after its loggers."""

import os
import subprocess
import sys

import pytest

PROGRAM = """
import logging
import prefect.main  # as in a process that runs a flow
import tasks
logger = logging.getLogger("autogroove")
print(logger.isEnabledFor(logging.INFO), len(logger.handlers))
"""


@pytest.mark.parametrize("known", ["", "autogroove,tasks,flows"])
def test_information_is_sent_once(known):
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        env=os.environ | {"PREFECT_LOGGING_EXTRA_LOGGERS": known},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split() == ["True", "1"]
