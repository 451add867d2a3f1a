"""A run in this process, with the server and the cluster that it needs.

What belongs here: starting what is missing, in the order that Prefect needs. What does not: the
flow, which is imported only once the server is known.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from autogroove.config import Circumstances, RunPolicy, Settings, SourceSelection
from autogroove.evaluation.search import SearchSettings
from autogroove.source import open_source
from autogroove.store import Store, check_conditional_create
from flows.record import RunSummary
from flows.runtime.server import page_of_run, prefect_server

if TYPE_CHECKING:
    from prefect.task_runners import TaskRunner

    from autogroove.evaluation.search import SearchReport

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
    with _embedded(selection, circumstances, quiet=quiet) as (here, runner, url):
        from flows.publish_release import publish_release

        flow = publish_release.with_options(task_runner=runner)
        summary: RunSummary = flow(selection, settings, policy, here)
    if summary.flow_run_id is None:
        return summary
    return replace(summary, run_url=page_of_run(url, summary.flow_run_id))


def search_embedded(
    selection: SourceSelection,
    settings: Settings,
    search: SearchSettings,
    num_trials: int,
    num_finalists: int,
    circumstances: Circumstances,
    *,
    quiet: bool,
) -> "SearchReport":
    """Search for a better network and stop whatever was started for it.

    Raises:
        AutogrooveError: the search cannot go on; the trials that ended are kept.
    """
    with _embedded(selection, circumstances, quiet=quiet) as (here, runner, _):
        from flows.search_architecture import search_architecture

        flow = search_architecture.with_options(task_runner=runner)
        return flow(selection, settings, search, num_trials, num_finalists, here)


@contextmanager
def _embedded(
    selection: SourceSelection, circumstances: Circumstances, *, quiet: bool
) -> Iterator[tuple[Circumstances, "TaskRunner[Any]", str]]:
    """The circumstances with the store's full URL, a task runner, and a server's URL, meanwhile."""
    store = Store(circumstances.store)
    open_source(selection.source, store=store, subset=selection.subset, limit=selection.limit)
    check_conditional_create(store)
    for name, value in _ENVIRONMENT.items():
        os.environ.setdefault(name, value)
    circumstances = circumstances.model_copy(update={"store": store.url})
    with prefect_server(_log_path()) as url:
        from flows.cli.terminal import follow_stages, greet
        from flows.runtime.runners import make_task_runner

        if not quiet:
            greet(selection.source, store.url, url)
        with follow_stages(quiet=quiet):
            yield circumstances, make_task_runner(circumstances), url


def _log_path() -> Path:
    home = Path(os.environ.get("PREFECT_HOME", "~/.prefect")).expanduser()
    home.mkdir(parents=True, exist_ok=True)
    return home / "autogroove-server.log"
