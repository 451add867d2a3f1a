"""The app: routes, page and guard put together.

What belongs here: `create_app`, and how errors for people become answers.
What does not: what any route does.
"""

from collections.abc import Iterable
from importlib.metadata import version
from pathlib import Path

from fastapi import FastAPI, Request
from fastapi.responses import FileResponse, HTMLResponse, JSONResponse
from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import Response
from starlette.staticfiles import StaticFiles

from autogroove.errors import AutogrooveError, ReleaseError, StoreError
from autogroove.explorer.documenting import render_documentation
from autogroove.explorer.guarding import LOOPBACK_NAMES, Guard
from autogroove.explorer.library import Library
from autogroove.explorer.listening import listening_routes
from autogroove.explorer.media import media_routes
from autogroove.explorer.overview import overview_routes
from autogroove.storage import Store

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
    library = Library(Store(store_url), release)
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
    status = 404 if isinstance(error, ReleaseError) else 400
    if isinstance(error, StoreError):
        status = 500
    return JSONResponse({"detail": str(error)}, status_code=status)
