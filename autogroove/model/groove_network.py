"""The network of the `groove` preset: what is heard in a clip, and when.

What belongs here: sound and times, how the parts make one code, what the decoder is given.
What does not: tempo and rhythm (`groove_hearing`), the layers that are used, or how weights are
found (`autogroove.model.training`).

A code has three parts. Tempo: the tempo itself, octaves folded, and what answers what after how
many seconds. Rhythm: what answers what after how many beats. Sound: as it was learned, or, once
that was fitted to a collection, the directions that tell its tracks apart. Each is about of length
one, good alone, and weighed in distances. Beside the code stand numbers that say when things
happen and where in the picture they lie: the decoder is given both, distances only codes.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.functional import normalize

from autogroove.errors import SettingsError
from autogroove.model.drawing import Drawer
from autogroove.model.groove_hearing import TEMPO_SIZE, GrooveHearing, whiten
from autogroove.model.picture import PictureWaves
from autogroove.model.sound import SoundNetwork, Trunk
from autogroove.model.texture import describe_levels, describe_texture

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


class GrooveNetwork(GrooveHearing):
    """Images (n, 1, bins, frames) float32 in [0, 1] to codes (n, code_size) float32, and back.

    Args:
        shape: (bins, frames); both divisible by 16, frames by 32.
        frame_seconds: from frame to frame.
        sizes: numbers of tempo, rhythm, sound, and of `when`.
        weights: of tempo, rhythm and sound in distances.
        blur: of tempo, in octaves.
        tempo_size: even; numbers that say the tempo alone.

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
        bins, frames = shape
        if bins % 16 or frames % 32:
            raise SettingsError(
                f"Images of {bins} × {frames} do not fit the groove network: it needs "
                "spectrogram.num_bins in sixteens and spectrogram.num_frames in thirty-twos."
            )
        super().__init__(shape, frame_seconds, sizes[0], sizes[1], tempo_size, blur)
        self.sizes, self.weights, self.code_size = sizes, tuple(weights), sum(sizes[:3])
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
        whitened = whiten(images)
        tempo, rhythm, tempi = self.hear_groove(whitened, beat_frames)
        sound = self.hear_sound(images, whitened)
        return Heard(tempo, rhythm, sound, self.hear_when(images), tempi)

    def hear_sound(self, images: Tensor, whitened: Tensor) -> Tensor:
        """The sound of images, as it was learned."""
        sound: Tensor = self.sound(self._hear_timbre(images, whitened))
        return sound

    def hear_when(self, images: Tensor) -> Tensor:
        """When things happen in images: for the decoder alone."""
        with torch.autocast(images.device.type, enabled=False):
            when: Tensor = self.when(images - self.mean_image)
            return when

    def describe_timbre(self, images: Tensor) -> Tensor:
        """Statistics (n, inputs) that sound is made of, each about standardised."""
        return self._hear_timbre(images, whiten(images))

    def _hear_timbre(self, images: Tensor, whitened: Tensor) -> Tensor:
        pooled = self.trunk(images - self.mean_image, whitened)
        statistics = torch.cat([_describe_levels(images, whitened), pooled.float()], dim=1)
        timbre: Tensor = self.sound.standardise(statistics)
        return timbre

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
        whitened = whiten(images)
        tempo, rhythm, _ = self.hear_groove(whitened)
        timbre = self._hear_timbre(images, whitened)
        return self._weigh(tempo, rhythm, self.sound(timbre), timbre)

    def learn(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Codes, and pictures without bounds, at which a training would have no gradient."""
        whitened = whiten(images)
        tempo, rhythm, tempi = self.hear_groove(whitened)
        timbre = self._hear_timbre(images, whitened)
        heard = Heard(tempo, rhythm, self.sound(timbre), self.hear_when(images), tempi)
        return self._weigh(tempo, rhythm, heard.sound, timbre), self.draw(heard)

    def _weigh(self, tempo: Tensor, rhythm: Tensor, learned: Tensor, timbre: Tensor) -> Tensor:
        own = normalize(self.own_sound(timbre), dim=1)
        sound = torch.lerp(UNFITTED_SHARE * learned, own, self.is_fitted)
        parts = zip(self.weights, (tempo, rhythm, sound), strict=True)
        return torch.cat([weight * part for weight, part in parts], dim=1)

    def draw(self, heard: Heard) -> Tensor:
        """Images (n, 1, bins, frames), not bounded, of what was heard."""
        code = torch.cat([heard.tempo, heard.rhythm, heard.sound], dim=1)
        waves = self.when.draw(heard.when)
        image: Tensor = self.mean_image + waves + self.drawer(code, waves)
        return image


def _describe_levels(images: Tensor, whitened: Tensor) -> Tensor:
    with torch.autocast(images.device.type, enabled=False):
        return torch.cat([describe_levels(images), describe_texture(whitened)], dim=1)
