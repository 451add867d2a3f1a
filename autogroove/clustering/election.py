"""Who was elected: from messages to exemplars and labels, and when to stop asking.

What belongs here: the rule that ends the message passing, scikit-learn's refinement of the
exemplars on a dense matrix, and the value object that every solver returns.
What does not: the messages themselves.
"""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from autogroove.clustering.similarity import Floats

Indices = npt.NDArray[np.int64]
_ROWS = 4096
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Election:
    """How a run of message passing ended.

    Attributes:
        chosen: bool (n,), the points whose availability plus responsibility to self is positive.
        iterations: how many were run.
        converged: whether `chosen` stood still for the whole window.
        damping: the damping at the end (it may have been raised).
        flips: points that changed side, by iteration.
    """

    chosen: Mask
    iterations: int
    converged: bool
    damping: float
    flips: list[int] = field(default_factory=list)

    @property
    def oscillation(self) -> float:
        """Mean share of points that changed side in the last ten iterations."""
        return float(np.mean(self.flips[-10:])) / len(self.chosen) if self.flips else 0.0


class ExemplarWatch:
    """Counts for how long the same points have been exemplars."""

    def __init__(self, num_points: int, window: int) -> None:
        self.chosen: Mask = np.zeros(num_points, dtype=np.bool_)
        self.flips: list[int] = []
        self._window = window
        self._still = 0

    def update(self, chosen: Mask) -> bool:
        """Take the points chosen now; True once they stood still for the window (and exist).

        This is scikit-learn's rule: never before iteration `window + 1`.
        """
        flips = int(np.count_nonzero(chosen != self.chosen)) if self.flips else len(chosen)
        self.flips.append(flips)
        self._still = 1 if flips else self._still + 1
        self.chosen = chosen
        long_enough = self._still >= self._window and len(self.flips) > self._window
        return long_enough and bool(chosen.any())

    def close(self, converged: bool, damping: float) -> Election:
        """The election as it stands."""
        return Election(self.chosen, len(self.flips), converged, damping, self.flips[1:])


def settle_dense(similarities: Floats, chosen: Mask) -> tuple[Indices, Indices]:
    """Exemplars (k,) sorted and labels (n,) as scikit-learn settles them.

    Every point joins its most similar exemplar; each cluster then re-elects the member with the
    largest sum of similarities; every point joins again. `similarities` carries the preference
    on its diagonal.
    """
    exemplars = np.flatnonzero(chosen)
    labels = _join(similarities, exemplars)
    order = np.argsort(labels, kind="stable")
    bounds = np.searchsorted(labels[order], np.arange(len(exemplars) + 1))
    for cluster in range(len(exemplars)):
        members = order[bounds[cluster] : bounds[cluster + 1]]
        exemplars[cluster] = members[np.argmax(_sum_columns(similarities, members))]
    exemplars = np.unique(exemplars)
    return exemplars, _join(similarities, exemplars)


def _join(similarities: Floats, exemplars: Indices) -> Indices:
    labels = np.empty(len(similarities), dtype=np.int64)
    for start in range(0, len(similarities), 1024):
        block = slice(start, start + 1024)
        labels[block] = np.argmax(similarities[block][:, exemplars], axis=1)
    labels[exemplars] = np.arange(len(exemplars))
    return labels


def _sum_columns(similarities: Floats, members: Indices) -> Floats:
    total = np.zeros(len(members))
    for start in range(0, len(members), 512):
        rows = members[start : start + 512]
        total += similarities[np.ix_(rows, members)].sum(axis=0, dtype=np.float64)
    return total


@dataclass(frozen=True)
class Solution:
    """What a solver returns.

    Attributes:
        labels: int64 (n,), 0 … k−1.
        exemplars: int64 (k,), sorted rows.
        converged, iterations: of the run that counted.
        details: JSON-able, the same on every run.
        cpu_seconds: of this process by stage, never the same twice.
    """

    labels: Indices
    exemplars: Indices
    converged: bool
    iterations: int
    details: dict[str, Any] = field(default_factory=dict)
    cpu_seconds: dict[str, float] = field(default_factory=dict)


def find_nearest_exemplars(
    encodings: npt.NDArray[np.float32], exemplars: npt.NDArray[np.float32]
) -> Indices:
    """The nearest exemplar (k, d) of every encoding (n, d) by Euclidean distance, int64 (n,)."""
    norms = (exemplars**2).sum(1)
    blocks = (encodings[start : start + _ROWS] for start in range(0, len(encodings), _ROWS))
    return np.concatenate([np.argmin(norms - 2 * block @ exemplars.T, axis=1) for block in blocks])
