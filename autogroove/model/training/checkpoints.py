"""Checkpoints: all that a training needs to go on as if it had never stopped.

What belongs here: weights, optimiser state and history of an epoch, as safetensors and JSON.
What does not: the finished model (`autogroove.model.storing`).

Random numbers are not stored: every epoch seeds its own from the training's seed and its number.
"""

import json
import logging
from dataclasses import asdict, dataclass, field
from typing import Any

import torch
from torch import Tensor, nn

from autogroove.errors import DamagedObject, MissingObject
from autogroove.model.storing import model_folder, pack_tensors, state_of
from autogroove.store import Store, parse_json, parse_tensors, parsing

logger = logging.getLogger(__name__)

KEPT_CHECKPOINTS = 2


@dataclass
class History:
    """Losses so far, one value an epoch, and the epoch (from 1) with the lowest dev loss."""

    train_loss: list[float] = field(default_factory=list)
    dev_loss: list[float] = field(default_factory=list)

    @property
    def epoch(self) -> int:
        """Epochs done."""
        return len(self.train_loss)

    @property
    def best_epoch(self) -> int:
        """The epoch with the lowest dev loss; 0 before the first."""
        if not self.dev_loss:
            return 0
        return min(range(self.epoch), key=self.dev_loss.__getitem__) + 1


def write_checkpoint(
    store: Store, key: str, model: nn.Module, optimizer: torch.optim.Optimizer, history: History
) -> None:
    """Put the state after an epoch, and drop those that nobody can need any more."""
    tensors = {f"model.{name}": value for name, value in state_of(model).items()}
    for index, state in optimizer.state_dict()["state"].items():
        for name, value in state.items():
            tensors[f"optimizer.{index}.{name}"] = torch.as_tensor(value).cpu().contiguous()
    name = _name(key, history.epoch)
    store.write(f"{name}.safetensors", pack_tensors(tensors))
    store.write(f"{name}.json", json.dumps(asdict(history), sort_keys=True).encode())
    kept = {*range(history.epoch - KEPT_CHECKPOINTS + 1, history.epoch + 1), history.best_epoch}
    drop_checkpoints(store, key, kept)


def read_history(store: Store, key: str) -> History:
    """The history of the newest checkpoint that can be read; an empty one where there is none."""
    names = store.names(f"{model_folder(key)}/checkpoints")
    for name in reversed([name for name in names if name.endswith(".json")]):
        place = f"{model_folder(key)}/checkpoints/{name}"
        try:
            parse_tensors(store.read(place.replace(".json", ".safetensors")), store.locate(place))
            with parsing(store.locate(place)):
                return History(**parse_json(store.read(place), store.locate(place)))
        except (MissingObject, DamagedObject) as error:
            logger.warning("%s The training goes on from before it.", error)
    return History()


def restore_model(store: Store, key: str, epoch: int, model: nn.Module) -> None:
    """Give the model the weights that it had after an epoch."""
    model.load_state_dict(_read(store, key, epoch, "model."))


def restore_optimizer(store: Store, key: str, epoch: int, optimizer: torch.optim.Optimizer) -> None:
    """Give the optimiser the state that it had after an epoch."""
    states: dict[int, dict[str, Tensor]] = {}
    for name, value in _read(store, key, epoch, "optimizer.").items():
        index, _, part = name.partition(".")
        states.setdefault(int(index), {})[part] = value
    about: dict[str, Any] = optimizer.state_dict()
    optimizer.load_state_dict({**about, "state": states})


def drop_checkpoints(store: Store, key: str, kept: set[int]) -> None:
    """Remove the checkpoints of all other epochs, the JSON first."""
    names = store.names(f"{model_folder(key)}/checkpoints")
    for name in sorted(names):
        if int(name[len("epoch-") :].split(".")[0]) not in kept:
            store.delete(f"{model_folder(key)}/checkpoints/{name}")


def _read(store: Store, key: str, epoch: int, prefix: str) -> dict[str, Tensor]:
    try:
        place = f"{_name(key, epoch)}.safetensors"
        tensors = parse_tensors(store.read(place), store.locate(place))
    except MissingObject as error:
        raise MissingObject(
            f"Checkpoint {epoch} of model {key} is incomplete. Delete {_name(key, epoch)}.json "
            "and train again."
        ) from error
    return {name.removeprefix(prefix): t for name, t in tensors.items() if name.startswith(prefix)}


def _name(key: str, epoch: int) -> str:
    return f"{model_folder(key)}/checkpoints/epoch-{epoch:04d}"
