"""What `benchmarks/hearing.py` compares: parts of the network, and what it must beat.

What belongs here: encoders of images, or of what was described of the audio.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from hearing_material import Families, Images, Lesson, Music
from numpy.typing import NDArray
from sklearn.decomposition import PCA
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.pipeline import Pipeline, make_pipeline

from autogroove.model import GrooveNetwork
from autogroove.model.training import build_network

Floats = NDArray[np.float32]
NUM_COMPONENTS, NUM_DISCRIMINANTS, SHRINKAGE = 400, 128, 0.1
BATCH = 64


@dataclass(frozen=True)
class Codes:
    """An encoder: of images, or else of material that knows its codes already."""

    of_images: Callable[[Images], Floats] | None = None
    of_described: Callable[[Families | Music], tuple[Floats, Floats] | None] | None = None
    hears_families: bool = True

    def of_families(self, told: Families) -> Floats:
        """Codes of the clips of lessons."""
        if self.of_images:
            return self.of_images(told.images)
        assert self.of_described is not None
        found = self.of_described(told)
        assert found is not None
        return found[0]

    def of_music(self, told: Music) -> tuple[Floats, Floats] | None:
        """Codes of a store's clips and of the disguised ones, where the encoder hears them."""
        if self.of_images:
            return self.of_images(told.images), self.of_images(told.disguised)
        assert self.of_described is not None
        return self.of_described(told)

    @classmethod
    def described(cls) -> "dict[str, Codes]":
        """MFCC statistics, standardised, and the tempogram, both from the audio."""
        return {"MFCC": cls(None, _timbre), "tempogram": cls(None, _tempogram)}

    @classmethod
    def released(cls) -> "dict[str, Codes]":
        """What the release's own model made of plain clips."""
        return {"release": cls(None, _released, hears_families=False)}


def network_codes(network: GrooveNetwork) -> dict[str, Codes]:
    """The code, and each part of it alone."""
    first, second = network.sizes[0], sum(network.sizes[:2])
    parts = {
        "network": slice(None),
        "its tempo": slice(0, first),
        "its rhythm": slice(first, second),
        "its sound": slice(second, network.code_size),
    }
    encode = _remember(lambda images: _in_batches(network.encode, images))
    return {name: Codes(_take(encode, part)) for name, part in parts.items()}


def measure_correlogram() -> dict[str, Codes]:
    """Correlations of onset bands over log-lag, rows of length 1; no weight is trained."""
    torch.manual_seed(0)
    return {"correlogram": Codes(lambda images: _correlograms(build_network(), images))}


def fit_correlogram(lessons: list[Lesson]) -> dict[str, Codes]:
    """Its closed form, Fisher's discriminants: of the teacher's grooves, or a store's tracks."""
    torch.manual_seed(0)
    network = build_network()
    rows = np.concatenate([_correlograms(network, lesson.images) for lesson in lessons])
    grooves = np.concatenate([lesson.grooves + 100 * k for k, lesson in enumerate(lessons)])
    line = _fit_discriminants(rows, grooves)

    def fit_tracks(told: Families | Music) -> tuple[Floats, Floats] | None:
        if not isinstance(told, Music):
            return None
        rows = _correlograms(network, told.images)
        known = told.training[told.owner]
        own = _fit_discriminants(rows[known], told.owner[known])
        return own.transform(rows), own.transform(_correlograms(network, told.disguised))

    return {
        "correlogram, LDA": Codes(lambda images: line.transform(_correlograms(network, images))),
        "the same, of its tracks": Codes(None, fit_tracks, hears_families=False),
    }


def _fit_discriminants(rows: Floats, classes: NDArray[np.int64]) -> Pipeline:
    components = min(NUM_COMPONENTS, len(rows) - 1)
    discriminants = LinearDiscriminantAnalysis(
        solver="eigen",
        shrinkage=SHRINKAGE,
        n_components=min(NUM_DISCRIMINANTS, components, len(np.unique(classes)) - 1),
    )
    return make_pipeline(PCA(components, random_state=0), discriminants).fit(rows, classes)


def describe_untrained(lessons: list[Lesson]) -> dict[str, Codes]:
    """Random weights, batch norms settled on lessons, each number of the code standardised."""
    torch.manual_seed(1)
    network = build_network()
    network.train()
    for layer in network.modules():
        if isinstance(layer, torch.nn.modules.batchnorm._BatchNorm):
            layer.momentum = None
            layer.reset_running_stats()
    with torch.no_grad():
        for lesson in lessons:
            network.hear(_to_tensor(lesson.images))
    network.eval()
    seen = _in_batches(network.encode, np.concatenate([lesson.images for lesson in lessons[:6]]))
    centre, spread = seen.mean(axis=0), seen.std(axis=0) + 1e-6
    return {
        "untrained, fair": Codes(
            lambda images: (_in_batches(network.encode, images) - centre) / spread
        )
    }


def _correlograms(network: GrooveNetwork, images: Images) -> Floats:
    def correlate(shown: torch.Tensor) -> torch.Tensor:
        return torch.nn.functional.normalize(network.correlate(shown).flatten(1), dim=1)

    return _in_batches(correlate, images)


def _to_tensor(images: Images) -> torch.Tensor:
    return torch.from_numpy(np.ascontiguousarray(images)).float()[:, None] / 255


def _in_batches(encode: Callable[[torch.Tensor], torch.Tensor], images: Images) -> Floats:
    with torch.inference_mode():
        parts = [
            encode(_to_tensor(images[start : start + BATCH])).numpy()
            for start in range(0, len(images), BATCH)
        ]
    return np.concatenate(parts)


def _remember(encode: Callable[[Images], Floats]) -> Callable[[Images], Floats]:
    known: dict[int, Floats] = {}

    def encode_once(images: Images) -> Floats:
        if id(images) not in known:
            known[id(images)] = encode(images)
        return known[id(images)]

    return encode_once


def _take(encode: Callable[[Images], Floats], part: slice) -> Callable[[Images], Floats]:
    return lambda images: np.ascontiguousarray(encode(images)[:, part])


def _timbre(told: Families | Music) -> tuple[Floats, Floats]:
    rows = told.described.timbre
    centre, spread = rows.mean(axis=0), rows.std(axis=0) + 1e-9
    other = told.disguised_described.timbre if isinstance(told, Music) else rows[:0]
    return (rows - centre) / spread, (other - centre) / spread


def _tempogram(told: Families | Music) -> tuple[Floats, Floats]:
    rows = told.described.tempogram()
    return rows, told.disguised_described.tempogram() if isinstance(told, Music) else rows[:0]


def _released(told: Families | Music) -> tuple[Floats, Floats] | None:
    if not isinstance(told, Music):
        return None
    return told.released, told.released[told.disguised_clips]
