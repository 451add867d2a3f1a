"""What comes over the wire before there is a question, and connections on which nothing comes."""

import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
import uvicorn

from autogroove.listening.explorer.app import create_app
from autogroove.listening.explorer.connections import WatchedConnection
from autogroove.listening.explorer.serving import configure_server


class Hasty(WatchedConnection):
    idle_seconds = stalled_seconds = 0.8


async def endless(scope, receive, send) -> None:
    """Sends 640 MB to whoever takes them."""
    await send({"type": "http.response.start", "status": 200, "headers": []})
    while await_more := True:
        await send({"type": "http.response.body", "body": bytes(1 << 16), "more_body": await_more})


@pytest.fixture
def port(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[int]:
    app = getattr(request, "param", None) or create_app(str(tmp_path / "store"))
    listening = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(configure_server(app, http=Hasty, log_level="critical"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    yield listening.getsockname()[1]
    server.should_exit = True
    thread.join(10)


def connect(port: int, sent: bytes) -> socket.socket:
    opened = socket.create_connection(("127.0.0.1", port), timeout=20)
    opened.sendall(sent)
    return opened


ODD = {
    "nothing": b"\r\n\r\n",
    "noise": bytes(range(256)) * 20,
    "bad UTF-8 in the path": b"GET /api/releases/\xff\xfe HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n",
    "escaped bad UTF-8": b"GET /static/%ff%fe%00 HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n",
    "a whole address": b"GET http://127.0.0.1/readyz HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n",
    "an authority": b"CONNECT 127.0.0.1:80 HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n",
    "a star": b"OPTIONS * HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n",
    "no host": b"GET / HTTP/1.1\r\n\r\n",
    "two hosts": b"GET / HTTP/1.1\r\nhost: 127.0.0.1\r\nhost: evil.example\r\n\r\n",
    "an old version": b"GET / HTTP/0.9\r\n\r\n",
    "a websocket": b"GET / HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: upgrade\r\n"
    b"upgrade: websocket\r\nsec-websocket-key: eA==\r\nsec-websocket-version: 13\r\n\r\n",
    "two lengths": b"POST /api/releases/1/playlist HTTP/1.1\r\nhost: 127.0.0.1\r\n"
    b"content-length: 2\r\ncontent-length: 3\r\n\r\n{}",
    "an odd chunk": b"POST /api/releases/1/playlist HTTP/1.1\r\nhost: 127.0.0.1\r\n"
    b"transfer-encoding: chunked\r\n\r\nzz\r\n{}",
    "a header of a megabyte": b"GET / HTTP/1.1\r\nhost: 127.0.0.1\r\nx: " + b"x" * (1 << 20),
    "a path of a megabyte": b"GET /" + b"x" * (1 << 20),
    "odd cookies": b'GET / HTTP/1.1\r\nhost: 127.0.0.1\r\ncookie: \xff\xfe=\x80; a[0]="\r\n\r\n',
}


@pytest.mark.parametrize("name", ODD)
def test_no_bytes_are_the_servers_fault(port: int, name: str) -> None:
    with connect(port, b"") as opened:
        try:
            opened.sendall(ODD[name])
            answer = opened.recv(1000)
        except ConnectionError:
            answer = b""  # refused before the end
    status = int(answer.split(b" ")[1]) if answer else 400
    assert status < 500, answer
    assert httpx.get(f"http://127.0.0.1:{port}/healthz").status_code == 200


def test_cookies_of_many_neighbours_lock_nobody_out(port: int) -> None:
    cookies = "; ".join(f"neighbour_{at}={'x' * 3000}" for at in range(60))
    answer = httpx.get(f"http://127.0.0.1:{port}/api/releases", headers={"cookie": cookies})
    assert answer.status_code == 200


@pytest.mark.parametrize(
    "sent", [b"", b"GET / HTTP/1.1\r\nhost: 127", b"GET /healthz HTTP/1.1\r\n"]
)
def test_a_question_that_never_ends_is_not_waited_for(port: int, sent: bytes) -> None:
    opened = [connect(port, sent) for _ in range(50)]
    started = time.monotonic()
    while time.monotonic() - started < 15:
        try:
            opened[0].sendall(b"x")  # as slow a question as can be
            time.sleep(0.1)
        except ConnectionError:
            break
    else:
        pytest.fail("The connection is still open.")
    for each in opened[1:]:
        with each:
            assert read_on(each) == 0


def read_on(opened: socket.socket) -> int:
    """How many bytes come next; 0 where the connection is closed."""
    try:
        return len(opened.recv(1 << 20))
    except ConnectionError:
        return 0


def test_a_connection_serves_more_than_its_idle_time(port: int) -> None:
    with httpx.Client() as client:
        for _ in range(8):
            assert client.get(f"http://127.0.0.1:{port}/healthz").text == "ok\n"
            time.sleep(0.25)


@pytest.mark.parametrize("port", [endless], indirect=True)
def test_an_answer_that_nobody_takes_is_ended(port: int) -> None:
    with connect(port, b"GET / HTTP/1.1\r\nhost: x\r\n\r\n") as opened:
        for _ in range(20):  # whoever takes some of it now and then is served on
            assert opened.recv(1 << 20)
            time.sleep(0.1)
        time.sleep(3)
        left_over = 0
        while taken := read_on(opened):
            left_over += taken
        assert left_over < 100 << 20, "It was sent on to somebody who took nothing."
