"""Running the pipeline in tests: in this process on a given cluster, or as the real command.

What belongs here: starting runs. What does not: tests.
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from autogroove.config.run import Circumstances, RunPolicy, SourceSelection
from autogroove.config.settings import Settings
from flows.record import RunSummary

NUM_TRACKS = 14
TRACKS_PER_SEGMENT = 5
QUICK = {
    "training.epochs": "2",
    "model.channels": "[4, 4, 8, 8, 8, 8]",
    "model.code_size": "8",
    "evaluation.num_bootstrap": "20",
    "evaluation.stability_seeds": "2",
}
SHORT = {
    "clip.clip_seconds": "2",
    "spectrogram.num_bins": "64",
    "spectrogram.num_frames": "64",
    "spectrogram.hop_samples": "660",
}


def quick_settings() -> Settings:
    """The poster's recipe with a network that trains in seconds."""
    return Settings.from_preset("poster").with_overrides(QUICK)


def short_settings() -> Settings:
    """The same for tracks of a few seconds: clips of two, small pictures."""
    return quick_settings().with_overrides(SHORT)


@dataclass(frozen=True)
class Publisher:
    """Runs the flow in this process on a cluster that is there already."""

    dask_address: str

    def __call__(
        self,
        source: Path | str,
        store: Path | str,
        *,
        settings: Settings | None = None,
        tracks_per_segment: int = TRACKS_PER_SEGMENT,
        **policy: Any,
    ) -> RunSummary:
        """One run; `policy` are fields of `RunPolicy`."""
        from flows.publish_release import publish_release
        from flows.runtime.runners import make_task_runner

        circumstances = Circumstances(
            store=str(store), dask=self.dask_address, tracks_per_segment=tracks_per_segment
        )
        flow = publish_release.with_options(task_runner=make_task_runner(circumstances))
        return flow(
            SourceSelection(source=str(source)),
            settings or quick_settings(),
            RunPolicy(**policy),
            circumstances,
        )


@dataclass(frozen=True)
class Published:
    """A collection, and a store with one release of it."""

    music: Path
    store: Path

    def copy_to(self, folder: Path) -> "Published":
        """A copy that a test may change; the source keeps its place, so nothing looks changed."""
        return Published(self.music, Path(shutil.copytree(self.store, folder / "store")))


def run_arguments(source: Path | str, store: Path | str) -> list[str]:
    """The arguments of a quick `autogroove run --json`."""
    arguments = ["run", str(source), "--store", str(store), "--preset", "poster", "--json"]
    arguments += ["--tracks-per-segment", str(TRACKS_PER_SEGMENT)]
    for name, value in QUICK.items():
        arguments += ["--set", f"{name}={value}"]
    return arguments


def autogroove(*arguments: str, **options: Any) -> "subprocess.CompletedProcess[str]":
    """Run the command to its end."""
    return subprocess.run(
        command(arguments), capture_output=True, text=True, timeout=500, check=False, **options
    )


def autogroove_json(*arguments: str) -> Any:
    """What a command prints as JSON; it must print nothing else on stdout, and exit with 0."""
    done = autogroove(*arguments)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def start_autogroove(arguments: Sequence[str]) -> "subprocess.Popen[bytes]":
    """Start the command in a process group of its own, to be killed."""
    return subprocess.Popen(
        command(arguments),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=dict(os.environ),
        start_new_session=True,
    )


def command(arguments: Sequence[str]) -> list[str]:
    """The command line of `autogroove`."""
    return [sys.executable, "-m", "flows.cli", *arguments]
