"""One trial, rung by rung (successive halving): trained, measured, given up where it is behind."""

import copy
import logging
import warnings
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import torch

from autogroove.config import Settings
from autogroove.errors import AutogrooveError, SettingsError, SourceError, StoreError
from autogroove.evaluation.search.material import Material
from autogroove.evaluation.search.objective import measure_hearing
from autogroove.evaluation.search.settings import Choice, SearchSettings, Values, read_values
from autogroove.evaluation.search.trials import Ask, Trial
from autogroove.model import Autoencoder
from autogroove.model.training import (
    ClipLoader,
    Machine,
    ProcessGroup,
    Trainer,
    begin_model,
    choose_machine,
    choose_members,
    choose_objective,
    finish_model,
)
from autogroove.segments import make_recipe_key
from autogroove.store import Store

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


Progress = Callable[[int, int], None]

_log = logging.getLogger(__name__)


def run_trial(
    store: Store,
    sided: pd.DataFrame,
    search: SearchSettings,
    asked: Ask,
    settings: Settings,
    material: Material,
    *,
    device: str = "auto",
    progress: Progress | None = None,
) -> Trial:
    """Train one trial and measure it. Nothing is written.

    Args:
        store: with the segments of the settings' recipe.
        sided: the collection, as `choose_sides` gives it.
        search: the ladder.
        asked: the trial, and those that it is compared with.
        settings: the trial's own.
        material: of the validation side, in the settings' recipe.
        device: as in `train_model`.
        progress: is given (epoch, epochs).

    Returns:
        The trial: complete, pruned, or failed where its settings cannot be trained.
    """
    machine = choose_machine(device)
    outcome = Trial(asked.number, asked.values, "failed")
    pruner = Pruner(search, asked)
    try:
        trainer, train, dev = _begin(store, sided, search.budget(settings), machine)
        size = sum(weights.numel() for weights in trainer.model.parameters())
        outcome = replace(outcome, parameters=size)
        for epochs in search.rungs:
            _train_until(epochs, trainer, train, dev, progress)
            heard = measure_hearing(material.hear(_finish(trainer.model, train, settings)))
            _log.info("Trial %d: %.4f after %d epochs", asked.number, heard.objective, epochs)
            rungs = {**outcome.rungs, epochs: heard.objective}
            outcome = replace(outcome, rungs=rungs, rows=heard.rows)
            if pruner.gives_up(epochs, heard.objective) and epochs != search.rungs[-1]:
                return replace(outcome, state="pruned")
        return replace(outcome, state="complete")
    except (StoreError, SourceError):
        raise
    except AutogrooveError as error:
        _log.warning("Trial %d failed: %s", asked.number, error)
        return replace(outcome, reason=str(error))


def _train_until(
    epochs: int,
    trainer: Trainer,
    train: ClipLoader,
    dev: ClipLoader,
    progress: Progress | None,
) -> None:
    while trainer.history.epoch < epochs:
        report = trainer.run_epoch(train, dev)
        _log.info("%s", report)
        if progress:
            progress(report.epoch, report.num_epochs)


def _begin(
    store: Store, sided: pd.DataFrame, settings: Settings, machine: Machine
) -> tuple[Trainer, ClipLoader, ClipLoader]:
    members = choose_members(sided, settings.training)
    recipe_key = make_recipe_key(settings)
    train = ClipLoader(store, recipe_key, members.train)
    dev = ClipLoader(store, recipe_key, members.dev)
    torch.manual_seed(settings.training.seed)
    try:
        model = begin_model(settings, train)
    except (RuntimeError, ValueError) as error:
        raise SettingsError(f"No network can be built of these settings: {error}.") from error
    trainer = Trainer(model, choose_objective(settings), settings.training, machine, ProcessGroup())
    return trainer, train, dev


def _finish(model: Autoencoder, train: ClipLoader, settings: Settings) -> Autoencoder:
    """The model as it would be if its training ended here; the training itself goes on."""
    finished = copy.deepcopy(model)
    finish_model(finished, train, settings)
    return finished
