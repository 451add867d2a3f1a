"""One dense clustering, start to end, that always ends with clusters.

What belongs here: degenerate inputs, attempts at a higher damping, and the settled result.
What does not: the messages (`autogroove.affinity.dense`), the choice between dense and sparse.
"""

from typing import Any

import numpy as np
import numpy.typing as npt

from autogroove.affinity.dense import Progress, propagate_dense
from autogroove.affinity.election import Election, Indices, Solution, settle_dense
from autogroove.affinity.similarity import JITTER, Floats, add_jitter

LAST_DAMPING = 0.95


def solve_dense(
    similarities: Floats,
    preference: npt.NDArray[np.float64],
    *,
    damping: float = 0.5,
    max_iterations: int = 200,
    window: int = 15,
    attempts: int = 4,
    threads: int | None = None,
    progress: Progress | None = None,
) -> Solution:
    """Exemplars and labels from similarities (n, n), which are overwritten.

    Messages that do not settle are tried again at a higher damping; the last attempt counts,
    settled or not. If even that elects nobody, the best single exemplar stands for all.
    """
    degenerate = _solve_degenerate(similarities, preference)
    if degenerate is not None:
        return degenerate
    scale = float(np.abs(preference).mean()) or float(np.abs(similarities).mean())
    add_jitter(similarities, JITTER * scale, threads=threads)
    tried: list[Election] = []
    for level in raise_damping(damping, attempts):
        tried.append(
            propagate_dense(
                similarities,
                preference,
                damping=level,
                max_iterations=max_iterations,
                window=window,
                threads=threads,
                progress=progress,
            )
        )
        if tried[-1].converged:
            break
    last = tried[-1]
    if not last.chosen.any():
        last.chosen[np.argmax(similarities.sum(axis=0, dtype=np.float64))] = True
    exemplars, labels = settle_dense(similarities, last.chosen)
    return Solution(
        labels,
        exemplars,
        last.converged,
        last.iterations,
        {"attempts": [describe_election(one) for one in tried]},
    )


def raise_damping(damping: float, attempts: int) -> list[float]:
    """The dampings to try in turn: each halves the distance to the last one.

    >>> raise_damping(0.5, 3)
    [0.5, 0.725, 0.8375]
    """
    levels = [damping]
    while len(levels) < attempts and levels[-1] < LAST_DAMPING - 0.01:
        levels.append(round((levels[-1] + LAST_DAMPING) / 2, 4))
    return levels


def describe_election(election: Election) -> dict[str, Any]:
    """An election in JSON: what a person needs to see whether it settled."""
    return {
        "damping": election.damping,
        "iterations": election.iterations,
        "converged": election.converged,
        "exemplars": int(election.chosen.sum()),
        "oscillation": election.oscillation,
    }


def _solve_degenerate(similarities: Floats, preference: npt.NDArray[np.float64]) -> Solution | None:
    """scikit-learn's special case: one point, or all similarities and preferences equal."""
    n = len(similarities)
    everyone: Indices = np.arange(n)
    if n <= 1:
        return Solution(everyone, everyone, True, 0, {"degenerate": "one track"} if n else {})
    if np.ptp(preference) != 0:
        return None
    off = float(similarities[0, 1])
    np.fill_diagonal(similarities, off)
    equal = bool(similarities[0].min() == similarities[0].max()) and bool(
        similarities.min() == similarities.max()
    )
    if not equal:
        return None
    note = {"degenerate": "all similarities are equal"}
    if preference[0] > off:
        return Solution(everyone, everyone, True, 0, note)
    return Solution(np.zeros(n, np.int64), np.zeros(1, np.int64), True, 0, note)
