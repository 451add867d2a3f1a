"""The whole line at size: three runs of the real command, measured stage by stage.

    python benchmarks/rehearsal.py [--tracks 8000] [--folder FOLDER] [--workers 2]
    python benchmarks/rehearsal.py --predict [--tracks 8000]      # from the last measurement

`autogroove run` is run on a collection in FMA's layout (`rehearsal_collection`): first, again with
nothing changed, again with 1 % of the files changed. The collection is made once and kept in the
folder; each rehearsal begins with an empty store. It takes 1 MB a track in the folder, and as much
again in the store.

Prefect's share of the wall is all time in which no stage's work was running: from the start of the
command to the first task (Python, server, Dask's cluster), between tasks, from the last task to the
end of the command, what only fills the UI, and the time for which workers waited although batches
were left. Work is what Prefect recorded as a task at work, so the share is an upper bound.
"""

import argparse
import json
import os
import shutil
import sys
import tempfile
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import rehearsal_collection as collection
from rehearsal_overhead import Overhead, measure_overhead, read_task_runs
from rehearsal_predict import measure_sparse, print_prediction
from rehearsal_tables import print_tables
from rehearsal_watch import ONE_WORKER, ROLES, Interval, count_store, divide, watch

NUM_TRACKS = 8000
CHANGED_SHARE = 0.01
RUNS = ("first", "unchanged", "1 % changed")
SETTINGS = {"training.max_clips": "3000", "training.epochs": "6"}
"""Training at size belongs on a GPU; the rest of the line is as in earnest."""


@dataclass
class Measured:
    """One run of the command."""

    name: str
    wall: float
    cpu: float
    peaks: dict[str, int]
    stages: dict[str, dict[str, Any]]
    summary: dict[str, Any]
    objects: int
    store_bytes: int
    overhead: dict[str, float] = field(default_factory=dict)


def main() -> None:
    arguments = parse_arguments()
    folder = Path(arguments.folder)
    kept = folder / f"measured-{arguments.tracks}.json"
    if not arguments.predict:
        kept.write_text(json.dumps(rehearse(folder, arguments.tracks, arguments.workers), indent=1))
    if not kept.exists():
        raise SystemExit(f"{kept} is not there: rehearse {arguments.tracks} tracks first.")
    result = json.loads(kept.read_text())
    print_tables(result)
    print_prediction(result)


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--tracks", type=int, default=NUM_TRACKS)
    default = Path(tempfile.gettempdir()) / "autogroove-rehearsal"
    parser.add_argument("--folder", default=str(default), help="made once and used again")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--predict", action="store_true", help="only predict, from the last one")
    return parser.parse_args()


def rehearse(folder: Path, num_tracks: int, workers: int) -> dict[str, Any]:
    """Three runs on an empty store; everything that was measured, as plain JSON."""
    if "PREFECT_API_URL" in os.environ:
        raise SystemExit("Unset PREFECT_API_URL: the rehearsal measures the command's own server.")
    collection.make_collection(folder, num_tracks, workers)
    place = folder / "now"
    shutil.rmtree(place, ignore_errors=True)
    music = place / "music"
    collection.link_collection(folder, num_tracks, music)
    changed = max(1, round(CHANGED_SHARE * num_tracks))
    runs = []
    for name in RUNS:
        if name == RUNS[-1]:
            collection.change_tracks(folder, num_tracks, music, changed)
        print(f"{name} …", file=sys.stderr, flush=True)
        runs.append(run_once(name, place, workers))
    add_overhead(runs, place, workers)
    return {
        "tracks": num_tracks,
        "changed": changed,
        "workers": workers,
        "cores": os.cpu_count(),
        "settings": SETTINGS,
        "sparse_cpu": measure_sparse(place / "store"),
        "audio_bytes": count_store(music / "fma_small")[1],
        "runs": [asdict(run) for run in runs],
    }


def run_once(name: str, place: Path, workers: int) -> Measured:
    """Run the command as a person does, watched."""
    command = [sys.executable, "-m", "flows.cli", "run", str(place / "music"), "--json"]
    command += ["--store", str(place / "store"), "--workers", str(workers)]
    for setting, value in SETTINGS.items():
        command += ["--set", f"{setting}={value}"]
    output = place / f"{name.split()[0]}.json"
    watched = watch(command, os.environ | {"PREFECT_HOME": str(place / "prefect")}, output)
    if watched.status:
        raise SystemExit(f"The run failed. {output.with_suffix('.log')} says why.")
    summary = json.loads(output.read_text())
    uses = divide(watched, list_stages(summary))
    objects, size = count_store(place / "store")
    peaks = {"all": max((use.peak for use in uses.values()), default=0)}
    for role in (*ROLES, ONE_WORKER):
        peaks[role] = max((use.peak_of.get(role, 0) for use in uses.values()), default=0)
    return Measured(
        name=name,
        wall=watched.ended - watched.began,
        cpu=watched.cpu,
        peaks=peaks,
        stages={stage: asdict(use) for stage, use in uses.items()},
        summary={**summary, "began": watched.began, "ended": watched.ended},
        objects=objects,
        store_bytes=size,
    )


def list_stages(summary: dict[str, Any]) -> list[Interval]:
    """When each stage of a run began and ended."""
    stages = []
    for name, stage in summary["stages"].items():
        began = datetime.fromisoformat(stage["began_at"]).timestamp()
        stages.append((name, began, began + stage["seconds"]))
    return stages


def add_overhead(runs: list[Measured], place: Path, workers: int) -> None:
    """What Prefect recorded of each run, read from its database through a server."""
    recorded = read_task_runs(place / "prefect", [run.summary["flow_run_id"] for run in runs])
    for run, tasks in zip(runs, recorded, strict=True):
        found: Overhead = measure_overhead(
            tasks, run.summary["began"], run.summary["ended"], workers
        )
        run.overhead = asdict(found)


if __name__ == "__main__":
    main()
