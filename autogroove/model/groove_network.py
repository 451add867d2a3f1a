"""The network of the `groove` preset: what is heard in a clip, and when.

What belongs here: how the parts make one code, what the decoder is given, the decoder.
What does not: the parts themselves (`onsets`, `correlogram`, `tempo`, `pattern`, `texture`), or
how weights are found (`autogroove.model.training`).

A code has three parts. Tempo: the tempo itself, octaves folded, and what answers what after how
many seconds. Rhythm: what answers what after how many beats. Sound. Each is about of length one,
good alone, and weighed in distances. Beside the code stand numbers that say when things happen
and where in the picture they lie: the decoder is given both, distances only codes.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn.functional import normalize, one_hot

from autogroove.model.correlogram import (
    correlate_bands,
    log_lag_filters,
    log_lags,
    read_against_beats,
)
from autogroove.model.onsets import OnsetFilters
from autogroove.model.pattern import NUM_PLACES, PatternNetwork, beat_steps
from autogroove.model.rhythm import whiten_bands
from autogroove.model.tempo import LAGS_PER_OCTAVE, TempoNetwork, choose_tempi, describe_tempo
from autogroove.model.texture import (
    LEVEL_FEATURES,
    TEXTURE_FEATURES,
    describe_levels,
    describe_texture,
)

NUM_BANDS = 8
SHORTEST_LAG = 0.08
BEAT_RANGE = (0.265, 1.36)
"""Seconds: tempi of 226 down to 44 a minute."""
TEMPO_SIZE = 24
"""Numbers that say the tempo alone; the rest of the part says what happens after how long."""
TEMPO_SHARE = 0.5
"""Of a squared distance of the part."""
NUM_ALIGNED = 3
"""Tempi that the rhythm is read at; the codes are averaged by how likely they are."""
TRUNK = (8, 16, 32, 64)
TOP = 32
SOUND_HIDDEN = 160


@dataclass(frozen=True)
class Heard:
    """What a network makes of n clips.

    `tempo`, `rhythm` and `sound` are the parts of codes, unweighed; `tempi` are logits; `when` is
    for the decoder alone.
    """

    tempo: Tensor
    rhythm: Tensor
    sound: Tensor
    when: Tensor
    tempi: Tensor


class GrooveNetwork(nn.Module):
    """Images (n, 1, bins, frames) float32 in [0, 1] to codes (n, code_size) float32, and back.

    Args:
        shape: (bins, frames); both divisible by 16, frames by 32.
        frame_seconds: from frame to frame.
        sizes: numbers of tempo, rhythm, sound, and of `when`.
        weights: of tempo, rhythm and sound in distances.
        blur: of tempo, in octaves.
    """

    def __init__(
        self,
        shape: tuple[int, int],
        frame_seconds: float,
        sizes: tuple[int, int, int, int] = (64, 64, 40, 128),
        weights: Sequence[float] = (0.5, 0.7, 0.3),
        blur: float = 0.03,
    ) -> None:
        super().__init__()
        bins, frames = shape
        self.image_shape, self.frame_seconds = shape, frame_seconds
        self.sizes, self.weights, self.blur = sizes, tuple(weights), blur
        self.code_size = sum(sizes[:3])
        self.num_lags = int(0.52 * frames)
        lags = log_lags(frame_seconds, frames, shortest=SHORTEST_LAG, per_octave=LAGS_PER_OCTAVE)
        self.lag_filters: Tensor
        self.register_buffer("lag_filters", log_lag_filters(lags, self.num_lags), persistent=False)
        seconds = lags * frame_seconds
        first = int((seconds < BEAT_RANGE[0]).sum())
        count = int((seconds <= BEAT_RANGE[1]).sum()) - first
        self.onsets = OnsetFilters(bins, NUM_BANDS)
        self.tempo = TempoNetwork(NUM_BANDS**2, first, count)
        self.pattern = PatternNetwork(NUM_BANDS**2, NUM_PLACES, 96, sizes[1])
        self.pace = PatternNetwork(NUM_BANDS**2, len(lags), 64, sizes[0] - TEMPO_SIZE)
        self.trunk = _Trunk(bins, frames)
        self.sound = _SoundNetwork(self.trunk.num_pooled, sizes[2])
        self.to_when = nn.Linear(self.trunk.num_top, sizes[3])
        self.drawer = _Drawer(self.code_size + sizes[3], bins, frames)
        self.mean_image: Tensor
        self.register_buffer("mean_image", torch.zeros(1, 1, *shape))

    def hear(self, images: Tensor, beat_frames: Tensor | None = None) -> Heard:
        """All that is made of images.

        `beat_frames` (n,) is the true length of a beat, which a training knows; NaN where it
        does not, and where the network's own idea is to be used.
        """
        whitened = whiten_bands(images)
        lagged, correlogram = self._correlate(whitened)
        tempi = self.tempo(correlogram)
        rhythm = self._read_rhythm(lagged, tempi, beat_frames)
        pooled, top = self.trunk(images - self.mean_image, whitened)
        levels = torch.cat([describe_levels(images), describe_texture(whitened)], dim=1)
        sound = self.sound(levels, pooled)
        pace = normalize(self.pace(correlogram), dim=1)
        alone = describe_tempo(tempi, TEMPO_SIZE, self.blur)
        tempo = torch.cat([TEMPO_SHARE**0.5 * alone, (1 - TEMPO_SHARE) ** 0.5 * pace], dim=1)
        return Heard(tempo, rhythm, sound, self.to_when(top), tempi)

    def correlate(self, images: Tensor) -> Tensor:
        """Correlations (n, pairs, places) between onset bands over the logarithm of the lag."""
        return self._correlate(whiten_bands(images))[1]

    def _correlate(self, whitened: Tensor) -> tuple[Tensor, Tensor]:
        """Against the lag in frames, and against its logarithm."""
        lagged = correlate_bands(self.onsets(whitened), self.num_lags)
        return lagged, lagged @ self.lag_filters

    def pace_of(self, heard: Heard) -> Tensor:
        """The numbers of tempo that say what happens after how long."""
        return heard.tempo[:, TEMPO_SIZE:]

    def _read_rhythm(self, lagged: Tensor, tempi: Tensor, beat_frames: Tensor | None) -> Tensor:
        count = 1 if self.training else NUM_ALIGNED
        places, shares = choose_tempi(tempi.detach(), count)
        beats = self.beat_frames(places)
        if beat_frames is not None:
            known = beat_frames.isfinite()[:, None]
            beats = torch.where(known, beat_frames[:, None], beats)
            first = one_hot(torch.zeros(len(beats), dtype=torch.long, device=beats.device), count)
            shares = torch.where(known, first, shares)
        steps = beat_steps().to(lagged.device)
        codes = [
            share[:, None] * normalize(self.pattern(read_against_beats(lagged, beat, steps)), dim=1)
            for beat, share in zip(beats.T, shares.T, strict=True)
        ]
        return normalize(torch.stack(codes).sum(dim=0), dim=1)

    def beat_frames(self, places: Tensor) -> Tensor:
        """Length of a beat in frames at places among the tempi."""
        octaves = (places + self.tempo.first) / LAGS_PER_OCTAVE
        return SHORTEST_LAG / self.frame_seconds * 2**octaves

    def places_of(self, beat_frames: Tensor) -> Tensor:
        """The other way round: places among the tempi of beats in frames."""
        octaves = torch.log2(beat_frames * self.frame_seconds / SHORTEST_LAG)
        return octaves * LAGS_PER_OCTAVE - self.tempo.first

    def encode(self, images: Tensor) -> Tensor:
        """Codes (n, code_size) of images: the parts, weighed."""
        return self.combine(self.hear(images))

    def combine(self, heard: Heard) -> Tensor:
        """Codes (n, code_size) of what was heard."""
        parts = zip(self.weights, (heard.tempo, heard.rhythm, heard.sound), strict=True)
        return torch.cat([weight * part for weight, part in parts], dim=1)

    def draw(self, heard: Heard) -> Tensor:
        """Images (n, 1, bins, frames), not bounded, of what was heard."""
        given = torch.cat([heard.tempo, heard.rhythm, heard.sound, heard.when], dim=1)
        image: Tensor = self.mean_image + self.drawer(given)
        return image

    def forward(self, images: Tensor) -> Tensor:
        """Reconstructions of images, both (n, 1, bins, frames)."""
        return self.draw(self.hear(images)).clamp(0, 1)


class _Trunk(nn.Module):
    """Convolutions over the picture: what sound pools, and what `when` is made of."""

    def __init__(self, bins: int, frames: int) -> None:
        super().__init__()
        steps = zip((2, *TRUNK), TRUNK, strict=False)
        self.layers = nn.ModuleList(_down(a, b, norm=i > 0) for i, (a, b) in enumerate(steps))
        self.narrow = _down(TRUNK[-1], TOP, stride=(1, 2))
        self.num_pooled = 2 * TRUNK[2] * (bins // 16)
        self.num_top = TOP * (bins // 16) * (frames // 32)

    def forward(self, centred: Tensor, whitened: Tensor) -> tuple[Tensor, Tensor]:
        shown = torch.cat([centred * 4, whitened / 2], dim=1)
        for place, layer in enumerate(self.layers):
            shown = layer(shown)
            if place == 2:
                halves = nn.functional.avg_pool2d(shown, (2, 1))
                spread = (halves.var(dim=3, correction=0) + 1e-6).sqrt()
                pooled = torch.cat([halves.mean(dim=3), spread], dim=1).flatten(1)
        return pooled, self.narrow(shown).flatten(1)


class _SoundNetwork(nn.Module):
    """Statistics of texture and of what the trunk heard to a code of length 1."""

    def __init__(self, num_pooled: int, size: int) -> None:
        super().__init__()
        inputs = LEVEL_FEATURES + TEXTURE_FEATURES + num_pooled
        self.standardise = nn.BatchNorm1d(inputs, affine=False)
        self.layers = nn.Sequential(
            nn.Dropout(0.1),
            nn.Linear(inputs, SOUND_HIDDEN, bias=False),
            nn.BatchNorm1d(SOUND_HIDDEN),
            nn.ReLU(inplace=True),
            nn.Linear(SOUND_HIDDEN, size),
        )

    def forward(self, levels: Tensor, pooled: Tensor) -> Tensor:
        code = self.layers(self.standardise(torch.cat([levels, pooled], dim=1)))
        return normalize(code, dim=1)


class _Drawer(nn.Module):
    """From all numbers to the difference from the mean image."""

    def __init__(self, inputs: int, bins: int, frames: int) -> None:
        super().__init__()
        self.top = (TOP, bins // 16, frames // 32)
        self.from_code = nn.Linear(inputs, TOP * self.top[1] * self.top[2])
        self.to_rows = nn.Linear(inputs, bins)
        self.widen = _up(TOP, TRUNK[-1], stride=(1, 2))
        backwards = TRUNK[::-1]
        self.layers = nn.ModuleList(_up(a, b) for a, b in pairwise(backwards))
        self.last = nn.ConvTranspose2d(TRUNK[0], 1, 4, stride=2, padding=1)
        for layer in (self.last, self.to_rows):
            nn.init.zeros_(layer.weight)
            nn.init.zeros_(layer.bias)  # type: ignore[arg-type]

    def forward(self, given: Tensor) -> Tensor:
        drawn = self.widen(torch.relu(self.from_code(given)).view(-1, *self.top))
        for layer in self.layers:
            drawn = layer(drawn)
        image: Tensor = self.last(drawn) + self.to_rows(given)[:, None, :, None]
        return image


def _down(
    inputs: int, outputs: int, *, stride: tuple[int, int] = (2, 2), norm: bool = True
) -> nn.Sequential:
    between = [nn.BatchNorm2d(outputs)] if norm else []
    layer = nn.Conv2d(inputs, outputs, 3, stride=stride, padding=1, bias=not norm)
    return nn.Sequential(layer, *between, nn.ReLU(inplace=True))


def _up(inputs: int, outputs: int, *, stride: tuple[int, int] = (2, 2)) -> nn.Sequential:
    kernel = (4 if stride[0] == 2 else 3, 4)
    layer = nn.ConvTranspose2d(inputs, outputs, kernel, stride=stride, padding=1, bias=False)
    return nn.Sequential(layer, nn.BatchNorm2d(outputs), nn.ReLU(inplace=True))
