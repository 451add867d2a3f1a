"""The release log in a terminal."""

import pytest
from synthetic import SMALL, put_release
from typer.testing import CliRunner

from autogroove.releases.log import publish_release
from autogroove.store.store import Store
from flows.cli import terminal as tables
from flows.cli.main import app


def test_each_release_is_a_line_of_eighty_columns(
    monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    store = Store(tmp_path_factory.mktemp("listed"))
    publish_release(store, put_release(store, SMALL))
    monkeypatch.setattr(tables._console, "_width", 80)
    done = CliRunner().invoke(app, ["releases", "list", "--store", store.url])
    header, line = done.stdout.splitlines()
    assert header.split()[:3] == ["release", "published", "(UTC)"]
    assert len(line.split()) == 7  # a date is two words


def test_the_version_is_that_of_the_package() -> None:
    from autogroove import __version__

    done = CliRunner().invoke(app, ["--version"])
    assert (done.exit_code, done.stdout) == (0, f"autogroove {__version__}\n")
