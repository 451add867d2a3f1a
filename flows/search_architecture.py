"""Searching for a better network, from a source to a verdict."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from distributed import KilledWorker, as_completed
from prefect import flow

from autogroove.config import Circumstances, RunPolicy, Settings, SourceSelection
from autogroove.errors import AutogrooveError
from autogroove.evaluation.search import (
    Ask,
    Final,
    Search,
    SearchReport,
    SearchSettings,
    Side,
    Trial,
    choose_finalists,
    rank_finalists,
)
from autogroove.releases import hold_lease
from autogroove.runs import Listing
from autogroove.segments import make_recipe_key
from flows.build_spectrograms import build_spectrograms
from flows.record import Run
from flows.runtime.fan_out import Tally, count_workers, fan_out, follow_workers, placed_on_gpu
from flows.runtime.runners import make_task_runner_from_environment
from flows.scan_source import render_demo, scan_source
from tasks.evaluation import describe, plan
from tasks.progress import Stage
from tasks.searching import Ground, begin, divide, show, train_finalist, try_settings


@dataclass(frozen=True)
class Grounds:
    """The ground of each recipe; trials that keep the spectrograms share one."""

    run: Run
    listing: Listing
    _known: dict[str, Ground] = field(default_factory=dict)

    def prepare(self, settings: Settings, side: Side = "validation") -> Ground:
        """The ground of these settings, with one side described."""
        recipe = make_recipe_key(settings)
        run = replace(self.run, settings=settings)
        ground = self._known.get(recipe) or divide(
            run.store, build_spectrograms(run, self.listing).catalogue_key
        )
        if side not in ground.described:
            described = {**ground.described, side: self._describe(run, ground.sides[side])}
            ground = replace(ground, described=described)
        self._known[recipe] = ground
        return ground

    def _describe(self, run: Run, catalogue_key: str) -> list[str]:
        keys, missing = plan(run.store, catalogue_key, run.settings)
        fan_out(
            Stage("describe"),
            missing,
            lambda batch, name: describe.submit(
                run.store, self.listing.source, batch, run.settings, name
            ),
            count=Tally(lambda tracks: {"tracks": tracks}),
        )
        return keys


def make_trials(grounds: Grounds, search: Search, num_trials: int) -> list[Trial]:
    """Every trial up to that number; those that are in the store are not made again.

    A new trial begins when one ends, so that it can be chosen in the light of it.
    """
    client, stage = follow_workers(), Stage("search")
    known = search.trials()
    stage.show(len(known), num_trials)
    under_way: dict[str, tuple[Ask, Any]] = {}
    following: Any = as_completed
    waiting = following([], loop=client.loop)
    while True:
        running = [asked for asked, _ in under_way.values()]
        asked = search.next(num_trials, known, running)
        if asked is not None and len(running) < count_workers(client):
            future: Any = _start(grounds, search, asked)
            under_way[future.wrapped_future.key] = asked, future
            waiting.add(future.wrapped_future)
        elif under_way:
            asked, future = under_way.pop(next(waiting).key)
            known.append(_take(search, asked, future))
            stage.show(len(known), num_trials, _describe(known))
        else:
            return sorted(known, key=lambda trial: trial.number)


def make_finals(
    grounds: Grounds, search: Search, trials: Sequence[Trial], num_finalists: int
) -> list[Final]:
    """Finalists with every seed; then the winner and trial 0, and no others, on the test side.

    Raises:
        AutogrooveError: no trial got to the end of the ladder.
    """
    finalists = choose_finalists(trials, num_finalists)
    if not finalists:
        raise AutogrooveError(f"No trial could be trained to its end. {trials[-1].reason}")
    judged = _ask(grounds, search, finalists, "validation")
    winner = rank_finalists(judged)[0].number
    tested = [trial for trial in finalists if trial.number in (winner, 0)]
    return judged + _ask(grounds, search, tested, "test")


def _ask(grounds: Grounds, search: Search, finalists: Sequence[Trial], side: Side) -> list[Final]:
    """What each finalist reaches on one side with each seed; known answers are not asked again."""
    first = search.base.training.seed
    wanted = [
        (trial, seed)
        for trial in finalists
        for seed in range(first, first + search.search.final_seeds)
    ]
    known = {(f.number, f.seed): f for f in search.finals() if f.side == side}
    made = fan_out(
        Stage("finals" if side == "validation" else "test"),
        [pair for pair in wanted if (pair[0].number, pair[1]) not in known],
        lambda pair, _: _start_final(grounds, search, *pair, side),
        count=lambda final: f"trial {final.number}: {final.objective:.3f}",
    )
    found = {**known, **{(final.number, final.seed): final for final in made}}
    return [found[trial.number, seed] for trial, seed in wanted]


def _start(grounds: Grounds, search: Search, asked: Ask) -> Any:
    ground = grounds.prepare(search.settings_of(asked))
    with placed_on_gpu():
        return try_settings.submit(search, ground, asked, grounds.run.circumstances.device)


def _start_final(grounds: Grounds, search: Search, trial: Trial, seed: int, side: Side) -> Any:
    ground = grounds.prepare(search.settings_of(trial), side)
    with placed_on_gpu():
        return train_finalist.submit(
            search, ground, trial, seed, side, grounds.run.circumstances.device
        )


def _take(search: Search, asked: Ask, future: Any) -> Trial:
    """The outcome of a trial; one that kills its workers has failed, and the search goes on."""
    try:
        trial: Trial = future.result()
    except KilledWorker:
        reason = "it killed its worker again and again: it may need more memory than there is"
        trial = Trial(asked.number, asked.values, "failed", reason=reason)
        search.keep(trial)
    return trial


def _describe(known: Sequence[Trial]) -> str:
    best = choose_finalists(known, len(known))
    last = f"trial {known[-1].number} {known[-1].state}"
    leader = f", best {best[0].objective:.3f} (trial {best[0].number})" if best else ""
    return last + leader


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
    with hold_lease(run.store):  # nobody sweeps what the search is about to need
        render_demo(run)
        grounds = Grounds(run, scan_source(run))
        asked = search or SearchSettings.from_tree({}, settings)
        found = begin(run.store, grounds.prepare(settings), asked, settings)
        trials = make_trials(grounds, found, num_trials)
        finals = make_finals(grounds, found, trials, num_finalists)
        return show(found, trials, finals)
