"""What a search makes larger, and how finalists are measured with several seeds."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from autogroove.config import Settings
from autogroove.errors import SourceError
from autogroove.evaluation.baselines import describe_baselines
from autogroove.evaluation.card import ORACLE, NotMeasurable
from autogroove.evaluation.measures import MEASURES
from autogroove.evaluation.search.material import Material
from autogroove.evaluation.search.trials import Final, Side, Trial
from autogroove.evaluation.view import EncoderView
from autogroove.model import load_model
from autogroove.store import Store

Score = Callable[[float, float | None], float]
"""From a row's value, and the yardstick's where it was measured, to at most 1."""


def _share(value: float, _: float | None) -> float:
    return value


def _beyond_chance(value: float, _: float | None) -> float:
    return 1 - 1 / value if value > 0 else -1.0


def _up_to_oracle(value: float, oracle: float | None) -> float:
    if oracle is None or oracle <= 1:
        return 0.0
    return min(1.0, (value - 1) / (oracle - 1))


def _without_hubs(value: float, _: float | None) -> float:
    return 1 / (1 + max(0.0, value))


GROUPS: tuple[tuple[tuple[str, ...], Score], ...] = (
    (("disguised_r1", "same_track_r1"), _share),
    (("groove_accuracy",), _share),
    (("foreign_tempo_lift", "tempo_lift"), _beyond_chance),
    (("foreign_rhythm_ratio", "rhythm_ratio"), _up_to_oracle),
    (("hub_skewness",), _without_hubs),
)
"""One score a line: of the first row that a collection allows, and how it is made of the row."""

WORST = -1.0
"""The score of a row that the collection allows and an encoder does not: it has collapsed."""

_TAKE = {measure.key: measure.take for measure in MEASURES}


@dataclass(frozen=True)
class TrialScore:
    """What an encoder reached: the objective, and the rows that it is the mean of."""

    objective: float
    rows: dict[str, float | None]


def measure_hearing(view: EncoderView) -> TrialScore:
    """The objective of an encoder, and its rows.

    Which rows count is up to the collection alone: a row counts where random encodings of the same
    clips can be measured on it, so that every trial is judged by the same ones.

    Raises:
        SourceError: the collection allows no row at all.
    """
    rivals = {
        name: EncoderView(view.collection, encoded, view.settings)
        for name, encoded in describe_baselines(view.collection, code_size=64).items()
        if name in ("random", ORACLE)
    }
    chosen = choose_rows(rivals["random"])
    if not chosen:
        raise SourceError("No row of the card can be measured on the tracks that are held out.")
    rows = {key: _take(key, view) for key in chosen}
    oracles = {key: _take(key, rivals[ORACLE]) for key in chosen if ORACLE in rivals}
    return TrialScore(combine(rows, oracles), rows)


def choose_rows(chance: EncoderView) -> list[str]:
    """The row of each group that the collection allows."""
    first = (next((k for k in keys if _take(k, chance) is not None), None) for keys, _ in GROUPS)
    return [key for key in first if key is not None]


def combine(rows: Mapping[str, float | None], oracles: Mapping[str, float | None]) -> float:
    """The mean of the rows' scores; a row without a value has the worst one."""
    scores = {key: score for keys, score in GROUPS for key in keys}
    made = [
        WORST if value is None else scores[key](value, oracles.get(key))
        for key, value in rows.items()
    ]
    return sum(made) / len(made)


def _take(key: str, view: EncoderView) -> float | None:
    try:
        return _TAKE[key](view).value
    except NotMeasurable:
        return None


@dataclass(frozen=True)
class Standing:
    """A finalist's objective over its seeds, on the tracks that judged the trials."""

    number: int
    mean: float
    spread: float
    """Standard deviation over the seeds; 0 for a single one."""
    seeds: int


def choose_finalists(trials: Sequence[Trial], count: int) -> list[Trial]:
    """Trial 0 and the best others that climbed to the top; `count` in all, the best first."""
    done = [trial for trial in trials if trial.objective is not None]
    ranked = sorted(done, key=lambda trial: (-(trial.objective or 0.0), trial.number))
    first = [trial for trial in ranked if trial.number == 0]
    others = [trial for trial in ranked if trial.number != 0][: max(0, count - len(first))]
    return [trial for trial in ranked if trial in first or trial in others]


def measure_final(
    store: Store, model_key: str, number: int, settings: Settings, material: Material, side: Side
) -> Final:
    """What a trained model reaches on one side of the collection."""
    heard = measure_hearing(material.hear(load_model(store, model_key)))
    seed = settings.training.seed
    return Final(number, seed, side, heard.objective, heard.rows, model_key)


def rank_finalists(finals: Sequence[Final]) -> list[Standing]:
    """Finalists by their mean over seeds on the validation side, the best first."""
    judged = [final for final in finals if final.side == "validation"]
    standings = []
    for number in sorted({final.number for final in judged}):
        values = [final.objective for final in judged if final.number == number]
        spread = float(np.std(values, ddof=1)) if len(values) > 1 else 0.0
        standings.append(Standing(number, float(np.mean(values)), spread, len(values)))
    return sorted(standings, key=lambda standing: (-standing.mean, standing.number))


def is_finding(standings: Sequence[Standing]) -> bool:
    """Whether the first beats trial 0 by more than two standard errors of their difference."""
    first = standings[0]
    base = next((each for each in standings if each.number == 0), None)
    if base is None:
        return True
    error = np.sqrt(sum(each.spread**2 / each.seeds for each in (first, base)))
    return bool(first.number != 0 and first.mean - base.mean > 2 * error)
