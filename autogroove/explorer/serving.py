"""Running the app.

What belongs here: the address, the warning for an open one, and the server.
What does not: the app (`app`).
"""

import contextlib
import ipaddress
import socket
import sys
import threading
from collections.abc import Callable

import uvicorn

from autogroove.config import EXPLORER_PORT
from autogroove.errors import AutogrooveError
from autogroove.explorer.app import create_app
from autogroove.explorer.guarding import LOOPBACK_NAMES
from autogroove.explorer.library import Library


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
    announce: Callable[[str], None] = say,
) -> None:
    """Serve the explorer until interrupted. Port 0 takes a free one.

    `announce` is told the address, and what to know before others can reach it.

    Raises:
        AutogrooveError: the port is taken, or the address is not this machine's.
    """
    is_local = is_loopback(host)
    if not is_local:
        announce(warn_open(host, token))
    app = create_app(store_url, release, token, hosts=LOOPBACK_NAMES if is_local else None)
    listening = _listen(host, port)
    place = f"[{host}]" if ":" in host else host
    announce(f"The explorer is at http://{place}:{listening.getsockname()[1]}/ (Ctrl+C ends it)")
    threading.Thread(target=_open_first, args=(app.state.library,), daemon=True).start()
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", server_header=False))
    server.run(sockets=[listening])


def _open_first(library: Library) -> None:
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
    except OSError as error:
        listening.close()
        raise AutogrooveError(
            f"Cannot listen on {host}:{port}: {error.strerror or error}. Choose another --port "
            "or --host."
        ) from error
    return listening
