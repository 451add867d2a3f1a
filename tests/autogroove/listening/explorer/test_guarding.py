"""Who gets in: by a token of any letters, whatever else is among a browser's cookies."""

import shutil
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from autogroove.listening.explorer.app import create_app
from autogroove.releases.reading import open_release
from autogroove.store.store import Store

pytestmark = pytest.mark.slow  # the store is a real run of the whole line


@pytest.mark.parametrize(
    "neighbour",
    ['theme={"dark":1}', "a[1]=b; c", "=; ;;", 'x="unclosed', "\xff=\xfe", "autogroove_token=old"],
)
def test_a_neighbours_odd_cookie_locks_nobody_out(store: Store, neighbour: str) -> None:
    app = create_app(store.url, token="sesame")
    visitor = TestClient(app, base_url="http://127.0.0.1", follow_redirects=False)
    entered = visitor.get("/?token=sesame")
    own = entered.headers["set-cookie"].partition(";")[0]
    for cookies in (f"{neighbour}; {own}", f"{own}; {neighbour}"):
        stranger = TestClient(app, base_url="http://127.0.0.1")
        answer = stranger.get("/api/releases", headers={"cookie": cookies.encode("latin-1")})
        assert answer.status_code == 200
    assert "sesame" not in own


def test_two_servers_on_two_ports_keep_their_own_cookies(store: Store) -> None:
    browser: dict[str, str] = {}
    apps = [create_app(store.url, token=token) for token in ("first", "second")]
    for app, token in zip(apps, ("first", "second"), strict=True):
        visitor = TestClient(app, base_url="http://127.0.0.1", follow_redirects=False)
        name, _, value = visitor.get(f"/?token={token}").headers["set-cookie"].partition("=")
        browser[name] = value.partition(";")[0]
    cookies = "; ".join(f"{name}={value}" for name, value in browser.items())
    for app in apps:
        visitor = TestClient(app, base_url="http://127.0.0.1")
        assert visitor.get("/api/releases", headers={"cookie": cookies}).status_code == 200


@pytest.mark.parametrize("token", ["schlüssel", "ключ", "🎷", 'with "quotes"; and more', "a b"])
def test_any_token_opens_and_any_other_does_not(store: Store, token: str) -> None:
    app = create_app(store.url, token=token)
    options = {"base_url": "http://127.0.0.1", "raise_server_exceptions": False}
    visitor = TestClient(app, follow_redirects=False, **options)
    wrong = {"authorization": "Bearer sch\xfcssel".encode("latin-1")}
    assert visitor.get("/", headers=wrong).status_code == 401
    for guess in ("wrong", "%ED%A0%80", "%FF", "🎺"):
        assert visitor.get(f"/?token={guess}").status_code == 401
    bearer = {"authorization": b"Bearer " + token.encode()}
    assert visitor.get("/api/releases", headers=bearer).status_code == 200
    assert visitor.get("/", params={"token": token}).status_code == 303
    assert visitor.get("/api/releases").status_code == 200


def test_health_is_told_without_the_token_but_under_no_other_name(store: Store) -> None:
    visitor = TestClient(create_app(store.url, token="sesame"), base_url="http://127.0.0.1")
    for path in ("/healthz", "/readyz"):
        answer = visitor.get(path)
        assert (answer.status_code, answer.text) == (200, "ok\n")
        assert visitor.head(path).status_code == 200
        assert visitor.get(path, headers={"host": "evil.example"}).status_code == 400


def test_a_damaged_release_is_alive_but_not_ready(store: Store, tmp_path: Path) -> None:
    broken = Store(tmp_path / "store")
    shutil.copytree(store.url, broken.url)
    Path(broken.locate(open_release(broken).manifest.parts.clusters.key)).write_bytes(b"")
    visitor = TestClient(create_app(broken.url), base_url="http://127.0.0.1")
    assert visitor.get("/healthz").status_code == 200
    answer = visitor.get("/readyz")
    assert answer.status_code == 503
    assert "damaged" in answer.text
    assert broken.url not in answer.text


def test_a_store_without_a_release_is_ready_to_say_so(tmp_path: Path) -> None:
    visitor = TestClient(create_app(str(tmp_path / "store")), base_url="http://127.0.0.1")
    assert visitor.get("/readyz").status_code == 200
