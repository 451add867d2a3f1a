"""Running the explorer: an address, what to say of it, and the server."""

import contextlib
import ipaddress
import socket
import sys
import threading
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import uvicorn
from fastapi import FastAPI

from autogroove.config import EXPLORER_PORT
from autogroove.errors import AutogrooveError
from autogroove.listening.explorer.app import create_app
from autogroove.listening.explorer.connections import (
    MOST_CONNECTIONS,
    MOST_HEADER_BYTES,
    WatchedConnection,
)
from autogroove.listening.explorer.guarding import LOOPBACK_NAMES
from autogroove.listening.explorer.open_releases import OpenReleases
from autogroove.listening.roots import Root

_MOST_WAITING = 2048
"""Connections that wait until the server takes them."""


def say(text: str) -> None:
    """To the terminal, beside whatever is piped elsewhere."""
    print(text, file=sys.stderr, flush=True)


def serve_explorer(
    store_url: str,
    *,
    release: int | None = None,
    host: str = "127.0.0.1",
    port: int = EXPLORER_PORT,
    token: str | None = None,
    root_path: str = "",
    origins: Iterable[str] = (),
    roots: Sequence[Root] = (),
    announce: Callable[[str], None] = say,
) -> None:
    """Serve the explorer until interrupted. Port 0 takes a free one.

    `announce` is told the address, and what to know before others can reach it. `root_path`,
    `origins` and `roots` are those of `create_app`.

    Raises:
        SettingsError: `root_path` is no path, or an origin none.
        AutogrooveError: the port is taken, or the address is not this machine's.
    """
    is_local = is_loopback(host)
    hosts = LOOPBACK_NAMES if is_local else None
    app = create_app(
        store_url, release, token, hosts=hosts, root_path=root_path, origins=origins, roots=roots
    )
    if not is_local:
        announce(warn_open(host, token))
    listening = _listen(host, port)
    place = f"[{host}]" if ":" in host else host
    address = f"http://{place}:{listening.getsockname()[1]}{app.state.root_path}/"
    announce(f"The explorer is at {address} (Ctrl+C ends it)")
    threading.Thread(target=_open_first, args=(app.state.library,), daemon=True).start()
    uvicorn.Server(configure_server(app)).run(sockets=[listening])


def configure_server(app: FastAPI, **options: Any) -> uvicorn.Config:
    """Uvicorn with the limits that an app cannot set for itself; `options` are its other ones."""
    usual: dict[str, Any] = {
        "http": WatchedConnection,
        "limit_concurrency": MOST_CONNECTIONS,
        "h11_max_incomplete_event_size": MOST_HEADER_BYTES,
        "timeout_graceful_shutdown": 3,  # a player that paused holds its answer open
        "log_level": "warning",
        "server_header": False,
        "ws": "none",
    }
    return uvicorn.Config(app, **(usual | options))


def _open_first(library: OpenReleases) -> None:
    """Make the first release's map before somebody waits for it; a fault shows on the page."""
    with contextlib.suppress(AutogrooveError):
        number = library.default_number()
        if number is not None:
            _ = library.open(number).layout


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach an address."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def warn_open(host: str, token: str | None) -> str:
    """What to know before opening the explorer to others."""
    guard = (
        "Everyone who has the token"
        if token
        else "Everyone who can reach this machine (no --token was given)"
    )
    return f"Listening on {host}: {guard} can search and play this collection, without TLS."


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host.strip("[]"), port))
        listening.listen(_MOST_WAITING)  # from now on the address that is announced answers
    except OSError as error:
        listening.close()
        raise AutogrooveError(
            f"Cannot listen on {host}:{port}: {error.strerror or error}. Choose another --port "
            "or --host."
        ) from error
    return listening
