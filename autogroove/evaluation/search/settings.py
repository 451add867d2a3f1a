"""What a search for a better network may change, and how long it looks.

What belongs here: the typed settings of a search, its default spaces, and putting a trial's values
into settings. What does not: choosing values or training (`rungs`).
"""

import json
from collections.abc import Mapping
from typing import Annotated, Any, Self

from pydantic import Field, ValidationError, model_validator

from autogroove.config import PresetName, Section, Settings
from autogroove.errors import SettingsError

Value = int | float | str
"""What a trial holds of a setting: a number, or JSON text of anything else."""
Values = dict[str, Value]

SEARCHED = ("model", "training", "spectrogram")
FIXED = {
    "training.epochs": "the search's rungs say how long a trial trains",
    "training.seed": "finalists get several seeds",
    "training.max_clips": "max_clips of the search says it",
    "training.dev_fraction": "all trials are measured on the same dev tracks",
}


class Choice(Section):
    """One of several values, in no order."""

    values: tuple[Any, ...] = Field(min_length=1)

    def samples(self) -> list[Value]:
        """Every value, as a trial holds it."""
        return [json.dumps(value) for value in self.values]

    def contains(self, value: Value) -> bool:
        """Whether a trial of this space can hold a value."""
        return value in self.samples()


class Range(Section):
    """A number between two, both included; `log` where factors count, not differences."""

    low: float
    high: float
    log: bool = False

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if not self.low < self.high or (self.log and self.low <= 0):
            raise ValueError("low must be below high, and above 0 where log is true")
        return self

    def samples(self) -> list[Value]:
        """Both ends and a value between them, which is no whole number."""
        return [self.low, self.low + (self.high - self.low) / 2**0.5, self.high]

    def contains(self, value: Value) -> bool:
        """Whether a trial of this space can hold a value."""
        return isinstance(value, int | float) and self.low <= value <= self.high


class SearchSettings(Section):
    """One search. Everything here is part of its identity; how many trials it has is not."""

    space: dict[str, Choice | Range] = Field(min_length=1)
    rungs: tuple[Annotated[int, Field(ge=0)], ...] = Field(
        (0, 2, 10), min_length=1, description="Epochs after which a trial is measured."
    )
    max_clips: int | None = Field(12_288, ge=2, description="A trial trains on at most these.")
    random_trials: int = Field(8, ge=1, description="Trials before earlier ones guide the choice.")
    spared_trials: int = Field(4, ge=1, description="Trials that reach a rung before any is cut.")
    final_seeds: int = Field(3, ge=1, le=100, description="Trainings of each finalist.")
    seed: int = Field(0, ge=0)

    @model_validator(mode="after")
    def _rises(self) -> Self:
        if list(self.rungs) != sorted(set(self.rungs)) or self.rungs[-1] < 1:
            raise ValueError("rungs must rise, to at least 1 epoch")
        return self

    @classmethod
    def from_tree(cls, tree: Mapping[str, Any], base: Settings, **given: Any) -> Self:
        """Settings as a TOML file writes them: in `space` a list is a choice, a table a range.

        Where `tree` has no space, it is the default one of the preset.

        Raises:
            SettingsError: something is unknown, out of range, or cannot be searched.
        """
        space = tree.get("space") or DEFAULT_SPACES[base.preset]
        if not isinstance(space, Mapping):
            raise SettingsError("space must be a table: setting = [choices] or {low, high}.")
        typed = {n: {"values": v} if isinstance(v, list) else v for n, v in _flat(space).items()}
        try:
            made = cls.model_validate({**tree, "space": typed, **given})
        except ValidationError as error:
            faults = (
                f"{'.'.join(map(str, e['loc'])) or 'search'}: {e['msg']}" for e in error.errors()
            )
            raise SettingsError(f"A search that cannot be made: {'; '.join(faults)}.") from error
        made.check(base)
        return made

    def check(self, base: Settings) -> None:
        """See that every value of the space is one that the settings accept.

        Raises:
            SettingsError: one is not, or its setting cannot be searched.
        """
        for name, about in self.space.items():
            if name in FIXED:
                raise SettingsError(f"{name} cannot be searched: {FIXED[name]}.")
            if name.split(".")[0] not in SEARCHED:
                raise SettingsError(
                    f"{name} cannot be searched: only {', '.join(SEARCHED)} change what is heard."
                )
            for value in about.samples():
                apply_values(base, {name: value})

    def budget(self, settings: Settings) -> Settings:
        """A trial's settings with the length of its training."""
        limits = [n for n in (self.max_clips, settings.training.max_clips) if n is not None]
        return settings.with_overrides(
            {
                "training.epochs": self.rungs[-1],
                "training.max_clips": min(limits, default=None),
                "training.patience": None,
            }
        )


_WIDTHS = [[4, 8, 16, 32, 64, 64], [8, 16, 32, 32, 64, 64], [16, 16, 32, 64, 64, 96]]
DEFAULT_SPACES: dict[PresetName, dict[str, Any]] = {
    "poster": {
        "model.channels": _WIDTHS,
        "model.code_size": [32, 64, 128],
        "training.learning_rate": {"low": 5e-4, "high": 8e-3, "log": True},
    },
    "groove": {
        # Distances keep their order when all three weights grow alike: tempo's stays.
        "model.part_weights.1": {"low": 0.3, "high": 1.2},
        "model.part_weights.2": {"low": 0.2, "high": 1.2},
        "training.temperature": {"low": 0.05, "high": 0.5, "log": True},
        "training.reconstruction_weight": {"low": 1.0, "high": 100.0, "log": True},
        "training.semitones": {"low": 0.0, "high": 6.0},
        "training.equaliser_decibels": {"low": 0.0, "high": 16.0},
        "training.learning_rate": {"low": 5e-4, "high": 8e-3, "log": True},
    },
}
"""What is searched where nobody says what. The gain and the shape of the spectrograms are not among
it: each value of them reads all audio once more. Name them in a space of your own."""


def apply_values(base: Settings, values: Mapping[str, Value]) -> Settings:
    """Settings with a trial's values. A third part of a name is a place in a list.

    Raises:
        SettingsError: an unknown setting, or a value out of range.
    """
    tree = base.model_dump()
    overrides: dict[str, Any] = {}
    for name, value in values.items():
        section, key, place = _split(name)
        if place is None:
            overrides[name] = value
            continue
        whole = overrides.get(f"{section}.{key}", (tree.get(section) or {}).get(key))
        if not isinstance(whole, list | tuple) or place >= len(whole):
            raise SettingsError(f"There is no setting {name!r}: {section}.{key} has no such place.")
        overrides[f"{section}.{key}"] = [*whole[:place], value, *whole[place + 1 :]]
    return base.with_overrides(overrides)


def read_values(settings: Settings, space: Mapping[str, Choice | Range]) -> Values:
    """What settings have where a space looks; the reverse of `apply_values`."""
    tree = settings.model_dump(mode="json")
    values: Values = {}
    for name, about in space.items():
        section, key, place = _split(name)
        value = tree[section][key] if place is None else tree[section][key][place]
        values[name] = json.dumps(value) if isinstance(about, Choice) else value
    return values


def _split(name: str) -> tuple[str, str, int | None]:
    section, _, rest = name.partition(".")
    key, _, place = rest.partition(".")
    return section, key, int(place) if place.isdigit() else None


def _flat(space: Mapping[str, Any]) -> dict[str, Any]:
    """`[space.model] code_size = […]` and `"model.code_size" = […]` mean the same."""
    found: dict[str, Any] = {}
    for name, value in space.items():
        if isinstance(value, Mapping) and "low" not in value and "high" not in value:
            found |= {f"{name}.{key}": inner for key, inner in _flat(value).items()}
        else:
            found[name] = value
    return found
