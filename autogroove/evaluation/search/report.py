"""What a search found: for a table, for a file of settings, for a sentence.

What belongs here: putting trials and finals together for people. What does not: printing
(`flows`) or drawing (`autogroove.figures.search`).
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from autogroove.config import Settings
from autogroove.evaluation.search.objective import Standing, is_finding, rank_finalists
from autogroove.evaluation.search.records import Search
from autogroove.evaluation.search.trials import Final, Side, Trial


@dataclass(frozen=True)
class SearchReport:
    """A finished search. `picture` is a key of the store."""

    search: Search
    trials: tuple[Trial, ...]
    finals: tuple[Final, ...]
    picture: str = ""

    @property
    def standings(self) -> list[Standing]:
        """The finalists, the best first."""
        return rank_finalists(self.finals)

    @property
    def winner(self) -> Trial:
        """The best finalist; trial 0 where nothing beat what the search began with."""
        number = self.standings[0].number if self.is_finding else 0
        return next(trial for trial in self.trials if trial.number == number)

    @property
    def is_finding(self) -> bool:
        """Whether something beat trial 0 by more than seeds differ."""
        return is_finding(self.standings)

    @property
    def settings(self) -> Settings:
        """Those of the winner."""
        return self.search.settings_of(self.winner)

    def mean(self, number: int, side: Side) -> float | None:
        """The mean objective of a finalist over its seeds, on one side."""
        found = [f.objective for f in self.finals if (f.number, f.side) == (number, side)]
        return sum(found) / len(found) if found else None

    def trial_rows(self) -> list[dict[str, Any]]:
        """A row a trial, the best first: objective, what it cost, what it was."""
        ordered = sorted(self.trials, key=lambda trial: (-(trial.objective or -9), trial.number))
        return [
            {
                "trial": trial.number,
                "state": trial.state,
                "objective": trial.objective,
                "epochs": trial.epochs,
                "parameters": trial.parameters,
                **trial.values,
            }
            for trial in ordered
        ]

    def final_rows(self) -> list[dict[str, Any]]:
        """A row a finalist, the best first; `test` only for the best and for trial 0."""
        return [
            {
                "trial": standing.number,
                "dev": standing.mean,
                "spread": standing.spread,
                "seeds": standing.seeds,
                "test": self.mean(standing.number, "test"),
            }
            for standing in self.standings
        ]

    def setting_rows(self) -> list[dict[str, str]]:
        """A row a searched setting, a column a finalist, the best first: for a narrow terminal."""
        numbers = [standing.number for standing in self.standings]
        tried = {trial.number: trial.values for trial in self.trials}
        return [
            {
                "setting": name.partition(".")[2],
                **{f"trial {number}": _abbreviate(tried[number][name]) for number in numbers},
            }
            for name in self.trials[0].values
        ]

    def verdict(self) -> str:
        """One sentence: what stands, and by how much."""
        first = self.standings[0]
        base = next((each for each in self.standings if each.number == 0), None)
        if base is None:
            return f"Trial {first.number} is best; the settings given could not be trained."
        if first.number == 0:
            return "Nothing tried is better than the settings that the search began with."
        if not self.is_finding:
            return (
                f"Trial {first.number} ({first.mean:.3f}) is ahead of what the search began with "
                f"({base.mean:.3f}) by no more than seeds differ: no finding."
            )
        return (
            f"Trial {first.number} is better than what the search began with: {first.mean:.3f} "
            f"against {base.mean:.3f} on the tracks that judged, over {first.seeds} seeds"
            f"{self._say_test(first.number)}."
        )

    def _say_test(self, number: int) -> str:
        """The same on tracks that chose nothing, which is what to believe."""
        ours, base = self.mean(number, "test"), self.mean(0, "test")
        if ours is None or base is None:
            return ""
        return f"; {ours:.3f} against {base:.3f} on the test tracks, which chose nothing"

    def to_json(self) -> dict[str, Any]:
        """Plain JSON, as `autogroove experiment search --json` prints it."""
        return {
            "search": self.search.key,
            "trials": [trial.to_json() for trial in self.trials],
            "finals": [asdict(final) for final in self.finals],
            "standings": self.final_rows(),
            "winner": self.winner.number,
            "finding": self.is_finding,
            "verdict": self.verdict(),
            "values": self.winner.values,
            "picture": self.search.store.locate(self.picture),
        }


def to_toml(settings: Settings) -> str:
    """Settings as a file for `--config`: the preset, and what differs from it."""
    preset = Settings.from_preset(settings.preset).model_dump(mode="json")
    lines = [f"preset = {_write(settings.preset)}"]
    for name, section in settings.model_dump(mode="json").items():
        if isinstance(section, Mapping):
            changed = {k: v for k, v in section.items() if v != preset[name][k]}
            if changed:
                lines += ["", f"[{name}]", *(f"{k} = {_write(v)}" for k, v in changed.items())]
    return "\n".join(lines) + "\n"


def _abbreviate(value: Any) -> str:
    return f"{value:.3g}" if isinstance(value, float) else str(value)


def _write(value: Any) -> str:
    """A value in TOML: as in JSON, but for null, which is the word that `--set` knows."""
    return json.dumps("none" if value is None else value)
