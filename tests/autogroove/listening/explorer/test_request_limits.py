"""What one request may cost: each test is a request that is made to hurt, on a real server."""

import contextlib
import os
import socket
import sys
import threading
import time
from pathlib import Path

import httpx
import psutil
import pytest
from fastapi import FastAPI
from musical import TrackView, publish_folder, write_songs
from places import ROOT
from starlette.testclient import TestClient

from autogroove.errors import AutogrooveError
from autogroove.listening.cancellation import raise_if_cancelled
from autogroove.listening.explorer.app import create_app
from autogroove.listening.explorer.concurrency import computed
from autogroove.listening.explorer.error_answers import explain_errors
from autogroove.listening.explorer.request_limits import RequestLimits
from autogroove.releases.reading import open_release
from autogroove.store.store import Store

pytestmark = pytest.mark.slow  # the store is a real run of the whole line
AT = "/api/releases/2"


@pytest.mark.parametrize("path", ["/", "/docs", "/openapi.json", "/static/main.js", AT])
def test_head_is_get_without_its_body(client: TestClient, path: str) -> None:
    asked = {"accept-encoding": "identity"}
    head, get = client.head(path, headers=asked), client.get(path, headers=asked)
    assert head.status_code == get.status_code == 200
    assert head.content == b""
    assert head.headers == get.headers


def test_head_of_audio_tells_its_size(client: TestClient, track_id: int) -> None:
    place = f"{AT}/tracks/{track_id}/audio"
    head, get = client.head(place), client.get(place)
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-length"] == str(len(get.content))
    part = client.head(place, headers={"range": "bytes=0-9"})
    assert (part.status_code, part.headers["content-length"]) == (206, "10")
    assert client.head(f"{AT}/tracks/1/audio").status_code == 404
    assert client.head(f"{AT}/playlist").status_code == 405


@pytest.fixture
def address(serve, store: Store) -> str:
    return str(serve(create_app(store.url)))


def say(address: str, head: str, body: bytes = b"") -> socket.socket:
    port = httpx.URL(address).port
    opened = socket.create_connection(("127.0.0.1", port or 0), timeout=30)
    opened.sendall(head.replace("\n", "\r\n").encode() + b"\r\n\r\n" + body)
    return opened


def test_a_large_body_is_refused_unread(address: str) -> None:
    started, before = time.perf_counter(), psutil.Process().memory_info().rss
    large = b"[" + b"1," * (30 << 20) + b"1]"
    answer = httpx.post(f"{address}{AT[1:]}/playlist", content=large, timeout=60)
    assert answer.status_code == 413
    assert "2 MiB" in answer.json()["detail"]
    assert time.perf_counter() - started < 10
    assert psutil.Process().memory_info().rss - before - len(large) < 200 << 20
    assert httpx.get(f"{address}api/releases").status_code == 200


def test_a_body_that_never_ends_is_refused(address: str) -> None:
    opened = say(
        address,
        f"POST {AT}/playlist HTTP/1.1\nhost: 127.0.0.1\ncontent-type: application/json\n"
        "transfer-encoding: chunked",
    )
    piece = b"10000\r\n" + b" " * 0x10000 + b"\r\n"
    with opened:
        # The server answers while the body is still coming, and hangs up: a later piece is reset.
        with contextlib.suppress(ConnectionError):
            for _ in range(40):
                opened.sendall(piece)
        assert b" 413 " in opened.recv(100)


def test_a_body_that_never_comes_is_refused(serve, store: Store) -> None:
    address = str(serve(RequestLimits(create_app(store.url), body_seconds=1)))
    head = f"POST {AT}/playlist HTTP/1.1\nhost: 127.0.0.1\ncontent-length: 5"
    with say(address, head, b"{") as opened:
        assert b" 408 " in opened.recv(100)


def test_an_answer_that_takes_too_long_is_ended_with_words(serve, local_store: Store) -> None:
    app = FastAPI()
    app.add_exception_handler(AutogrooveError, explain_errors(local_store))

    @app.get("/")
    @computed
    def count() -> int:
        for _ in range(200):
            raise_if_cancelled()
            time.sleep(0.05)
        return 200

    answer = httpx.get(str(serve(RequestLimits(app, answer_seconds=0.3))), timeout=60)
    assert answer.status_code == 503
    assert "took too long" in answer.json()["detail"]


def test_one_connection_may_ask_for_everything(address: str, track_id: int) -> None:
    """What ended one answer must not end the next: they may run in one another's context."""
    track = f"{address}{AT[1:]}/tracks/{track_id}"
    with httpx.Client(timeout=60) as client:
        for part in ("audio", "spectrogram/0.png", "audio", "similar", "") * 2:
            assert client.get(f"{track}/{part}".rstrip("/")).status_code == 200
            assert client.head(f"{track}/{part}".rstrip("/")).status_code == 200


def count_cpu(seconds: float) -> float:
    """CPU seconds of this process, server included, in a time."""
    before = time.process_time()
    time.sleep(seconds)
    return time.process_time() - before


@pytest.fixture(scope="module")
def crowded(tmp_path_factory: pytest.TempPathFactory) -> tuple[Store, list[int]]:
    """4,000 made-up tracks by eight artists: a long path through them takes seconds."""
    sys.path.insert(0, str(ROOT / "benchmarks"))
    try:
        from made_up_release import publish_made_up
    finally:
        sys.path.pop(0)
    store = Store(tmp_path_factory.mktemp("crowded"))
    publish_made_up(store, 4000, num_artists=8)
    return store, [int(each) for each in open_release(store).track_ids]


def test_work_ends_when_the_client_leaves(serve, crowded: tuple[Store, list[int]]) -> None:
    store, ids = crowded
    address = str(serve(create_app(store.url)))
    httpx.get(f"{address}api/releases/1/search", params={"q": "title"}, timeout=60)
    asked = f"/api/releases/1/path?start={ids[0]}&goal={ids[-1]}&length=100"
    opened = [say(address, f"GET {asked} HTTP/1.1\nhost: 127.0.0.1") for _ in range(12)]
    time.sleep(0.7)
    for each in opened:
        each.close()
    time.sleep(1.5)
    assert count_cpu(2) < 0.5, "somebody still works for nobody"


def test_audio_is_not_read_on_for_nobody(serve, store: Store, track_id: int) -> None:
    """The descriptors of files whose client left are closed."""
    address = str(serve(create_app(store.url)))
    httpx.get(f"{address}{AT[1:]}/tracks/{track_id}/audio")
    before = psutil.Process().num_fds()
    head = f"GET {AT}/tracks/{track_id}/audio HTTP/1.1\nhost: 127.0.0.1"
    for opened in [say(address, head) for _ in range(50)]:
        opened.close()
    for _ in range(100):
        if psutil.Process().num_fds() <= before:
            break
        time.sleep(0.05)
    assert psutil.Process().num_fds() <= before


def test_sixty_pipes_hold_nobody_up(serve, tmp_path: Path) -> None:
    music, store = tmp_path / "music", Store(tmp_path / "store")
    write_songs(music, [TrackView(f"{at}.mp3", f"Song {at}", "A", at) for at in range(3)])
    publish_folder(store, music)
    ids = open_release(store).catalogue["track_id"].tolist()
    for path in music.glob("*.mp3"):
        path.unlink()
        os.mkfifo(path)
    address = str(serve(create_app(store.url)))
    answers: list[int] = []

    def ask(at: int) -> None:
        place = f"{address}api/releases/1/tracks/{ids[at % 3]}/audio"
        answers.append(httpx.get(place, timeout=20).status_code)

    threads = [threading.Thread(target=ask, args=(at,), daemon=True) for at in range(60)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert answers == [404] * 60
    assert httpx.get(f"{address}api/releases", timeout=10).status_code == 200
