"""The loop: epochs of batches, a loss, a step.

What belongs here: everything that happens to the weights, top to bottom.
What does not: choosing members, keys, and where the finished model goes (`train`).
"""

import logging
import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

from autogroove.config import TrainingSettings
from autogroove.errors import AutogrooveError
from autogroove.model.autoencoder import Autoencoder, scale_levels
from autogroove.model.training.checkpoints import History
from autogroove.model.training.clips import ClipLoader, Window, shuffled_windows
from autogroove.model.training.devices import Machine, ProcessGroup
from autogroove.model.training.objectives import Objective

logger = logging.getLogger(__name__)

LARGEST_GRADIENT = 1.0
WARM_UP = 0.05
DEV_EPOCH = 0
"""Dev batches are those of an epoch that no training has, the same ones each time."""


@dataclass(frozen=True)
class Progress:
    """How an epoch went. Losses are means per clip; times are in seconds."""

    epoch: int
    num_epochs: int
    train_loss: float
    dev_loss: float
    images_per_second: float
    seconds_left: float

    @property
    def note(self) -> str:
        """Losses, images a second and the time left, in a line."""
        return (
            f"train loss {self.train_loss:.5f}, dev loss {self.dev_loss:.5f}, "
            f"{self.images_per_second:.0f} images/s, {self.seconds_left:.0f} s left"
        )

    def __str__(self) -> str:
        return f"Epoch {self.epoch} of {self.num_epochs}: {self.note}"


class _Loss(nn.Module):
    """The objective as a module, so that DDP and torch.compile see the whole forward pass."""

    def __init__(self, model: Autoencoder, objective: Objective) -> None:
        super().__init__()
        self.model = model
        self.objective = objective

    def forward(self, images: Tensor, random: torch.Generator) -> Tensor:
        return self.objective(self.model, images, random)


class Trainer:
    """A model, its optimiser and its history, moved on one epoch at a time.

    Everything random in an epoch comes from the seed and the epoch's number, so that a training
    that stopped after any epoch goes on to the same weights.
    """

    def __init__(
        self,
        model: Autoencoder,
        objective: Objective,
        settings: TrainingSettings,
        machine: Machine,
        group: ProcessGroup,
    ) -> None:
        machine.place(model)
        self.model = model
        self.objective = objective
        self.settings = settings
        self.machine = machine
        self.group = group
        self.history = History()
        self.optimizer = torch.optim.AdamW(
            model.parameters(), settings.learning_rate, weight_decay=settings.weight_decay
        )
        self._loss: nn.Module = _Loss(model, objective)
        if group.size > 1:
            self._loss = DistributedDataParallel(self._loss)
        if machine.is_cuda:
            model.prepare_compilation()
            self._loss.compile(dynamic=False)

    def run_epoch(self, train: ClipLoader, dev: ClipLoader) -> Progress:
        """One pass over the training clips, then the loss on the dev clips.

        Raises:
            AutogrooveError: the loss is no longer a number.
        """
        began = time.perf_counter()
        epoch = self.history.epoch + 1
        train_loss = self._learn(train, epoch)
        seconds = time.perf_counter() - began
        dev_loss = self._measure(dev)
        if not math.isfinite(train_loss + dev_loss):
            raise AutogrooveError(
                f"The loss of epoch {epoch} is not a number. Lower training.learning_rate "
                f"(now {self.settings.learning_rate:g})."
            )
        self.history.train_loss.append(train_loss)
        self.history.dev_loss.append(dev_loss)
        spent = time.perf_counter() - began
        left = (self.settings.epochs - epoch) * spent
        rate = train.num_clips / max(seconds, 1e-9)
        return Progress(epoch, self.settings.epochs, train_loss, dev_loss, rate, left)

    @property
    def is_done(self) -> bool:
        """Whether all epochs ran, or the dev loss has not fallen for `patience` epochs."""
        patience = self.settings.patience
        waited = self.history.epoch - self.history.best_epoch
        return self.history.epoch >= self.settings.epochs or (
            patience is not None and waited >= patience
        )

    def _learn(self, loader: ClipLoader, epoch: int) -> float:
        self.model.train()
        random = self._seed(epoch)
        total = torch.zeros((), device=self.machine.device)
        seen, expected = 0, self._clips_per_epoch(loader)
        for images in self._batches(loader, epoch):
            self._set_rate((epoch - 1 + seen / expected) / self.settings.epochs)
            with self.machine.autocast():
                loss = self._loss(images, random)
            self.optimizer.zero_grad(set_to_none=True)
            loss.backward()
            nn.utils.clip_grad_norm_(self.model.parameters(), LARGEST_GRADIENT)
            self.optimizer.step()
            total += loss.detach() * len(images)
            seen += len(images) * self.group.size
        return self.group.mean(total / max(1, seen // self.group.size))

    def _measure(self, loader: ClipLoader) -> float:
        self.model.eval()
        random = self._seed(DEV_EPOCH)
        total, seen = torch.zeros((), device=self.machine.device), 0
        with torch.inference_mode():
            for images in self._batches(loader, DEV_EPOCH):
                with self.machine.autocast():
                    loss = self.objective(self.model, images, random)
                total += loss * len(images)
                seen += len(images)
        return self.group.mean(total / max(1, seen))

    def _batches(self, loader: ClipLoader, epoch: int) -> Iterator[Tensor]:
        """Images float32 (n, 1, H, W) in [0, 1] on the device; they stay uint8 until there."""
        windows = shuffled_windows(
            loader,
            seed=self.settings.seed,
            epoch=epoch,
            batch_size=self.settings.batch_size,
            pairs=self.objective.pairs,
        )
        for window in windows:
            take = self._taker(window)
            for batch in window.batches:
                yield scale_levels(take(self.group.share(batch, pairs=self.objective.pairs)))

    def _taker(self, window: Window) -> Callable[[NDArray[np.int64]], Tensor]:
        """How rows of a window get to the device: gathered there where the window fits."""
        device = self.machine.device
        if self.machine.can_hold(window.images.nbytes):
            resident = torch.from_numpy(window.images).to(device)
            return lambda rows: resident[torch.from_numpy(rows).to(device)]
        return lambda rows: torch.from_numpy(window.images[rows]).to(device, non_blocking=True)

    def _clips_per_epoch(self, loader: ClipLoader) -> int:
        return 2 * loader.num_tracks if self.objective.pairs else loader.num_clips

    def _set_rate(self, done: float) -> None:
        """Linear warm-up, then a cosine to nothing; `done` is the share of the training done."""
        rise = min(1.0, (done + 1e-3) / WARM_UP)
        fall = 0.5 * (1 + math.cos(math.pi * min(1.0, done)))
        for group in self.optimizer.param_groups:
            group["lr"] = self.settings.learning_rate * rise * fall

    def _seed(self, epoch: int) -> torch.Generator:
        state = np.random.SeedSequence([self.settings.seed, epoch, self.group.rank])
        seed = int(state.generate_state(1, np.uint64)[0] >> 1)
        torch.manual_seed(seed)
        return torch.Generator(self.machine.device).manual_seed(seed)
