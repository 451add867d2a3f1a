"""One trial: up a ladder of epochs, measured at each rung, given up where it is behind.

What belongs here: training a trial and asking after each rung. What does not: choosing its
settings (`study`), or where its outcome goes (`records`).

The first rung may be at no epochs at all: random weights, with the directions of the code fitted
to the training clips. What is no better than that has learnt nothing.
"""

import copy
import logging
from collections.abc import Callable
from dataclasses import replace

import pandas as pd
import torch

from autogroove.config import Settings
from autogroove.errors import AutogrooveError, SettingsError, SourceError, StoreError
from autogroove.model.autoencoder import Autoencoder
from autogroove.searching.material import Material
from autogroove.searching.objective import measure_hearing
from autogroove.searching.settings import SearchSettings
from autogroove.searching.study import Pruner
from autogroove.searching.trials import Ask, Trial
from autogroove.segments import make_recipe_key
from autogroove.storage import Store
from autogroove.training import ClipLoader, choose_members
from autogroove.training.devices import Machine, choose_machine
from autogroove.training.distributed import Crew
from autogroove.training.fitting import begin_model, finish_model
from autogroove.training.loop import Trainer
from autogroove.training.objectives import choose_objective

Progress = Callable[[int, int], None]
_log = logging.getLogger(__name__)


def climb(
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
    trainer = Trainer(model, choose_objective(settings), settings.training, machine, Crew())
    return trainer, train, dev


def _finish(model: Autoencoder, train: ClipLoader, settings: Settings) -> Autoencoder:
    """The model as it would be if its training ended here; the training itself goes on."""
    finished = copy.deepcopy(model)
    finish_model(finished, train, settings)
    return finished
