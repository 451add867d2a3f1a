"""The recipe of a pretraining: what is taught, how, and what is held out."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from pydantic import Field, ValidationError, field_validator

from autogroove.config import Section
from autogroove.errors import SettingsError
from autogroove.model.groove_network import PARTS
from autogroove.model.teacher import TeacherSettings
from autogroove.model.training.hearing_objective import HearingWeights


@dataclass(frozen=True)
class HeldOut:
    """What the teacher keeps for examinations: names of idioms and of families of kits."""

    idioms: tuple[str, ...]
    kits: tuple[str, ...]


HELD_OUT = HeldOut(
    (
        *("funk", "bossa_nova", "ska", "jig", "two_step_garage", "afrobeat"),
        *("polka", "jazz_waltz", "mambo", "drill", "horo_eleven", "surf"),
    ),
    ("dusty", "iron", "session", "tabla"),
)


class PretrainingSettings(Section):
    """What is taught, and how."""

    seed: int = Field(0, ge=0, description="Of the lessons, the first weights and all order.")
    teacher: TeacherSettings = TeacherSettings(
        exclude_idioms=HELD_OUT.idioms, exclude_kits=HELD_OUT.kits
    )
    num_grooves: int = Field(24, ge=2, description="Grooves of a lesson, which is a batch.")
    new_lessons: int = Field(16, ge=1, description="Lessons of an epoch that are new.")
    first_lesson: int = Field(
        0, ge=0, description="One that goes on from others' weights has new ones."
    )
    taught: tuple[str, ...] = Field(
        (), description="Parts of the network that learn, by attribute; none: all."
    )
    memory: int = Field(256, ge=1, description="Old lessons are among so many last ones.")
    learning_rate: float = Field(2e-3, gt=0, description="At its height.")
    weight_decay: float = Field(0.01, ge=0, description="Pull of the weights to zero.")
    averaging: float = Field(0.99, ge=0, lt=1, description="Of the running average of weights.")
    augmented_share: float = Field(0.5, ge=0, le=1, description="Clips in another key and colour.")
    losses: HearingWeights = HearingWeights()

    @field_validator("taught")
    @classmethod
    def _know_parts(cls, taught: tuple[str, ...]) -> tuple[str, ...]:
        unknown = sorted(set(taught) - set(PARTS))
        if unknown:
            known = ", ".join(PARTS)
            raise ValueError(f"the network has no {', '.join(unknown)}; it has: {known}")
        return taught

    @classmethod
    def from_tree(cls, tree: Mapping[str, Any]) -> Self:
        """Settings as a TOML file writes them.

        Raises:
            SettingsError: something is unknown or out of range.
        """
        try:
            return cls.model_validate(tree)
        except ValidationError as error:
            faults = (f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
            raise SettingsError(f"A pretraining that cannot be: {'; '.join(faults)}.") from error

    def kept(self) -> frozenset[str]:
        """Parts that do not learn."""
        return frozenset(PARTS) - frozenset(self.taught or PARTS)
