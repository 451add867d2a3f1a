"""Neither the console's alphabet nor a proxy keeps a command from working."""

import json
import os
import subprocess
import sys

import pytest
from synthetic import SMALL, put_release

from autogroove.releases.log import publish_release
from autogroove.store.store import Store
from flows.runtime.server import running_server
from flows.runtime.surroundings import bypass_proxies

URL = "s3://made-up/Björk ♫"


@pytest.fixture
def proxied(monkeypatch: pytest.MonkeyPatch) -> None:
    """The environment of an office: a proxy that does not know this machine, and no exceptions."""
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    for name in ("NO_PROXY", "no_proxy", "PREFECT_API_URL"):
        monkeypatch.setenv(name, "")


@pytest.mark.usefixtures("proxied")
def test_a_server_on_loopback_is_reached_past_a_proxy(
    prefect_api: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PREFECT_API_URL", prefect_api)
    with running_server() as url:
        assert url == prefect_api
    # What is started from here reads the environment too.
    script = f"import httpx; print(httpx.get('{prefect_api}/health').text)"
    child = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert child.stdout == "true\n"


@pytest.mark.usefixtures("proxied")
def test_exceptions_that_are_there_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "intranet, 10.0.0.1")
    bypass_proxies()
    bypass_proxies()
    expected = "intranet,10.0.0.1,localhost,127.0.0.1,::1"
    assert os.environ["NO_PROXY"] == os.environ["no_proxy"] == expected


@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
def test_a_console_without_unicode_shows_what_it_can(local_store: Store, encoding: str) -> None:
    parts = put_release(local_store, SMALL).model_copy(update={"source_url": URL})
    publish_release(local_store, parts)

    def show(*options: str) -> subprocess.CompletedProcess[bytes]:
        command = [sys.executable, "-m", "flows.cli", "releases", "show", "1", *options]
        environment = os.environ | {"PYTHONIOENCODING": encoding}
        command += ["--store", local_store.url]
        return subprocess.run(command, capture_output=True, env=environment)

    shown, told = show(), show("--json")
    assert (shown.returncode, told.returncode) == (0, 0), shown.stderr + told.stderr
    kept = "Björk ?" if encoding == "latin-1" else "Bj?rk ?"
    assert kept in shown.stdout.decode(encoding)
    assert json.loads(told.stdout)["parts"]["source_url"] == URL
