"""Finalists: the best trials trained to the end with several seeds, and the winner's last test.

What belongs here: who is a finalist, who wins, and measuring a trained model. What does not: the
training, which is that of any model (`autogroove.training`).

Trial 0, the settings that the search began with, is always a finalist: what does not beat it by
more than seeds do is no finding.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from autogroove.config import Settings
from autogroove.model.stored import load_model
from autogroove.searching.material import Material
from autogroove.searching.objective import measure_hearing
from autogroove.searching.trials import Final, Side, Trial
from autogroove.storage import Store


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
