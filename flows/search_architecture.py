"""Searching for a better network, from a source to a verdict, on one screen.

What belongs here: the order of the stages. What does not: what is searched and how it is judged
(`autogroove.searching`), or what is under way at a time (`flows.search_trials`).

A search that was interrupted is gone on with by starting it again. It publishes nothing: a person
reads the verdict and runs the pipeline with the settings.
"""

from prefect import flow

from autogroove.config import Circumstances, RunPolicy, Settings, SourceSelection
from autogroove.releases.leases import hold_lease
from autogroove.searching import SearchSettings
from autogroove.searching.report import SearchReport
from autogroove.storage import Store
from flows.record import Run
from flows.runners import make_task_runner_from_environment
from flows.scan_source import render_demo, scan_source
from flows.search_ground import Grounds
from flows.search_trials import make_finals, make_trials
from tasks.searching import begin, show

_WEEK_SECONDS = 7 * 24 * 3600


@flow(
    name="search-architecture",
    flow_run_name="search on {selection.source}",
    task_runner=make_task_runner_from_environment(),
    timeout_seconds=4 * _WEEK_SECONDS,
)
def search_architecture(
    selection: SourceSelection = SourceSelection(),  # noqa: B008 - frozen, shown as a form
    settings: Settings = Settings.from_preset(),  # noqa: B008
    search: SearchSettings | None = None,
    num_trials: int = 20,
    num_finalists: int = 3,
    circumstances: Circumstances = Circumstances(),  # noqa: B008
) -> SearchReport:
    """Look for settings whose card is better, beginning with those given."""
    run = Run(selection, settings, RunPolicy(), circumstances)
    with hold_lease(Store(run.store)):  # nobody sweeps what the search is about to need
        render_demo(run)
        grounds = Grounds(run, scan_source(run))
        asked = search or SearchSettings.from_tree({}, settings)
        found = begin(run.store, grounds.prepare(settings), asked, settings)
        trials = make_trials(grounds, found, num_trials)
        finals = make_finals(grounds, found, trials, num_finalists)
        return show(found, trials, finals)
