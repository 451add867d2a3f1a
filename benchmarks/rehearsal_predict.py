"""What a rehearsal predicts for other sizes and machines.

What belongs here: the model, and the one measurement that only it needs. What does not: runs.

The wall of a first run of n tracks on c cores, from one that was measured with N tracks:

    fixed                  starting, between, stopping, and what a worker spends once: as measured
    + spread · n / c       CPU seconds a track of the stages whose batches are divided among workers
    + sampled / c          descriptions: of as many tracks as the card may sample at most
    + serial · n           wall seconds a track of stages in one process: scan, pictures, publish
    + training, card       as measured: the same number of clips and tracks at every size
    + clusters             dense up to 10,000 tracks, (n / N)²; sparse above, (n / N)^1.45

What a worker spends once on spectrograms and encodings (imports, compiling) is told apart from what
a track costs by the last run, which makes only the changed tracks. The network, the disk and memory
are assumed not to be what one waits for.
"""

import multiprocessing
import time
from pathlib import Path
from typing import Any

from autogroove.clustering import cluster_encodings
from autogroove.config import Settings
from autogroove.model import computing_with
from autogroove.releases import open_release

SIZES = (8_000, 25_000, 106_574)
CORES = (2, 16, 64)
SPREAD = ("spectrograms", "encode", "analyse")
MADE_ONLY_ANEW = ("spectrograms", "encode")
"""The last run makes these of the changed tracks alone."""
SAMPLED, TRAINING, CARD, CLUSTERS = "describe", "train", "evaluate", "cluster"
UNCHANGING = ("(starting)", "(between)", "(stopping)")
SPARSE_EXPONENT = 1.45
"""From 1.5 CPU seconds at 8,000 tracks and 64 at 106,574 (benchmarks/affinity.py)."""


def measure_sparse(store: Path) -> float:
    """CPU seconds of sparse clusters of the release: what bigger collections get."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(_cluster_sparsely, (str(store),))


def _cluster_sparsely(store: str) -> float:
    encodings = open_release(store).encodings
    settings = Settings.from_preset().with_overrides({"clustering.method": "sparse"}).clustering
    with computing_with(1):
        cluster_encodings(encodings[:100], settings)  # Numba compiles
        started = time.process_time()
        cluster_encodings(encodings, settings)
    return time.process_time() - started


def predict_seconds(result: dict[str, Any], num_tracks: int, cores: int) -> dict[str, float]:
    """Wall seconds of a first run, by part of the model."""
    run, measured = result["runs"][0], result["tracks"]
    stages, grown = run["stages"], num_tracks / measured
    most = Settings.from_preset().evaluation.max_tracks
    sampled = min(num_tracks, most) / max(1, run["summary"]["stages"][SAMPLED]["tracks"])
    serial = set(stages) - {*SPREAD, SAMPLED, TRAINING, CARD, CLUSTERS, *UNCHANGING}
    each = {name: _cost_of_track(result, name) for name in SPREAD}
    once = sum(_cpu(stages, name) - each[name] * measured for name in SPREAD)
    return {
        "fixed": sum(_wall(stages, name) for name in UNCHANGING) + once / result["workers"],
        "spread": sum(each.values()) * num_tracks / cores,
        "sampled": _cpu(stages, SAMPLED) * sampled / cores,
        "serial": sum(_wall(stages, name) for name in serial) * grown,
        "training, card": _wall(stages, TRAINING) + _wall(stages, CARD),
        "clusters": _predict_clusters(result, num_tracks),
    }


def _cost_of_track(result: dict[str, Any], name: str) -> float:
    """CPU seconds a track of a stage, without what it costs however few the tracks are."""
    first, last = (_cpu(result["runs"][run]["stages"], name) for run in (0, -1))
    tracks, changed = result["tracks"], result["changed"]
    if name in MADE_ONLY_ANEW and first > last:
        return (first - last) / (tracks - changed)
    return first / tracks


def _predict_clusters(result: dict[str, Any], num_tracks: int) -> float:
    grown = num_tracks / result["tracks"]
    if num_tracks <= Settings.from_preset().clustering.dense_up_to:
        return _wall(result["runs"][0]["stages"], CLUSTERS) * grown**2
    return float(result["sparse_cpu"]) * grown**SPARSE_EXPONENT


def print_prediction(result: dict[str, Any]) -> None:
    """Hours by size and cores, what they are made of, and how well the measured run is met."""
    measured, run = result["tracks"], result["runs"][0]
    again = sum(predict_seconds(result, measured, result["workers"]).values())
    print(
        f"\nPredicted from these {measured:,} tracks (itself: {again:,.0f} s predicted, "
        f"{run['wall']:,.0f} s measured), training on at most "
        f"{result['settings']['training.max_clips']} clips:\n"
    )
    print("| tracks | cores | wall | " + " | ".join(_PARTS) + " | GB in the store |")
    print("|---:|---:|---:|" + "---:|" * (len(_PARTS) + 1))
    for size in SIZES:
        for cores in CORES:
            parts = predict_seconds(result, size, cores)
            cells = [f"{size:,}", str(cores), _duration(sum(parts.values()))]
            cells += [_duration(parts[part]) for part in _PARTS]
            cells.append(f"{run['store_bytes'] * size / measured / 1e9:.1f}")
            print("| " + " | ".join(cells) + " |")
    print(_word_training(result))
    if measured < FEWEST:
        print(
            f"Too few tracks to predict from: fewer than {FEWEST:,} show fixed costs, not growth."
        )


FEWEST = 1000
_PARTS = ("fixed", "spread", "sampled", "serial", "training, card", "clusters")


def _word_training(result: dict[str, Any]) -> str:
    settings = result["settings"]
    clips = min(int(settings["training.max_clips"]), 3 * result["tracks"])
    seen = clips * int(settings["training.epochs"])
    each = _cpu(result["runs"][0]["stages"], TRAINING) / seen
    epochs = Settings.from_preset().training.epochs
    hours = [f"{3 * size * epochs * each / 3600:,.0f} h for {size:,}" for size in SIZES]
    return (
        f"\nTraining takes {1000 * each:.1f} CPU ms a clip and epoch. On all clips for {epochs} "
        f"epochs that is {', '.join(hours)} tracks: work for a GPU, or for training.max_clips."
    )


def _wall(stages: dict[str, Any], name: str) -> float:
    return float(stages[name]["wall"]) if name in stages else 0.0


def _cpu(stages: dict[str, Any], name: str) -> float:
    return float(stages[name]["cpu"]) if name in stages else 0.0


def _duration(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
