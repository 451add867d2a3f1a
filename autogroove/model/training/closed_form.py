"""What of a `groove` model is found in closed form: the directions of its code.

What belongs here: fitting the fully connected layers around the code to the training clips,
before the epochs and after them.
What does not: the network (`autogroove.model.groove`), or epochs (`loop`).

Before: tempo, rhythm and spectrum need no trained weights, and keep their distances in fewer
numbers (principal components); the decoder starts from the mean image and from what spectrum says
of each row. After: sound is projected to the directions that tell tracks apart (Fisher's
discriminants, each track a class), scaled so that the clips of a track scatter alike in all of
them: that is whitening, and it keeps a few loud directions from making hubs.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from autogroove.config import Settings
from autogroove.model.autoencoder import GREY_LEVELS, Autoencoder, as_tensor
from autogroove.model.groove import GrooveAutoencoder
from autogroove.model.storing import build_autoencoder
from autogroove.model.training.clips import ClipLoader
from autogroove.model.training.objectives import Augmentation

MOST_CLIPS = 12288
"""Training clips that the directions are fitted to, at most."""
NUM_AUGMENTATIONS = 2
"""Further members of a track that has one clip: without them it would not scatter. Where clips
differ, disguises beside them only make the scatter smaller, and new tracks are found less often."""
SHRINKAGE = 0.1
TRUST = (0.85, 1.5, 1.0, 0.5)
"""In tempo, rhythm, texture and convolutions: the scatter within tracks is shrunk in these units,
so that what is trusted less must tell tracks apart more clearly. The convolutions have seen the
training tracks: how little they scatter there is no promise for others."""
RIDGE = 1e-3
BATCH_SIZE = 64


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


def begin_model(settings: Settings, train: ClipLoader) -> Autoencoder:
    """A network with its first weights; what epochs leave alone is fitted to the training clips."""
    model = build_autoencoder(settings.model, train.image_shape)
    if isinstance(model, GrooveAutoencoder):
        prepare_code(model, train, settings.training.seed)
    return model


def finish_model(model: Autoencoder, train: ClipLoader, settings: Settings) -> None:
    """Fit what is best fitted once the epochs have ended."""
    if isinstance(model, GrooveAutoencoder):
        augmentation = Augmentation(settings.spectrogram, settings.training)
        fit_sound(model, train, augmentation, settings.training.seed)


def prepare_code(model: GrooveAutoencoder, train: ClipLoader, seed: int) -> None:
    """Fit what the epochs leave alone: tempo, rhythm, spectrum, and where the decoder starts."""
    images = train.read_tracks(_choose_tracks(train, seed))
    mean = images.mean(axis=0, dtype=np.float64) / GREY_LEVELS
    model.mean_image.copy_(torch.from_numpy(mean))
    tempo, rhythm, spectrum = _describe(model, images, lambda x: model.describe_fixed(x)[:3])
    tempo_layer, rhythm_layer, _, spectrum_layer = model.code_layers
    tempo_size, rhythm_size, _, spectrum_size = model.sizes
    find_components(tempo, tempo_size).put(tempo_layer)
    find_components(rhythm, rhythm_size).put(rhythm_layer)
    line, back = find_axes(spectrum, spectrum_size)
    line.put(spectrum_layer)
    with torch.no_grad():
        model.to_rows.weight[:, -spectrum_size:] = torch.from_numpy(back.T)


def fit_sound(
    model: GrooveAutoencoder, train: ClipLoader, augmentation: Augmentation, seed: int
) -> None:
    """Replace the layer that makes sound. The decoder goes on from what it was trained on."""
    tracks = _choose_tracks(train, seed)
    images = train.read_tracks(tracks)
    owner = np.repeat(np.arange(len(tracks)), train.clips_of[tracks])
    alone = train.clips_of[tracks][owner] == 1
    random = torch.Generator(next(model.parameters()).device).manual_seed(seed)
    model.eval()
    plain = _describe(model, images, model.describe)
    augmented = [
        _describe(
            model, images[alone], lambda shown: (model.describe(augmentation(shown, random))[2],)
        )
        for _ in range(NUM_AUGMENTATIONS if alone.any() else 0)
    ]
    before = _combine(model, plain)
    trust = np.repeat(TRUST, model.sound_parts)
    rows = np.concatenate([plain[2], *(views[0] for views in augmented)]) * trust
    owners = np.concatenate([owner, *(owner[alone] for _ in augmented)])
    line = find_discriminants(rows, owners, model.sizes[2])
    AffineMap(trust[:, None] * line.matrix, line.offset).put(model.code_layers[2])
    back = fit_line(_combine(model, plain), before)
    for layer in (model.from_code, model.to_rows):
        _follow(layer, back)


def find_components(rows: NDArray[np.float64], count: int) -> AffineMap:
    """The directions with the largest squares, padded with zeros where there are too few."""
    _, _, directions = np.linalg.svd(rows, full_matrices=False)
    matrix = _with_fixed_signs(directions[:count].T)
    return _pad(matrix, np.zeros(matrix.shape[1]), count)


def find_axes(rows: NDArray[np.float64], count: int) -> tuple[AffineMap, NDArray[np.float64]]:
    """Principal components, in units of the rows' deviation; and the matrix (count, p) back."""
    centre = rows.mean(axis=0)
    _, _, directions = np.linalg.svd(rows - centre, full_matrices=False)
    matrix = _with_fixed_signs(directions[:count].T)
    unit = float(np.sqrt(np.square(rows - centre).sum(axis=1).mean())) + 1e-9
    line = _pad(matrix / unit, -centre @ matrix / unit, count)
    return line, line.matrix.T * unit**2


def find_discriminants(
    rows: NDArray[np.float64], classes: NDArray[np.int64], count: int
) -> AffineMap:
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


def fit_line(inputs: NDArray[np.float64], outputs: NDArray[np.float64]) -> AffineMap:
    """Ridge regression of outputs (n, b) on inputs (n, a)."""
    centre, target = inputs.mean(axis=0), outputs.mean(axis=0)
    moved = inputs - centre
    square = moved.T @ moved
    square += (RIDGE * np.trace(square) / len(square) + 1e-9) * np.eye(len(square))
    matrix = np.linalg.solve(square, moved.T @ (outputs - target))
    return AffineMap(matrix, target - centre @ matrix)


def _follow(layer: nn.Linear, line: AffineMap) -> None:
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
    describe: Callable[[Tensor], Sequence[Tensor]],
) -> tuple[NDArray[np.float64], ...]:
    device = next(model.parameters()).device
    parts = []
    with torch.inference_mode():
        for start in range(0, len(images), BATCH_SIZE):
            batch = as_tensor(images[start : start + BATCH_SIZE], device)
            parts.append([_as_numbers(view) for view in describe(batch)])
    return tuple(np.concatenate(views) for views in zip(*parts, strict=True))


def _combine(model: GrooveAutoencoder, views: Sequence[NDArray[np.float64]]) -> NDArray[np.float64]:
    """Codes with the weights of their parts taken off, as the decoder is given them."""
    device = next(model.parameters()).device
    with torch.inference_mode():
        given = tuple(torch.from_numpy(view).float().to(device) for view in views)
        return _as_numbers(model.unweigh(model.combine(given)))


def _as_numbers(tensor: Tensor) -> NDArray[np.float64]:
    return tensor.double().cpu().numpy()


def _with_fixed_signs(matrix: NDArray[np.float64]) -> NDArray[np.float64]:
    """Columns with their largest entry positive: the sign of a direction means nothing."""
    largest = np.take_along_axis(matrix, np.abs(matrix).argmax(axis=0)[None], axis=0)
    return np.asarray(matrix * np.where(largest < 0, -1.0, 1.0))


def _pad(matrix: NDArray[np.float64], offset: NDArray[np.float64], count: int) -> AffineMap:
    lacking = count - matrix.shape[1]
    return AffineMap(np.pad(matrix, ((0, 0), (0, lacking))), np.pad(offset, (0, lacking)))
