"""The API: answers agree with the release, bytes with the files, and strangers stay outside."""

import io
import socket
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from starlette.testclient import TestClient

from autogroove.errors import AutogrooveError
from autogroove.listening.assigning import assign_files
from autogroove.listening.explorer.app import create_app
from autogroove.listening.explorer.serving import is_loopback, serve_explorer, warn_open
from autogroove.releases.reading import open_release
from autogroove.store.store import Store

pytestmark = pytest.mark.slow  # the store is a real run of the whole line
AT = "/api/releases/2"


def test_releases_are_listed_newest_first(client: TestClient) -> None:
    answer = client.get("/api/releases").json()
    assert answer["default"] == 2
    assert [row["release"] for row in answer["releases"]] == [2, 1]
    assert client.get(AT).json()["coverage"] == {
        "source": 16,
        "stored": 16,
        "quarantined": 0,
        "excluded": 0,
    }
    assert client.get("/api/releases/9").status_code == 404


def test_what_changed_is_named(client: TestClient) -> None:
    changes = client.get(f"{AT}/changes").json()
    assert changes["before"] == 1
    assert [song["title"] for song in changes["removed"]["tracks"]] == ["Gone"]
    assert {song["title"] for song in changes["added"]["tracks"]} == {"Song 00", "Song 01"}
    assert client.get("/api/releases/1/changes").status_code == 404


def test_the_map_is_the_release(client: TestClient, store: Store) -> None:
    release = open_release(store, 2)
    data = client.get(f"{AT}/points").content
    num = len(release.track_ids)
    assert len(data) == 26 * num
    ids = np.frombuffer(data, "<f8", num)
    places = np.frombuffer(data, "<f4", 2 * num, 8 * num)
    clusters = np.frombuffer(data, "<i4", num, 20 * num)
    exemplars = np.frombuffer(data, "u1", num, 25 * num)
    np.testing.assert_array_equal(ids.astype(np.int64), release.track_ids)
    by_id = release.clusters.set_index("track_id")["cluster"]
    np.testing.assert_array_equal(clusters, by_id.loc[release.track_ids].to_numpy())
    assert exemplars.sum() == release.manifest.parts.counts.clusters
    assert np.abs(places).max() == pytest.approx(1, abs=1e-5)


def test_neighbours_come_with_the_clips_that_matched(client: TestClient, track_id: int) -> None:
    found = client.get(f"{AT}/tracks/{track_id}/similar", params={"limit": 5}).json()
    assert len(found) == 5
    assert [song["score"] for song in found] == sorted((s["score"] for s in found), reverse=True)
    for song in found:
        assert song["match"]["other_start_seconds"] in (0.0, 2.0, 4.0)
    shown = client.get(f"{AT}/tracks/{track_id}").json()
    assert shown["clip_starts"] == [0.0, 2.0, 4.0]
    assert shown["tempo_bpm"] == pytest.approx(80, rel=0.06)


def test_playlists_paths_and_files(client: TestClient, track_id: int, music: Path) -> None:
    question = {"seeds": [track_id], "length": 8}
    playlist = client.post(f"{AT}/playlist", json=question).json()
    ids = [song["track_id"] for song in playlist["tracks"]]
    assert len(ids) == 8
    assert ids[0] == track_id
    path = client.get(f"{AT}/path", params={"start": ids[0], "goal": ids[-1], "length": 4}).json()
    assert [path["tracks"][0]["track_id"], path["tracks"][-1]["track_id"]] == [ids[0], ids[-1]]
    export = client.post(f"{AT}/export", json={"track_ids": ids, "format": "m3u8"})
    assert export.headers["content-disposition"] == 'attachment; filename="autogroove.m3u8"'
    files = [line for line in export.text.splitlines() if not line.startswith("#")]
    assert len(files) == 8
    assert all(Path(name).is_relative_to(music) and Path(name).is_file() for name in files)


@pytest.mark.parametrize(
    "body",
    [
        {"seeds": []},
        {"seeds": [1], "length": 10**9},
        {"seeds": [1], "unknown": 1},
        {"seeds": ["x"]},
    ],
)
def test_questions_have_bounds(client: TestClient, body: dict) -> None:
    assert client.post(f"{AT}/playlist", json=body).status_code == 422


def test_a_stranger_to_the_release_is_refused_with_words(client: TestClient) -> None:
    answer = client.get(f"{AT}/tracks/1/similar")
    assert answer.status_code == 404
    assert "not among the 16 tracks" in answer.json()["detail"]


def test_stations_hold_every_track_once(client: TestClient) -> None:
    stations = client.get(f"{AT}/stations").json()
    members = [
        song["track_id"]
        for station in stations
        for song in client.get(f"{AT}/stations/{station['cluster']}").json()["tracks"]
    ]
    assert len(members) == len(set(members)) == 16
    assert client.get(f"{AT}/stations/999").status_code == 404


def test_audio_is_the_file_in_every_range(client: TestClient, track_id: int, music: Path) -> None:
    whole = (music / "g0" / "song 0.mp3").read_bytes()
    place = f"{AT}/tracks/{track_id}/audio"

    def ask(wanted: str | None = None) -> tuple[int, bytes, str | None]:
        answer = client.get(place, headers={"range": wanted} if wanted else {})
        return answer.status_code, answer.content, answer.headers.get("content-range")

    size = len(whole)
    assert ask() == (200, whole, None)
    assert ask("bytes=0-99") == (206, whole[:100], f"bytes 0-99/{size}")
    assert ask("bytes=100-") == (206, whole[100:], f"bytes 100-{size - 1}/{size}")
    assert ask("bytes=-7") == (206, whole[-7:], f"bytes {size - 7}-{size - 1}/{size}")
    assert ask(f"bytes=5-{10 * size}") == (206, whole[5:], f"bytes 5-{size - 1}/{size}")
    assert ask(f"bytes={size}-") == (416, b"", f"bytes */{size}")
    assert ask("bytes=9-3")[0] == 416
    assert ask("bytes=0-1,4-5")[:2] == (200, whole)
    shown = client.get(place, headers={"accept-encoding": "gzip"}).headers
    assert shown["content-type"] == "audio/mpeg"
    assert shown["content-encoding"] == "identity"
    assert shown["content-length"] == str(size)


def test_audio_that_has_gone_says_so(client: TestClient, store: Store) -> None:
    release = open_release(store, 1)
    row = release.catalogue.set_index("path").loc["gone.mp3"]
    answer = client.get(f"/api/releases/1/tracks/{row['track_id']}/audio")
    assert answer.status_code == 404
    assert "no longer has gone.mp3" in answer.json()["detail"]


def test_pictures_show_the_stored_clip(client: TestClient, track_id: int, store: Store) -> None:
    image = open_release(store, 2).clips(track_id)[1]
    picture = Image.open(
        io.BytesIO(client.get(f"{AT}/tracks/{track_id}/spectrogram/1.png").content)
    )
    assert picture.size == (image.shape[1], image.shape[0])
    brightness = np.asarray(picture.convert("L"), dtype=float)[::-1]
    assert np.corrcoef(brightness.ravel(), image.ravel())[0, 1] > 0.95
    made = client.get(f"{AT}/tracks/{track_id}/reconstruction/1.png")
    assert Image.open(io.BytesIO(made.content)).size == picture.size
    for clip in (-1, 3):
        assert client.get(f"{AT}/tracks/{track_id}/spectrogram/{clip}.png").status_code == 404


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "", "10.0.0.1:8765"])
def test_another_name_for_this_machine_is_not_answered(client: TestClient, host: str) -> None:
    answer = client.get("/api/releases", headers={"host": host})
    assert answer.status_code == 400
    assert "releases" not in answer.text


@pytest.mark.parametrize("host", ["127.0.0.1:8765", "LOCALHOST", "[::1]:80"])
def test_loopback_names_are_answered(client: TestClient, host: str) -> None:
    assert client.get("/api/releases", headers={"host": host}).status_code == 200


def test_every_answer_carries_the_policy(client: TestClient) -> None:
    for path in ("/", "/static/main.js", "/api/releases", "/nothing", "/docs"):
        headers = client.get(path).headers
        assert "default-src 'none'" in headers["content-security-policy"]
        assert "unsafe" not in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"


def test_the_page_needs_nothing_from_elsewhere(client: TestClient) -> None:
    for path in ("/", "/docs", "/static/main.js", "/static/styles.css"):
        text = client.get(path).text
        assert "https://" not in text
        assert "//cdn" not in text
    assert "/releases/{number}/search" in client.get("/docs").text
    assert client.get("/static/../app.py").status_code == 404
    assert client.get("/static/%2e%2e/app.py").status_code == 404


def test_a_token_is_asked_for_and_kept(store: Store) -> None:
    app = create_app(store.url, token="sesame", hosts=None)
    outside = TestClient(app, base_url="http://music.example", follow_redirects=False)
    assert outside.get("/api/releases").status_code == 401
    assert outside.get("/").status_code == 401
    assert outside.get("/?token=wrong").status_code == 401
    bearer = {"authorization": "Bearer sesame"}
    assert outside.get("/api/releases", headers=bearer).status_code == 200
    entered = outside.get("http://music.example//evil.example/?token=sesame&x=1")
    assert entered.status_code == 303
    assert entered.headers["location"] == "/evil.example/?x=1"
    assert "HttpOnly" in entered.headers["set-cookie"]
    assert outside.get("/api/releases").status_code == 200


@pytest.mark.parametrize(
    ("host", "local"),
    [("127.0.0.1", True), ("localhost", True), ("::1", True), ("0.0.0.0", False), ("::", False)],
)
def test_an_open_address_is_known_and_warned_of(host: str, local: bool) -> None:
    assert is_loopback(host) is local
    assert "no --token" in warn_open(host, None)
    assert "no --token" not in warn_open(host, "sesame")


def test_a_taken_port_is_an_error_for_people(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(AutogrooveError, match="another --port"):
            serve_explorer(str(tmp_path), port=port)


def test_files_from_outside_find_their_crowd(store: Store, music: Path, tmp_path: Path) -> None:
    release = open_release(store, 2)
    (tmp_path / "noise.mp3").write_bytes(b"<html>not audio")
    again = music / "g1" / "song 2.mp3"
    found = assign_files(release, [again, tmp_path / "noise.mp3", tmp_path / "gone.mp3"], count=3)
    row = release.catalogue.set_index("path").loc["g1/song 2.mp3"]
    cluster = release.clusters.set_index("track_id").loc[row["track_id"], "cluster"]
    assert found[0].neighbours[0].song.track_id == row["track_id"]
    assert (found[0].cluster, found[0].clips) == (cluster, 3)
    assert [each.reason for each in found] == [None, "not_audio", "unreadable"]


def test_a_store_without_a_release_is_no_error(tmp_path: Path) -> None:
    empty = TestClient(create_app(str(tmp_path)), base_url="http://localhost")
    assert empty.get("/api/releases").json() == {"default": None, "releases": []}
    assert empty.get("/").status_code == 200
