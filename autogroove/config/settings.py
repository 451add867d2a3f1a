"""The settings that change bytes, in sections: they are hashed into the keys of the store."""

import json
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from autogroove.errors import SettingsError

PresetName = Literal["poster", "groove"]

DEFAULT_PRESET: PresetName = "groove"


class Section(BaseModel):
    """A frozen group of settings; an unknown name is an error, not a silence."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class ClipSettings(Section):
    """Which excerpts of a track become spectrograms."""

    clip_seconds: float = Field(10.0, gt=0, le=600, description="Length of a clip in seconds.")
    clips_per_track: int = Field(3, ge=1, le=1000, description="Clips cut from one track.")
    tail_tolerance_seconds: float = Field(
        0.1, ge=0, le=5, description="A last clip that falls short by no more than this is padded."
    )


class SpectrogramSettings(Section):
    """From samples of one clip to an image of `num_bins` × `num_frames` grey levels."""

    sample_rate_hz: int = Field(
        22050, ge=2000, le=192000, description="Rate to which audio is resampled."
    )
    window_samples: int = Field(2048, ge=64, le=65536, description="FFT window at sample_rate_hz.")
    hop_samples: int = Field(856, ge=1, le=65536, description="Samples from frame to frame.")
    num_bins: int = Field(256, ge=8, le=4096, description="Frequency bins kept, lowest first.")
    num_frames: int = Field(256, ge=8, le=16384, description="Frames (columns) of an image.")
    scale: Literal["linear", "mel"] = Field(
        "linear", description="linear: bins of the FFT. mel: bands as wide as ears hear them."
    )
    mel_low_hz: float = Field(30.0, ge=0, description="Lowest mel band's start.")
    mel_top_hz: float = Field(8000.0, gt=0, description="Highest mel band's end.")
    normalisation: Literal["clip_peak", "corpus"] = Field(
        "clip_peak",
        description="clip_peak: the poster's energy division and per-clip rescale. "
        "corpus: divide by a fixed corpus scale.",
    )
    corpus_scale: float = Field(1.0, gt=0, description="Used where normalisation is corpus.")
    gain: float = Field(40.0, gt=0, description="Multiplier before tanh: a tenth of pixels full.")


class ModelSettings(Section):
    """Which autoencoder, and its sizes."""

    kind: Literal["poster", "groove"] = Field(
        "poster",
        description="poster: six convolutions, two fully connected layers, six back. "
        "groove: tempo, rhythm and sound, each a part of the code.",
    )
    channels: tuple[int, ...] = Field(
        (8, 16, 32, 32, 64, 64), description="poster: channels of the convolutions."
    )
    code_size: int = Field(64, ge=4, le=4096, description="Length of an encoding.")
    part_weights: tuple[float, float, float] = Field(
        (0.48, 0.65, 0.45), description="groove: how much tempo, rhythm, sound count in distances."
    )


class TrainingSettings(Section):
    """How the weights are found."""

    start: Literal["auto", "pretrained", "scratch"] = Field(
        "auto",
        description="groove: first weights. pretrained: those of the package; sound is fitted to "
        "the collection where it has enough tracks. scratch: random ones. auto: pretrained where "
        "the spectrograms are those of the preset.",
    )
    pretrained_epochs: int = Field(
        0, ge=0, le=10000, description="Epochs for sound and picture from pretrained weights."
    )
    objective: Literal["reconstruction", "pairs"] = Field(
        "reconstruction",
        description="reconstruction: mean squared error of the picture. pairs: two augmented clips "
        "of a track must find each other, with the reconstruction beside it.",
    )
    temperature: float = Field(0.2, gt=0, le=10, description="pairs: of the similarities.")
    reconstruction_weight: float = Field(10.0, ge=0, description="pairs: of the squared error.")
    semitones: float = Field(3.0, ge=0, le=12, description="pairs: largest shift of pitch.")
    equaliser_decibels: float = Field(8.0, ge=0, le=40, description="pairs: of the augmentation.")
    epochs: int = Field(21, ge=1, le=10000, description="Times that every clip is seen.")
    batch_size: int = Field(32, ge=1, le=65536, description="Clips in one step of learning.")
    learning_rate: float = Field(2e-3, gt=0, le=1, description="At its height, after warm-up.")
    weight_decay: float = Field(1e-4, ge=0, le=1, description="Pull of the weights to zero.")
    patience: int | None = Field(
        None, ge=1, description="Stop after so many epochs without a lower dev loss; keep the best."
    )
    dev_fraction: float = Field(0.1, gt=0, lt=1, description="Share of tracks held out by artist.")
    max_clips: int | None = Field(None, ge=2, description="Train on at most this many clips.")
    seed: int = Field(0, description="Of the first weights and the order of clips.")


class ClusteringSettings(Section):
    """Affinity propagation on track encodings."""

    method: Literal["auto", "dense", "sparse"] = Field(
        "auto", description="auto: dense where every pair fits, sparse above."
    )
    dense_up_to: int = Field(
        10_000, ge=0, le=60_000, description="Tracks up to which auto chooses dense."
    )
    damping: float = Field(0.5, ge=0.5, lt=1, description="Raised when messages do not settle.")
    preference: float | None = Field(
        None, description="Self-similarity; none: the quantile below of all similarities."
    )
    preference_quantile: float = Field(0.5, ge=0, le=1, description="0.5 is the usual median.")
    num_clusters: int | None = Field(
        None, ge=1, description="Look for the preference that gives about this many clusters."
    )
    max_iterations: int = Field(
        400, ge=1, le=100000, description="Rounds of messages after which it stops in any case."
    )
    convergence_iterations: int = Field(
        15, ge=1, le=10000, description="Rounds without another exemplar after which it is done."
    )
    neighbours: int = Field(30, ge=1, le=1000, description="Neighbours a track keeps in sparse.")
    certificate: bool = Field(
        True, description="Sparse: bound how far the clusters can be from the best possible."
    )
    seed: int = Field(0, description="Of the noise that breaks ties.")


class EvaluationSettings(Section):
    """What the card measures."""

    neighbours: int = Field(10, ge=1, le=1000, description="Nearest tracks that a row looks at.")
    max_tracks: int = Field(
        1000, ge=12, le=5000, description="Whole artists are sampled down to this many tracks."
    )
    disguised_tracks: int = Field(
        200, ge=0, le=5000, description="Tracks of which one clip is equalised and pitch-shifted."
    )
    num_bootstrap: int = Field(500, ge=20, le=100000, description="Resamples of artists.")
    stability_seeds: int = Field(5, ge=1, le=100, description="Times that tracks are reclustered.")
    stability_tracks: int = Field(
        300, ge=12, le=5000, description="Reclustering takes at most this many tracks."
    )
    seed: int = Field(0, description="Of samples and resamples.")


class SourceSettings(Section):
    """What is expected of the source. No key holds it: it changes no byte."""

    removed_fraction: float = Field(
        0.2,
        ge=0,
        le=1,
        description="A run stops where more of the current release's tracks than this share are "
        "gone, unless --allow-removed.",
    )


class Settings(Section):
    """How audio becomes spectrograms, a model, clusters and a card.

    Everything that changes bytes: hashed, section by section, into the keys of the store. What
    depends on a changed setting is made anew. Section `source` alone changes none.
    """

    preset: PresetName = Field(
        "poster", description="Which recipe the numbers below began from; a label, not a switch."
    )
    clip: ClipSettings = ClipSettings()
    spectrogram: SpectrogramSettings = SpectrogramSettings()
    model: ModelSettings = ModelSettings()
    training: TrainingSettings = TrainingSettings()
    clustering: ClusteringSettings = ClusteringSettings()
    evaluation: EvaluationSettings = EvaluationSettings()
    source: SourceSettings = SourceSettings()

    @classmethod
    def from_preset(cls, name: PresetName = DEFAULT_PRESET) -> Self:
        """The settings of a preset.

        Raises:
            SettingsError: there is no such preset.
        """
        if name not in PRESETS:
            known = ", ".join(PRESETS)
            raise SettingsError(f"There is no preset {name!r}. Known presets: {known}.")
        return cls.model_validate({"preset": name, **PRESETS[name]})

    @property
    def fits_pretrained(self) -> bool:
        """Whether the package's weights are for the network and the images of these settings."""
        preset = type(self).from_preset("groove")
        alike = (self.model.kind, self.model.code_size, self.spectrogram)
        return alike == (preset.model.kind, preset.model.code_size, preset.spectrogram)

    @property
    def first_weights(self) -> Literal["pretrained", "scratch"]:
        """Whether a training begins with the package's weights or with random ones.

        Raises:
            SettingsError: pretrained weights are asked for where there are none.
        """
        wanted = self.training.start
        if wanted == "pretrained" and not self.fits_pretrained:
            raise SettingsError(
                "There are no pretrained weights for these settings: they are for the network, "
                "the spectrograms and the code size of the groove preset. Leave those as they "
                "are, or use --start scratch."
            )
        return "pretrained" if self.fits_pretrained and wanted != "scratch" else "scratch"

    def with_overrides(self, overrides: dict[str, Any]) -> Self:
        """These settings with `{"section.key": value}` replaced; text is parsed.

        Raises:
            SettingsError: an unknown section or key, or a value out of range.
        """
        tree = self.model_dump()
        for dotted, value in overrides.items():
            section, _, key = dotted.partition(".")
            if not isinstance(tree.get(section), dict) or key not in tree[section]:
                raise SettingsError(
                    f"There is no setting {dotted!r}. Settings are named section.key, "
                    f"with sections {', '.join(s for s in tree if s != 'preset')}."
                )
            tree[section][key] = _parse(value)
        try:
            return type(self).model_validate(tree)
        except ValidationError as error:
            raise SettingsError(_explain(error)) from error


def _parse(value: Any) -> Any:
    """A value as a person types it: JSON where it is that (null, [8, 16]), else the text itself."""
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except ValueError:
        return None if value == "none" else value


def _explain(error: ValidationError) -> str:
    faults = (f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
    return "Settings that cannot be used: " + "; ".join(faults) + "."


PRESETS: dict[str, dict[str, Any]] = {
    "poster": {},
    "groove": {
        # Time over pitch: 19 ms a frame holds sixteenths of any tempo. Hats are above 8 kHz;
        # the rate is 22,050 Hz, and resampling blurs what is close to half of it.
        # Relative to the clip's own peak, because the loudness of collections differs more than
        # that of their clips.
        "spectrogram": {
            "scale": "mel",
            "num_bins": 64,
            "num_frames": 512,
            "window_samples": 1024,
            "hop_samples": 429,
            "mel_top_hz": 10000.0,
            "normalisation": "clip_peak",
            "gain": 20.0,
        },
        "model": {"kind": "groove", "code_size": 168, "part_weights": (0.5, 0.7, 0.45)},
        "training": {"objective": "pairs", "epochs": 30, "batch_size": 32},
    },
}
"""What each preset changes from the defaults of the sections."""
