"""A run in this process, with the server and the cluster that it needs.

What belongs here: starting what is missing, in the order that Prefect needs. What does not: the
flow, which is imported only once the server is known.
"""

import os
from pathlib import Path

from autogroove.config import Circumstances, RunPolicy, Settings, SourceSelection
from autogroove.releases import check_conditional_create
from autogroove.storage import Store
from flows.record import RunSummary
from flows.server import prefect_server

_ENVIRONMENT = {
    # Workers' and the library's log lines belong to the run, in the UI; the terminal is ours.
    "PREFECT_LOGGING_EXTRA_LOGGERS": "autogroove,tasks",
    "PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL": "CRITICAL",
}


def run_embedded(
    selection: SourceSelection,
    settings: Settings,
    policy: RunPolicy,
    circumstances: Circumstances,
    *,
    quiet: bool,
) -> RunSummary:
    """Run the pipeline to its end and stop whatever was started for it.

    Raises:
        AutogrooveError: the run cannot go on; nothing is half published.
    """
    store = Store(circumstances.store)
    check_conditional_create(store)
    for name, value in _ENVIRONMENT.items():
        os.environ.setdefault(name, value)
    circumstances = circumstances.model_copy(update={"store": store.url})
    with prefect_server(_log_path()) as url:
        from flows.publish_release import publish_release
        from flows.runners import make_task_runner
        from flows.terminal import follow_stages, greet

        if not quiet:
            greet(selection.source, store.url, url)
        flow = publish_release.with_options(task_runner=make_task_runner(circumstances))
        with follow_stages(quiet=quiet):
            return flow(selection, settings, policy, circumstances)


def _log_path() -> Path:
    home = Path(os.environ.get("PREFECT_HOME", "~/.prefect")).expanduser()
    home.mkdir(parents=True, exist_ok=True)
    return home / "autogroove-server.log"
