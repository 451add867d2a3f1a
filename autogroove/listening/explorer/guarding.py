"""Who may talk to the explorer, and what a browser may do with its answers.

What belongs here: the check of the Host header, the token, and security headers, as one ASGI
layer around everything.
What does not: what is answered.

A page elsewhere on the web can make a browser ask any address, also this machine's own: by a
name of its own that resolves to 127.0.0.1 (DNS rebinding). So on loopback only loopback names
are answered. Nothing here changes state, and no answer can be read from another origin.
"""

import secrets
from collections.abc import Iterable
from http.cookies import CookieError, SimpleCookie
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
}


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
        self.token = token

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
        query = parse_qs(scope["query_string"].decode("latin-1"))
        if self._matches(query.pop("token", [""])[0]) and scope["method"] == "GET":
            return self._remember(scope["path"], urlencode(query, doseq=True))
        return PlainTextResponse(
            "This explorer asks for its token: open it as /?token=… once.", status_code=401
        )

    def _is_known(self, headers: Headers) -> bool:
        scheme, _, given = headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer" and self._matches(given.strip()):
            return True
        try:
            cookie = SimpleCookie(headers.get("cookie", "")).get(COOKIE)
        except CookieError:
            return False
        return cookie is not None and self._matches(cookie.value)

    def _matches(self, given: str) -> bool:
        return secrets.compare_digest(given.encode(), (self.token or "").encode())

    def _remember(self, path: str, query: str) -> Response:
        """To the same place on this server without the token in the address."""
        here = "/" + path.lstrip("/\\")
        answer = RedirectResponse(f"{here}?{query}" if query else here, status_code=303)
        answer.set_cookie(COOKIE, self.token or "", httponly=True, samesite="strict")
        return answer


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
