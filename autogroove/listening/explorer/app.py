"""The app: routes, page and guard put together, and running it."""

import contextlib
import ipaddress
import socket
import sys
import threading
from collections.abc import Callable, Iterable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import uvicorn
from fastapi import FastAPI, Request
from fastapi.responses import FileResponse, HTMLResponse, JSONResponse
from jinja2 import Environment
from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import Response
from starlette.staticfiles import StaticFiles

from autogroove.config import EXPLORER_PORT
from autogroove.errors import AutogrooveError, NotFoundError, ReleaseError, StoreError
from autogroove.listening.explorer.guarding import LOOPBACK_NAMES, Guard
from autogroove.listening.explorer.listening import listening_routes
from autogroove.listening.explorer.media import media_routes
from autogroove.listening.explorer.open_releases import OpenReleases
from autogroove.listening.explorer.overview import overview_routes
from autogroove.store import Store

_PAGE = Environment(autoescape=True).from_string("""<!doctype html>
<html lang="en"><meta charset="utf-8"><title>{{ api.info.title }}: API</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="stylesheet" href="/static/docs.css">
<main><h1>{{ api.info.title }} <small>{{ api.info.version }}</small></h1>
<p>The same as a schema for programs: <a href="/openapi.json">/openapi.json</a>.
<a href="/">Back to the explorer</a>.</p>
{% for path, methods in api.paths.items() %}{% for method, about in methods.items() %}
<section><h2><b>{{ method | upper }}</b> <code>{{ path }}</code></h2>
<p>{{ about.description or about.summary }}</p>
{% if about.parameters %}<ul>{% for each in about.parameters %}
<li><code>{{ each.name }}</code> in {{ each.in }}{{ ", required" if each.required }}</li>
{% endfor %}</ul>{% endif %}
{% if about.requestBody %}<p>Body: <code>{{
  about.requestBody.content["application/json"].schema["$ref"].rsplit("/", 1)[-1]
}}</code></p>{% endif %}
</section>{% endfor %}{% endfor %}
<h2>Bodies</h2>
{% for name, schema in api.components.schemas.items() if schema.properties %}
<section><h3><code>{{ name }}</code></h3><ul>{% for key, value in schema.properties.items() %}
<li><code>{{ key }}</code>{{ " = " ~ value.default if value.default is defined }}</li>
{% endfor %}</ul></section>{% endfor %}
</main></html>
""")


def render_documentation(api: dict[str, Any]) -> str:
    """HTML of an OpenAPI schema."""
    return _PAGE.render(api=api)


STATIC = Path(__file__).parent / "static"


def create_app(
    store_url: str,
    release: int | None = None,
    token: str | None = None,
    *,
    hosts: Iterable[str] | None = LOOPBACK_NAMES,
) -> FastAPI:
    """The explorer of a store, as an ASGI app.

    `release` is shown first (default: the current one at each load). `hosts` are the names under
    which it answers, None for any; keep the default on loopback. With a `token`, every request
    must bring it. A store without a release gives a page that says how to make one.
    """
    library = OpenReleases(Store(store_url), release)
    app = FastAPI(
        title="Autogroove explorer",
        version=version("autogroove"),
        docs_url=None,
        redoc_url=None,
    )
    app.state.library = library
    for routes in (overview_routes, listening_routes, media_routes):
        app.include_router(routes(library), prefix="/api")
    app.mount("/static", StaticFiles(directory=STATIC), name="static")
    app.add_api_route("/", _show_page, include_in_schema=False)
    app.add_api_route("/docs", _show_documentation, include_in_schema=False)
    app.add_exception_handler(AutogrooveError, _explain)
    app.add_middleware(GZipMiddleware, minimum_size=2000, compresslevel=1)
    app.add_middleware(Guard, hosts=hosts, token=token)
    return app


def _show_page() -> Response:
    return FileResponse(STATIC / "index.html", headers={"cache-control": "no-cache"})


def _show_documentation(request: Request) -> Response:
    return HTMLResponse(render_documentation(request.app.openapi()))


def _explain(request: Request, error: Exception) -> Response:
    status = 404 if isinstance(error, NotFoundError | ReleaseError) else 400
    if isinstance(error, StoreError):
        status = 500
    return JSONResponse({"detail": str(error)}, status_code=status)


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
    except OSError as error:
        listening.close()
        raise AutogrooveError(
            f"Cannot listen on {host}:{port}: {error.strerror or error}. Choose another --port "
            "or --host."
        ) from error
    return listening
