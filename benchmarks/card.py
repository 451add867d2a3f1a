"""What a card costs: CPU-seconds of describing, disguising and measuring.

Ratios against librosa say what the hand-written descriptors save; the rest is what an
evaluation of so many tracks will take on one core.

    OMP_NUM_THREADS=1 python benchmarks/card.py [--tracks 100 300 1000]

What belongs here: the cost of the card. What does not: its values (`autogroove card`).
"""

import argparse
import resource
from collections.abc import Callable

import librosa
import numpy as np
import pandas as pd

from autogroove.clustering import cluster_encodings
from autogroove.config import ClusteringSettings, EvaluationSettings
from autogroove.evaluation import (
    Encoded,
    EvaluatedTracks,
    EvaluationInputs,
    describe_baselines,
    evaluate_release,
    fit_components,
)
from autogroove.evaluation.descriptors import ClipDescriptions, augment_clip, describe_clips

RATE = 22050
CLIPS = 3


def cpu_seconds(work: Callable[[], object], times: int = 1) -> float:
    """CPU-seconds of one call, children not counted, after one call to warm up."""
    work()
    before = resource.getrusage(resource.RUSAGE_SELF)
    for _ in range(times):
        work()
    after = resource.getrusage(resource.RUSAGE_SELF)
    spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return spent / times


def measure_descriptors() -> None:
    clip = np.random.default_rng(0).normal(size=10 * RATE).astype(np.float32)
    ours = cpu_seconds(lambda: describe_clips([clip], RATE), 20)
    theirs = cpu_seconds(lambda: (librosa.feature.tempo(y=clip), librosa.feature.mfcc(y=clip)), 5)
    print(f"describe a clip of 10 s   {ours * 1e3:7.1f} ms   librosa {theirs / ours:5.1f} ×")
    ours = cpu_seconds(lambda: augment_clip(clip, RATE, 2, 0), 20)
    theirs = cpu_seconds(lambda: librosa.effects.pitch_shift(clip, sr=RATE, n_steps=2), 2)
    print(f"disguise a clip of 10 s   {ours * 1e3:7.1f} ms   librosa {theirs / ours:5.1f} ×")


def measure_card(num_tracks: int) -> None:
    rng = np.random.default_rng(0)
    num_clips = CLIPS * num_tracks
    tracks = pd.DataFrame(
        {
            "artist_id": rng.integers(0, num_tracks // 4, num_tracks),
            "genre": rng.choice(list("abcdefgh"), num_tracks),
            "groove": rng.choice(list("abcdefgh"), num_tracks),
            **{name: rng.random(num_tracks) for name in ("danceability", "energy", "valence")},
        }
    )
    described = ClipDescriptions(
        rng.random((num_clips, 3, 416)).astype(np.float32),
        rng.normal(size=(num_clips, 60)).astype(np.float32),
    )
    collection = EvaluatedTracks(tracks, np.repeat(np.arange(num_tracks), CLIPS), described)
    baselines = describe_baselines(collection, 64)
    encoded = Encoded(rng.normal(size=(num_clips, 64)).astype(np.float32))
    inputs = EvaluationInputs(
        collection,
        encoded,
        {**baselines, "pca": encoded, "untrained": encoded},
        cluster=lambda encodings: cluster_encodings(encodings, ClusteringSettings()).labels,
    )
    seconds = cpu_seconds(lambda: evaluate_release(inputs, EvaluationSettings()))
    images = rng.integers(0, 255, (min(num_clips, 1000), 256, 256), dtype=np.uint8)
    fit = cpu_seconds(lambda: fit_components(images, 64))
    print(f"{num_tracks:6,} tracks: rows and baselines {seconds:5.1f} s, PCA {fit:4.1f} s")


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--tracks", type=int, nargs="+", default=[100, 300, 1000])
    arguments = parser.parse_args()
    measure_descriptors()
    for num_tracks in arguments.tracks:
        measure_card(num_tracks)


if __name__ == "__main__":
    main()
