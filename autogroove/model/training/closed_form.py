"""What of a `groove` model is found in closed form: the sound of a collection.

What belongs here: the first weights of a model, and fitting its sound once epochs have ended.
What does not: the network (`autogroove.model.groove_network`), or epochs (`loop`).

Tempo and rhythm were learned from the teacher and hold for all music. What tells one track's
sound from another's differs from collection to collection: the statistics of timbre are projected
to the directions that tell its tracks apart (Fisher's discriminants, each track a class), scaled
so that the clips of a track scatter alike in all of them. That is whitening, and it keeps a few
loud directions from making hubs.
"""

import logging
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from autogroove.config import Settings
from autogroove.model.autoencoder import GREY_LEVELS, Autoencoder, as_tensor
from autogroove.model.groove_network import GrooveNetwork
from autogroove.model.pretrained import load_pretrained
from autogroove.model.storing import build_autoencoder, frame_seconds
from autogroove.model.training.clips import ClipLoader

logger = logging.getLogger(__name__)

MOST_CLIPS = 12288
"""Training clips that are read for a fit, at most."""
MOST_PICTURES = 1024
"""That the waves of the decoder are fitted to."""
FEWEST_TRACKS = 12
"""Of several clips each. Fitted to twelve tracks, sound finds the clips of other tracks as well
as the pretrained one or better (docs/hearing.md)."""
SHRINKAGE = 0.3
BATCH_SIZE = 64


def begin_model(settings: Settings, train: ClipLoader) -> Autoencoder:
    """A network with its first weights."""
    spacing = frame_seconds(settings.spectrogram)
    model = build_autoencoder(settings.model, train.image_shape, spacing)
    if not isinstance(model, GrooveNetwork):
        return model
    if settings.first_weights == "pretrained":
        load_pretrained(model)
        model.fix_hearing()
    else:
        images = train.read_tracks(_choose_tracks(train, settings.training.seed))
        mean = images.mean(axis=0, dtype=np.float64) / GREY_LEVELS
        model.mean_image.copy_(torch.from_numpy(mean))
        model.when.fit(as_tensor(images[:MOST_PICTURES]) - model.mean_image)
    return model


def finish_model(model: Autoencoder, train: ClipLoader, settings: Settings) -> None:
    """Fit what is best fitted once the epochs have ended."""
    if isinstance(model, GrooveNetwork):
        fit_sound(model, train, settings.training.seed)


def fit_sound(model: GrooveNetwork, train: ClipLoader, seed: int) -> bool:
    """Fit sound to the training tracks; False, and nothing changed, where there are too few."""
    tracks = _choose_tracks(train, seed)
    tracks = tracks[train.clips_of[tracks] > 1]
    if len(tracks) < FEWEST_TRACKS:
        logger.info(
            "Sound stays as it was learned: %d tracks of several clips are too few to fit it to.",
            len(tracks),
        )
        return False
    owner = np.repeat(np.arange(len(tracks)), train.clips_of[tracks])
    rows = _describe_timbre(model, train.read_tracks(tracks))
    find_discriminants(rows, owner, model.sizes[2]).put(model.own_sound)
    model.is_fitted.fill_(1)
    return True


@dataclass(frozen=True)
class AffineMap:
    """x ↦ x · matrix + offset: matrix (inputs, outputs), offset (outputs,)."""

    matrix: NDArray[np.float64]
    offset: NDArray[np.float64]

    def put(self, layer: nn.Linear) -> None:
        """Make a layer compute this."""
        with torch.no_grad():
            layer.weight.copy_(torch.from_numpy(self.matrix.T))
            layer.bias.copy_(torch.from_numpy(self.offset))


def find_discriminants(
    rows: NDArray[np.float64], classes: NDArray[np.int64], count: int
) -> AffineMap:
    """Fisher's discriminants: rows to directions in which each class scatters with variance 1.

    The scatter within classes is shrunk towards a multiple of the identity. Where there are fewer
    directions than `count`, the others are zero.
    """
    centre = rows.mean(axis=0)
    members = np.bincount(classes)[:, None]
    means = np.zeros((len(members), rows.shape[1]))
    np.add.at(means, classes, rows - centre)
    means /= members
    within = rows - centre - means[classes]
    scatter = within.T @ within / len(rows)
    scatter += (SHRINKAGE * np.trace(scatter) / len(scatter) + 1e-9) * np.eye(len(scatter))
    values, vectors = np.linalg.eigh(scatter)
    spread = vectors / np.sqrt(values)
    between = means @ spread
    _, _, directions = np.linalg.svd(between * np.sqrt(members), full_matrices=False)
    matrix = _with_fixed_signs(spread @ directions[:count].T)
    lacking = count - matrix.shape[1]
    return AffineMap(np.pad(matrix, ((0, 0), (0, lacking))), np.pad(-centre @ matrix, (0, lacking)))


def _choose_tracks(loader: ClipLoader, seed: int) -> NDArray[np.int64]:
    order = np.random.default_rng(seed).permutation(loader.num_tracks)
    enough = int(np.searchsorted(np.cumsum(loader.clips_of[order]), MOST_CLIPS, side="right"))
    return np.sort(order[: max(enough, 2)])


def _describe_timbre(model: GrooveNetwork, images: NDArray[np.uint8]) -> NDArray[np.float64]:
    device = next(model.parameters()).device
    was_training = model.training
    model.eval()
    with torch.inference_mode():
        parts = [
            model.describe_timbre(as_tensor(images[start : start + BATCH_SIZE], device))
            for start in range(0, len(images), BATCH_SIZE)
        ]
    model.train(was_training)
    return torch.cat(parts).double().cpu().numpy()


def _with_fixed_signs(matrix: NDArray[np.float64]) -> NDArray[np.float64]:
    """Columns with their largest entry positive: the sign of a direction means nothing."""
    largest = np.take_along_axis(matrix, np.abs(matrix).argmax(axis=0)[None], axis=0)
    return np.asarray(matrix * np.where(largest < 0, -1.0, 1.0))
