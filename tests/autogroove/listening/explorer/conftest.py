"""A small store with real audio, an app on it, and a real browser before that."""

import shutil
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import uvicorn
from browsing import PATIENCE_MS
from musical import TrackView, publish_folder, write_songs
from starlette.testclient import TestClient

from autogroove.listening.explorer.app import create_app
from autogroove.listening.explorer.serving import configure_server
from autogroove.store.store import Store

HOSTILE = {
    "hostile/script.mp3": '<script>window.pwned = 1</script><img src=x onerror="window.pwned = 1">',
    "hostile/rtl.mp3": "\u202e\u05e9\u05dc\u05d5\u05dd \u0645\u0631\u062d\u0628\u0627",
    "hostile/emoji.mp3": "🎷🎺 Groove \u200d👩‍🎤",
    "hostile/#quote's 100%.mp3": "It's \"100 %\" & more; 'quoted'",
}
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
CHROMIUM_OPTIONS = [
    "--no-sandbox",
    "--use-gl=angle",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--autoplay-policy=no-user-gesture-required",
]


def make_songs() -> list[TrackView]:
    plain = [
        TrackView(
            f"g{groove}/song {at}.mp3", f"Song {groove}{at}", f"Artist {at}", groove, f"Album {at}"
        )
        for groove in range(3)
        for at in range(4)
    ]
    hostile = [
        TrackView(path, title, title, at % 3, title, genre=title)
        for at, (path, title) in enumerate(HOSTILE.items())
    ]
    return [*plain, *hostile]


@pytest.fixture(scope="session")
def hostile_titles() -> list[str]:
    """What strangers write into tags."""
    return list(HOSTILE.values())


@pytest.fixture(scope="session")
def music(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the second release; the first had one song more and two fewer."""
    return tmp_path_factory.mktemp("music")


@pytest.fixture(scope="session")
def store(tmp_path_factory: pytest.TempPathFactory, music: Path) -> Store:
    """Two releases of a folder that changed between them."""
    place = Store(tmp_path_factory.mktemp("explorer") / "store")
    songs = make_songs()
    write_songs(music, [*songs[2:], TrackView("gone.mp3", "Gone", "Nobody", 1)])
    publish_folder(place, music)
    write_songs(music, songs)
    (music / "gone.mp3").unlink()
    publish_folder(place, music)
    return place


@pytest.fixture(scope="session")
def client(store: Store) -> TestClient:
    return TestClient(create_app(store.url), base_url="http://127.0.0.1")


@pytest.fixture(scope="session")
def track_id(client: TestClient) -> int:
    """A track of the second release."""
    (song,) = client.get("/api/releases/2/search", params={"q": "song 00"}).json()
    return int(song["track_id"])


@pytest.fixture(scope="session")
def calm(store: Store) -> TestClient:
    """A client that is told 500 as a browser is, and not by the exception itself."""
    app = create_app(store.url)
    return TestClient(app, base_url="http://127.0.0.1", raise_server_exceptions=False)


@pytest.fixture
def serve() -> Iterator[object]:
    """Serves apps on free loopback ports; gives their addresses."""
    running: list[tuple[uvicorn.Server, threading.Thread]] = []

    def start(app: object) -> str:
        listening = socket.create_server(("127.0.0.1", 0))
        server = uvicorn.Server(configure_server(app, log_level="error"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
        thread.start()
        running.append((server, thread))
        while not server.started:
            time.sleep(0.02)
        return f"http://127.0.0.1:{listening.getsockname()[1]}/"

    yield start
    for server, thread in running:
        server.should_exit = True
        thread.join(10)


@pytest.fixture(scope="session")
def chromium() -> Iterator[object]:
    if CHROMIUM is None:
        pytest.skip("Chromium is not installed (apt-get install chromium)")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_OPTIONS)
        yield browser
        browser.close()


@pytest.fixture
def open_page(chromium, serve, store: Store) -> Iterator[Callable]:
    """Opens the explorer; fails the test on any script error or refused request."""
    faults: list[str] = []
    contexts = []

    def open_(url: str | None = None, **options):
        context = chromium.new_context(**options)
        context.set_default_timeout(PATIENCE_MS)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("console", lambda text: text.type == "error" and faults.append(text.text))
        page.goto(url or serve(create_app(store.url)))
        return page

    yield open_
    for context in contexts:
        context.close()
    assert faults == []
