"""Where a groove model's hearing comes from: encoders that stand beside it in the card.

What belongs here: each part of its code alone, the pretrained weights before a collection's sound
was fitted, and what the correlogram says without a network.
What does not: rivals that any model has to beat (`baselines`), or other releases (`rivals`).
"""

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn.functional import normalize

from autogroove.config import Settings
from autogroove.evaluation.baselines import SampledImages
from autogroove.evaluation.view import Encoded
from autogroove.model import (
    Autoencoder,
    GrooveNetwork,
    as_tensor,
    build_autoencoder,
    encode_images,
    frame_seconds,
    load_pretrained,
)
from autogroove.model.training import find_discriminants

Floats = NDArray[np.float32]

MOST_FITTED = 1000
"""Training clips that the correlogram's closed form is fitted to, at most."""
NUM_COMPONENTS = 400
NUM_DISCRIMINANTS = 128
BATCH_SIZE = 64


def explain_model(
    settings: Settings,
    model: Autoencoder,
    heard: Encoded,
    images: SampledImages,
    clip_tracks: NDArray[np.int64],
) -> dict[str, Encoded]:
    """Encoders by name; none for a model whose code has no parts.

    Args:
        settings: of the run.
        model: of the release.
        heard: what it made of the sampled clips.
        images: of the sampled clips.
        clip_tracks: (num_clips,) the track of each.
    """
    if not isinstance(model, GrooveNetwork):
        return {}
    return {
        **{f"its {name}": take_part(heard, part) for name, part in model.parts.items()},
        **_hear_pretrained(settings, model, images),
        **_hear_correlogram(settings, model, images, clip_tracks),
    }


def take_part(heard: Encoded, part: slice) -> Encoded:
    """What an encoder would make of clips if its code were one part of the whole."""
    others = [
        None if rows is None else rows[:, part] for rows in (heard.augmented, heard.stretched)
    ]
    return Encoded(heard.clips[:, part], others[0], stretched=others[1])


def _hear_pretrained(
    settings: Settings, model: GrooveNetwork, images: SampledImages
) -> dict[str, Encoded]:
    if not settings.fits_pretrained:
        return {}
    untouched = _build(settings, model)
    load_pretrained(untouched)
    return {"pretrained": images.encode(lambda shown: encode_images(untouched, shown))}


def _hear_correlogram(
    settings: Settings, model: GrooveNetwork, images: SampledImages, clip_tracks: NDArray[np.int64]
) -> dict[str, Encoded]:
    """Correlations of onset bands over log-lag, as they are, and their closed form: principal
    components, then Fisher's discriminants of the tracks that may be trained on."""
    network = _build(settings, model)
    told = images.encode(lambda shown: _correlate(network, shown))
    found = {"correlogram": told}
    rows = np.flatnonzero(images.training)
    if len(rows) > MOST_FITTED:
        rows = np.sort(np.random.default_rng(0).permutation(rows)[:MOST_FITTED])
    tracks, classes = np.unique(clip_tracks[rows], return_inverse=True)
    if 1 < len(tracks) < len(rows):
        found["correlogram, fitted"] = _fit_discriminants(told, rows, classes)
    return found


def _fit_discriminants(
    told: Encoded, rows: NDArray[np.int64], classes: NDArray[np.int64]
) -> Encoded:
    from sklearn.decomposition import PCA

    components = PCA(min(NUM_COMPONENTS, len(rows) - 1), random_state=0).fit(told.clips[rows])

    def project(rows: Floats) -> NDArray[np.float64]:
        return np.asarray(components.transform(rows), np.float64)

    line = find_discriminants(project(told.clips[rows]), classes, NUM_DISCRIMINANTS)

    def encode(rows: Floats | None) -> Floats | None:
        if rows is None:
            return None
        return np.asarray(project(rows) @ line.matrix + line.offset, np.float32)

    plain = encode(told.clips)
    assert plain is not None
    return Encoded(plain, encode(told.augmented), stretched=encode(told.stretched))


def _build(settings: Settings, model: GrooveNetwork) -> GrooveNetwork:
    """An untrained network; its onset filters are the usual rises in overlapping bands."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        spacing = frame_seconds(settings.spectrogram)
        made = build_autoencoder(settings.model, model.image_shape, spacing)
    assert isinstance(made, GrooveNetwork)
    return made.eval()


def _correlate(network: GrooveNetwork, images: NDArray[np.uint8]) -> Floats:
    """Correlograms (n, pairs · places), rows of length 1."""
    with torch.inference_mode():
        parts = [
            normalize(
                network.correlate(as_tensor(images[start : start + BATCH_SIZE])).flatten(1), dim=1
            )
            for start in range(0, len(images), BATCH_SIZE)
        ]
    return torch.cat(parts).numpy()
