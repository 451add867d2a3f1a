"""Other models of the same clips, to be measured beside the release's own."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from pydantic import ValidationError

from autogroove.config import Settings
from autogroove.errors import DamagedObject, MissingObject, NotFoundError, ReleaseError
from autogroove.evaluation.descriptors.storing import plan_descriptions, read_descriptions
from autogroove.evaluation.sampled import SampledClips, read_clip_codes
from autogroove.evaluation.view import Encoded
from autogroove.model import (
    Autoencoder,
    as_tensor,
    build_autoencoder,
    encode_images,
    frame_seconds,
    load_model,
    reconstruct,
)
from autogroove.releases import read_manifest, release_numbers
from autogroove.segments import image_shape
from autogroove.store import PartRef, Store

_BLOCK = 256


def measure_errors(
    model: Autoencoder, images: NDArray[np.uint8], training: NDArray[np.bool_]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """(num_clips,) mean squared error of the model, and of the mean training image."""
    mean = images[training].mean(axis=0, dtype=np.float64).astype(np.float32) / np.float32(255)
    errors, mean_errors = [], []
    for start in range(0, len(images), _BLOCK):
        block = images[start : start + _BLOCK]
        levels = block.astype(np.float32) / np.float32(255)
        errors.append(np.mean((reconstruct(model, block) - levels) ** 2, axis=(1, 2)))
        mean_errors.append(np.mean((levels - mean) ** 2, axis=(1, 2)))
    return np.concatenate(errors).astype(float), np.concatenate(mean_errors).astype(float)


def make_untrained(
    settings: Settings, images: NDArray[np.uint8]
) -> Callable[[NDArray[np.uint8]], NDArray[np.float32]]:
    """The encoder as it is before training, as good as it can be without: batch normalisations
    have settled on images that the model may learn from.

    Torch's own seed is left alone.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(settings.training.seed)
        shape = image_shape(settings.spectrogram)
        untrained = build_autoencoder(settings.model, shape, frame_seconds(settings.spectrogram))
        settle_norms(untrained, images)
    return lambda shown: encode_images(untrained, shown)


def settle_norms(model: Autoencoder, images: NDArray[np.uint8]) -> None:
    """Give batch normalisations the statistics of images uint8 (n, num_bins, num_frames)."""
    norms = [m for m in model.modules() if isinstance(m, torch.nn.modules.batchnorm._BatchNorm)]
    for norm in norms:
        norm.momentum = None  # the mean over batches
        norm.reset_running_stats()
    model.train()
    with torch.no_grad():
        for start in range(0, len(images) - 1, _BLOCK):
            model.encode(as_tensor(images[start : start + _BLOCK]))
    model.eval()


RIVAL_PRESET = "poster"

MOST_RELEASES = 50
"""How far back in the log a rival is looked for: a log of thousands must not be read for it."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Rival:
    """A model of another release: its key, the settings it was made with, what it encoded."""

    model_key: str
    settings: Settings
    encodings: tuple[PartRef, ...]


def find_rivals(store: Store, settings: Settings) -> dict[str, Rival]:
    """The newest release of the `poster` preset that cuts clips as these settings do, by name.

    Empty where there is none among the newest `MOST_RELEASES`, and for that preset itself.
    """
    if settings.preset == RIVAL_PRESET:
        return {}
    for number in release_numbers(store)[: -MOST_RELEASES - 1 : -1]:
        rival = _read_rival(store, number)
        if rival and rival.settings.preset == RIVAL_PRESET and rival.settings.clip == settings.clip:
            return {RIVAL_PRESET: rival}
    return {}


def hear_rivals(
    store: Store,
    rivals: Mapping[str, Rival],
    catalogue: pd.DataFrame,
    settings: Settings,
    clips: SampledClips,
) -> dict[str, Encoded]:
    """What each rival made of the sampled clips; one that has not seen all of them is left out.

    Of augmented clips a rival knows something only where its own card was measured on the same
    catalogue, because its images of them were made then.
    """
    heard = {}
    for name, rival in rivals.items():
        try:
            plain = read_clip_codes(store, rival.encodings, clips)
        except (MissingObject, DamagedObject, ReleaseError) as reason:
            _log.warning(
                "The card goes without %s: %s `autogroove run --preset %s` brings it up to date.",
                *(name, reason, rival.settings.preset),
            )
            continue
        heard[name] = Encoded(plain, _encode_augmented(store, rival, catalogue, settings, clips))
    return heard


def _read_rival(store: Store, number: int) -> Rival | None:
    """None for a release that cannot be read, or whose settings this version does not know."""
    try:
        parts = read_manifest(store, number).parts
        settings = Settings.model_validate(parts.settings)
    except (NotFoundError, ReleaseError, ValidationError):
        return None
    return Rival(parts.model.model_key, settings, parts.encodings)


def _encode_augmented(
    store: Store, rival: Rival, catalogue: pd.DataFrame, settings: Settings, clips: SampledClips
) -> NDArray[np.float32] | None:
    """(num_augmented, d) in the order of `clips.augmented`, or None where images are lacking."""
    sampled = rival.settings.model_copy(update={"evaluation": settings.evaluation})
    keys = [batch.key for batch in plan_descriptions(catalogue, sampled)]
    shape = image_shape(rival.settings.spectrogram)
    try:
        described = read_descriptions(store, keys, shape)
        model = load_model(store, rival.model_key)
    except (MissingObject, DamagedObject):
        return None
    names = described.table["fingerprint"].iloc[described.augmented_rows]
    owners = clips.tracks["fingerprint"].to_numpy()[clips.clip_tracks[clips.augmented]]
    places = pd.Index(names).get_indexer(pd.Index(owners))
    if len(places) == 0 or (places < 0).any():
        return None
    return encode_images(model, np.ascontiguousarray(described.images[places]))
