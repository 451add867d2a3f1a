"""A server behind another one, and pages of other origins.

What belongs here: the path prefix of a reverse proxy, and which origins may read answers (CORS).
What does not: who may ask at all (`guarding`).
"""

import re
from collections.abc import Iterable
from urllib.parse import urlsplit

from starlette.applications import Starlette
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import RedirectResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from autogroove.errors import SettingsError

_PREFIX = re.compile(r"(/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)+")


def allow_origins(app: Starlette, origins: tuple[str, ...]) -> None:
    """Let pages of these origins do what the explorer's own page does."""
    app.add_middleware(
        CORSMiddleware,
        allow_origins=origins,
        allow_methods=("GET", "HEAD", "POST"),
        allow_headers=("authorization", "range", "if-none-match"),
        expose_headers=("accept-ranges", "content-range", "content-disposition", "etag"),
    )


class PathPrefix:
    """Accepts a path with the prefix of a reverse proxy and without: some proxies strip it."""

    def __init__(self, app: ASGIApp, *, prefix: str) -> None:
        self.app = app
        self.prefix = prefix

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on as ASGI has it: the path begins with `root_path`."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        path: str = scope["path"]
        if path == self.prefix:  # the page's own addresses are relative to a folder
            await RedirectResponse(f"{self.prefix}/", status_code=307)(scope, receive, send)
            return
        if not path.startswith(f"{self.prefix}/"):
            scope = {**scope, "path": self.prefix + path}
        await self.app({**scope, "root_path": self.prefix}, receive, send)


def parse_prefix(text: str) -> str:
    """A path prefix without a slash at its end; "" for none.

    Raises:
        SettingsError: it is no path.

    >>> parse_prefix("music/"), parse_prefix("/")
    ('/music', '')
    """
    plain = text.strip("/")
    if plain and not _PREFIX.fullmatch(f"/{plain}"):
        raise SettingsError(f"A root path is like /music, in plain letters and digits: {text!r}.")
    return f"/{plain}" if plain else ""


def parse_origins(texts: Iterable[str]) -> tuple[str, ...]:
    """Origins as browsers send them.

    Raises:
        SettingsError: one is no origin. "*" is none: each must be stated.

    >>> parse_origins(["https://Music.example/", "http://127.0.0.1:3000"])
    ('https://music.example', 'http://127.0.0.1:3000')
    """
    return tuple(map(_parse_origin, texts))


def _parse_origin(text: str) -> str:
    problem = SettingsError(
        f"An origin is like https://music.example or http://127.0.0.1:3000: {text!r} is none."
    )
    try:
        address = urlsplit(text.strip().lower())
        port = address.port
    except ValueError:
        raise problem from None
    is_plain = not (address.path.strip("/") or address.query or address.fragment)
    if address.scheme not in ("http", "https") or not address.hostname or not is_plain:
        raise problem
    if "@" in address.netloc or "*" in address.netloc:
        raise problem
    usual = {"http": 80, "https": 443}[address.scheme]
    host = f"[{address.hostname}]" if ":" in address.hostname else address.hostname
    return f"{address.scheme}://{host}" + (f":{port}" if port not in (None, usual) else "")
