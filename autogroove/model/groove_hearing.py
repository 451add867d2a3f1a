"""How the network of `groove` hears tempo and rhythm.

What belongs here: from images to the two parts of a code that say what the groove is.
What does not: sound, times, pictures and how parts make one code (`groove_network`), or the layers
that are used (`onsets`, `correlogram`, `tempo`, `pattern`).
"""

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
from autogroove.model.onsets import OnsetFilters
from autogroove.model.pattern import NUM_PLACES, PatternNetwork, beat_steps
from autogroove.model.tempo import LAGS_PER_OCTAVE, TempoNetwork, choose_tempi, describe_tempo
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


class GrooveHearing(Autoencoder):
    """Images (n, 1, bins, frames) float32 in [0, 1] to tempo and rhythm.

    Args:
        shape: (bins, frames).
        frame_seconds: from frame to frame.
        num_tempo: numbers of the part that says the tempo.
        num_rhythm: numbers of the part that says the rhythm.
        tempo_size: even; numbers of the first part that say the tempo alone. The rest says what
            happens after how long.
        blur: of tempo, in octaves.

    Raises:
        SettingsError: such images are too short to hear a tempo in.
    """

    def __init__(
        self,
        shape: tuple[int, int],
        frame_seconds: float,
        num_tempo: int,
        num_rhythm: int,
        tempo_size: int,
        blur: float,
    ) -> None:
        super().__init__()
        bins, frames = shape
        self.image_shape, self.frame_seconds = shape, frame_seconds
        self.tempo_size, self.blur = tempo_size, blur
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
        self.pattern = PatternNetwork(NUM_BANDS**2, NUM_PLACES, PATTERN_WIDTH, num_rhythm)
        self.pace = PatternNetwork(NUM_BANDS**2, len(lags), PACE_WIDTH, num_tempo - tempo_size)

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

    def correlate(self, images: Tensor) -> Tensor:
        """Correlations (n, pairs, places) between onset bands over the logarithm of the lag."""
        return self._correlate(whiten(images))[1]

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


def whiten(images: Tensor) -> Tensor:
    """Images, whitened over time and bands (`autogroove.model.whitening`); always in float32."""
    with torch.autocast(images.device.type, enabled=False):
        return whiten_bands(images)
