"""The autoencoder of the `groove` preset: it pools over time in ways that keep a groove.

What belongs here: the encoder's three views of a clip and how they make one code.
What does not: the formulas of the views (`rhythm`, `texture`), or how weights are found.

A code has three parts. Tempo: which periods there are, octaves folded. Rhythm: the pattern of
the onsets with its tempo taken out. Sound: rhythm again, levels, texture, and what six trained
convolutions hear, in the directions that tell tracks apart. Distances of codes add up over the
parts, so that neighbours share a tempo and, within it, a groove.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn.functional import normalize

from autogroove.model.autoencoder import Autoencoder
from autogroove.model.rhythm import (
    RHYTHM_FEATURES,
    TEMPO_FEATURES,
    autocorrelate,
    describe_rhythm,
    describe_tempo,
    detect_onsets,
    make_lag_reader,
    whiten_bands,
)
from autogroove.model.texture import (
    LEVEL_FEATURES,
    TEXTURE_FEATURES,
    describe_levels,
    describe_texture,
)

SHARES = (0.375, 0.25)
"""Of the code, for tempo and rhythm; sound has the rest."""

RHYTHM_SCALE = 5.0
"""Of rhythm within sound. Its many small numbers are mostly noise: standardised one by one, as the
others are, they cost retrieval and made hubs (skewness of neighbours 3.3 instead of 1.4)."""


class GrooveAutoencoder(Autoencoder):
    """Images (n, 1, bins, frames) float32 in [0, 1] to codes (n, code_size) float32, and back.

    Needs at least 16 bins. What a code no longer has, when in the clip something happened,
    no decoder can show: reconstructions show the sound of a clip and not its score.
    """

    def __init__(
        self,
        channels: tuple[int, ...],
        code_size: int,
        shape: tuple[int, int],
        weights: Sequence[float],
    ) -> None:
        super().__init__(channels, code_size, shape)
        tempo, rhythm = (max(1, int(share * code_size)) for share in SHARES)
        self.sizes = (tempo, rhythm, code_size - tempo - rhythm)
        self.weights = tuple(weights)
        various = LEVEL_FEATURES + TEXTURE_FEATURES + 2 * channels[-1]
        heard = RHYTHM_FEATURES + various
        self.to_code = nn.ModuleList(
            nn.Linear(features, size)
            for features, size in zip(
                (TEMPO_FEATURES, RHYTHM_FEATURES, heard), self.sizes, strict=True
            )
        )
        self.standardise = nn.BatchNorm1d(various, affine=False)
        self.lag_reader: Tensor
        self.register_buffer("lag_reader", make_lag_reader(shape[1]), persistent=False)

    def describe(self, images: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Features of tempo, rhythm and sound: (n, features) each."""
        tempo, rhythm, texture, whitened = self._describe_fixed(images)
        for layer in self.down:
            whitened = layer(whitened)
        over_time = whitened.float().mean(dim=2)
        spread = (over_time.var(dim=2, correction=0) + 1e-6).sqrt()
        heard = self.standardise(torch.cat([texture, over_time.mean(dim=2), spread], dim=1))
        return tempo, rhythm, torch.cat([RHYTHM_SCALE * rhythm, heard], dim=1)

    def encode(self, images: Tensor) -> Tensor:
        """Codes (n, code_size) of images (n, 1, bins, frames)."""
        return self.combine(self.describe(images))

    def combine(self, views: Sequence[Tensor]) -> Tensor:
        """Codes (n, code_size) of what `describe` made."""
        tempo, rhythm, sound = (
            layer(view).float() for layer, view in zip(self.code_layers, views, strict=True)
        )
        parts = zip(self.weights, (tempo, rhythm, normalize(sound, dim=1)), strict=True)
        return torch.cat([weight * part for weight, part in parts], dim=1)

    @property
    def code_layers(self) -> list[nn.Linear]:
        """The layers that make tempo, rhythm and sound."""
        return [layer for layer in self.to_code.modules() if isinstance(layer, nn.Linear)]

    def sound_of(self, codes: Tensor) -> Tensor:
        """The part of codes that the convolutions have a say in."""
        return codes[:, -self.sizes[2] :]

    @torch.compiler.disable  # type: ignore[untyped-decorator]
    def _describe_fixed(self, images: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """What needs no weights and no gradients, in float32 everywhere."""
        with torch.no_grad(), torch.autocast(images.device.type, enabled=False):
            whitened = whiten_bands(images.float())
            lags = autocorrelate(detect_onsets(whitened), len(self.lag_reader))
            repeats = lags @ self.lag_reader
            texture = torch.cat([describe_levels(images), describe_texture(whitened)], dim=1)
            return describe_tempo(repeats), describe_rhythm(repeats), texture, whitened
