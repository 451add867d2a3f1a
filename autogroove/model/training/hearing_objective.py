"""What a lesson teaches: rhythm across sounds and tempi, tempo, sound across rhythms, the picture.

What belongs here: the losses of one lesson. What does not: where lessons come from, or steps
(`autogroove.model.training.pretraining`).
"""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import mse_loss

from autogroove.model.groove_network import GrooveNetwork, Heard
from autogroove.model.training.contrast import blame_tempi, contrast_classes
from autogroove.model.whitening import whiten_bands

SAME_TEMPO = 0.005
"""Tempi are the same if their ratio is 1 within half a per cent."""


@dataclass(frozen=True)
class LessonTensors:
    """A lesson on a device. Images are float32 (n, 1, bins, frames) in [0, 1]."""

    images: Tensor
    grooves: Tensor
    sounds: Tensor
    beat_frames: Tensor
    partners: Tensor


@dataclass(frozen=True)
class HearingWeights:
    """Of the losses, and the temperatures of the two contrasts."""

    rhythm: float = 1.0
    tempo: float = 0.5
    sound: float = 0.5
    picture: float = 1.0
    performance: float = 0.5
    rhythm_temperature: float = 0.1
    sound_temperature: float = 0.1
    true_tempo: float = 0.5
    """Share of clips whose rhythm is read at the true tempo; others at the one heard."""
    tempo_jitter: float = 0.01
    drawn: float = 0.34
    """Share of clips that are drawn in a step: drawing costs more than all of hearing."""
    swap: float = 0.5
    """Share of clips whose picture is drawn from their partner's tempo and rhythm."""


def judge_lesson(
    network: GrooveNetwork, lesson: LessonTensors, weights: HearingWeights, random: torch.Generator
) -> dict[str, Tensor]:
    """The losses by name, weighed; their sum is what a step lessens."""
    device = lesson.images.device
    count = len(lesson.images)
    draw = torch.rand(count, 3, generator=random, device=device)
    beats = lesson.beat_frames * (1 + weights.tempo_jitter * 2 * (draw[:, 1] - 0.5))
    beats = torch.where(draw[:, 0] < weights.true_tempo, beats, torch.nan)
    whitened = whiten_bands(lesson.images)
    tempo, rhythm, tempi = network.hear_groove(whitened, beats)
    swapped = (lesson.partners >= 0) & (draw[:, 2] < weights.swap)
    source = torch.where(swapped, lesson.partners, torch.arange(count, device=device))
    shown = torch.randperm(count, generator=random, device=device)[: int(weights.drawn * count)]
    pictures = lesson.images[shown]
    # Hearing sound costs as much as hearing the rest: only where it is asked for.
    asked = torch.arange(count, device=device) if weights.sound else shown
    sound = network.hear_sound(lesson.images[asked], whitened[asked])
    given, own = source[shown], sound[shown] if weights.sound else sound
    drawn = network.draw(
        Heard(tempo[given].detach(), rhythm[given], own, network.hear_when(pictures), tempi[shown])
    )
    spread = (pictures - network.mean_image).square().mean()
    temperature = weights.rhythm_temperature
    losses = {
        "rhythm": weights.rhythm
        * contrast_classes(rhythm, lesson.grooves, temperature, _same_tempo(lesson)),
        "tempo": weights.tempo * blame_tempi(tempi, network.places_of(lesson.beat_frames)),
        "performance": weights.performance
        * contrast_classes(network.pace_of(tempo), _pair(lesson.partners), temperature),
        "picture": weights.picture * mse_loss(drawn, pictures) / spread,
    }
    if weights.sound:
        told = contrast_classes(sound, lesson.sounds, weights.sound_temperature)
        losses["sound"] = weights.sound * told
    return losses


def _same_tempo(lesson: LessonTensors) -> Tensor:
    """Clips of a groove at one tempo: they would find each other without their rhythm."""
    same = lesson.grooves[:, None] == lesson.grooves
    return same & ((lesson.beat_frames[:, None] / lesson.beat_frames).log().abs() < SAME_TEMPO)


def _pair(partners: Tensor) -> Tensor:
    """A class for each pair of partners; clips without one are alone in theirs."""
    own = torch.arange(len(partners), device=partners.device)
    return torch.where(partners >= 0, torch.minimum(own, partners), own)
