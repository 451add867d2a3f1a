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
    heard = network.hear(lesson.images, beats)
    swapped = (lesson.partners >= 0) & (draw[:, 2] < weights.swap)
    shown = torch.randperm(count, generator=random, device=device)[: int(weights.drawn * count)]
    drawn = network.draw(_take_over(heard, lesson.partners, swapped, shown))
    pictures = lesson.images[shown]
    spread = (pictures - network.mean_image).square().mean()
    places = network.places_of(lesson.beat_frames)
    return {
        "rhythm": weights.rhythm
        * contrast_classes(heard.rhythm, lesson.grooves, weights.rhythm_temperature),
        "tempo": weights.tempo * blame_tempi(heard.tempi, places),
        "performance": weights.performance
        * contrast_classes(
            network.pace_of(heard), _pair(lesson.partners), weights.rhythm_temperature
        ),
        "sound": weights.sound
        * contrast_classes(heard.sound, lesson.sounds, weights.sound_temperature),
        "picture": weights.picture * mse_loss(drawn, pictures) / spread,
    }


def _pair(partners: Tensor) -> Tensor:
    """A class for each pair of partners; clips without one are alone in theirs."""
    own = torch.arange(len(partners), device=partners.device)
    return torch.where(partners >= 0, torch.minimum(own, partners), own)


def _take_over(heard: Heard, partners: Tensor, swapped: Tensor, shown: Tensor) -> Heard:
    """What was heard in the clips `shown`, with their partners' rhythm where `swapped`."""
    source = torch.where(swapped, partners, torch.arange(len(partners), device=partners.device))
    own = {name: getattr(heard, name)[shown] for name in ("sound", "when", "tempi", "timbre")}
    given = source[shown]
    return Heard(tempo=heard.tempo[given].detach(), rhythm=heard.rhythm[given], **own)
