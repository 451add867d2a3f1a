"""What one request may cost, and that work ends when its client leaves.

What belongs here: the bounds of a body in bytes and of a request in time, HEAD, and noticing that
a client has gone, as one ASGI layer.
What does not: who may ask (`guarding`), how many answers are computed at once (`concurrency`),
and connections on which nothing is asked (`connections`).
"""

import asyncio
import time

from starlette.datastructures import Headers
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from autogroove.listening.cancellation import cancelled_when

MOST_BODY_BYTES = 2 << 20
"""Room for the longest question: a playlist that excludes 100,000 tracks by their ids."""

BODY_SECONDS = 30.0
"""How long a body may take to arrive."""

ANSWER_SECONDS = 120.0
"""How long an answer may be computed, its time in line included."""


class _Refused(Exception):
    """The body is too large or too slow."""

    def __init__(self, status: int, detail: str) -> None:
        # Nobody reads the rest of the body, so the connection cannot be used again.
        self.answer = JSONResponse({"detail": detail}, status, headers={"connection": "close"})


class RequestLimits:
    """Reads the body within its bounds, then watches whether the client stays.

    A HEAD is answered as a GET whose client leaves once it has the headers.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        most_bytes: int = MOST_BODY_BYTES,
        body_seconds: float = BODY_SECONDS,
        answer_seconds: float = ANSWER_SECONDS,
    ) -> None:
        self.app = app
        self.most_bytes = most_bytes
        self.body_seconds = body_seconds
        self.answer_seconds = answer_seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer within bounds, or refuse."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        try:
            body = await self._read_body(Headers(scope=scope), receive)
        except _Refused as refused:
            await refused.answer(scope, receive, send)
            return
        if body is not None:
            await self._answer(scope, body, receive, send)

    async def _read_body(self, headers: Headers, receive: Receive) -> bytes | None:
        """The whole body; None where the client left before its end."""
        announced = headers.get("content-length", "0")
        if len(announced) > 15 or not announced.isdecimal() or int(announced) > self.most_bytes:
            raise self._too_large()
        pieces: list[bytes] = []
        size = 0
        try:
            async with asyncio.timeout(self.body_seconds):
                while True:
                    message = await receive()
                    if message["type"] == "http.disconnect":
                        return None
                    pieces.append(message.get("body", b""))
                    size += len(pieces[-1])
                    if size > self.most_bytes:
                        raise self._too_large()
                    if not message.get("more_body", False):
                        return b"".join(pieces)
        except TimeoutError:
            detail = f"The question did not arrive within {self.body_seconds:.0f} seconds."
            raise _Refused(408, detail) from None

    def _too_large(self) -> _Refused:
        return _Refused(413, f"A question may have up to {self.most_bytes >> 20} MiB.")

    async def _answer(self, scope: Scope, body: bytes, receive: Receive, send: Send) -> None:
        gone = asyncio.Event()
        unread = [body]
        is_head = scope["method"] == "HEAD"
        deadline = time.monotonic() + self.answer_seconds

        async def watch() -> None:
            while (await receive())["type"] != "http.disconnect":
                pass
            gone.set()

        async def receive_once() -> Message:
            if unread:
                return {"type": "http.request", "body": unread.pop(), "more_body": False}
            await gone.wait()
            return {"type": "http.disconnect"}

        async def send_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                await send(message)
                await send({"type": "http.response.body", "body": b"", "more_body": False})
                gone.set()

        watching = asyncio.create_task(watch())
        try:
            with cancelled_when(lambda: gone.is_set() or time.monotonic() > deadline):
                asked = {**scope, "method": "GET"} if is_head else scope
                await self.app(asked, receive_once, send_headers if is_head else send)
        finally:
            watching.cancel()
