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

import torch
from torch import Tensor, nn
from torch.nn.functional import normalize

from autogroove.model.correlogram import (
    correlate_bands,
    log_lag_filters,
    log_lags,
    read_against_beats,
)
from autogroove.model.drawing import Drawer
from autogroove.model.onsets import OnsetFilters
from autogroove.model.pattern import NUM_PLACES, PatternNetwork, beat_steps
from autogroove.model.picture import PictureWaves
from autogroove.model.rhythm import whiten_bands
from autogroove.model.tempo import LAGS_PER_OCTAVE, TempoNetwork, choose_tempo, describe_tempo
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
TRUNK = (8, 16, 32)
PATTERN_WIDTH, PACE_WIDTH = 96, 64
SOUND_HIDDEN = 160
PARTS = ("onsets", "tempo", "pattern", "pace", "trunk", "sound", "drawer")
"""Attributes of a network that learn by gradient descent."""


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
        sizes: tuple[int, int, int, int] = (64, 64, 40, 384),
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
        self.pattern = PatternNetwork(NUM_BANDS**2, NUM_PLACES, PATTERN_WIDTH, sizes[1])
        self.pace = PatternNetwork(NUM_BANDS**2, len(lags), PACE_WIDTH, sizes[0] - TEMPO_SIZE)
        self.trunk = _Trunk(bins)
        self.sound = _SoundNetwork(self.trunk.num_pooled, sizes[2])
        self.when = PictureWaves(bins, frames, sizes[3])
        self.drawer = Drawer(self.code_size, bins, frames)
        self.mean_image: Tensor
        self.register_buffer("mean_image", torch.zeros(1, 1, *shape))

    def hear(self, images: Tensor, beat_frames: Tensor | None = None) -> Heard:
        """All that is made of images.

        `beat_frames` (n,) is the true length of a beat, which a training knows; NaN where it
        does not, and where the network's own idea is to be used.
        """
        whitened = whiten_bands(images)
        tempo, rhythm, tempi = self.hear_groove(whitened, beat_frames)
        sound = self.hear_sound(images, whitened)
        return Heard(tempo, rhythm, sound, self.hear_when(images), tempi)

    def hear_groove(
        self, whitened: Tensor, beat_frames: Tensor | None = None
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Tempo, rhythm and the logits of tempi of whitened images."""
        lagged, correlogram = self._correlate(whitened)
        tempi = self.tempo(correlogram)
        pace = normalize(self.pace(correlogram), dim=1)
        alone = describe_tempo(tempi, TEMPO_SIZE, self.blur)
        tempo = torch.cat([TEMPO_SHARE**0.5 * alone, (1 - TEMPO_SHARE) ** 0.5 * pace], dim=1)
        return tempo, self._read_rhythm(lagged, tempi, beat_frames), tempi

    def hear_sound(self, images: Tensor, whitened: Tensor) -> Tensor:
        """The sound of images."""
        levels = torch.cat([describe_levels(images), describe_texture(whitened)], dim=1)
        sound: Tensor = self.sound(levels, self.trunk(images - self.mean_image, whitened))
        return sound

    def hear_when(self, images: Tensor) -> Tensor:
        """When things happen in images: for the decoder alone."""
        when: Tensor = self.when(images - self.mean_image)
        return when

    def correlate(self, images: Tensor) -> Tensor:
        """Correlations (n, pairs, places) between onset bands over the logarithm of the lag."""
        return self._correlate(whiten_bands(images))[1]

    def _correlate(self, whitened: Tensor) -> tuple[Tensor, Tensor]:
        """Against the lag in frames, and against its logarithm."""
        lagged = correlate_bands(self.onsets(whitened), self.num_lags)
        return lagged, lagged @ self.lag_filters

    def pace_of(self, tempo: Tensor) -> Tensor:
        """The numbers of tempo that say what happens after how long."""
        return tempo[:, TEMPO_SIZE:]

    def _read_rhythm(self, lagged: Tensor, tempi: Tensor, beat_frames: Tensor | None) -> Tensor:
        beats = self.beat_frames(choose_tempo(tempi.detach()))
        if beat_frames is not None:
            beats = torch.where(beat_frames.isfinite(), beat_frames, beats)
        read = read_against_beats(lagged, beats, beat_steps().to(lagged.device))
        # How alike two bands are at any time is sound; how that changes is rhythm.
        return normalize(self.pattern(read - read.mean(dim=2, keepdim=True)), dim=1)

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
        whitened = whiten_bands(images)
        tempo, rhythm, _ = self.hear_groove(whitened)
        return self._weigh(tempo, rhythm, self.hear_sound(images, whitened))

    def combine(self, heard: Heard) -> Tensor:
        """Codes (n, code_size) of what was heard."""
        return self._weigh(heard.tempo, heard.rhythm, heard.sound)

    def _weigh(self, *parts: Tensor) -> Tensor:
        pairs = zip(self.weights, parts, strict=True)
        return torch.cat([weight * part for weight, part in pairs], dim=1)

    def draw(self, heard: Heard) -> Tensor:
        """Images (n, 1, bins, frames), not bounded, of what was heard."""
        code = torch.cat([heard.tempo, heard.rhythm, heard.sound], dim=1)
        waves = self.when.draw(heard.when)
        image: Tensor = self.mean_image + waves + self.drawer(code, waves)
        return image

    def forward(self, images: Tensor) -> Tensor:
        """Reconstructions of images, both (n, 1, bins, frames)."""
        return self.draw(self.hear(images)).clamp(0, 1)


class _Trunk(nn.Module):
    """Convolutions over the picture, pooled over time: (n, num_pooled)."""

    def __init__(self, bins: int) -> None:
        super().__init__()
        steps = zip((2, *TRUNK), TRUNK, strict=False)
        self.layers = nn.ModuleList(_down(a, b, norm=i > 0) for i, (a, b) in enumerate(steps))
        self.num_pooled = 2 * TRUNK[-1] * (bins // 16)

    def forward(self, centred: Tensor, whitened: Tensor) -> Tensor:
        shown = torch.cat([centred * 4, whitened / 2], dim=1)
        for layer in self.layers:
            shown = layer(shown)
        halves = nn.functional.avg_pool2d(shown, (2, 1))
        spread = (halves.var(dim=3, correction=0) + 1e-6).sqrt()
        return torch.cat([halves.mean(dim=3), spread], dim=1).flatten(1)


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


def _down(inputs: int, outputs: int, *, norm: bool) -> nn.Sequential:
    between = [nn.BatchNorm2d(outputs)] if norm else []
    layer = nn.Conv2d(inputs, outputs, 3, stride=2, padding=1, bias=not norm)
    return nn.Sequential(layer, *between, nn.ReLU(inplace=True))
