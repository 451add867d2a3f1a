"""How a run that cannot go on ends."""

import os
from pathlib import Path

import httpx
import pytest
from pipelines import autogroove

from autogroove.errors import SourceError
from flows.runtime.server import _configured


def test_a_source_that_is_not_there_is_told_before_a_server_is_started(tmp_path: Path) -> None:
    environment = {**os.environ, "PREFECT_HOME": str(tmp_path / "prefect")}
    environment.pop("PREFECT_API_URL", None)
    asked = ("run", str(tmp_path / "nowhere"), "--store", str(tmp_path / "store"))
    done = autogroove(*asked, env=environment)
    assert done.returncode == 1
    assert done.stderr == f"autogroove: {tmp_path / 'nowhere'} is not there.\n"
    assert not (tmp_path / "prefect" / "autogroove-server.log").exists()


@pytest.mark.slow
def test_what_a_failed_run_said_is_delivered_while_its_server_is_there(
    prefect_api: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from prefect import flow, get_run_logger

    @flow
    def fail() -> None:
        get_run_logger().error("last words")
        raise SourceError("It is not there.")

    monkeypatch.setenv("PREFECT_API_URL", prefect_api)
    with pytest.raises(SourceError), _configured(prefect_api):
        fail()
    found = httpx.post(f"{prefect_api}/logs/filter", json={"sort": "TIMESTAMP_DESC"}).json()
    assert "last words" in [each["message"] for each in found]
