"""A search on a real server and a real cluster: four trials on a tiny folder of music."""

import tomllib
from pathlib import Path

import httpx
import numpy as np
import pytest
import soundfile

from autogroove.config.run import Circumstances, SourceSelection
from autogroove.config.settings import Settings
from autogroove.evaluation.search.report import SearchReport, to_toml
from autogroove.evaluation.search.settings import SearchSettings
from autogroove.store.store import Store

pytestmark = [pytest.mark.long, pytest.mark.slow, pytest.mark.timeout(600)]

RATE = 8000
SETTINGS = Settings.from_preset("poster").with_overrides(
    {
        "clip.clip_seconds": 2,
        "clip.clips_per_track": 2,
        "spectrogram.sample_rate_hz": RATE,
        "spectrogram.window_samples": 256,
        "spectrogram.hop_samples": 500,
        "spectrogram.num_bins": 32,
        "spectrogram.num_frames": 32,
        "model.channels": [4, 4, 4, 4, 4, 4],
        "model.code_size": 8,
        "training.epochs": 2,
        "evaluation.neighbours": 3,
        "evaluation.num_bootstrap": 20,
    }
)
SPACE = {
    "space": {"model.code_size": [8, 12], "spectrogram.gain": [20.0, 40.0]},
    "rungs": [0, 1],
    "final_seeds": 2,
}


@pytest.fixture(scope="module")
def music(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Clicks in noise, two tracks an artist, each at a tempo of its own."""
    folder = tmp_path_factory.mktemp("music")
    for number in range(28):
        rng = np.random.default_rng(number)
        samples = rng.normal(0, 0.01, int(4.5 * RATE))
        samples[:: int(RATE * 60 / rng.uniform(80, 160))] = 0.9
        path = folder / f"artist {number // 2}" / f"{number}.wav"
        path.parent.mkdir(exist_ok=True)
        soundfile.write(path, samples, RATE)
    return folder


def search(music: Path, store: Path, dask_address: str, num_trials: int) -> SearchReport:
    from flows.runtime.runners import make_task_runner
    from flows.search_architecture import search_architecture

    circumstances = Circumstances(store=str(store), dask=dask_address, device="cpu")
    flow = search_architecture.with_options(task_runner=make_task_runner(circumstances))
    asked = SearchSettings.from_tree(SPACE, SETTINGS)
    return flow(SourceSelection(source=str(music)), SETTINGS, asked, num_trials, 2, circumstances)


def test_four_trials_end_in_a_verdict_and_more_go_on_from_there(
    music: Path, tmp_path: Path, dask_address: str, prefect_api: str
) -> None:
    store = Store(tmp_path / "store")
    first = search(music, tmp_path / "store", dask_address, 3)
    kept = {each.key: store.read(each.key) for each in store.objects("searches")}
    report = search(music, tmp_path / "store", dask_address, 4)

    assert [trial.number for trial in report.trials] == [0, 1, 2, 3]
    assert report.trials[:3] == first.trials
    assert {key: store.read(key) for key in kept} == kept, "what was found is not changed"
    assert len({trial.values["spectrogram.gain"] for trial in report.trials}) == 2
    assert len(store.folders("segments")) == 2, "a recipe for each gain, made when asked for"

    sides = {side: {f.number for f in report.finals if f.side == side} for side in ("validation",)}
    assert 0 in sides["validation"]
    assert len(sides["validation"]) == 2
    tested = {final.number for final in report.finals if final.side == "test"}
    assert tested == {0, report.standings[0].number}
    assert {final.seed for final in report.finals} == {0, 1}

    written = tomllib.loads(to_toml(report.settings))
    assert written["preset"] == "poster"
    assert store.read(report.picture).startswith(b"\x89PNG")
    found = httpx.post(f"{prefect_api}/artifacts/latest/filter", json={"limit": 200}, timeout=30)
    artifacts = {row["key"]: row for row in found.json()}
    assert artifacts["search"]["type"] == "image"
    assert artifacts["search-trials"]["description"] == report.verdict()
    assert not (tmp_path / "store" / "releases").exists(), "a search publishes nothing"
