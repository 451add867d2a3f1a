"""Choosing what to try next, and when to give up: Optuna's part.

What belongs here: everything that names Optuna. What does not: training or measuring.

Optuna keeps nothing. Its study is rebuilt from the trials of a store whenever something is asked,
with a seed that is the search's and the trial's number; so the answer depends on what is known
alone, and a search that was killed goes on as if it had not been.
"""

import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from autogroove.config import Settings
from autogroove.searching.settings import Choice, SearchSettings, Values, read_values
from autogroove.searching.trials import Ask, Trial

if TYPE_CHECKING:
    import optuna


def ask(
    search: SearchSettings,
    base: Settings,
    number: int,
    known: Sequence[Trial],
    running: Sequence[Ask] = (),
) -> Ask:
    """The settings of a trial, chosen in the light of those that are known.

    Those that are running count as no good yet, so that trials at the same time differ.
    """
    earlier = tuple(sorted(known, key=lambda trial: trial.number))
    if number == 0:
        return Ask(0, read_values(base, search.space), earlier)
    study = _rebuild(search, number, earlier, running)
    chosen = study.ask(_make_distributions(search))
    return Ask(number, dict(chosen.params), earlier)


class Pruner:
    """Whether a trial is worth another rung, compared with the median of earlier ones."""

    def __init__(self, search: SearchSettings, asked: Ask) -> None:
        study = _rebuild(search, asked.number, asked.earlier, ())
        self._trial = study.ask()

    def gives_up(self, epochs: int, objective: float) -> bool:
        """Report the objective after so many epochs; whether to stop there."""
        self._trial.report(objective, epochs)
        return bool(self._trial.should_prune())


def _rebuild(
    search: SearchSettings, number: int, known: Sequence[Trial], running: Sequence[Ask]
) -> "optuna.Study":
    import optuna

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    seed = int(np.random.SeedSequence([search.seed, number]).generate_state(1)[0])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        sampler = optuna.samplers.TPESampler(
            seed=seed, n_startup_trials=search.random_trials, constant_liar=True
        )
    # The first rungs of the first trials say nothing yet: those trials are all let through.
    pruner = optuna.pruners.MedianPruner(n_startup_trials=search.spared_trials)
    study = optuna.create_study(direction="maximize", sampler=sampler, pruner=pruner)
    for trial in known:
        _add(study, search, trial.values, trial)
    for other in running:
        _add(study, search, other.values, None)
    return study


def _add(
    study: "optuna.Study", search: SearchSettings, values: Values, trial: Trial | None
) -> None:
    from optuna.trial import TrialState, create_trial

    if not all(about.contains(values[name]) for name, about in search.space.items()):
        return  # trial 0 where the space leaves out what the search began with
    states = {"complete": TrialState.COMPLETE, "pruned": TrialState.PRUNED}
    study.add_trial(
        create_trial(
            params=dict(values),
            distributions=_make_distributions(search),
            value=trial.objective if trial else None,
            intermediate_values=dict(trial.rungs) if trial else {},
            state=states.get(trial.state, TrialState.FAIL) if trial else TrialState.RUNNING,
        )
    )


def _make_distributions(search: SearchSettings) -> dict[str, Any]:
    from optuna.distributions import CategoricalDistribution, FloatDistribution

    return {
        name: CategoricalDistribution(about.samples())
        if isinstance(about, Choice)
        else FloatDistribution(about.low, about.high, log=about.log)
        for name, about in search.space.items()
    }
