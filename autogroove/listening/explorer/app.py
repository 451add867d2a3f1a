"""The app: routes, page, limits and guard put together."""

from collections.abc import Iterable, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from fastapi import APIRouter, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import FileResponse, HTMLResponse, PlainTextResponse
from jinja2 import Environment
from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import Response
from starlette.staticfiles import StaticFiles

from autogroove.errors import AutogrooveError
from autogroove.listening.explorer.concurrency import computed
from autogroove.listening.explorer.error_answers import (
    describe_error,
    explain_errors,
    explain_question,
)
from autogroove.listening.explorer.guarding import LOOPBACK_NAMES, Guard
from autogroove.listening.explorer.listening import listening_routes
from autogroove.listening.explorer.media import media_routes
from autogroove.listening.explorer.open_releases import OpenReleases
from autogroove.listening.explorer.overview import overview_routes
from autogroove.listening.explorer.proxying import (
    PathPrefix,
    allow_origins,
    parse_origins,
    parse_prefix,
)
from autogroove.listening.explorer.request_limits import RequestLimits
from autogroove.listening.explorer.sonic import sonic_routes
from autogroove.listening.roots import Root
from autogroove.store import Store

_PAGE = Environment(autoescape=True).from_string("""<!doctype html>
<html lang="en"><meta charset="utf-8"><title>{{ api.info.title }}: API</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="stylesheet" href="static/docs.css">
<main><h1>{{ api.info.title }} <small>{{ api.info.version }}</small></h1>
<p>The same as a schema for programs: <a href="openapi.json">/openapi.json</a>.
<a href="./">Back to the explorer</a>.</p>
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
    root_path: str = "",
    origins: Iterable[str] = (),
    roots: Sequence[Root] = (),
) -> FastAPI:
    """The explorer of a store, as an ASGI app.

    `release` is shown first (default: the current one at each load). `hosts` are the names under
    which it answers, None for any; keep the default on loopback. With a `token`, every request
    must bring it. `root_path` is the path under which a reverse proxy shows it. Pages of `origins`
    may read its answers. `roots` say how a player sees the music. A store without a release gives
    a page that says how to make one.

    Raises:
        SettingsError: `root_path` is no path, or an origin none.
    """
    prefix, allowed = parse_prefix(root_path), parse_origins(origins)
    library = OpenReleases(Store(store_url), release, roots)
    app = FastAPI(
        title="Autogroove explorer",
        version=version("autogroove"),
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    app.state.library, app.state.root_path = library, prefix
    for routes in (overview_routes, listening_routes, media_routes):
        app.include_router(routes(library), prefix="/api")
    app.include_router(sonic_routes(library, token))
    app.include_router(_page_routes(library))
    app.mount("/static", StaticFiles(directory=STATIC), name="static")
    app.add_exception_handler(AutogrooveError, explain_errors(library.store))
    app.add_exception_handler(RequestValidationError, explain_question)
    # The last is the outermost.
    app.add_middleware(GZipMiddleware, minimum_size=2000, compresslevel=1)
    app.add_middleware(RequestLimits)
    app.add_middleware(Guard, hosts=hosts, token=token)
    if prefix:
        app.add_middleware(PathPrefix, prefix=prefix)
    if allowed:
        allow_origins(app, allowed)
    return app


def _page_routes(library: OpenReleases) -> APIRouter:
    routes = APIRouter(include_in_schema=False)

    @routes.get("/")
    def show_page() -> Response:
        return FileResponse(STATIC / "index.html")

    @routes.get("/docs")
    def show_documentation(request: Request) -> Response:
        return HTMLResponse(render_documentation(request.app.openapi()))

    @routes.get("/healthz")
    async def tell_health() -> Response:
        """The process answers."""
        return PlainTextResponse("ok\n")

    @routes.get("/readyz")
    @computed
    def tell_readiness() -> Response:
        """The store answers, and the release that is shown first can be read, if there is one."""
        try:
            number = library.default_number()
            if number is not None:
                _ = library.open(number).collection
        except AutogrooveError as error:
            return PlainTextResponse(f"{describe_error(error, library.store)}\n", status_code=503)
        return PlainTextResponse("ok\n")

    return routes
