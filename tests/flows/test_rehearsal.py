"""The rehearsal at size, at the smallest size at which all of its tables have something to say."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "rehearsal.py"
NUM_TRACKS = 24
STAGES = {
    "scan", "spectrograms", "train", "encode", "cluster", "describe", "evaluate", "analyse",
    "pictures", "publish",
}  # fmt: skip

pytestmark = [pytest.mark.long, pytest.mark.slow, pytest.mark.timeout(1200)]


def rehearse(folder: Path, *options: str) -> str:
    command = [sys.executable, str(SCRIPT), "--tracks", str(NUM_TRACKS), "--folder", str(folder)]
    done = subprocess.run([*command, *options], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def read_rows(printed: str) -> dict[str, list[str]]:
    """The cells of every row of every table, by its first cell."""
    lines = [line.strip("| ").split(" | ") for line in printed.splitlines() if line[:2] == "| "]
    return {first: cells for first, *cells in lines}


def test_three_runs_are_measured_stage_by_stage_and_predict_bigger_ones(tmp_path: Path) -> None:
    printed = rehearse(tmp_path)
    rows = read_rows(printed)
    assert set(rows) >= STAGES | {"(starting)", "(stopping)", "**all**"}
    assert rows["release"] == ["1", "1 stands", "2"]
    assert rows["segments written"] == ["1", "0", "1"]
    assert rows["tracks stored + quarantined + excluded"] == [f"{NUM_TRACKS} + 0 + 0"] * 3
    wall, cpu, peak = (float(cell.replace(",", "")) for cell in rows["spectrograms"][:3])
    assert 0 < wall < 600
    assert 0 < cpu < 600
    assert 200 < peak < 8000
    assert int(rows["Prefect's task runs"][0]) > len(STAGES)
    assert int(rows["Prefect's task runs"][0]) > int(rows["Prefect's task runs"][1])
    assert {"8,000", "25,000", "106,574"} <= set(rows)

    measured = json.loads((tmp_path / f"measured-{NUM_TRACKS}.json").read_text())
    for run in measured["runs"]:
        divided = sum(use["wall"] for use in run["stages"].values())
        assert divided == pytest.approx(run["wall"], rel=0.01)
        sampled = sum(use["cpu"] for use in run["stages"].values())
        assert 0.7 * run["cpu"] < sampled < 1.1 * run["cpu"]
        overhead = run["overhead"]
        assert all(0 <= overhead[name] < run["wall"] for name in ("before", "between", "after"))
    assert rehearse(tmp_path, "--predict") == printed
