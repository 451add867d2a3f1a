"""Dense affinity propagation: scikit-learn's algorithm, on every pair.

What belongs here: the loop over iterations, in float64 NumPy for a few hundred points (nothing
to compile) and in fused float32 kernels above.
What does not: how similarities are made, or what is done when the messages do not settle.

Frey and Dueck, "Clustering by passing messages between data points", Science 315 (2007).
"""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from autogroove.clustering.election import Election, ExemplarWatch
from autogroove.clustering.machine import cut_rows, open_map
from autogroove.clustering.similarity import Floats

Progress = Callable[[int, int], None]

NUMPY_UP_TO = 500
"""Points up to which plain NumPy is quicker than loading compiled kernels."""
_NUM_BLOCKS = 16


def propagate_dense(
    similarities: Floats,
    preference: npt.NDArray[np.float64],
    *,
    damping: float = 0.5,
    max_iterations: int = 200,
    window: int = 15,
    threads: int | None = None,
    progress: Progress | None = None,
) -> Election:
    """Pass messages between all pairs until the exemplars stand still.

    Args:
        similarities: (n, n), n ≥ 2; its diagonal is overwritten with the preference.
        preference: (n,), one a point.
        window: iterations that the exemplars must stand still.
        threads: None for all processors; the answer does not depend on it.
        progress: called with (iteration, max_iterations).

    Peak memory above `similarities`: 4 n² bytes where it is float32 and n > 500.
    """
    np.fill_diagonal(similarities, preference)
    watch = ExemplarWatch(len(similarities), window)
    if len(similarities) <= NUMPY_UP_TO or similarities.dtype != np.float32:
        converged = _run_numpy(similarities, damping, max_iterations, watch, progress)
    else:
        converged = _run_kernels(similarities, damping, max_iterations, watch, threads, progress)
    return watch.close(converged, damping)


def _run_numpy(
    similarities: Floats,
    damping: float,
    max_iterations: int,
    watch: ExemplarWatch,
    progress: Progress | None,
) -> bool:
    s = similarities.astype(np.float64)
    r, a = np.zeros_like(s), np.zeros_like(s)
    rows = np.arange(len(s))
    for iteration in range(max_iterations):
        total = a + s
        best = np.argmax(total, axis=1)
        first = total[rows, best]
        total[rows, best] = -np.inf
        fresh = s - first[:, None]
        fresh[rows, best] = s[rows, best] - total.max(axis=1)
        r = damping * r + (1 - damping) * fresh
        positive = np.maximum(r, 0)
        np.fill_diagonal(positive, r.diagonal())
        fresh = positive.sum(axis=0) - positive
        own = fresh.diagonal().copy()
        np.minimum(fresh, 0, out=fresh)
        np.fill_diagonal(fresh, own)
        a = damping * a + (1 - damping) * fresh
        if progress:
            progress(iteration + 1, max_iterations)
        if watch.update(a.diagonal() + r.diagonal() > 0):
            return True
    return False


def _run_kernels(
    similarities: Floats,
    damping: float,
    max_iterations: int,
    watch: ExemplarWatch,
    threads: int | None,
    progress: Progress | None,
) -> bool:
    from autogroove.clustering.dense_kernels import LOWEST, NUM_SLOTS, pass_rows

    n = len(similarities)
    preference = similarities.diagonal().copy()
    np.fill_diagonal(similarities, LOWEST)
    a = np.zeros((n, n), dtype=np.float32)
    diagonal = np.stack([preference, np.zeros_like(preference), np.zeros_like(preference)])
    columns, offsets = np.zeros(n, np.float32), np.zeros(n, np.float32)
    slot_column = np.zeros((n, NUM_SLOTS), np.int32)
    slot_value, slot_count = np.zeros((n, NUM_SLOTS), np.float32), np.zeros(n, np.int32)
    blocks = cut_rows(n, -(-n // _NUM_BLOCKS))
    sums = np.zeros((len(blocks), n), dtype=np.float32)

    def run_block(block: int) -> None:
        sums[block] = 0
        pass_rows(
            similarities, a, diagonal, columns, offsets, slot_column, slot_value, slot_count,
            blocks[block], steps, sums[block],
        )  # fmt: skip

    decay, converged = 1.0, False
    with open_map(threads) as run:
        for iteration in range(max_iterations):
            grown, decay = 1 - decay, decay * damping
            steps = (np.float32(damping), np.float32(grown), np.float32(1 - decay))
            list(run(run_block, range(len(blocks))))
            gained = sums.sum(axis=0, dtype=np.float64)
            columns = (gained + diagonal[2]).astype(np.float32)
            diagonal[1] = damping * diagonal[1] + (1 - damping) * gained
            if progress:
                progress(iteration + 1, max_iterations)
            converged = watch.update(diagonal[1] + diagonal[2] > 0)
            if converged:
                break
    np.fill_diagonal(similarities, preference)
    return converged
