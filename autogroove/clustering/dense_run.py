"""One dense clustering, start to end, that always ends with clusters.

What belongs here: degenerate inputs, attempts at a higher damping, and the settled result.
What does not: the messages (`autogroove.clustering.dense`), the choice between dense and sparse.
"""

from typing import Any

import numpy as np
import numpy.typing as npt

from autogroove.clustering.dense import Progress, propagate_dense
from autogroove.clustering.election import Election, Indices, Solution, settle_dense
from autogroove.clustering.similarity import JITTER, Floats, add_jitter

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

    The first attempt is scikit-learn's algorithm as it stands. Messages that do not settle, or
    settle on everybody although joining would pay, are tried again at a higher damping, so that
    at most `attempts` are made; the one with the highest net similarity counts. If none elects
    anybody, the best single exemplar stands for all.
    """
    degenerate = _solve_degenerate(similarities, preference)
    if degenerate is not None:
        return degenerate
    scale = float(np.abs(preference).mean()) or float(np.abs(similarities).mean())
    add_jitter(similarities, JITTER * scale, threads=threads)
    tried: list[Election] = []
    best: tuple[float, Indices, Indices, Election] | None = None
    for level in raise_damping(damping, attempts):
        election = propagate_dense(
            similarities,
            preference,
            damping=level,
            max_iterations=max_iterations,
            window=window if not tried else 3 * window,
            threads=threads,
            progress=progress,
        )
        tried.append(election)
        if election.chosen.any():
            exemplars, labels = settle_dense(similarities, election.chosen)
            net = _sum_net(similarities, exemplars, labels)
            best = best if best and best[0] >= net else (net, exemplars, labels, election)
        if election.converged and not _stands_alone(similarities, election):
            break
    return _conclude(similarities, tried, best)


def _conclude(
    similarities: Floats,
    tried: list[Election],
    best: tuple[float, Indices, Indices, Election] | None,
) -> Solution:
    notes = {"attempts": [describe_election(one) for one in tried]}
    if best is None:
        chosen = np.zeros(len(similarities), dtype=np.bool_)
        chosen[np.argmax(similarities.sum(axis=0, dtype=np.float64))] = True
        exemplars, labels = settle_dense(similarities, chosen)
        return Solution(labels, exemplars, False, tried[-1].iterations, notes)
    _, exemplars, labels, election = best
    settled = election.converged and not _stands_alone(similarities, election)
    return Solution(labels, exemplars, settled, election.iterations, notes)


def _sum_net(similarities: Floats, exemplars: Indices, labels: Indices) -> float:
    rows = np.arange(len(labels))
    return float(similarities[rows, exemplars[labels]].sum(dtype=np.float64))


def _stands_alone(similarities: Floats, election: Election) -> bool:
    """Whether everybody leads although somebody would gain by joining another."""
    if not election.chosen.all():
        return False
    own = similarities.diagonal().copy()
    np.fill_diagonal(similarities, similarities.min())
    closer = bool((similarities.max(axis=1) > own).any())
    np.fill_diagonal(similarities, own)
    return closer


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
