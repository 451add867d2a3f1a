"""A small HTTP proxy that breaks things on purpose, between a client and a real S3 server.

What belongs here: passing requests on, and every way in which that can fail.
What does not: tests.
"""

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum


class Fault(StrEnum):
    """What may happen to one request."""

    internal_error = "500 InternalError, the server sees nothing"
    slow_down = "503 SlowDown, the server sees nothing"
    unavailable = "503 ServiceUnavailable, the server sees nothing"
    expired = "403 ExpiredToken, the server sees nothing"
    cut_upload = "the connection ends in the middle of the request"
    lost_answer = "the server does it, and its answer never comes"
    cut_download = "the connection ends in the middle of the answer"
    short_answer = "the answer is shorter than the object, and says so"
    flipped_bit = "one bit of the answer's body is another"
    stall = "nothing comes at all, for longer than the client waits"
    pause = "the answer comes late, but within the client's patience"


_ERRORS = {
    Fault.internal_error: (500, "InternalError"),
    Fault.slow_down: (503, "SlowDown"),
    Fault.unavailable: (503, "ServiceUnavailable"),
    Fault.expired: (403, "ExpiredToken"),
}
STALL_SECONDS = 60.0
PAUSE_SECONDS = 0.7


@dataclass(frozen=True)
class Request:
    """What the proxy knows of a request when it decides about it."""

    number: int
    method: str
    path: str


Decide = Callable[[Request], Fault | None]


class Proxy:
    """Passes requests on to a server, as `decide` allows; counts what it did."""

    def __init__(self, port: int) -> None:
        self._upstream = port
        self._number = 0
        self.decide: Decide = lambda request: None
        self.requests: list[tuple[Request, Fault | None]] = []
        self.endpoint = ""

    @property
    def num_faults(self) -> int:
        """Requests that were broken so far."""
        return sum(fault is not None for _, fault in self.requests)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection of a client, request after request."""
        try:
            while await self._pass_on(reader, writer):
                pass
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            writer.close()

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = await reader.readuntil(b"\r\n\r\n")
        method, path, _ = head.split(b"\r\n", 1)[0].decode().split(" ", 2)
        self._number += 1
        request = Request(self._number, method, path)
        fault = self.decide(request)
        self.requests.append((request, fault))
        if fault is Fault.cut_upload:
            return False
        if _header(head, b"expect"):
            writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        body = await _read_body(reader, head)
        if fault is Fault.stall:
            await asyncio.sleep(STALL_SECONDS)
            return False
        if fault in _ERRORS:
            writer.write(_error(*_ERRORS[fault], method))
            await writer.drain()
            return True
        answer, content = await self._ask(method, head + body)
        if fault is Fault.lost_answer:
            return False
        if fault is Fault.pause:
            await asyncio.sleep(PAUSE_SECONDS)
        return await _answer(writer, answer, content, fault)

    async def _ask(self, method: str, request: bytes) -> tuple[bytes, bytes]:
        reader, writer = await asyncio.open_connection("127.0.0.1", self._upstream)
        try:
            writer.write(request)
            await writer.drain()
            head = await reader.readuntil(b"\r\n\r\n")
            while head.startswith(b"HTTP/1.1 100"):
                head = await reader.readuntil(b"\r\n\r\n")
            status = head.split(b" ", 2)[1]
            bodiless = method == "HEAD" or status in (b"204", b"304")
            return head, b"" if bodiless else await _read_body(reader, head)
        finally:
            writer.close()


async def _answer(
    writer: asyncio.StreamWriter, head: bytes, body: bytes, fault: Fault | None
) -> bool:
    half = len(body) // 2
    if fault is Fault.cut_download:
        writer.write(head + body[:half])
        await writer.drain()
        return False
    if fault is Fault.short_answer and _header(head, b"content-length"):
        length = str(len(body)).encode()
        head = head.replace(b"Content-Length: " + length, b"Content-Length: %d" % half)
        body = body[:half]
    if fault is Fault.flipped_bit and body:
        body = body[:half] + bytes([body[half] ^ 1]) + body[half + 1 :]
    writer.write(head + body)
    await writer.drain()
    return True


def _header(head: bytes, name: bytes) -> bytes | None:
    for line in head.split(b"\r\n")[1:]:
        key, _, value = line.partition(b":")
        if key.strip().lower() == name:
            return value.strip()
    return None


async def _read_body(reader: asyncio.StreamReader, head: bytes) -> bytes:
    length = _header(head, b"content-length")
    if length is not None:
        return await reader.readexactly(int(length))
    if (_header(head, b"transfer-encoding") or b"").lower() != b"chunked":
        return b""
    body = b""
    while True:
        line = await reader.readuntil(b"\r\n")
        chunk = await reader.readexactly(int(line.split(b";")[0], 16) + 2)
        body += line + chunk
        if chunk == b"\r\n":
            return body


def _error(status: int, code: str, method: str) -> bytes:
    text = f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>{code}, by intention"
    body = f"{text}</Message></Error>".encode()
    head = f"HTTP/1.1 {status} Fault\r\nContent-Type: application/xml\r\nContent-Length: "
    return f"{head}{len(body)}\r\n\r\n".encode() + (b"" if method == "HEAD" else body)


@contextmanager
def faulty_proxy(port: int) -> Iterator[Proxy]:
    """A proxy on loopback before the server on a port, in a thread of its own."""
    proxy = Proxy(port)
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    server = asyncio.run_coroutine_threadsafe(
        asyncio.start_server(proxy.serve, "127.0.0.1", 0, limit=1 << 20), loop
    ).result(10)
    proxy.endpoint = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield proxy
    finally:
        asyncio.run_coroutine_threadsafe(_shut(server), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()


async def _shut(server: asyncio.Server) -> None:
    server.close()
    others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)
