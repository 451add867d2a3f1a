"""Experiments with the model that are not part of a release.

What belongs here: the poster's proof of concept, whose result is a picture to look at.
What does not: the pipeline, or the search for an architecture.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray

from autogroove.config import Settings
from autogroove.errors import SourceError
from autogroove.figures import draw_reconstructions
from autogroove.model.autoencoder import reconstruct
from autogroove.model.storing import build_autoencoder, frame_seconds
from autogroove.model.training.clips import ClipLoader
from autogroove.model.training.devices import ProcessGroup, choose_machine
from autogroove.model.training.loop import Trainer
from autogroove.model.training.objectives import Reconstruction
from autogroove.segments import make_recipe_key
from autogroove.store import Store

NUM_EXAMPLES = 10
NUM_EPOCHS = 100

OVERFIT_SETTINGS = {
    "model.kind": "poster",
    "model.channels": (16, 32, 128, 256, 256, 256),
    "training.learning_rate": 2e-3,
    "training.weight_decay": 0.0,
    "training.patience": None,
}
"""The poster says neither the width nor the rate. To hold ten pictures by heart takes most weights
in the middle: at an eighth of the size, the preset's channels hold fewer numbers than the pictures
have. Rates of 1e-3, 4e-3 and 6e-3 looked worse in shorter runs."""
NUM_PASSES = 8
"""Steps that an epoch takes, each over all examples. Ten pictures shown once are one step;
140 steps left a quarter of the variance unexplained, 350 a twentieth."""


@dataclass(frozen=True)
class Overfit:
    """What came of learning a few clips by heart.

    `unexplained` is the squared error divided by that of the mean image: 1 is no better than the
    mean image, 0 is perfect. Images are uint8, reconstructions float32 in [0, 1], both
    (n, num_bins, num_frames).
    """

    train_loss: tuple[float, ...]
    dev_loss: tuple[float, ...]
    images: NDArray[np.uint8]
    reconstructions: NDArray[np.float32]
    titles: tuple[str, ...]
    unexplained: float
    seconds: float

    def draw(self) -> bytes:
        """PNG of clips above their reconstructions."""
        return draw_reconstructions(self.images, self.reconstructions, self.titles)


def run_overfit(
    store: Store,
    catalogue: pd.DataFrame,
    settings: Settings,
    *,
    num_examples: int = NUM_EXAMPLES,
    epochs: int = NUM_EPOCHS,
    passes: int = NUM_PASSES,
    device: str = "auto",
    progress: Callable[[int, int], None] | None = None,
) -> Overfit:
    """Learn the first clips of a few tracks by heart, as the poster did to see that it can.

    An epoch shows each clip `passes` times, and every step shows all of them: in a smaller batch,
    batch normalisation moves with the company that a picture is in, which nothing can learn.

    The tracks are spread evenly over the catalogue's stored ones; the dev loss is that of the same
    clips. Nothing is written to the store.

    Raises:
        SourceError: fewer than two tracks are stored.
    """
    stored = catalogue[catalogue["status"] == "stored"]
    if len(stored) < 2:
        raise SourceError("Fewer than 2 tracks are stored: make spectrograms first.")
    places = np.unique(np.linspace(0, len(stored) - 1, min(num_examples, len(stored))).astype(int))
    chosen = stored.iloc[places].assign(clips=1)
    recipe_key = make_recipe_key(settings)
    loader = ClipLoader(store, recipe_key, chosen)
    began = time.perf_counter()
    trainer = _learn_by_heart(loader, settings, epochs, passes, device, progress)
    seconds = time.perf_counter() - began
    images = loader.read_all()
    made = reconstruct(trainer.model, images)
    return Overfit(
        train_loss=tuple(trainer.history.train_loss[passes - 1 :: passes]),
        dev_loss=tuple(trainer.history.dev_loss[passes - 1 :: passes]),
        images=images,
        reconstructions=made,
        titles=tuple(str(title) for title in chosen.get("title", chosen["fingerprint"])),
        unexplained=measure_unexplained(images, made),
        seconds=seconds,
    )


def _learn_by_heart(
    loader: ClipLoader,
    settings: Settings,
    epochs: int,
    passes: int,
    device: str,
    progress: Callable[[int, int], None] | None,
) -> Trainer:
    steps = {"training.epochs": epochs * passes, "training.batch_size": loader.num_clips}
    fitted = settings.with_overrides({**OVERFIT_SETTINGS, **steps})
    torch.manual_seed(fitted.training.seed)
    model = build_autoencoder(fitted.model, loader.image_shape, frame_seconds(fitted.spectrogram))
    trainer = Trainer(
        model, Reconstruction(), fitted.training, choose_machine(device), ProcessGroup()
    )
    while not trainer.is_done:
        report = trainer.run_epoch(loader, loader)
        if progress and report.epoch % passes == 0:
            progress(report.epoch // passes, epochs)
    return trainer


def measure_unexplained(images: NDArray[np.uint8], made: NDArray[np.float32]) -> float:
    """Squared error of reconstructions divided by that of the images' own mean."""
    shown = images.astype(np.float32) / np.float32(255)
    error = np.square(shown - made).sum(dtype=np.float64)
    return float(error / np.square(shown - shown.mean(axis=0)).sum(dtype=np.float64))
