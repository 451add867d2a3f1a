"""What a listener means by similar: how much tempo, rhythm and sound count.

What belongs here: `--weigh rhythm=2,sound=0` as a value, and as a factor for each column.
What does not: distances (`proximity`), or how a network weighs its parts when it is trained.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Self

import numpy as np
from numpy.typing import NDArray

from autogroove.errors import SettingsError

MOST = 100.0


@dataclass(frozen=True)
class Weighing:
    """How much each part of an encoding counts, against what it usually does.

    Only ratios matter: 2, 2, 2 is 1, 1, 1. With 0 a part is not heard at all.
    """

    tempo: float = 1.0
    rhythm: float = 1.0
    sound: float = 1.0

    def __post_init__(self) -> None:
        for name, factor in self.factors.items():
            if not math.isfinite(factor) or not 0 <= factor <= MOST:
                raise SettingsError(f"{name}={factor:g}: a part counts from 0 to {MOST:g} times.")
        if not any(self.factors.values()):
            raise SettingsError("With tempo, rhythm and sound at 0 nothing is left to compare.")

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `rhythm=2,sound=0`; what is not named counts once.

        Raises:
            SettingsError: a name or a number is none, or comes twice.
        """
        known = [field.name for field in fields(cls)]
        found: dict[str, float] = {}
        for pair in text.split(","):
            name, _, value = (piece.strip() for piece in pair.partition("="))
            try:
                factor = float(value)
            except ValueError:
                factor = math.nan
            if name not in known or name in found or math.isnan(factor):
                raise SettingsError(
                    f"{text!r} does not say what counts: write it as rhythm=2,sound=0, of "
                    f"{', '.join(known)}."
                )
            found[name] = factor
        return cls(**found)

    @property
    def factors(self) -> dict[str, float]:
        """By the name of the part."""
        return {field.name: float(getattr(self, field.name)) for field in fields(self)}

    @property
    def is_usual(self) -> bool:
        """Whether nothing is changed."""
        return len(set(self.factors.values())) == 1

    def spread(self, parts: Mapping[str, slice], size: int) -> NDArray[np.float32]:
        """A factor for each of `size` columns, float32 (size,), 1 at the most."""
        most = max(self.factors.values())
        found = np.ones(size, dtype=np.float32)
        for name, part in parts.items():
            found[part] = self.factors.get(name, 1.0) / most
        return found


USUAL = Weighing()
