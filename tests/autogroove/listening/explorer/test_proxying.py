"""Behind a reverse proxy, and read by pages of other origins."""

from pathlib import Path

import pytest
from starlette.testclient import TestClient

from autogroove.errors import SettingsError
from autogroove.listening.explorer.app import create_app
from autogroove.listening.explorer.proxying import parse_origins, parse_prefix


def visit(store: Path, **options) -> TestClient:
    app = create_app(str(store), **options)
    return TestClient(app, base_url="http://127.0.0.1", follow_redirects=False)


@pytest.mark.parametrize("prefix", ["", "/music"])  # a proxy strips its prefix, or does not
def test_everything_is_below_the_prefix(tmp_path: Path, prefix: str) -> None:
    client = visit(tmp_path, root_path="music/")
    for path in ("/", "/docs", "/static/main.js", "/api/releases", "/healthz", "/openapi.json"):
        assert client.get(prefix + path).status_code == 200, path
    assert client.get(f"{prefix}/nothing").status_code == 404
    assert client.get("/openapi.json").json()["servers"] == [{"url": "/music"}]


def test_the_prefix_alone_leads_to_the_page(tmp_path: Path) -> None:
    answer = visit(tmp_path, root_path="/music").get("/music")
    assert (answer.status_code, answer.headers["location"]) == (307, "/music/")


@pytest.mark.parametrize("prefix", ["", "/music"])
def test_a_token_is_kept_below_the_prefix(tmp_path: Path, prefix: str) -> None:
    client = visit(tmp_path, root_path="/music", token="sesame")
    assert client.get(f"{prefix}/").status_code == 401
    assert client.get(f"{prefix}/healthz").status_code == 200
    entered = client.get(f"{prefix}/?token=sesame")
    assert (entered.status_code, entered.headers["location"]) == (303, "/music/")
    assert client.get(f"{prefix}/api/releases").status_code == 200


def test_the_page_names_nothing_from_the_root(tmp_path: Path) -> None:
    client = visit(tmp_path)
    for path in ("/", "/docs", "/static/api.js", "/static/release.js"):
        text = client.get(path).text
        for quote in "\"'`":
            for name in ("api", "static", "docs", "openapi.json"):
                assert f"{quote}/{name}" not in text, path


@pytest.mark.parametrize(
    "text", ["/mu sic", "/../x", "/a//b", "/<", "https://x/y", "/\udc00", "/."]
)
def test_a_prefix_that_is_no_path_is_refused(text: str) -> None:
    with pytest.raises(SettingsError, match="/music"):
        parse_prefix(text)


@pytest.mark.parametrize(
    "text",
    ["*", "null", "music.example", "https://*.example", "https://a@b", "https://a/b", "x://a"],
)
def test_an_origin_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(SettingsError, match=r"https://music\.example"):
        parse_origins([text])


def test_pages_of_stated_origins_read_answers(tmp_path: Path) -> None:
    client = visit(tmp_path, token="sesame", origins=["https://music.example"])
    asked = {"origin": "https://music.example"}
    preflight = client.options(
        "/api/releases/1/playlist",
        headers=asked
        | {
            "access-control-request-method": "POST",
            "access-control-request-headers": "authorization, content-type",
        },
    )
    assert preflight.status_code == 200
    answer = client.get("/api/releases", headers=asked | {"authorization": "Bearer sesame"})
    assert answer.status_code == 200
    for each in (preflight, answer, client.get("/api/releases", headers=asked)):
        assert each.headers["access-control-allow-origin"] == "https://music.example"
        assert "access-control-allow-credentials" not in each.headers


@pytest.mark.parametrize("origins", [[], ["https://music.example"]])
def test_pages_of_others_do_not(tmp_path: Path, origins: list[str]) -> None:
    client = visit(tmp_path, origins=origins)
    for origin in ("https://evil.example", "null", "https://music.example.evil.example"):
        answer = client.get("/api/releases", headers={"origin": origin})
        assert "access-control-allow-origin" not in answer.headers
        preflight = {"origin": origin, "access-control-request-method": "POST"}
        answer = client.options("/api/releases", headers=preflight)
        assert answer.status_code in (400, 405)
        assert "access-control-allow-origin" not in answer.headers
