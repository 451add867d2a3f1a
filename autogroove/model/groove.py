"""The autoencoder of the `groove` preset: it pools over time in ways that keep a groove.

What belongs here: the encoder's four views of a clip, how they make one code, and the decoder.
What does not: the formulas of the views (`rhythm`, `texture`), or how weights are found.

A code has four parts. Tempo: which there are, octaves folded. Rhythm: what repeats, against
beats. Sound: both again, levels, texture, and what six trained convolutions hear, in the
directions that tell tracks apart. Spectrum: how bright each row of the image is. Distances of
codes add up over the parts, so that neighbours share a tempo and, within it, a groove; spectrum
is there for the decoder, and weighs so little that it decides between equals.
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
    count_lags,
    describe_rhythm,
    describe_tempo,
    detect_onsets,
    weigh_tempi,
    whiten_bands,
)
from autogroove.model.texture import (
    LEVEL_FEATURES,
    TEXTURE_FEATURES,
    describe_levels,
    describe_texture,
)

SHARES = (0.25, 0.125, 0.25)
"""Of the code, for tempo, rhythm and spectrum; sound has the rest."""

TEMPO_SCALE = 5.0
RHYTHM_SCALE = 10.0
"""Of tempo and rhythm within sound. Their many small numbers are mostly noise: standardised one by
one, as the others are, they cost retrieval and made hubs."""

SPECTRUM_WEIGHT = 0.15
"""Of spectrum in distances: of two clips of one groove the one that sounds alike is nearer. Above
.2 an equaliser begins to hide a track."""

Views = tuple[Tensor, Tensor, Tensor, Tensor]


class GrooveAutoencoder(Autoencoder):
    """Images (n, 1, bins, frames) float32 in [0, 1] to codes (n, code_size) float32, and back.

    Needs at least 16 bins. A code does not say when in the clip something happened, so that no
    decoder can show it: reconstructions show the sound of a clip and not its score. They start
    from the mean image, add what the code says of each row, and then what the transposed
    convolutions make of it.
    """

    def __init__(
        self,
        channels: tuple[int, ...],
        code_size: int,
        shape: tuple[int, int],
        weights: Sequence[float],
    ) -> None:
        super().__init__(channels, code_size, shape)
        tempo, rhythm, spectrum = (max(1, int(share * code_size)) for share in SHARES)
        self.sizes = (tempo, rhythm, code_size - tempo - rhythm - spectrum, spectrum)
        self.weights = (*weights, SPECTRUM_WEIGHT)
        texture, heard = LEVEL_FEATURES + TEXTURE_FEATURES, 2 * channels[-1]
        self.sound_parts = (TEMPO_FEATURES, RHYTHM_FEATURES, texture, heard)
        inputs = (TEMPO_FEATURES, RHYTHM_FEATURES, sum(self.sound_parts), shape[0])
        self.to_code = nn.ModuleList(
            nn.Linear(features, size) for features, size in zip(inputs, self.sizes, strict=True)
        )
        self.standardise = nn.BatchNorm1d(texture + heard, affine=False)
        self.to_rows = nn.Linear(code_size, shape[0])
        self.mean_image: Tensor
        self.register_buffer("mean_image", torch.zeros(1, 1, *shape))
        for place in (0, 1, 3):
            self.code_layers[place].requires_grad_(False)
        last = self.up[-1]
        assert isinstance(last, nn.ConvTranspose2d)
        for layer in (last, self.to_rows):
            nn.init.zeros_(layer.weight)
            nn.init.zeros_(layer.bias)  # type: ignore[arg-type]

    def describe(self, images: Tensor) -> Views:
        """Features of tempo, rhythm, sound and spectrum: (n, features) each."""
        tempo, rhythm, spectrum, texture, whitened = self.describe_fixed(images)
        for layer in self.down:
            whitened = layer(whitened)
        over_time = whitened.float().mean(dim=2)
        spread = (over_time.var(dim=2, correction=0) + 1e-6).sqrt()
        heard = self.standardise(torch.cat([texture, over_time.mean(dim=2), spread], dim=1))
        sound = torch.cat([TEMPO_SCALE * tempo, RHYTHM_SCALE * rhythm, heard], dim=1)
        return tempo, rhythm, sound, spectrum

    def encode(self, images: Tensor) -> Tensor:
        """Codes (n, code_size) of images (n, 1, bins, frames)."""
        return self.combine(self.describe(images))

    def combine(self, views: Sequence[Tensor]) -> Tensor:
        """Codes (n, code_size) of what `describe` made."""
        tempo, rhythm, sound, spectrum = (
            layer(view).float() for layer, view in zip(self.code_layers, views, strict=True)
        )
        parts = (tempo, rhythm, normalize(sound, dim=1), spectrum)
        weighted = [weight * part for weight, part in zip(self.weights, parts, strict=True)]
        return torch.cat(weighted, dim=1)

    def decode(self, codes: Tensor) -> Tensor:
        """Images (n, 1, bins, frames) in [0, 1] that the codes stand for."""
        return self.draw(codes).clamp(0, 1)

    def draw(self, codes: Tensor) -> Tensor:
        """`decode` without the bounds, at which a training would have no gradient."""
        given = self.unweigh(codes)
        drawn = torch.relu(self.from_code(given)).view(-1, *self._top)
        for layer, (height, width) in zip(self.up, self._shapes[-2::-1], strict=True):
            drawn = layer(drawn)[..., :height, :width]
        rows = self.to_rows(given)[:, None, :, None]
        image: Tensor = self.mean_image + rows.float() + drawn.float()
        return image

    def unweigh(self, codes: Tensor) -> Tensor:
        """Codes (n, code_size) with the weights of their parts taken off."""
        parts = torch.split(codes, list(self.sizes), dim=1)
        plain = [part / (w or 1.0) for w, part in zip(self.weights, parts, strict=True)]
        return torch.cat(plain, dim=1)

    @property
    def code_layers(self) -> list[nn.Linear]:
        """The layers that make tempo, rhythm, sound and spectrum."""
        return [layer for layer in self.to_code.modules() if isinstance(layer, nn.Linear)]

    def sound_of(self, codes: Tensor) -> Tensor:
        """The part of codes that the convolutions have a say in."""
        return torch.split(codes, list(self.sizes), dim=1)[2]

    @torch.compiler.disable  # type: ignore[untyped-decorator]
    def describe_fixed(self, images: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
        """Tempo, rhythm, spectrum, texture, and the whitened image that the convolutions see.

        No weights, no gradients, always in float32.
        """
        with torch.no_grad(), torch.autocast(images.device.type, enabled=False):
            images = images.float()
            frames = images.shape[3]
            whitened = whiten_bands(images)
            lagged = autocorrelate(detect_onsets(whitened), count_lags(frames))
            tempi = weigh_tempi(lagged, frames)
            rhythm = describe_rhythm(lagged, tempi, frames)
            texture = torch.cat([describe_levels(images), describe_texture(whitened)], dim=1)
            spectrum = images.mean(dim=3).flatten(1)
            return describe_tempo(tempi), rhythm, spectrum, texture, whitened
