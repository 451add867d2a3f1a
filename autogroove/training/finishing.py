"""The last step of a `groove` training: the directions of its code, in closed form.

What belongs here: fitting the fully connected layers of a trained encoder to the training clips.
What does not: the network (`autogroove.model.groove`), or epochs (`autogroove.training.loop`).

Tempo and rhythm keep their distances in fewer numbers (principal components without centring).
Sound is projected to the directions that tell tracks apart (Fisher's discriminants, each track a
class, its disguised clips among its members), scaled so that the clips of a track scatter alike
in all of them: that is whitening, and it keeps a few loud directions from making hubs.
"""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from autogroove.augmentation import Disguise
from autogroove.model.autoencoder import as_tensor
from autogroove.model.groove import GrooveAutoencoder
from autogroove.training.clips import ClipLoader

MOST_CLIPS = 12288
"""Training clips that the directions are fitted to, at most."""
NUM_DISGUISES = 2
SHRINKAGE = 0.1
RIDGE = 1e-3
BATCH_SIZE = 64

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Line:
    """x ↦ x · matrix + offset: matrix (inputs, outputs), offset (outputs,)."""

    matrix: Floats
    offset: Floats

    def put(self, layer: nn.Linear) -> None:
        """Make a layer compute this."""
        with torch.no_grad():
            layer.weight.copy_(torch.from_numpy(self.matrix.T))
            layer.bias.copy_(torch.from_numpy(self.offset))


def fit_code(model: GrooveAutoencoder, train: ClipLoader, disguise: Disguise, seed: int) -> None:
    """Replace the layers to and from the code. The decoder goes on from what it was trained on."""
    tracks = _choose_tracks(train, seed)
    images = train.read_tracks(tracks)
    owner = np.repeat(np.arange(len(tracks)), train.clips_of[tracks])
    model.eval()
    device = next(model.parameters()).device
    random = torch.Generator(device).manual_seed(seed)
    plain = _describe(model, images, None, random)
    disguised = [_describe(model, images, disguise, random) for _ in range(NUM_DISGUISES)]
    sound = np.concatenate([views[2] for views in (plain, *disguised)])
    tempo_size, rhythm_size, sound_size = model.sizes
    lines = (
        find_components(plain[0], tempo_size),
        find_components(plain[1], rhythm_size),
        find_discriminants(sound, np.tile(owner, 1 + NUM_DISGUISES), sound_size),
    )
    before = _encode(model, plain)
    for layer, line in zip(model.code_layers, lines, strict=True):
        line.put(layer)
    _follow(model.from_code, fit_line(_encode(model, plain), before))


def find_components(rows: Floats, count: int) -> Line:
    """The directions with the largest squares, padded with zeros where there are too few."""
    _, _, directions = np.linalg.svd(rows, full_matrices=False)
    matrix = _with_fixed_signs(directions[:count].T)
    return _pad(matrix, np.zeros(matrix.shape[1]), count)


def find_discriminants(rows: Floats, classes: NDArray[np.int64], count: int) -> Line:
    """Fisher's discriminants: rows to directions in which each class scatters with variance 1.

    The scatter within classes is shrunk towards a multiple of the identity.
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
    return _pad(matrix, -centre @ matrix, count)


def fit_line(inputs: Floats, outputs: Floats) -> Line:
    """Ridge regression of outputs (n, b) on inputs (n, a)."""
    centre, target = inputs.mean(axis=0), outputs.mean(axis=0)
    moved = inputs - centre
    square = moved.T @ moved
    square += (RIDGE * np.trace(square) / len(square) + 1e-9) * np.eye(len(square))
    matrix = np.linalg.solve(square, moved.T @ (outputs - target))
    return Line(matrix, target - centre @ matrix)


def _follow(layer: nn.Linear, line: Line) -> None:
    """Let a layer take what it took before from the new code: first the line, then itself."""
    with torch.no_grad():
        weight = layer.weight.double().cpu()
        offset = weight @ torch.from_numpy(line.offset)
        layer.bias.add_(offset.to(layer.bias))
        layer.weight.copy_(weight @ torch.from_numpy(line.matrix.T))


def _choose_tracks(loader: ClipLoader, seed: int) -> NDArray[np.int64]:
    order = np.random.default_rng(seed).permutation(loader.num_tracks)
    enough = int(np.searchsorted(np.cumsum(loader.clips_of[order]), MOST_CLIPS, side="right"))
    return np.sort(order[: max(enough, 2)])


def _describe(
    model: GrooveAutoencoder,
    images: NDArray[np.uint8],
    disguise: Disguise | None,
    random: torch.Generator,
) -> tuple[Floats, Floats, Floats]:
    parts = []
    with torch.inference_mode():
        for start in range(0, len(images), BATCH_SIZE):
            batch = as_tensor(images[start : start + BATCH_SIZE], random.device)
            shown = batch if disguise is None else disguise(batch, random)
            parts.append([_as_numbers(view) for view in model.describe(shown)])
    tempo, rhythm, sound = (np.concatenate(views) for views in zip(*parts, strict=True))
    return tempo, rhythm, sound


def _encode(model: GrooveAutoencoder, views: tuple[Floats, Floats, Floats]) -> Floats:
    device = next(model.parameters()).device
    with torch.inference_mode():
        given = tuple(torch.from_numpy(view).float().to(device) for view in views)
        return _as_numbers(model.combine(given))


def _as_numbers(tensor: Tensor) -> Floats:
    return tensor.double().cpu().numpy()


def _with_fixed_signs(matrix: Floats) -> Floats:
    """Columns with their largest entry positive: the sign of a direction means nothing."""
    largest = np.take_along_axis(matrix, np.abs(matrix).argmax(axis=0)[None], axis=0)
    return np.asarray(matrix * np.where(largest < 0, -1.0, 1.0))


def _pad(matrix: Floats, offset: Floats, count: int) -> Line:
    lacking = count - matrix.shape[1]
    return Line(np.pad(matrix, ((0, 0), (0, lacking))), np.pad(offset, (0, lacking)))
