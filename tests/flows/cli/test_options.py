"""Commands that share options share them wholly."""

from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from flows.cli.main import app
from flows.cli.options import ExportOptions, SourceOptions, spread


def options_of(*names: str) -> dict[str, Any]:
    """What each option is called, means by default and says of itself."""
    command: Any = typer.main.get_command(app)
    for name in names:
        command = command.commands[name]
    return {each.name: (each.opts, each.default, each.help) for each in command.params}


def test_what_run_is_told_plan_and_search_are_told_in_the_same_words() -> None:
    run, plan, search = options_of("run"), options_of("plan"), options_of("experiment", "search")
    for name in ("source", "store", "preset", "config", "set_", "subset", "limit"):
        assert run[name] == plan[name] == search[name]
    for name in ("dask", "workers", "device", "tracks_per_segment"):
        assert run[name] == search[name]
    assert run["retrain"] == plan["retrain"]


def test_playlists_and_paths_are_written_alike() -> None:
    playlist, path = options_of("playlist"), options_of("path")
    for name in ("format_", "output", "absolute", "store", "release", "as_json"):
        assert playlist[name] == path[name]


@pytest.mark.parametrize(
    ("name", "format_", "chosen"),
    [
        ("list.m3u", None, "m3u8"),
        ("list.M3U8", None, "m3u8"),
        ("list.XSPF", None, "xspf"),
        ("list.txt", "m3u", "m3u8"),
        ("list.txt", None, "txt"),
        (None, None, ""),
    ],
)
def test_a_format_is_told_by_the_ending_whatever_its_case(
    name: str | None, format_: Any, chosen: str
) -> None:
    output = Path(name) if name else None
    assert ExportOptions(format_=format_, output=output).format == chosen


def test_a_command_receives_its_groups_as_values() -> None:
    received: list[tuple[str, SourceOptions, ExportOptions]] = []

    def show(word: str, *, about: SourceOptions, writing: ExportOptions) -> None:
        received.append((word, about, writing))

    tried = typer.Typer()
    tried.command()(spread(show))
    arguments = ["tune", "--limit", "3", "--set", "a.b=1", "--set", "a.c=2", "--absolute"]
    done = CliRunner().invoke(tried, [*arguments, "music"])
    assert done.exit_code == 0, done.output
    word, about, writing = received[-1]
    assert (word, about.source, about.limit) == ("tune", "music", 3)
    assert about.set_ == ["a.b=1", "a.c=2"]
    assert writing == ExportOptions(absolute=True)
