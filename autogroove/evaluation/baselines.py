"""What a model has to beat, made from the same clips.

What belongs here: encodings by chance, by MFCC statistics, by onset autocorrelation, by PCA of
the same images and by the same encoder with untrained weights.
What does not: measuring them.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from autogroove.evaluation.card import ORACLE
from autogroove.evaluation.descriptors.clips import ClipDescriptions, describe_tracks_rhythm
from autogroove.evaluation.tracks import EvaluatedTracks
from autogroove.evaluation.view import Encoded

"""(n, num_bins, num_frames) grey levels as segments keep them."""
PCA_IMAGES = 1000
"""PCA is fitted to at most this many training images: its Gram matrix grows with the square."""
_BLOCK = 128


def describe_baselines(
    collection: EvaluatedTracks,
    code_size: int,
    augmented: ClipDescriptions | None = None,
    stretched: ClipDescriptions | None = None,
) -> dict[str, Encoded]:
    """What needs no images: random and, where described, timbre, tempogram and the oracle.

    Args:
        collection: whose clips are encoded.
        code_size: length of the random encodings.
        augmented: descriptions of the collection's augmented clips.
        stretched: descriptions of the same clips at another tempo.
    """
    generator = np.random.default_rng(0)
    num_clips = len(collection.clip_tracks)
    num_augmented = 0 if collection.augmented_clips is None else len(collection.augmented_clips)
    drawn = generator.normal(size=(num_clips + num_augmented, code_size)).astype(np.float32)
    others = drawn[num_clips:] if num_augmented else None
    found = {"random": Encoded(drawn[:num_clips], others, stretched=others)}
    plain = collection.descriptions
    if plain is not None:
        own, other, slower = (
            (None,) * 3 if told is None else _view(told) for told in (plain, augmented, stretched)
        )
        found["mfcc"] = standardise_all(plain.timbre, other[0], slower[0])
        found["tempogram"] = Encoded(plain.tempogram(), other[1], stretched=slower[1])
        assert own[2] is not None
        found[ORACLE] = Encoded(own[2], other[2], collection.rhythms.rhythm, stretched=slower[2])
    return found


def _view(
    descriptions: ClipDescriptions,
) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]:
    """Timbre, tempogram and tempo-normalised rhythm of each clip."""
    num_clips = len(descriptions.timbre)
    rhythms = describe_tracks_rhythm(descriptions.periodicity, np.arange(num_clips), num_clips)
    return descriptions.timbre, descriptions.tempogram(), rhythms.rhythm


def standardise_all(
    clips: NDArray[np.float32],
    augmented: NDArray[np.float32] | None,
    stretched: NDArray[np.float32] | None,
) -> Encoded:
    """All with the mean and deviation of the clips taken out, so that no unit rules."""
    centre, spread = clips.mean(axis=0), clips.std(axis=0)
    spread = np.where(spread > 1e-9, spread, 1).astype(np.float32)
    others = [None if rows is None else (rows - centre) / spread for rows in (augmented, stretched)]
    return Encoded((clips - centre) / spread, others[0], stretched=others[1])


@dataclass(frozen=True)
class SampledImages:
    """Images of the sampled clips, uint8 (n, num_bins, num_frames): plain ones, augmented ones,
    those at another tempo; `training` (num_clips,) says which may be fitted to."""

    plain: NDArray[np.uint8]
    augmented: NDArray[np.uint8]
    stretched: NDArray[np.uint8]
    training: NDArray[np.bool_]

    def encode(self, encode: Callable[[NDArray[np.uint8]], NDArray[np.float32]]) -> Encoded:
        """What an encoder makes of all of them."""
        has_others = len(self.augmented) > 0
        return Encoded(
            encode(self.plain),
            encode(self.augmented) if has_others else None,
            stretched=encode(self.stretched) if has_others else None,
        )


@dataclass(frozen=True)
class PrincipalComponents:
    """A linear autoencoder: mean (p,) and components (code, p) with orthonormal rows."""

    mean: NDArray[np.float32]
    components: NDArray[np.float32]

    def encode(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        """(n, code) scores."""
        return self._apply(images)[0]

    def _apply(
        self, images: NDArray[np.uint8]
    ) -> tuple[NDArray[np.float32], NDArray[np.float64], NDArray[np.float64]]:
        scores, errors, mean_errors = [], [], []
        for start in range(0, len(images), _BLOCK):
            centred = _flatten(images[start : start + _BLOCK]) - self.mean
            code = centred @ self.components.T
            total = np.einsum("ij,ij->i", centred, centred, dtype=np.float64)
            # Components are orthonormal: what they keep is the length of the code.
            kept = np.einsum("ij,ij->i", code, code, dtype=np.float64)
            scores.append(code)
            errors.append(np.maximum(total - kept, 0) / centred.shape[1])
            mean_errors.append(total / centred.shape[1])
        return np.concatenate(scores), np.concatenate(errors), np.concatenate(mean_errors)

    def hear(self, images: NDArray[np.uint8], augmented: NDArray[np.uint8] | None) -> Encoded:
        """Scores of both, with the errors of reconstruction of the plain ones."""
        clips, errors, mean_errors = self._apply(images)
        other = None if augmented is None else self.encode(augmented)
        return Encoded(clips, other, squared_errors=errors, mean_errors=mean_errors)


def fit_components(images: NDArray[np.uint8], code_size: int) -> PrincipalComponents:
    """PCA of flattened images in [0, 1] by the Gram matrix, exact.

    Args:
        images: (n, num_bins, num_frames) training images; fewer than pixels.
        code_size: components wanted; at most n − 1 exist, the rest are zero.
    """
    flat = _flatten(images)
    mean = flat.mean(axis=0, dtype=np.float64).astype(np.float32)
    flat -= mean
    values, vectors = np.linalg.eigh((flat @ flat.T).astype(np.float64))
    order = np.argsort(values)[::-1][:code_size]
    kept = order[values[order] > 1e-6 * max(values.max(), 1e-12)]
    components = np.zeros((code_size, flat.shape[1]), np.float32)
    scale = (vectors[:, kept] / np.sqrt(values[kept])).astype(np.float32)
    components[: len(kept)] = scale.T @ flat
    return PrincipalComponents(mean, components)


def make_image_baselines(
    images: SampledImages,
    num_drawn: int,
    encode_untrained: Callable[[NDArray[np.uint8]], NDArray[np.float32]] | None = None,
) -> dict[str, Encoded]:
    """PCA of as many numbers as the model's decoder is given, and the encoder before training.

    Args:
        images: of the sampled clips.
        num_drawn: numbers of the model.
        encode_untrained: the model's architecture with its first weights.
    """
    rows = np.flatnonzero(images.training)
    if len(rows) > PCA_IMAGES:
        rows = np.sort(np.random.default_rng(0).permutation(rows)[:PCA_IMAGES])
    found: dict[str, Encoded] = {}
    if len(rows) > 1:
        components = fit_components(images.plain[rows], num_drawn)
        heard = components.hear(images.plain, images.augmented if len(images.augmented) else None)
        slower = components.encode(images.stretched) if len(images.stretched) else None
        found["pca"] = replace(heard, stretched=slower)
    if encode_untrained is not None:
        made = images.encode(encode_untrained)
        found["untrained"] = standardise_all(made.clips, made.augmented, made.stretched)
    return found


def _flatten(images: NDArray[np.uint8]) -> NDArray[np.float32]:
    return images.reshape(len(images), -1).astype(np.float32) / np.float32(255)
