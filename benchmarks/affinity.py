"""Affinity propagation side by side with scikit-learn, and alone where it cannot follow.

    python benchmarks/affinity.py                       # the whole table but the largest row
    python benchmarks/affinity.py --sparse 1000000 --dense --shapes --grow     # that row alone

Every figure comes from a process of its own (`affinity_measured.py`), so that peak memory is that
figure's alone. CPU time is of all threads of the process; trust it and the ratios more than wall
time on a machine that is shared. The encodings are synthetic: genres by Zipf's law, artists,
albums, tracks and 2 % outliers, 64 numbers each. Similarities are given to both sides, in float32
to ours and float64 to scikit-learn; damping 0.5, preference the median.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from autogroove.clustering import EXACT_UP_TO

SIZE = 64
PEER_UP_TO = 10_000
"""Tracks up to which scikit-learn takes part: its memory is 40 bytes a pair."""


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


def make_grid(num_tracks: int, dimensions: int) -> np.ndarray:
    """A grid of about so many points: clusters far larger than a neighbourhood, many ties."""
    side = round(num_tracks ** (1 / dimensions))
    axes = np.meshgrid(*[np.arange(side)] * dimensions)
    return np.stack([axis.ravel() for axis in axes], axis=1).astype(np.float32)


def make_cloud(num_tracks: int, dimensions: int) -> np.ndarray:
    """One normal distribution, without any clusters."""
    cloud = np.random.default_rng(0).normal(size=(num_tracks, dimensions))
    return cloud.astype(np.float32)


SHAPES: dict[str, Callable[[int], np.ndarray]] = {
    "plane grid": lambda num_tracks: make_grid(num_tracks, 2),
    "cubic grid": lambda num_tracks: make_grid(num_tracks, 3),
    "cloud in 2": lambda num_tracks: make_cloud(num_tracks, 2),
    "cloud in 8": lambda num_tracks: make_cloud(num_tracks, 8),
}


class Bench:
    """Points on disk and the measurements made of them."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "points.npy"

    def use(self, points: np.ndarray) -> None:
        """Measure these from now on."""
        np.save(self._path, points)

    def call(self, name: str, neighbours: int = 30) -> Any:
        """Run one measurement in a process of its own."""
        script = Path(__file__).with_name("affinity_measured.py")
        command = [sys.executable, str(script), name, str(self._path), str(neighbours)]
        done = subprocess.run(command, stdout=subprocess.PIPE, check=True, text=True)
        return json.loads(done.stdout)


DENSE_HEADER = (
    "    tracks              CPU-s   ratio   wall-s peak GB clusters  net over dense"
    "    ARI  iterations"
)


def compare_dense(bench: Bench, label: str, with_peer: bool) -> None:
    """One size: scikit-learn, dense and sparse one after the other; plus is better than dense."""
    from sklearn.metrics import adjusted_rand_score

    names = (["peer"] if with_peer else []) + ["dense", "sparse"]
    found = {name: bench.call(name) for name in names}
    dense = found["dense"]
    for name, one in found.items():
        better = 100 * (one["net"] - dense["net"]) / abs(dense["net"])
        ratio = f"{found['peer']['cpu'] / one['cpu']:.1f} x" if with_peer else "—"
        print(
            f"{label:>10} {'scikit-learn' if name == 'peer' else name:<12}{one['cpu']:>6.2f}"
            f"{ratio:>9}{one['wall']:>8.1f}{one['peak_gb']:>8.3f}{one['clusters']:>9,}"
            f"{better:>+14.3f} %{adjusted_rand_score(dense['labels'], one['labels']):>7.3f}"
            f"{one['iterations']:>6}  {'settled' if one['converged'] else 'NOT SETTLED'}"
            f"{_show_gap(one)}",
            flush=True,
        )


def _show_gap(one: Any) -> str:
    certificate = one["details"].get("certificate")
    return f"  gap {100 * certificate['gap']:.2f} %" if certificate else ""


SPARSE_HEADER = "    tracks           CPU-s   wall-s  GB above data  GB peak clusters"


def report_sparse(bench: Bench, num_tracks: int, neighbours: int) -> None:
    """One row and the CPU-seconds of each stage."""
    bench.use(make_encodings(num_tracks))
    one = bench.call("sparse", neighbours)
    print(
        f"{num_tracks:>10,} k={neighbours:<4}{one['cpu']:>9.1f}{one['wall']:>9.1f}"
        f"{one['above_gb']:>15.2f}{one['peak_gb']:>9.2f}{one['clusters']:>9,}"
        f"{_show_gap(one) or '  no certificate'}"
        f"  recall {one['details']['neighbour_recall']:.4f}"
        f"  {'settled' if one['converged'] else 'NOT SETTLED'}"
        f"  {one['stages']}",
        flush=True,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument(
        "--dense", type=int, nargs="*", default=[2000, 3000, 8000, 25_000],
        help="every method; scikit-learn up to 10,000",
    )  # fmt: skip
    parser.add_argument("--shapes", type=int, nargs="*", default=[3000], help="not like music")
    parser.add_argument("--sparse", type=int, nargs="*", default=[106_574], help="sparse alone")
    parser.add_argument("--neighbours", type=int, default=60, help="up to 120,000; 30 above")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="affinity-") as folder:
        print_table(Bench(Path(folder)), options)


def print_table(bench: Bench, options: argparse.Namespace) -> None:
    if options.dense or options.shapes:
        print(DENSE_HEADER, flush=True)
    for size in options.dense:
        bench.use(make_encodings(size))
        compare_dense(bench, f"{size:,}", with_peer=size <= PEER_UP_TO)
    for size in options.shapes:
        for name, make in SHAPES.items():
            bench.use(make(size))
            compare_dense(bench, name, with_peer=False)
    if options.sparse:
        print(SPARSE_HEADER, flush=True)
    for size in options.sparse:
        report_sparse(bench, size, options.neighbours if size <= EXACT_UP_TO else 30)


if __name__ == "__main__":
    main()
