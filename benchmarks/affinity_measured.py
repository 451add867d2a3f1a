"""One measurement of affinity propagation, in a process of its own.

    python benchmarks/affinity_measured.py dense POINTS.npy 30

What belongs here: what is measured; `affinity.py` starts these and prints the table. The points
come from a file, so that the peak memory is that of the algorithm and of what it imports.
What does not: the table.
"""

import json
import logging
import resource
import sys
import time
import warnings
from typing import Any

import numpy as np

Points = np.ndarray


def peak_gigabytes() -> float:
    """Peak resident memory of this process."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e9


def resident_gigabytes() -> float:
    """Resident memory now; the peak so far where the system does not say."""
    try:
        with open("/proc/self/statm") as statm:  # noqa: PTH123
            return int(statm.read().split()[1]) * resource.getpagesize() / 1e9
    except OSError:
        return peak_gigabytes()


class Meter:
    """CPU and wall seconds since it was made, of all threads."""

    def __init__(self) -> None:
        self._cpu, self._wall = time.process_time(), time.perf_counter()

    def read(self) -> dict[str, float]:
        """CPU and wall seconds so far, peak memory."""
        return {
            "cpu": time.process_time() - self._cpu,
            "wall": time.perf_counter() - self._wall,
            "peak_gb": peak_gigabytes(),
        }


def describe(points: Points, solution: Any, preference: float) -> dict[str, Any]:
    """What the table shows of a solution."""
    from autogroove.clustering import measure_net_similarity

    return {
        "clusters": len(solution.exemplars),
        "net": measure_net_similarity(points, solution.labels, solution.exemplars, preference),
        "iterations": solution.iterations,
        "converged": solution.converged,
        "labels": solution.labels.tolist() if len(points) <= 30_000 else None,
        "details": solution.details,
        "stages": solution.cpu_seconds,
    }


def measure_dense(points: Points, _: int) -> dict[str, Any]:
    """Ours from similarities to labels, kernels already compiled."""
    from autogroove.clustering import build_similarities, measure_quantile, solve_dense

    solve_dense(build_similarities(points[:600]), np.full(600, -20.0), max_iterations=20)
    similarities = build_similarities(points)
    preference = measure_quantile(similarities, 0.5)
    meter = Meter()
    solution = solve_dense(similarities, np.full(len(points), preference), max_iterations=400)
    return meter.read() | describe(points, solution, preference)


def measure_peer(points: Points, _: int) -> dict[str, Any]:
    """scikit-learn on the same similarities."""
    from sklearn.cluster import AffinityPropagation

    from autogroove.clustering import (
        JITTER,
        Solution,
        add_jitter,
        build_similarities,
        measure_quantile,
    )

    similarities = build_similarities(points)
    preference = measure_quantile(similarities, 0.5)
    add_jitter(similarities, JITTER * abs(preference))
    wide = similarities.astype(np.float64)
    del similarities
    meter = Meter()
    peer = AffinityPropagation(
        affinity="precomputed", preference=preference, max_iter=400, copy=False, random_state=0
    ).fit(wide)
    spent = meter.read()
    found = Solution(
        peer.labels_.astype(np.int64),
        peer.cluster_centers_indices_,
        peer.n_iter_ < 400,
        int(peer.n_iter_),
    )
    return spent | describe(points, found, preference)


def measure_sparse(points: Points, neighbours: int) -> dict[str, Any]:
    """Ours from encodings to labels; `above_gb` is above the encodings and the imports."""
    from autogroove.clustering import (
        SparseSettings,
        find_neighbourhood,
        sample_quantile,
        solve_sparse,
    )

    solve_sparse(find_neighbourhood(points[:600]), SparseSettings(-20.0))
    before = resident_gigabytes()
    logging.getLogger("autogroove").setLevel(logging.INFO)
    meter = Meter()
    preference = sample_quantile(points, 0.5)
    around = find_neighbourhood(points, neighbours=neighbours)
    solution = solve_sparse(around, SparseSettings(preference))
    spent = meter.read()
    return {"above_gb": spent["peak_gb"] - before} | spent | describe(points, solution, preference)


MEASURES = {
    "dense": measure_dense,
    "peer": measure_peer,
    "sparse": measure_sparse,
}


def main() -> None:
    name, path, neighbours = sys.argv[1:]
    warnings.simplefilter("ignore")
    logging.basicConfig(stream=sys.stderr, format="%(asctime)s %(message)s")
    json.dump(MEASURES[name](np.load(path), int(neighbours)), sys.stdout)


if __name__ == "__main__":
    main()
