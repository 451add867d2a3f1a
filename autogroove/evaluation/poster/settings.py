"""What the experiment is asked for, and the settings that follow."""

from pathlib import Path

from pydantic import Field

from autogroove.config import Section, Settings
from autogroove.errors import SettingsError, StoreError
from autogroove.releases import current_release
from autogroove.source import DEMO
from autogroove.store import Store

LEAST_DEV = 24
"""Held-out clips of the smallest experiment: fewer tell nothing."""


class PosterSettings(Section):
    """The size of the experiment, and where its music is."""

    examples: int = Field(60_000, ge=24, le=10_000_000, description="Clips that are trained on.")
    epochs: int = Field(21, ge=1, le=10_000, description="Times that each is seen.")
    seed: int = Field(0, ge=0, le=2**31, description="Of the teacher's clips and the weights.")
    music: str | None = Field(None, description="Source of recordings; none: rendered music alone.")

    @property
    def dev_examples(self) -> int:
        """Clips that are held out."""
        return max(LEAST_DEV, self.examples // 10)

    @property
    def poster(self) -> Settings:
        """The poster's preset, trained as long as is asked for."""
        overrides = {"training.epochs": self.epochs, "training.seed": self.seed}
        return Settings.from_preset("poster").with_overrides(overrides)

    @property
    def groove(self) -> Settings:
        """The other preset: its images are made of the same samples."""
        return Settings.from_preset("groove")


def find_music(place: str) -> str:
    """The source of recordings at a place: itself, or that of a store's current release.

    Raises:
        SettingsError: the release is of the demo, which is among the examples anyway.
    """
    try:
        release = None if Path(place).is_file() else current_release(Store(place))
    except StoreError:  # a place that can be read, and only that
        release = None
    source = release.parts.source_url if release else place
    if DEMO.fullmatch(source):
        raise SettingsError(
            "The demo is among the examples anyway: name a folder of other music, or none."
        )
    return source
