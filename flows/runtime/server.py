"""The Prefect server that a run talks to.

What belongs here: finding the server that the environment or Prefect's active profile names, or
starting a real one as a child process and stopping it again.
What does not: flows. This module must be imported before them: the environment decides what
Prefect does at import.

The in-process ("ephemeral") server loses task runs, and every Dask worker would start its own;
so the embedded default is a real server too.
"""

import ctypes
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import httpx

from autogroove.errors import AutogrooveError
from flows.runtime.surroundings import bypass_proxies

USUAL_URL = "http://127.0.0.1:4200/api"
START_TIMEOUT_SECONDS = 180.0
_STOP_TIMEOUT_SECONDS = 15.0
_QUIET = {
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "DO_NOT_TRACK": "1",
    "PREFECT_CLI_PROMPT": "false",
}


@contextmanager
def prefect_server(log_path: Path | None = None) -> Iterator[str]:
    """The API URL of a server that answers; one that was started here is stopped at the end.

    Taken in this order: PREFECT_API_URL, from the environment or Prefect's active profile; a
    server on the usual port of this machine; a child.

    Raises:
        AutogrooveError: the configured server does not answer or refuses us, or none can be
            started.
    """
    with running_server() as url:
        if url is not None:
            yield url
            return
    with child_server(log_path) as url, _configured(url):
        yield url


@contextmanager
def running_server() -> Iterator[str | None]:
    """The API URL of a server that is there already, named to Prefect; None where none is.

    Raises:
        AutogrooveError: the configured server does not answer, or refuses us.
    """
    os.environ.update(_QUIET)
    bypass_proxies()
    from prefect.settings import get_current_settings

    configured = os.environ.get("PREFECT_API_URL") or get_current_settings().api.url
    if configured:
        _refuse_unusable(configured)
        with _configured(configured):
            yield configured
    elif _answers(USUAL_URL) and _ask(USUAL_URL) is None:
        with _configured(USUAL_URL):
            yield USUAL_URL
    else:  # what refuses us on the usual port is somebody else's
        yield None


def _refuse_unusable(url: str) -> None:
    fault = _ask(url)
    if fault is None:
        return
    if isinstance(fault, httpx.HTTPStatusError) and fault.response.status_code in (401, 403):
        raise AutogrooveError(
            f"The Prefect server at {url} refuses us. Set PREFECT_API_KEY (Prefect Cloud) or "
            "PREFECT_API_AUTH_STRING (a server with a password), in the environment or with "
            "`prefect config set`, or correct it."
        )
    raise AutogrooveError(
        f"No Prefect server answers at PREFECT_API_URL={url}. Start it, or let the run start its "
        "own: unset PREFECT_API_URL, and `prefect config unset PREFECT_API_URL` if a profile "
        f"names it. ({type(fault).__name__}: {str(fault).splitlines()[0] if str(fault) else ''})"
    )


def _ask(url: str) -> Exception | None:
    """Why a server cannot be used with the key or password that Prefect has; None if it can.

    A question that needs both, because any server says that it is healthy to anybody.
    """
    from prefect.client.orchestration import get_client
    from prefect.settings import PREFECT_API_URL, PREFECT_CLIENT_MAX_RETRIES, temporary_settings

    try:
        with (
            temporary_settings({PREFECT_API_URL: url, PREFECT_CLIENT_MAX_RETRIES: 1}),
            get_client(sync_client=True, httpx_settings={"timeout": 10}) as client,
        ):
            client.read_flows(limit=1)
    except (httpx.HTTPError, RuntimeError, ValueError) as error:
        return error
    return None


@contextmanager
def _configured(url: str) -> Iterator[None]:
    """Name the server to Prefect here, and in the environment, which Dask workers inherit."""
    before = os.environ.get("PREFECT_API_URL")
    os.environ["PREFECT_API_URL"] = url
    from prefect.settings import PREFECT_API_URL, temporary_settings

    try:
        with temporary_settings({PREFECT_API_URL: url}):
            try:
                yield
            finally:  # a run that failed has said most
                _deliver()
    finally:
        os.environ.pop("PREFECT_API_URL", None)
        if before is not None:
            os.environ["PREFECT_API_URL"] = before


def _deliver() -> None:
    """Send what Prefect still queues, while there is somebody to receive it."""
    from prefect.events.worker import EventsWorker
    from prefect.logging.handlers import APILogWorker

    for queue in (APILogWorker, EventsWorker):
        queue.drain_all(timeout=_STOP_TIMEOUT_SECONDS)


@contextmanager
def child_server(log_path: Path | None, more: Mapping[str, str] | None = None) -> Iterator[str]:
    """A server in a child process with a database in PREFECT_HOME; `more` is its environment."""
    port = _free_port()
    # The UI asks the port of the environment, whatever --port says.
    environment = os.environ | {
        "PREFECT_SERVER_API_HOST": "127.0.0.1",
        "PREFECT_SERVER_API_PORT": str(port),
        # It greets with a picture, into a file, in the alphabet of the console.
        "PYTHONIOENCODING": "utf-8",
    }
    environment.pop("PREFECT_SERVER_API_AUTH_STRING", None)  # of another server
    environment |= more or {}
    command = [sys.executable, "-m", "prefect", "server", "start"]
    command += ["--host", "127.0.0.1", "--port", str(port)]
    with log_path.open("wb") if log_path else Path(os.devnull).open("wb") as log:
        child = subprocess.Popen(
            command,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=_die_with_parent if sys.platform == "linux" else None,
        )
    try:
        url = f"http://127.0.0.1:{port}/api"
        _wait_until_answers(url, child, log_path)
        yield url
    finally:
        _stop(child)


def _die_with_parent() -> None:
    """Ask Linux to end this child when its parent is killed, so that no server is orphaned."""
    set_parent_death_signal = 1
    ctypes.CDLL(None).prctl(set_parent_death_signal, signal.SIGTERM)


def _wait_until_answers(url: str, child: subprocess.Popen[bytes], log_path: Path | None) -> None:
    deadline = time.monotonic() + START_TIMEOUT_SECONDS
    while not _answers(url):
        if child.poll() is not None or time.monotonic() > deadline:
            where = f" Its log is {log_path}." if log_path else ""
            raise AutogrooveError(
                "The Prefect server could not be started; `prefect server start` shows why. "
                "An unpinned install is the usual cause: install with constraints.txt." + where
            )
        time.sleep(0.25)


def page_of_run(url: str, flow_run_id: str) -> str | None:
    """The page of a run in the UI of a server; None where that server no longer answers."""
    from prefect.settings import PREFECT_API_URL, temporary_settings
    from prefect.utilities.urls import url_for

    if not _answers(url):
        return None
    with temporary_settings({PREFECT_API_URL: url}):
        return url_for("flow-run", obj_id=flow_run_id, url_type="ui")


def _answers(url: str) -> bool:
    try:
        answer = httpx.get(f"{url}/health", timeout=3)
    except httpx.HTTPError:
        return False
    return answer.status_code == 200 and answer.text.strip() == "true"


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _stop(child: subprocess.Popen[bytes]) -> None:
    child.terminate()
    try:
        child.wait(_STOP_TIMEOUT_SECONDS)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()
