"""`releases repair` says what it set aside and what is left to do, and exits accordingly."""

from pathlib import Path

import pytest
from pipelines import autogroove, autogroove_json
from synthetic import SMALL, put_release

from autogroove.releases.log import publish_release
from autogroove.store.store import Store

pytestmark = pytest.mark.slow


def test_what_is_left_to_do_is_said(tmp_path: Path) -> None:
    store = Store(tmp_path / "store")
    parts = put_release(store, SMALL)
    publish_release(store, parts)
    command = ["releases", "repair", "--store", store.url]
    assert autogroove_json(*command, "--json") == {
        "release": 1,
        "set_aside": [],
        "made": [],
        "lacking": {},
    }
    index = parts.segments[0].index_key
    store.write(index, b"{}")
    told = autogroove(*command)
    assert told.returncode == 1
    assert told.stdout.splitlines()[:2] == [
        f"{index}: damaged, set aside",
        f"{index}: lost; it comes from the audio",
    ]
    store.write("releases/000001.json", b"")
    told = autogroove(*command)
    assert told.returncode == 1
    assert "No release is left. Run the pipeline again" in told.stdout
    assert "Traceback" not in told.stderr
