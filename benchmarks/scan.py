"""How long it takes to see what a collection of FMA's size holds, and what has changed in it.

Makes as many small files as fma_large has, in FMA's layout, with a tracks.csv of the real one's
width and weight, once in a folder of its own; then measures each step in a fresh process.

    python benchmarks/scan.py [--tracks 106574] [--folder /tmp/fma-of-small-files]

What belongs here: the time and peak memory of the scan and of planning.
What does not: decoding (`benchmarks/ingest.py`).
"""

import argparse
import multiprocessing
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

from autogroove.config import Settings
from autogroove.source import (
    compare_listing,
    open_source,
    read_catalogue,
    scan_source,
    write_catalogue,
)
from autogroove.store import Store

NUM_TRACKS = 106_574
HIGHEST_ID = 155_320
BIO_BYTES = 2_100
"""The real tracks.csv has 260 MB, most of it the artists' and albums' stories."""

Measured = tuple[float, float, float, str]
"""Seconds of the wall and of the CPU, peak MiB, and what the step said."""

COLUMNS = {
    "album": "comments date_created date_released engineer favorites id information listens "
    "producer tags title tracks type",
    "artist": "active_year_begin active_year_end associated_labels bio comments date_created "
    "favorites id latitude location longitude members name related_projects tags website "
    "wikipedia_page",
    "set": "split subset",
    "track": "bit_rate comments composer date_created date_recorded duration favorites genre_top "
    "genres genres_all information interest language_code license listens lyricist number "
    "publisher tags title",
}


def main() -> None:
    arguments = parse_arguments()
    folder = Path(arguments.folder)
    make_collection(folder / "fma", arguments.tracks)
    shutil.rmtree(folder / "store", ignore_errors=True)
    print(f"{'step':<32}{'seconds':>9}{'CPU s':>8}{'peak MiB':>10}  what it did")
    for name, step in STEPS.items():
        seconds, cpu, peak_mib, said = measure(step, str(folder))
        print(f"{name:<32}{seconds:>9.2f}{cpu:>8.2f}{peak_mib:>10.0f}  {said}", flush=True)


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--tracks", type=int, default=NUM_TRACKS)
    default = Path(tempfile.gettempdir()) / "autogroove-benchmark-scan"
    parser.add_argument("--folder", default=str(default), help="made once and used again")
    return parser.parse_args()


def make_collection(root: Path, num_tracks: int) -> None:
    """Files of 64 unique bytes, and their metadata; nothing where it is there already."""
    ids = np.unique(np.linspace(2, max(HIGHEST_ID, num_tracks + 2), num_tracks).astype(int))
    done = root / "fma_metadata" / f"{num_tracks}.made"
    if done.exists():
        return
    shutil.rmtree(root, ignore_errors=True)
    started = time.perf_counter()
    for folder in np.unique(ids // 1000):
        (root / "fma_large" / f"{folder:03d}").mkdir(parents=True)
    for track_id in ids:
        path = root / "fma_large" / f"{track_id // 1000:03d}" / f"{track_id:06d}.mp3"
        path.write_bytes(f"{track_id:064d}".encode())
    done.parent.mkdir()
    make_tracks(ids).to_csv(done.parent / "tracks.csv")
    done.touch()
    print(f"made {len(ids)} files in {time.perf_counter() - started:.0f} s", file=sys.stderr)


def make_tracks(ids: np.ndarray) -> pd.DataFrame:
    """A table with FMA's columns; the long texts hold quotation marks, commas and lines."""
    story = 'Born in "Nowhere", they play,\n<p>and play.</p> '
    story = (story * (BIO_BYTES // len(story) + 1))[:BIO_BYTES]
    headers = [(group, name) for group, names in COLUMNS.items() for name in names.split()]
    table = pd.DataFrame("0", index=pd.Index(ids, name="track_id"), columns=headers)
    table.columns = pd.MultiIndex.from_tuples(headers)
    number = np.arange(len(ids))
    table[("artist", "bio")] = story
    table[("artist", "id")] = number // 7
    table[("artist", "name")] = [f"Artist {i // 7}" for i in number]
    table[("track", "title")] = [f"Track {i}" for i in number]
    table[("track", "genre_top")] = np.where(number % 2, "Rock", None)
    table[("track", "genres")] = "[12, 31]"
    table[("track", "license")] = "Attribution-NonCommercial-ShareAlike 3.0 International"
    table[("set", "split")] = np.array(["training", "validation", "test"])[number // 7 % 3]
    table[("set", "subset")] = np.array(["large", "medium", "small", "large"])[number % 4]
    return table


def measure(step: Callable[[str], str], folder: str) -> Measured:
    """Run a step in a process of its own; imports are not counted in its time."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(run_measured, (step, folder))


def run_measured(step: Callable[[str], str], folder: str) -> Measured:
    started, cpu_started = time.perf_counter(), time.process_time()
    said = step(folder)
    seconds, cpu = time.perf_counter() - started, time.process_time() - cpu_started
    return seconds, cpu, read_peak_mib(), said


def read_peak_mib() -> float:
    """The highest resident size of this process; getrusage would count its parent's as well."""
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) / 1024


def import_only(folder: str) -> str:
    return "for comparison"


def read_metadata(folder: str) -> str:
    source = open_source(f"{folder}/fma", store=Store(f"{folder}/store"))
    assert source.metadata is not None
    size = (Path(folder) / "fma/fma_metadata/tracks.csv").stat().st_size
    return f"{len(source.metadata.read())} rows from {size / 1e6:.0f} MB"


def list_only(folder: str) -> str:
    source = open_source(f"{folder}/fma", store=Store(f"{folder}/store"))
    return f"{len(source.files.list_audio())} files"


def scan(folder: str) -> str:
    store = Store(f"{folder}/store")
    found = scan_source(open_source(f"{folder}/fma", store=store), store)
    if not store.exists("catalogue.parquet"):
        store.write("catalogue.parquet", write_catalogue(found.catalogue))
    return f"{found.listed} listed, {found.fingerprinted} looked into"


def compare(folder: str) -> str:
    store = Store(f"{folder}/store")
    then = read_catalogue(store.read("catalogue.parquet"))
    return str(compare_listing(open_source(f"{folder}/fma", store=store), store, then))


def plan(folder: str) -> str:
    from autogroove.segments import plan_segments

    store = Store(f"{folder}/store")
    found = scan_source(open_source(f"{folder}/fma", store=store), store)
    started = time.perf_counter()
    planned = plan_segments(found.catalogue, store, Settings.from_preset("poster"))
    return f"{len(planned.batches)} batches, {time.perf_counter() - started:.2f} s after the scan"


STEPS = {
    "import": import_only,
    "tracks.csv alone": read_metadata,
    "listing alone": list_only,
    "first scan": scan,
    "unchanged scan": scan,
    "comparison (plan, watch)": compare,
    "unchanged scan + segment plan": plan,
}

if __name__ == "__main__":
    main()
