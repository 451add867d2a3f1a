"""How close ingest is to the floor: CPU time per track against decoding alone and the peers' way.

    python benchmarks/ingest.py [FOLDER] [--tracks 40] [--rounds 5] [--preset groove]...

All ways run interleaved, track by track, so that a busy machine slows all of them alike. Figures
are CPU time: medians over rounds of the time per track. "Decode only" is soundfile reading the
whole file as float32. Two processes are compared with one by wall time, on up to four times as
many tracks, and mean something on an idle machine only. Without a folder, ../shared/real_music is
taken where it is there, else the demo set.
"""

import argparse
import multiprocessing
import tempfile
import time
import warnings
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

import librosa
import numpy as np
import pandas as pd
import soundfile
import zarr

from autogroove.audio import AudioFault, open_bytes, read_clips
from autogroove.config import PRESETS, PresetName, Settings
from autogroove.segments import (
    SegmentBatch,
    ShardWriter,
    image_shape,
    make_images,
    plan_segments,
    plan_transform,
    write_segment,
)
from autogroove.source import Source, open_source, scan_source
from autogroove.store import Store

BATCH = 40
"""Tracks per segment: fewer than in earnest, so that the ways alternate often."""

NUM_SHARES = 32
"""Batches that processes share out: with few, one of two would be idle at the end."""

REAL_MUSIC = Path(__file__).parents[2] / "shared" / "real_music"


def decode_only(path: Path) -> None:
    soundfile.read(path, dtype="float32")


def make_peers_way(array: "zarr.Array[Any]") -> Callable[[Path], None]:
    """Each clip loaded, resampled and transformed by librosa, and written as float32."""

    def run(path: Path) -> None:
        for clip in range(3):
            samples, _ = librosa.load(path, sr=22050, offset=10 * clip, duration=10)
            values = np.abs(librosa.stft(samples, n_fft=2048, hop_length=856))[:256, :256]
            values = values / max(float(np.square(values).sum()), 1e-12)
            values = (values - values.min()) / max(float(np.ptp(values)), 1e-12)
            row = np.zeros((256, 256), np.float32)
            row[:, : values.shape[1]] = np.tanh(40 * values)
            array[clip] = row

    return run


def measure_ways(
    source: Source, catalogue: pd.DataFrame, folder: Path, rounds: int, settings: Settings
) -> dict[str, float]:
    """CPU milliseconds per track of each way, interleaved."""
    array = zarr.create_array(
        str(folder / "peers"), shape=(3, 256, 256), dtype="f4", chunks=(1, 256, 256)
    )
    peers = make_peers_way(array)
    paths = {path: source.local_path(path) for path in catalogue["path"]}
    spent: dict[str, list[float]] = {"decode only": [], "peers": [], "ours": []}
    for round_ in range(rounds + 1):
        totals: Counter[str] = Counter()
        store = Store(folder / f"round{round_}")
        # A batch is timed as a whole: writing its segment is part of it.
        plan = plan_segments(catalogue, store, settings, tracks_per_segment=BATCH)
        for batch in plan.batches:
            for name, run in (
                ("decode only", lambda m: decode_only(paths[m.path])),
                ("peers", lambda m: peers(paths[m.path])),
            ):
                started = time.process_time()
                for member in batch.members:
                    run(member)
                totals[name] += time.process_time() - started
            started = time.process_time()
            write_segment(batch, source, store, settings)
            totals["ours"] += time.process_time() - started
        if round_:  # the first one compiles and fills caches
            for name, seconds in totals.items():
                spent[name].append(1000 * seconds / plan.num_tracks)
    return {name: median(values) for name, values in spent.items()}


def measure_steps(
    source: Source, catalogue: pd.DataFrame, folder: Path, rounds: int, settings: Settings
) -> dict[str, float]:
    """CPU milliseconds per track of each step of ours."""
    band = plan_transform(settings.spectrogram).band
    spent: dict[str, list[float]] = {}

    def timed(name: str, run: Callable[[], Any]) -> Any:
        started = time.process_time()
        result = run()
        spent.setdefault(name, []).append(time.process_time() - started)
        return result

    store = Store(folder / "steps")
    for _ in range(rounds):
        writer = ShardWriter(store, "segments/a/b", image_shape(settings.spectrogram))
        for row in catalogue.itertuples():
            content = timed("fetch", lambda row=row: source.read(row.path))
            file = open_bytes(row.path, content)
            try:
                clips = timed(
                    "decode, mono, resample",
                    lambda file=file: read_clips(file, settings.clip, band),
                )
            except AudioFault:
                continue
            images = timed(
                "transform, normalise, quantise",
                lambda clips=clips: make_images(
                    clips.samples, clips.sample_rate_hz, settings.spectrogram
                ),
            )
            writer.append(images)
        started = time.process_time()
        writer.finish({})
        spent.setdefault("write", []).append((time.process_time() - started) / len(catalogue))
    return {name: 1000 * median(values) for name, values in spent.items()}


def write_batch(batch: SegmentBatch, source: Source, store: Store, settings: Settings) -> int:
    return write_segment(batch, source, store, settings).num_clips


def measure_processes(
    source: Source, catalogue: pd.DataFrame, folder: Path, rounds: int, settings: Settings
) -> tuple[float, float]:
    """Seconds of wall time for all tracks: one process, two processes; they take turns."""
    context = multiprocessing.get_context("spawn")
    with context.Pool(1) as one, context.Pool(2) as two:
        walls: dict[int, list[float]] = {1: [], 2: []}
        for round_ in range(rounds + 1):
            for processes, pool in ((1, one), (2, two)):
                store = Store(folder / f"processes{processes}-{round_}")
                plan = plan_segments(
                    catalogue, store, settings, tracks_per_segment=-(-len(catalogue) // NUM_SHARES)
                )
                batches = [(batch, source, store, settings) for batch in plan.batches]
                started = time.perf_counter()
                pool.starmap(write_batch, batches, chunksize=1)
                if round_:  # the first one starts the processes and compiles
                    walls[processes].append(time.perf_counter() - started)
    return median(walls[1]), median(walls[2])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "folder", nargs="?", default=str(REAL_MUSIC) if REAL_MUSIC.exists() else "demo"
    )
    parser.add_argument("--tracks", type=int, default=40)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--preset", action="append", choices=list(PRESETS), dest="presets")
    options = parser.parse_args()
    warnings.filterwarnings("ignore", module="librosa")
    for preset in options.presets or ["groove", "poster"]:
        with tempfile.TemporaryDirectory(prefix="autogroove-benchmark-") as name:
            report(options.folder, Path(name), options.tracks, options.rounds, preset)


def report(where: str, folder: Path, tracks: int, rounds: int, preset: PresetName) -> None:
    store = Store(folder / "scan")
    source = open_source(where, store=store)
    catalogue = scan_source(source, store).catalogue
    listed = catalogue[catalogue["status"] == "listed"]
    catalogue = listed.iloc[:tracks]
    settings = Settings.from_preset(preset)
    ways = measure_ways(source, catalogue, folder, rounds, settings)
    steps = measure_steps(source, catalogue, folder, rounds, settings)
    one, two = measure_processes(source, listed.iloc[: 4 * tracks], folder, rounds, settings)
    print(f"\n{preset}: {len(catalogue)} tracks of {where}, {rounds} rounds, CPU ms (medians)\n")
    print(f"{'way':<34}{'ms a track':>12}{'x decode only':>15}")
    for name, value in ways.items():
        print(f"{name:<34}{value:>12.2f}{value / ways['decode only']:>15.2f}")
    print(f"\n{'ours / decode only':<34}{ways['ours'] / ways['decode only']:>12.2f}")
    print(f"{'peers / decode only':<34}{ways['peers'] / ways['decode only']:>12.2f}")
    print(f"{'peers / ours':<34}{ways['peers'] / ways['ours']:>12.2f}")
    print(f"{'one process / two (wall)':<34}{one / two:>12.2f}")
    print("\nsteps of ours, CPU ms a track")
    for name, value in steps.items():
        print(f"  {name:<32}{value:>12.2f}")


if __name__ == "__main__":
    main()
