"""Affinity propagation side by side with scikit-learn, and alone where it cannot follow.

    python benchmarks/affinity.py            # 2,000 and 8,000 side by side, 106,574 alone
    python benchmarks/affinity.py --dense 2000 --sparse 106574 1000000 --grow 20000

Every figure comes from a process of its own, so that peak memory is that figure's alone. CPU time
is of the whole process group's threads; trust it and the ratios more than wall time on a machine
that is shared. The encodings are synthetic: genres by Zipf's law, artists, albums, tracks and
2 % outliers, 64 numbers each. Similarities are given to both sides, in float32 to ours and
float64 to scikit-learn; damping 0.5, preference the median.
"""

import argparse
import json
import resource
import subprocess
import sys
import time
import warnings
from typing import Any

import numpy as np

SIZE = 64


def make_encodings(num_tracks: int, seed: int = 0) -> np.ndarray:
    """Genres, artists, albums, tracks, outliers; most of the spread in the first 16 numbers."""
    random = np.random.default_rng(seed)
    num_genres = max(4, min(160, num_tracks // 50))
    share = 1 / np.arange(1, num_genres + 1)
    genres = random.normal(size=(num_genres, SIZE))
    num_artists = max(num_genres, num_tracks // 8)
    chosen = random.choice(num_genres, size=num_artists, p=share / share.sum())
    artists = genres[chosen] + 0.6 * random.normal(size=(num_artists, SIZE))
    num_albums = max(num_artists, num_tracks // 5)
    chosen = random.integers(num_artists, size=num_albums)
    albums = artists[chosen] + 0.35 * random.normal(size=(num_albums, SIZE))
    tracks = albums[random.integers(num_albums, size=num_tracks)]
    tracks += 0.3 * random.normal(size=tracks.shape)
    outliers = random.random(num_tracks) < 0.02
    tracks[outliers] += 1.5 * random.normal(size=(int(outliers.sum()), SIZE))
    return (tracks * np.exp(-np.arange(SIZE) / 16)).astype(np.float32)


def peak_gigabytes() -> float:
    """Peak resident memory of this process."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e9


class Meter:
    """CPU and wall seconds since it was made."""

    def __init__(self) -> None:
        self._cpu, self._wall = time.process_time(), time.perf_counter()

    def read(self) -> dict[str, float]:
        """CPU and wall seconds so far."""
        return {
            "cpu": time.process_time() - self._cpu,
            "wall": time.perf_counter() - self._wall,
        }


def result(points: np.ndarray, solution: Any, preference: float, spent: dict[str, float]) -> Any:
    from autogroove.affinity.clustering import measure_net_similarity

    net = measure_net_similarity(points, solution.labels, solution.exemplars, preference)
    return {
        **spent,
        "peak_gb": peak_gigabytes(),
        "clusters": len(solution.exemplars),
        "net": net,
        "preference": preference,
        "iterations": solution.iterations,
        "converged": solution.converged,
        "labels": solution.labels.tolist() if len(points) <= 30_000 else None,
        "details": solution.details,
        "stages": solution.cpu_seconds,
    }


def run_dense(num_tracks: int) -> Any:
    """Ours from similarities to labels, kernels already compiled."""
    from autogroove.affinity.dense_run import solve_dense
    from autogroove.affinity.similarity import build_similarities, measure_quantile

    points = make_encodings(num_tracks)
    solve_dense(build_similarities(points[:600]), np.full(600, -20.0), max_iterations=20)
    similarities = build_similarities(points)
    preference = measure_quantile(similarities, 0.5)
    meter = Meter()
    solution = solve_dense(similarities, np.full(num_tracks, preference), max_iterations=400)
    return result(points, solution, preference, meter.read())


def run_peer(num_tracks: int) -> Any:
    """scikit-learn on the same similarities."""
    from sklearn.cluster import AffinityPropagation

    from autogroove.affinity.clustering import measure_net_similarity
    from autogroove.affinity.similarity import (
        JITTER,
        add_jitter,
        build_similarities,
        measure_quantile,
    )

    points = make_encodings(num_tracks)
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
    exemplars, labels = peer.cluster_centers_indices_, peer.labels_
    return {
        **spent,
        "peak_gb": peak_gigabytes(),
        "clusters": len(exemplars),
        "net": measure_net_similarity(points, labels, exemplars, preference),
        "iterations": int(peer.n_iter_),
        "converged": peer.n_iter_ < 400,
        "labels": labels.tolist(),
    }


def run_sparse(num_tracks: int, neighbours: int) -> Any:
    """Ours from encodings to labels; `peak_gb` is above the encodings and the imports."""
    from autogroove.affinity.similarity import sample_quantile
    from autogroove.affinity.sparse_run import SparseSettings, find_neighbourhood, solve_sparse

    warm = make_encodings(600)
    solve_sparse(find_neighbourhood(warm), SparseSettings(-20.0))
    points = make_encodings(num_tracks)
    before = resident_gigabytes()
    meter = Meter()
    preference = sample_quantile(points, 0.5)
    around = find_neighbourhood(points, neighbours=neighbours)
    solution = solve_sparse(around, SparseSettings(preference))
    found = result(points, solution, preference, meter.read())
    return {**found, "above_gb": found["peak_gb"] - before}


def run_growth(num_tracks: int) -> Any:
    """A quarter more tracks: assigned, refreshed, and clustered anew."""
    from autogroove.affinity.clustering import measure_net_similarity
    from autogroove.affinity.growth import assign_tracks, measure_drift, refresh_clusters
    from autogroove.affinity.similarity import sample_quantile
    from autogroove.affinity.sparse_run import SparseSettings, find_neighbourhood, solve_sparse

    solve_sparse(find_neighbourhood(make_encodings(600)), SparseSettings(-20.0))
    points = make_encodings(num_tracks + num_tracks // 4)
    old = points[:num_tracks]
    limits = SparseSettings(sample_quantile(old, 0.5), certificate=False)
    known = solve_sparse(find_neighbourhood(old), limits)
    p, exemplars = limits.preference, known.exemplars
    labels, _ = assign_tracks(points, points[exemplars])
    assigned = measure_net_similarity(points, labels, exemplars, p)
    difference = old - old[exemplars[known.labels]]
    similarity = -np.einsum("ij,ij->i", difference, difference)
    drift = measure_drift(similarity, points[num_tracks:], points[exemplars], p)
    around = find_neighbourhood(points)
    meter = Meter()
    fresh = refresh_clusters(around, exemplars, limits)
    refresh_cpu = meter.read()["cpu"]
    meter = Meter()
    full = solve_sparse(around, limits)
    full_cpu = meter.read()["cpu"]
    whole = measure_net_similarity(points, full.labels, full.exemplars, p)
    again = measure_net_similarity(points, fresh.labels, fresh.exemplars, p)
    kept = np.isin(exemplars, fresh.exemplars).mean()
    return {
        "assigned_percent": 100 * (assigned - whole) / abs(whole),
        "refreshed_percent": 100 * (again - whole) / abs(whole),
        "refresh_cpu": refresh_cpu,
        "full_cpu": full_cpu,
        "neighbour_cpu": around.cpu_seconds,
        "kept_exemplars": float(kept),
        "kept_by_full": float(np.isin(exemplars, full.exemplars).mean()),
        "excess": drift.excess,
        "refresh": drift.refresh,
    }


def resident_gigabytes() -> float:
    """Resident memory now; the peak so far where the system does not say."""
    try:
        with open("/proc/self/statm") as statm:  # noqa: PTH123
            return int(statm.read().split()[1]) * resource.getpagesize() / 1e9
    except OSError:
        return peak_gigabytes()


def call(name: str, *arguments: int) -> Any:
    """Run one measurement in a process of its own."""
    command = [sys.executable, __file__, "--measure", name, *map(str, arguments)]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=True, text=True)
    return json.loads(done.stdout)


def compare_dense(num_tracks: int) -> None:
    """One row: both sides, one after the other, in the same run."""
    from sklearn.metrics import adjusted_rand_score

    ours, peer = call("dense", num_tracks), call("peer", num_tracks)
    sparse = call("sparse", num_tracks, 30)
    for name, one in (("scikit-learn", peer), ("dense", ours), ("sparse", sparse)):
        better = 100 * (one["net"] - peer["net"]) / abs(peer["net"])
        print(
            f"{num_tracks:>9,} {name:<13}{one['cpu']:>9.2f}{peer['cpu'] / one['cpu']:>8.1f}x"
            f"{one['wall']:>9.1f}{one['peak_gb']:>8.2f}{one['clusters']:>8,}{better:>+10.3f}"
            f"{adjusted_rand_score(peer['labels'], one['labels']):>7.3f}"
            f"{one['iterations']:>6}  {'settled' if one['converged'] else 'NOT SETTLED'}",
            flush=True,
        )


def report_sparse(num_tracks: int, neighbours: int) -> None:
    """One row and the CPU-seconds of each stage."""
    one = call("sparse", num_tracks, neighbours)
    certificate = one["details"].get("certificate")
    gap = f"{100 * certificate['gap']:.2f} %" if certificate else "—"
    print(
        f"{num_tracks:>9,} k={neighbours:<4}{one['cpu']:>9.1f}{one['wall']:>9.1f}"
        f"{one['above_gb']:>8.2f}{one['peak_gb']:>8.2f}{one['clusters']:>9,}  gap {gap:>7}"
        f"  recall {one['details']['neighbour_recall']:.4f}"
        f"  {'settled' if one['converged'] else 'NOT SETTLED'}"
        f"  {one['stages']}",
        flush=True,
    )


def report_growth(num_tracks: int) -> None:
    """Growth by a quarter, against clustering anew."""
    one = call("growth", num_tracks)
    print(
        f"{num_tracks:,} + 25 %: assigned {one['assigned_percent']:+.2f} %, refreshed "
        f"{one['refreshed_percent']:+.3f} % of a full run's net similarity; refresh "
        f"{one['refresh_cpu']:.2f} CPU-s of {one['full_cpu']:.2f} "
        f"({100 * one['refresh_cpu'] / one['full_cpu']:.0f} %, neighbours "
        f"{one['neighbour_cpu']:.2f} apart); exemplars kept {one['kept_exemplars']:.0%} "
        f"against {one['kept_by_full']:.0%}; drift {one['excess']:.2%}, "
        f"refresh {'advised' if one['refresh'] else 'not advised'}",
        flush=True,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--dense", type=int, nargs="*", default=[2000, 8000])
    parser.add_argument("--sparse", type=int, nargs="*", default=[106_574])
    parser.add_argument("--grow", type=int, nargs="*", default=[20_000])
    parser.add_argument("--neighbours", type=int, default=60, help="up to 120,000; 30 above")
    parser.add_argument("--measure", nargs="+", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        warnings.simplefilter("ignore")
        name, *numbers = options.measure
        kinds = {"dense": run_dense, "peer": run_peer, "sparse": run_sparse, "growth": run_growth}
        json.dump(kinds[name](*map(int, numbers)), sys.stdout)
        return
    if options.dense:
        print("   tracks                  CPU-s   ratio   wall-s peak GB clusters     net %    ARI")
    for size in options.dense:
        compare_dense(size)
    if options.sparse:
        print("   tracks            CPU-s   wall-s  above    peak GB clusters")
    for size in options.sparse:
        report_sparse(size, options.neighbours if size <= 120_000 else 30)
    for size in options.grow:
        report_growth(size)


if __name__ == "__main__":
    main()
