"""Which Prefect server a run talks to: the environment's, the profile's, or one of its own."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from flows.runtime.server import child_server

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]
ASK = """
import os
from flows.runtime import server
from flows.runtime.server import page_of_run, prefect_server
from autogroove.errors import AutogrooveError
server.USUAL_URL = os.environ.get("USUAL_URL", server.USUAL_URL)
try:
    with prefect_server() as url:
        from prefect.client.orchestration import get_client
        with get_client(sync_client=True) as client:
            client.read_flows(limit=1)
        print(url, page_of_run(url, "00000000-0000-0000-0000-000000000001"))
except AutogrooveError as error:
    print("refused:", error)
"""


@pytest.fixture(scope="module")
def locked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server that wants a user and a password."""
    home = tmp_path_factory.mktemp("locked")
    environment = {"PREFECT_SERVER_API_AUTH_STRING": "groove:secret", "PREFECT_HOME": str(home)}
    with child_server(home / "server.log", environment) as url:
        yield url


def ask(home: Path, **environment: str) -> str:
    """What a new process finds, with a Prefect home of its own."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")}
    done = subprocess.run(
        [sys.executable, "-c", ASK],
        env=kept | {"PREFECT_HOME": str(home)} | environment,
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def write_profile(home: Path, **settings: str) -> None:
    lines = ['active = "team"', "", "[profiles.team]"]
    home.mkdir(parents=True, exist_ok=True)
    lines += [f'{name} = "{value}"' for name, value in settings.items()]
    (home / "profiles.toml").write_text("\n".join(lines))


def test_the_server_of_the_active_profile_is_used(locked: str, tmp_path: Path) -> None:
    write_profile(tmp_path, PREFECT_API_URL=locked, PREFECT_API_AUTH_STRING="groove:secret")
    url, page = ask(tmp_path).split()
    assert url == locked
    assert page == f"{locked.removesuffix('/api')}/runs/flow-run/{page[-36:]}"


def test_the_environment_comes_before_the_profile(locked: str, tmp_path: Path) -> None:
    write_profile(tmp_path, PREFECT_API_URL="http://127.0.0.1:9/api")
    found = ask(tmp_path, PREFECT_API_URL=locked, PREFECT_API_AUTH_STRING="groove:secret")
    assert found.startswith(locked)


@pytest.mark.parametrize("password", ["groove:wrong", ""])
def test_a_wrong_password_is_one_sentence(locked: str, tmp_path: Path, password: str) -> None:
    write_profile(tmp_path, PREFECT_API_URL=locked, PREFECT_API_AUTH_STRING=password)
    found = ask(tmp_path)
    assert found.startswith(f"refused: The Prefect server at {locked} refuses us.")
    assert "PREFECT_API_AUTH_STRING" in found
    assert "secret" not in found
    assert "\n" not in found


def test_a_server_that_is_not_there_is_one_sentence(tmp_path: Path) -> None:
    write_profile(tmp_path, PREFECT_API_URL="http://127.0.0.1:9/api")
    found = ask(tmp_path)
    assert found.startswith("refused: No Prefect server answers at PREFECT_API_URL=http://")
    assert "\n" not in found


@pytest.mark.long
def test_a_server_of_somebody_else_on_the_usual_port_is_left_alone(
    locked: str, tmp_path: Path
) -> None:
    url, _ = ask(tmp_path, USUAL_URL=locked).split()
    assert url.startswith("http://127.0.0.1:")
    assert url != locked
