"""What `autogroove doctor` finds on this machine, and what it says of what is missing."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from flows.cli import doctor_command
from flows.cli.main import app

NAMES = [
    "Python", "cores", "memory", "GPU", "decoders", "store", "disk", "Prefect", "Dask", "packages"
]  # fmt: skip


def ask(*arguments: str) -> tuple[int, dict[str, dict[str, str]]]:
    done = CliRunner().invoke(app, ["doctor", "--json", *arguments])
    return done.exit_code, {each["name"]: each for each in json.loads(done.stdout)}


def test_ten_lines_say_what_is_there(tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["doctor", "--store", str(tmp_path / "store")])
    assert done.exit_code == 0, done.stdout
    assert [line.split()[0] for line in done.stdout.splitlines()] == NAMES
    assert not list(tmp_path.iterdir()), "it leaves nothing"


def test_a_store_that_is_there_is_tried_and_left_as_it_was(tmp_path: Path) -> None:
    status, found = ask("--store", str(tmp_path))
    assert status == 0
    assert "no release yet" in found["store"]["text"]
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def test_a_store_that_cannot_be_is_a_fault_and_the_rest_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    status, found = ask("--store", str(tmp_path / "file"))
    assert status == 1
    assert list(found) == NAMES
    assert found["store"]["state"] == "fault"
    assert str(tmp_path / "file") in found["store"]["text"]


def test_a_scheduler_that_does_not_answer_is_a_fault(tmp_path: Path) -> None:
    status, found = ask("--store", str(tmp_path), "--dask", "tcp://127.0.0.1:9")
    assert status == 1
    assert found["Dask"]["state"] == "fault"
    assert "127.0.0.1:9" in found["Dask"]["text"]


def test_a_version_that_is_known_to_break_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(doctor_command.KNOWN_TO_BREAK, "typer", ("0.1", "nothing works with it"))
    status, found = ask("--store", str(tmp_path))
    assert status == 1
    assert "typer" in found["packages"]["text"]
    assert "one before 0.1" in found["packages"]["text"]
