"""The network of the `groove` preset: what is heard in a clip, and when.

What belongs here: how the parts make one code, what the decoder is given, the decoder.
What does not: the parts themselves (`onsets`, `correlogram`, `tempo`, `pattern`, `texture`), or
how weights are found (`autogroove.model.training`).

A code has three parts. Tempo: the tempo itself, octaves folded, and what answers what after how
many seconds. Rhythm: what answers what after how many beats. Sound: as it was learned, or, once
that was fitted to a collection, the directions that tell its tracks apart. Each is about of length
one, good alone, and weighed in distances. Beside the code stand numbers that say when things
happen and where in the picture they lie: the decoder is given both, distances only codes.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import torch
from torch import Tensor, nn
from torch.nn.functional import normalize, one_hot

from autogroove.errors import SettingsError
from autogroove.model.autoencoder import Autoencoder
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
from autogroove.model.sound import SoundNetwork, Trunk
from autogroove.model.tempo import LAGS_PER_OCTAVE, TempoNetwork, choose_tempi, describe_tempo
from autogroove.model.texture import (
    describe_levels,
    describe_texture,
)
from autogroove.model.whitening import whiten_bands

NUM_BANDS = 8
SHORTEST_LAG = 0.08
BEAT_RANGE = (0.265, 1.36)
"""Seconds: tempi of 226 down to 44 a minute."""
FEWEST_TEMPI = 60
"""An octave and a half."""
TEMPO_SIZE = 24
"""Numbers that say the tempo alone; the rest of the part says what happens after how long."""
TEMPO_SHARE = 0.5
"""Of a squared distance of the part."""
NUM_ALIGNED = 3
"""Tempi that the rhythm is read at; the codes are averaged by how likely they are."""
PATTERN_WIDTH, PACE_WIDTH = 96, 64
PARTS = ("onsets", "tempo", "pattern", "pace", "trunk", "sound", "drawer")
"""Attributes of a network that learn by gradient descent."""
UNFITTED_SHARE = 2 / 3
"""Of the weight of sound where it was not fitted: it does not know what tells these tracks apart.
With all of it the kit decides too often who is near (docs/hearing.md)."""
SIZES = (64, 64, 40, 384)
"""Numbers of tempo, rhythm, sound, and of `when`."""


def share_code(code_size: int) -> tuple[tuple[int, int, int, int], int]:
    """The sizes of a network whose code has so many numbers, and those that say the tempo alone.

    Parts keep the shares that they have in a code of full length.
    """
    whole = sum(SIZES[:3])
    alone = max(2, 2 * (TEMPO_SIZE * code_size // whole // 2))
    tempo = max(alone + 1, SIZES[0] * code_size // whole)
    rhythm = max(1, SIZES[1] * code_size // whole)
    return (tempo, rhythm, max(1, code_size - tempo - rhythm), SIZES[3]), alone


@dataclass(frozen=True)
class Heard:
    """What a network makes of n clips.

    `tempo`, `rhythm` and `sound` are the parts of codes, unweighed, `sound` as it was learned;
    `tempi` are logits; `when` is for the decoder alone.
    """

    tempo: Tensor
    rhythm: Tensor
    sound: Tensor
    when: Tensor
    tempi: Tensor


class GrooveNetwork(Autoencoder):
    """Images (n, 1, bins, frames) float32 in [0, 1] to codes (n, code_size) float32, and back.

    Args:
        shape: (bins, frames); both divisible by 16, frames by 32.
        frame_seconds: from frame to frame.
        sizes: numbers of tempo, rhythm, sound, and of `when`.
        weights: of tempo, rhythm and sound in distances.
        blur: of tempo, in octaves.
        tempo_size: even; numbers that say the tempo alone. The rest of that part says what
            happens after how long.

    Raises:
        SettingsError: such images cannot be heard by this network.
    """

    def __init__(
        self,
        shape: tuple[int, int],
        frame_seconds: float,
        sizes: tuple[int, int, int, int] = SIZES,
        weights: Sequence[float] = (0.5, 0.7, 0.45),
        blur: float = 0.03,
        tempo_size: int = TEMPO_SIZE,
    ) -> None:
        super().__init__()
        bins, frames = shape
        if bins % 16 or frames % 32:
            raise SettingsError(
                f"Images of {bins} × {frames} do not fit the groove network: it needs "
                "spectrogram.num_bins in sixteens and spectrogram.num_frames in thirty-twos."
            )
        self.image_shape, self.frame_seconds = shape, frame_seconds
        self.sizes, self.weights, self.blur = sizes, tuple(weights), blur
        self.code_size, self.tempo_size = sum(sizes[:3]), tempo_size
        self.hearing_is_fixed = False
        self.num_lags = int(0.52 * frames)
        lags = log_lags(frame_seconds, frames, shortest=SHORTEST_LAG, per_octave=LAGS_PER_OCTAVE)
        self.lag_filters: Tensor
        self.register_buffer("lag_filters", log_lag_filters(lags, self.num_lags), persistent=False)
        seconds = lags * frame_seconds
        first = int((seconds < BEAT_RANGE[0]).sum())
        count = int((seconds <= BEAT_RANGE[1]).sum()) - first
        if count < FEWEST_TEMPI:
            raise SettingsError(
                f"Clips of {frames * frame_seconds:.1f} s are too short to hear a tempo in: the "
                "groove network needs spectrograms of 1.5 s or more."
            )
        self.onsets = OnsetFilters(bins, NUM_BANDS)
        self.tempo = TempoNetwork(NUM_BANDS**2, first, count)
        self.pattern = PatternNetwork(NUM_BANDS**2, NUM_PLACES, PATTERN_WIDTH, sizes[1])
        self.pace = PatternNetwork(NUM_BANDS**2, len(lags), PACE_WIDTH, sizes[0] - tempo_size)
        self.trunk = Trunk(bins)
        self.sound = SoundNetwork(self.trunk.num_pooled, sizes[2])
        self.own_sound = nn.Linear(self.sound.num_inputs, sizes[2]).requires_grad_(False)
        nn.init.zeros_(self.own_sound.weight)
        nn.init.zeros_(self.own_sound.bias)
        self.is_fitted: Tensor
        self.register_buffer("is_fitted", torch.zeros(()))
        self.when = PictureWaves(bins, frames, sizes[3])
        self.drawer = Drawer(self.code_size, bins, frames)
        self.mean_image: Tensor
        self.register_buffer("mean_image", torch.zeros(1, 1, *shape))

    def hear(self, images: Tensor, beat_frames: Tensor | None = None) -> Heard:
        """All that is made of images.

        `beat_frames` (n,) is the true length of a beat, which a training knows; NaN where it
        does not, and where the network's own idea is to be used.
        """
        whitened = _whiten(images)
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
        alone = describe_tempo(tempi, self.tempo_size, self.blur)
        tempo = torch.cat([TEMPO_SHARE**0.5 * alone, (1 - TEMPO_SHARE) ** 0.5 * pace], dim=1)
        return tempo, self._read_rhythm(lagged, tempi, beat_frames), tempi

    def hear_sound(self, images: Tensor, whitened: Tensor) -> Tensor:
        """The sound of images, as it was learned."""
        sound: Tensor = self.sound(self._hear_timbre(images, whitened))
        return sound

    def hear_when(self, images: Tensor) -> Tensor:
        """When things happen in images: for the decoder alone."""
        with torch.autocast(images.device.type, enabled=False):
            when: Tensor = self.when(images - self.mean_image)
            return when

    def correlate(self, images: Tensor) -> Tensor:
        """Correlations (n, pairs, places) between onset bands over the logarithm of the lag."""
        return self._correlate(_whiten(images))[1]

    def describe_timbre(self, images: Tensor) -> Tensor:
        """Statistics (n, inputs) that sound is made of, each about standardised."""
        return self._hear_timbre(images, _whiten(images))

    def _hear_timbre(self, images: Tensor, whitened: Tensor) -> Tensor:
        pooled = self.trunk(images - self.mean_image, whitened)
        statistics = torch.cat([_describe_levels(images, whitened), pooled.float()], dim=1)
        timbre: Tensor = self.sound.standardise(statistics)
        return timbre

    def _correlate(self, whitened: Tensor) -> tuple[Tensor, Tensor]:
        """Against the lag in frames, and against its logarithm; always in float32."""
        with torch.autocast(whitened.device.type, enabled=False):
            lagged = correlate_bands(self.onsets(whitened.float()), self.num_lags)
            return lagged, lagged @ self.lag_filters

    def pace_of(self, tempo: Tensor) -> Tensor:
        """The numbers of tempo that say what happens after how long."""
        return tempo[:, self.tempo_size :]

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
            share[:, None] * self._read_pattern(read_against_beats(lagged, beat, steps))
            for beat, share in zip(beats.T, shares.T, strict=True)
        ]
        return normalize(torch.stack(codes).sum(dim=0), dim=1)

    def _read_pattern(self, read: Tensor) -> Tensor:
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

    @property
    def num_drawn(self) -> int:
        """Numbers of a clip that the decoder is given: the code, and when things happen."""
        return self.code_size + self.sizes[3]

    @property
    def parts(self) -> dict[str, slice]:
        """Where tempo, rhythm and sound lie in a code."""
        tempo, rhythm, sound = self.sizes[:3]
        return {
            "tempo": slice(0, tempo),
            "rhythm": slice(tempo, tempo + rhythm),
            "sound": slice(tempo + rhythm, tempo + rhythm + sound),
        }

    def encode(self, images: Tensor) -> Tensor:
        """Codes (n, code_size) of images: the parts, weighed."""
        whitened = _whiten(images)
        tempo, rhythm, _ = self.hear_groove(whitened)
        timbre = self._hear_timbre(images, whitened)
        return self._weigh(tempo, rhythm, self.sound(timbre), timbre)

    def learn(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Codes, and pictures without bounds, at which a training would have no gradient."""
        whitened = _whiten(images)
        tempo, rhythm, tempi = self.hear_groove(whitened)
        timbre = self._hear_timbre(images, whitened)
        heard = Heard(tempo, rhythm, self.sound(timbre), self.hear_when(images), tempi)
        return self._weigh(tempo, rhythm, heard.sound, timbre), self.draw(heard)

    def _weigh(self, tempo: Tensor, rhythm: Tensor, learned: Tensor, timbre: Tensor) -> Tensor:
        own = normalize(self.own_sound(timbre), dim=1)
        sound = torch.lerp(UNFITTED_SHARE * learned, own, self.is_fitted)
        parts = zip(self.weights, (tempo, rhythm, sound), strict=True)
        return torch.cat([weight * part for weight, part in parts], dim=1)

    def fix_hearing(self) -> None:
        """Leave tempo and rhythm as they are in every later training; sound and picture learn."""
        self.hearing_is_fixed = True
        for module in self._hearing:
            module.requires_grad_(False).eval()

    def train(self, mode: bool = True) -> Self:
        """As of any module, except that a fixed hearing stays in evaluation mode."""
        super().train(mode)
        if self.hearing_is_fixed:
            for module in self._hearing:
                module.eval()
        return self

    @property
    def _hearing(self) -> tuple[nn.Module, ...]:
        return self.onsets, self.tempo, self.pattern, self.pace

    def prepare_compilation(self) -> None:
        """Fourier transforms give torch.compile complex numbers, which it does not know."""
        leave_alone: Any = torch.compiler.disable  # PyTorch types it for decorators only
        self._correlate = leave_alone(self._correlate)  # type: ignore[method-assign]

    def draw(self, heard: Heard) -> Tensor:
        """Images (n, 1, bins, frames), not bounded, of what was heard."""
        code = torch.cat([heard.tempo, heard.rhythm, heard.sound], dim=1)
        waves = self.when.draw(heard.when)
        image: Tensor = self.mean_image + waves + self.drawer(code, waves)
        return image


def _whiten(images: Tensor) -> Tensor:
    with torch.autocast(images.device.type, enabled=False):
        return whiten_bands(images)


def _describe_levels(images: Tensor, whitened: Tensor) -> Tensor:
    with torch.autocast(images.device.type, enabled=False):
        return torch.cat([describe_levels(images), describe_texture(whitened)], dim=1)
