"""The idioms of the teacher: what a family of grooves tends to play.

What belongs here: metre, range of tempi and swing, and loose patterns, read from `idioms.toml`.
What does not: how a groove is drawn from them (`grooves`).

In a pattern, `X` is an accent, `x` a hit, `o` a ghost note; `?` a hit and `,` a ghost note in half
of the grooves; `L` a note held to the next; a digit, a note in so many of ten grooves.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

LANES = (
    "kick", "snare", "rim", "hat", "open", "ride", "low", "high", "shaker", "tom", "crash",
)  # fmt: skip
LAYERS = (("kick",), ("snare", "rim"), ("hat", "open", "ride"))
"""Lanes that are heard as one thing, and come and go together."""
PARTS = ("bass", "chords", "melody")
ROWS = LANES + PARTS

SIGNS: Mapping[str, tuple[float, float]] = {
    ".": (0.0, 0.0), "X": (1.0, 1.0), "x": (1.0, 0.75), "o": (1.0, 0.35), "L": (1.0, 0.9),
    "?": (0.5, 0.75), ",": (0.5, 0.35),
    **{str(k): (k / 10, 0.5 + k / 20) for k in range(1, 10)},
}  # fmt: skip
"""Sign to probability and velocity."""

Bars = tuple[str, ...]


@dataclass(frozen=True)
class Idiom:
    """A family of grooves. One without patterns draws its rows by rule.

    `beats` are felt beats a bar; `late` is how far lanes may lie behind the beat, in beats;
    `tune` is the share of grooves that are a tune without drums.
    """

    name: str
    tempo_bpm: tuple[float, float]
    beats: float = 4.0
    steps_per_beat: int = 4
    swing: tuple[float, float] = (0.5, 0.5)
    swing_steps: int = 1
    late: float = 0.0
    tune: float = 0.1
    patterns: Mapping[str, Bars] = field(default_factory=dict)

    @property
    def steps_per_bar(self) -> int:
        """Length of every pattern."""
        return round(self.beats * self.steps_per_beat)

    @property
    def has_tune(self) -> bool:
        """Whether a groove of it can be a tune without drums."""
        return not self.patterns or "melody" in self.patterns


def _read_idiom(name: str, entry: dict[str, Any]) -> Idiom:
    patterns = {row: _read_bars(entry.pop(row)) for row in ROWS if row in entry}
    tuples = {key: tuple(value) for key, value in entry.items() if isinstance(value, list)}
    idiom = Idiom(name=name, patterns=patterns, **{**entry, **tuples})
    for row, bars in patterns.items():
        for bar in bars:
            if len(bar) != idiom.steps_per_bar or not set(bar) <= set(SIGNS):
                raise ValueError(f"idioms.toml: {name}, {row}: {bar!r} is no bar.")
    return idiom


def _read_bars(text: str) -> Bars:
    return tuple(bar.replace(" ", "") for bar in text.split("|"))


def _read_table() -> tuple[Idiom, ...]:
    text = (Path(__file__).parent / "idioms.toml").read_text(encoding="utf-8")
    return tuple(_read_idiom(name, entry) for name, entry in tomllib.loads(text).items())


_TABLE = _read_table()

IDIOMS: tuple[str, ...] = tuple(idiom.name for idiom in _TABLE)
"""Names of the idioms; a lesson gives each clip's place in them."""


def find_idiom(place: int) -> Idiom:
    """The idiom at a place of `IDIOMS`."""
    return _TABLE[place]
