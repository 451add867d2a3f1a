"""Affinity propagation along the edges of a graph.

What belongs here: the loop over iterations, and the damping that rises when messages oscillate.
What does not: which graph, or what is made of the exemplars (`autogroove.clustering.sparse_run`).
"""

import numpy as np
import numpy.typing as npt

from autogroove.clustering.dense import Progress
from autogroove.clustering.election import Election, ExemplarWatch, Mask
from autogroove.clustering.graph import LOWEST, Graph, jitter_graph, pass_edges
from autogroove.clustering.machine import cut_rows, open_map
from autogroove.clustering.similarity import JITTER, hash_jitter

FIRST_DAMPING = 0.6
MOST_DAMPING = 0.9
_NUM_BLOCKS = 8


def propagate_sparse(
    graph: Graph,
    preference: float,
    *,
    may_lead: Mask | None = None,
    damping: float = FIRST_DAMPING,
    max_iterations: int = 100,
    window: int = 15,
    threads: int | None = None,
    progress: Progress | None = None,
) -> Election:
    """Pass messages along the edges until the exemplars stand still.

    Args:
        graph: similarities of the pairs that may belong together.
        preference: similarity of every point to itself.
        may_lead: bool (n,), points that may become exemplars; None for all.
        damping: where to start. It rises by 0.1, to 0.9 at most, whenever the exemplars of ten
            iterations flip more than 0.7 times as often as those of the ten before.
        max_iterations, window, threads, progress: as in `propagate_dense`.

    Peak memory above `graph`: 12 bytes an edge and some 50 a point.
    """
    n = graph.num_points
    scale = JITTER * (abs(preference) or float(np.abs(graph.values).mean()) or 1.0)
    graph = jitter_graph(graph, scale)
    diagonal = np.zeros((3, n), dtype=np.float32)
    everyone = np.arange(n)
    diagonal[0] = preference + hash_jitter(everyone, everyone) * scale
    if may_lead is not None:
        diagonal[0, ~may_lead] = LOWEST
    watch = _SparseWatch(n, window, damping, may_lead)
    loop = _Messages(graph, diagonal, threads)
    converged = loop.run(watch, max_iterations, progress)
    return watch.close(converged, watch.damping)


class _SparseWatch(ExemplarWatch):
    """Also rules out "everyone leads" as an end, and raises the damping."""

    def __init__(self, n: int, window: int, damping: float, may_lead: Mask | None) -> None:
        super().__init__(n, window)
        self.damping = damping
        self._restricted = may_lead is not None
        self._most = n if may_lead is None else int(may_lead.sum())
        self._window = window
        self._changed_at = 0

    def update(self, chosen: Mask) -> bool:
        """As the dense rule, but neither early nor while all who may lead do."""
        settled = super().update(chosen)
        self._adapt()
        late = len(self.flips) > 3 * self._window
        if self._restricted:
            return settled and (late or int(chosen.sum()) < self._most)
        return settled and late and not chosen.all()

    def _adapt(self) -> None:
        now = len(self.flips)
        if now - self._changed_at < 20 or self.damping >= MOST_DAMPING - 1e-6:
            return
        recent, before = sum(self.flips[-10:]), sum(self.flips[-20:-10])
        if recent > 0.7 * before:
            self.damping = round(self.damping + 0.1, 6)
            self._changed_at = now


class _Messages:
    """The state of the messages and one way to advance it."""

    def __init__(
        self, graph: Graph, diagonal: npt.NDArray[np.float32], threads: int | None
    ) -> None:
        self._graph, self._diagonal, self._threads = graph, diagonal, threads
        self._a, self._r = np.zeros_like(graph.values), np.zeros_like(graph.values)
        self._totals = np.zeros(graph.num_points, dtype=np.float32)
        self._blocks = cut_rows(graph.num_points, max(1, -(-graph.num_points // _NUM_BLOCKS)))
        self._sums = np.zeros((len(self._blocks), graph.num_points), dtype=np.float32)
        self._damping = np.float32(0)

    def run(self, watch: _SparseWatch, max_iterations: int, progress: Progress | None) -> bool:
        """Iterate until the watch is content; False if it never was."""
        diagonal = self._diagonal
        with open_map(self._threads) as run:
            for iteration in range(max_iterations):
                self._damping = np.float32(watch.damping)
                list(run(self._pass_block, range(len(self._blocks))))
                gained = self._sums.sum(axis=0)
                self._totals = gained + diagonal[2]
                diagonal[1] += (1 - self._damping) * (gained - diagonal[1])
                if progress:
                    progress(iteration + 1, max_iterations)
                if watch.update(diagonal[1] + diagonal[2] > 0):
                    return True
        return False

    def _pass_block(self, block: int) -> None:
        self._sums[block] = 0
        pass_edges(
            self._graph.indptr,
            (self._graph.columns, self._graph.values),
            (self._a, self._r),
            self._diagonal,
            self._totals,
            self._blocks[block],
            self._damping,
            self._sums[block],
        )
