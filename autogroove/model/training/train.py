"""One training, from its key to `model.json`."""

import logging
import math
import time
from collections.abc import Callable

import pandas as pd
import torch

from autogroove.config import Settings
from autogroove.model.autoencoder import Autoencoder
from autogroove.model.groove_network import GrooveNetwork
from autogroove.model.pretrained import pretrained_digest
from autogroove.model.storing import ModelSummary, is_stored, load_model, read_summary, write_model
from autogroove.model.training.checkpoints import (
    drop_checkpoints,
    read_history,
    restore_model,
    restore_optimizer,
    write_checkpoint,
)
from autogroove.model.training.clips import ClipLoader
from autogroove.model.training.closed_form import begin_model, finish_model
from autogroove.model.training.devices import choose_machine, join_process_group
from autogroove.model.training.loop import Trainer
from autogroove.model.training.objectives import choose_objective
from autogroove.model.training.split import Members, choose_members
from autogroove.segments import make_recipe_key
from autogroove.store import Store, make_key

Follow = Callable[[int, int, str], None]

logger = logging.getLogger(__name__)

FORMAT = 6
POSTER_FORMAT = 5
"""Raised when a change of the code gives other weights from the same settings."""

_PRETRAINING = ("start", "pretrained_epochs")


def make_model_key(
    store: Store, members: Members, settings: Settings, start_from: str | None = None
) -> str:
    """The key of the model that these settings, members and first weights give.

    A warm start's key holds the digest of the weights that it began with: another parent gives
    another model.
    """
    first = read_summary(store, start_from).weights_digest if start_from else None
    if settings.model.kind == "poster":
        # As it was before there were pretrained weights: the poster's models are found again.
        training = schedule(settings, start_from).training
        told = training.model_dump(mode="json", exclude=set(_PRETRAINING))
        parts = (settings.model, told, make_recipe_key(settings), members.key, first)
        return make_key("model", POSTER_FORMAT, *parts)
    pretrained = pretrained_digest() if settings.first_weights == "pretrained" else None
    recipe_key = make_recipe_key(settings)
    inputs = (recipe_key, members.key, first, pretrained)
    return make_key("model", FORMAT, settings.model, settings.training, *inputs)


def train_model(
    store: Store,
    catalogue: pd.DataFrame,
    settings: Settings,
    *,
    device: str = "auto",
    progress: Follow | None = None,
    start_from: str | None = None,
) -> ModelSummary:
    """Train, or find in the store, the model of these settings and this complete catalogue.

    A checkpoint is put after every epoch; a training that was killed goes on from the last one
    and ends at the same weights. `progress` receives (epoch, epochs, note): the note has the
    losses, images a second and the time left, which are logged too. `start_from` is the key of
    a model to begin from, on a gentler schedule (`schedule`).

    Raises:
        SourceError: fewer than two tracks can be trained on.
        SettingsError: there is no such device.
        MissingObject: `start_from` is not in the store.
    """
    members = choose_members(catalogue, settings.training)
    key = make_model_key(store, members, settings, start_from)
    if is_stored(store, key):
        return ModelSummary(**{**vars(read_summary(store, key)), "reused": True})
    settings = schedule(settings, start_from)
    machine = choose_machine(device)
    began = time.perf_counter()
    with join_process_group(machine.device) as group:
        recipe_key = make_recipe_key(settings)
        train = ClipLoader(store, recipe_key, members.train)
        dev = ClipLoader(store, recipe_key, members.dev)
        torch.manual_seed(settings.training.seed)
        model = _first_model(store, settings, train, start_from)
        trainer = Trainer(model, choose_objective(settings), settings.training, machine, group)
        _run_epochs(store, key, trainer, train, dev, progress)
        return _finish(store, key, settings, trainer, train, dev, time.perf_counter() - began)


def _first_model(
    store: Store, settings: Settings, train: ClipLoader, start_from: str | None
) -> Autoencoder:
    if not start_from:
        return begin_model(settings, train)
    model = load_model(store, start_from)
    if isinstance(model, GrooveNetwork) and settings.first_weights == "pretrained":
        model.fix_hearing()
    return model


def _run_epochs(
    store: Store,
    key: str,
    trainer: Trainer,
    train: ClipLoader,
    dev: ClipLoader,
    progress: Follow | None,
) -> None:
    trainer.history = read_history(store, key)
    if trainer.history.epoch:
        logger.info("Going on after epoch %d.", trainer.history.epoch)
        restore_model(store, key, trainer.history.epoch, trainer.model)
        restore_optimizer(store, key, trainer.history.epoch, trainer.optimizer)
    while not trainer.is_done:
        report = trainer.run_epoch(train, dev)
        logger.info("%s", report)
        if trainer.group.leads:
            write_checkpoint(store, key, trainer.model, trainer.optimizer, trainer.history)
        if progress:
            progress(report.epoch, report.num_epochs, report.note)


def _finish(
    store: Store,
    key: str,
    settings: Settings,
    trainer: Trainer,
    train: ClipLoader,
    dev: ClipLoader,
    seconds: float,
) -> ModelSummary:
    """Put the weights of the best epoch where patience chose it, else of the last."""
    history, group = trainer.history, trainer.group
    group.wait()
    if settings.training.patience is not None and history.best_epoch != history.epoch:
        restore_model(store, key, history.best_epoch, trainer.model)
    if group.leads:
        finish_model(trainer.model, train, settings)
        facts = {
            "model_key": key,
            "epochs": history.epoch,
            "best_epoch": history.best_epoch,
            "num_train_clips": train.num_clips,
            "num_dev_clips": dev.num_clips,
            "train_loss": tuple(history.train_loss),
            "dev_loss": tuple(history.dev_loss),
            "seconds": seconds,
        }
        write_model(store, trainer.model, settings.model, facts)
        drop_checkpoints(store, key, set())
    group.wait()
    return ModelSummary(**{**vars(read_summary(store, key)), "seconds": seconds})


EPOCHS_SHARE = 1 / 3

RATE_SHARE = 0.5


def schedule(settings: Settings, start_from: str | None = None) -> Settings:
    """The settings that a training runs with: gentler from a model's weights than from new ones.

    From pretrained weights it has the epochs that are meant for them, which may be none.
    """
    training = settings.training
    if settings.first_weights == "pretrained":
        gentle = {"epochs": training.pretrained_epochs}
    elif start_from:
        gentle = {"epochs": math.ceil(EPOCHS_SHARE * training.epochs)}
    else:
        return settings
    changed = {**gentle, "learning_rate": RATE_SHARE * training.learning_rate}
    return settings.model_copy(update={"training": training.model_copy(update=changed)})
