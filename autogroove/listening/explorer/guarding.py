"""Who may talk to the explorer, and what a browser may do with its answers.

What belongs here: the check of the Host header, the token, and security headers, as one ASGI
layer around everything.
What does not: what is answered.

A page elsewhere on the web can make a browser ask any address, also this machine's own: by a
name of its own that resolves to 127.0.0.1 (DNS rebinding). So on loopback only loopback names
are answered. Nothing here changes state, and no answer can be read from another origin, except
from those that `create_app` is told.
"""

import hashlib
import hmac
from collections.abc import Iterable
from urllib.parse import parse_qs, urlencode

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

LOOPBACK_NAMES = ("127.0.0.1", "localhost", "[::1]")
COOKIE = "autogroove_token"

_POLICY = "; ".join(
    [
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data: blob:",
        "media-src 'self'",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    ]
)
SECURITY_HEADERS = {
    "content-security-policy": _POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-resource-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "permissions-policy": "camera=(), microphone=(), geolocation=()",
    # The next server on this port may be of another version, and of another store.
    "cache-control": "no-cache",
}
PUBLIC_PATHS = frozenset(["/healthz", "/readyz"])
"""Asked by what watches over the server. They tell nothing else, so they need no token."""
OWN_CREDENTIALS = "/rest/"
"""What comes after it asks for the token in the way of Subsonic's clients: see `sonic`."""


class Guard:
    """The outermost layer of the app.

    `hosts` are the names that are answered, None for any; `token`, where given, must come as a
    bearer token, or once as `?token=`, which is then kept as a cookie.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        hosts: Iterable[str] | None = LOOPBACK_NAMES,
        token: str | None = None,
    ) -> None:
        self.app = app
        self.hosts = None if hosts is None else frozenset(name.lower() for name in hosts)
        self.token = token.encode() if token is not None else None
        self._cookie, self._pass = _make_pass(self.token or b"")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse, or pass on and add the headers."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in SECURITY_HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        answer = self._refuse(scope) or self.app
        await answer(scope, receive, send_guarded)

    def _refuse(self, scope: Scope) -> Response | None:
        headers = Headers(scope=scope)
        if self.hosts is not None and _host_name(headers.get("host", "")) not in self.hosts:
            return PlainTextResponse(
                "This explorer answers only under this machine's own name. Start it with --host "
                "to open it to others.",
                status_code=400,
            )
        if self.token is None or self._is_known(headers):
            return None
        path = scope["path"].removeprefix(scope.get("root_path", ""))
        if path in PUBLIC_PATHS or path.startswith(OWN_CREDENTIALS):
            return None
        query = parse_qs(scope["query_string"].decode("latin-1"))
        given = query.pop("token", [""])[0].encode(errors="surrogatepass")
        if self._matches(given) and scope["method"] in ("GET", "HEAD"):
            return self._remember(scope["path"], urlencode(query, doseq=True))
        return PlainTextResponse(
            "This explorer asks for its token: open it as /?token=… once.", status_code=401
        )

    def _is_known(self, headers: Headers) -> bool:
        scheme, _, given = headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer" and self._matches(given.strip().encode("latin-1")):
            return True
        # Every server on this machine's name shares its cookies, whatever is in them: each is
        # looked at by itself.
        cookies = (
            each.partition("=") for line in headers.getlist("cookie") for each in line.split(";")
        )
        return any(
            name.strip() == self._cookie and hmac.compare_digest(value.strip().encode(), self._pass)
            for name, _, value in cookies
        )

    def _matches(self, given: bytes) -> bool:
        return hmac.compare_digest(given, self.token or b"")

    def _remember(self, path: str, query: str) -> Response:
        """To the same place on this server without the token in the address."""
        here = "/" + path.lstrip("/\\")
        answer = RedirectResponse(f"{here}?{query}" if query else here, status_code=303)
        answer.set_cookie(self._cookie, self._pass.decode(), httponly=True, samesite="strict")
        return answer


def _make_pass(token: bytes) -> tuple[str, bytes]:
    """Name and value of a cookie that only somebody who knows the token can have.

    The name differs from token to token, so that servers on two ports do not overwrite each
    other's. The value is hexadecimal, so it fits a header whatever the token is.
    """
    name, value = (
        hmac.new(token, purpose, hashlib.sha256).hexdigest() for purpose in (b"name", b"pass")
    )
    return f"{COOKIE}_{name[:8]}", value.encode()


def _host_name(host: str) -> str:
    """The name in a Host header, without the port.

    >>> _host_name("localhost:8765"), _host_name("[::1]:80")
    ('localhost', '[::1]')
    """
    host = host.strip().lower()
    end = host.find("]")
    if host.startswith("[") and end > 0:
        return host[: end + 1]
    return host.rsplit(":", 1)[0] if host.count(":") == 1 else host
