"""What the server knows of a run afterwards, and what the command says about bad input."""

import base64
import time
from pathlib import Path
from typing import Any

import httpx
import pytest
from pipelines import Published, autogroove, autogroove_json

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


def ask(api: str, what: str, **body: Any) -> list[dict[str, Any]]:
    answer = httpx.post(f"{api}/{what}/filter", json=body, timeout=30)
    answer.raise_for_status()
    rows: list[dict[str, Any]] = answer.json()
    return rows


def runs_of(api: str, published: Published) -> list[dict[str, Any]]:
    """The runs on a collection, first to last; other tests ran flows on the same server."""
    named = {"name": {"any_": [f"release of {published.music}"]}}
    return ask(api, "flow_runs", flow_runs=named, limit=50, sort="EXPECTED_START_TIME_ASC")


def test_the_server_has_named_task_runs(prefect_api: str, published: Published) -> None:
    names = {run["name"] for run in ask(prefect_api, "task_runs", limit=200)}
    assert any(name.startswith("spectrograms 1/3") for name in names)
    assert any(name.startswith("encode 3/3") for name in names)
    assert runs_of(prefect_api, published)[0]["state_type"] == "COMPLETED"


def test_what_the_library_logs_on_a_worker_reaches_the_run(
    prefect_api: str, published: Published
) -> None:
    first = runs_of(prefect_api, published)[0]["id"]
    lines = ask(prefect_api, "logs", logs={"flow_run_id": {"any_": [first]}}, limit=200)
    assert any("Epoch 2 of 2" in line["message"] for line in lines)


def test_the_artifacts_hold_pictures_tables_and_progress(
    prefect_api: str, published: Published
) -> None:
    artifacts = {row["key"]: row for row in ask(prefect_api, "artifacts/latest", limit=200)}
    for name in ("loss-curve", "reconstructions", "cluster-map"):
        kind, _, picture = artifacts[name]["data"].partition(",")
        assert artifacts[name]["type"] == "image"
        assert kind == "data:image/png;base64"
        assert base64.b64decode(picture).startswith(b"\x89PNG")
    assert artifacts["spectrograms"]["type"] == "progress"
    assert float(artifacts["spectrograms"]["data"]) == 100
    assert artifacts["clusters"]["type"] == "table"
    assert "# Release 1" in artifacts["release"]["data"]


def ask_for_parents(api: str, store: str) -> dict[str, set[str]]:
    """The assets of a store that were told as made, with their parents, as names within it."""
    wanted = {"event": {"name": ["prefect.asset.materialization.succeeded"]}}
    answer = httpx.post(f"{api}/events/filter", json={"filter": wanted, "limit": 50})
    return {
        event["resource"]["prefect.resource.id"].removeprefix(store): {
            related["prefect.resource.id"].removeprefix(store)
            for related in event["related"]
            if related["prefect.resource.role"] == "asset"
        }
        for event in answer.raise_for_status().json()["events"]
        if event["resource"]["prefect.resource.id"].startswith(store)
    }


def test_the_event_feed_tells_which_asset_came_from_which(
    prefect_api: str, published: Published
) -> None:
    store = f"file://{published.store}/"
    made = {"spectrograms", "model", "encodings", "clusters", "release"}
    # The server writes down what it was told some seconds later.
    deadline = time.monotonic() + 60
    while (parents := ask_for_parents(prefect_api, store)).keys() < made:
        assert time.monotonic() < deadline, parents
        time.sleep(1)
    assert parents.keys() == made
    assert parents["spectrograms"] == {f"file://{published.music}"}
    assert parents["clusters"] == {"encodings"}
    assert parents["release"] > {"spectrograms", "model", "encodings", "clusters"}


def test_a_playlist_file_leads_to_the_audio(published: Published, tmp_path: Path) -> None:
    # The way a player reads it: lines that are no comments are paths, relative to the file.
    seed = min(published.music.glob("fma_small/*/*.mp3")).stem
    output = tmp_path / "list.m3u8"
    store = str(published.store)
    made = autogroove_json(
        "playlist", str(int(seed)), "--store", store, "--output", str(output), "--json"
    )
    text = output.read_text(encoding="utf-8")
    assert text.startswith("#EXTM3U")
    paths = [line for line in text.splitlines() if line and not line.startswith("#")]
    files = [(output.parent / path).resolve() for path in paths]
    assert all(file.is_file() and file.suffix == ".mp3" for file in files)
    assert [int(file.stem) for file in files] == [row["track_id"] for row in made]
    assert made[0]["track_id"] == int(seed)


def test_json_commands_have_the_keys_that_scripts_rely_on(published: Published) -> None:
    store = ["--store", str(published.store), "--json"]
    tracks = autogroove_json("tracks", *store)
    assert {"track_id", "path", "title", "artist", "status", "reason", "cluster", "clips"} <= set(
        tracks[0]
    )
    assert isinstance(tracks[0]["track_id"], int)
    similar = autogroove_json("similar", str(tracks[0]["track_id"]), *store)
    assert {"track_id", "title", "artist", "path", "score"} <= set(similar[0])
    matched = autogroove_json("similar", str(tracks[0]["track_id"]), "--clips", *store)
    assert [row["track_id"] for row in matched] == [row["track_id"] for row in similar]
    for row in matched:
        assert row["seed_clip"] in range(3)
        assert row["other_start_seconds"] == pytest.approx(10 * row["other_clip"], abs=0.1)
    clusters = autogroove_json("clusters", *store)
    assert {"cluster", "exemplar", "size", "tracks"} <= set(clusters[0])
    assert sorted(i for c in clusters for i in c["tracks"]) == sorted(t["track_id"] for t in tracks)
    (release,) = autogroove_json("releases", "list", *store)
    assert set(release) >= {"release", "published_at", "parent", "tracks", "clusters", "model"}


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["run", "/nowhere/at/all"], "/nowhere/at/all"),
        (["run", "demo", "--set", "clip.colour=blue"], "clip.colour"),
        (["run", "demo", "--set", "clip.clip_seconds=-1"], "clip_seconds"),
        (["playlist", "anything"], "release"),
        (["releases", "show", "99"], "99"),
    ],
)
def test_bad_input_is_one_sentence_and_exit_status_1(
    prefect_api: str, tmp_path: Path, arguments: list[str], says: str
) -> None:
    done = autogroove(*arguments, "--store", str(tmp_path / "store"))
    assert done.returncode == 1
    assert done.stdout == ""
    last = done.stderr.strip().splitlines()[-1]
    assert last.startswith("autogroove: ")
    assert says in last
    assert "Traceback" not in done.stderr


def test_wrong_usage_exits_with_2() -> None:
    assert autogroove("run", "--colour").returncode == 2
