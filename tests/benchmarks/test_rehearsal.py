"""The rehearsal at size, at the smallest size at which all of its tables have something to say."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from places import ROOT

sys.path.insert(0, str(ROOT / "benchmarks"))

from rehearsal_overhead import Overhead, measure_overhead
from rehearsal_watch import Sample, Watched, divide

SCRIPT = ROOT / "benchmarks" / "rehearsal.py"
NUM_TRACKS = 24
STAGES = {
    "scan", "spectrograms", "train", "encode", "cluster", "describe", "evaluate", "analyse",
    "pictures", "publish",
}  # fmt: skip


def rehearse(folder: Path, *options: str) -> str:
    command = [sys.executable, str(SCRIPT), "--tracks", str(NUM_TRACKS), "--folder", str(folder)]
    done = subprocess.run([*command, *options], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def read_rows(printed: str) -> dict[str, list[str]]:
    """The cells of every row of every table, by its first cell."""
    lines = [line.strip("| ").split(" | ") for line in printed.splitlines() if line[:2] == "| "]
    return {first: cells for first, *cells in lines}


def test_overhead_is_the_time_in_which_no_task_works() -> None:
    tasks = [
        ("scan-source", 10, 20),
        ("write-segment", 21, 25), ("write-segment", 21, 26),  # two workers …
        ("write-segment", 27, 31), ("write-segment", 26, 29),  # … one of which waits for 2 s
        ("publish-release", 40, 41),
        ("show-summary", 41, 44),  # only shows
    ]  # fmt: skip
    found = measure_overhead(tasks, 5, 50, workers=2)
    assert found == Overhead(tasks=7, before=5, between=1 + 9, after=9, waiting=1)
    assert found.seconds == 25
    assert measure_overhead([], 5, 50, workers=2).seconds == 45


def test_what_was_sampled_is_divided_among_the_stages_that_lay_between() -> None:
    samples = [
        Sample(10, {"command": 1.0}, {"command": 100}, 0),
        Sample(20, {"command": 2.0, "workers": 6.0}, {"command": 100, "workers": 300}, 200),
        Sample(30, {"server": 4.0}, {"command": 50}, 0),
    ]
    watched = Watched(status=0, began=0, ended=40, cpu=13.0, samples=samples)
    uses = divide(watched, [("scan", 5, 15), ("spectrograms", 15, 22)])
    assert {name: use.wall for name, use in uses.items()} == {
        "(starting)": 5, "scan": 10, "spectrograms": 7, "(stopping)": 18,
    }  # fmt: skip
    cpu = {name: use.cpu for name, use in uses.items()}
    assert cpu == pytest.approx(
        {"(starting)": 0.5, "scan": 4.5, "spectrograms": 4.8, "(stopping)": 3.2}
    )
    assert [use.peak for use in uses.values()] == [100, 400, 400, 50]
    assert uses["spectrograms"].peak_of["one worker"] == 200


@pytest.mark.long
@pytest.mark.slow
@pytest.mark.timeout(1200)
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
