"""What is given away: pictures by their content, and audio only as it was scanned."""

import os
import shutil
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from musical import TrackView, publish_folder, write_songs
from starlette.testclient import TestClient

from autogroove.listening.explorer.app import create_app
from autogroove.releases.reading import open_release
from autogroove.store.store import Store

pytestmark = pytest.mark.slow  # the store is a real run of the whole line
AT = "/api/releases/2"


def test_pictures_are_asked_for_again_and_told_by_their_content(
    client: TestClient, track_id: int, tmp_path: Path
) -> None:
    place = f"{AT}/tracks/{track_id}/spectrogram/0.png"
    first = client.get(place)
    assert "immutable" not in first.headers["cache-control"]
    assert "no-cache" in first.headers["cache-control"]
    tag = first.headers["etag"]
    again = client.get(place, headers={"if-none-match": tag})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
    other = client.get(f"{AT}/tracks/{track_id}/spectrogram/1.png")
    assert other.headers["etag"] != tag
    older = client.get(f"/api/releases/1/tracks/{track_id}/spectrogram/0.png")
    assert older.status_code == 404 or older.headers["etag"] != tag


def test_another_store_on_the_same_port_shows_its_own_pictures(
    client: TestClient, tmp_path: Path
) -> None:
    """Equal path and number, so equal addresses; other sound."""
    music, store = tmp_path / "music", Store(tmp_path / "store")
    write_songs(music, [TrackView(f"g0/song {at}.mp3", f"{at}", "A", at % 3) for at in range(1, 9)])
    publish_folder(store, music)
    write_songs(music, [TrackView("g0/song 0.mp3", "Else", "Another", 2)])
    publish_folder(store, music)
    neighbour = TestClient(create_app(store.url), base_url="http://127.0.0.1")
    row = open_release(store, 2).catalogue.set_index("path").loc["g0/song 0.mp3"]
    place = f"{AT}/tracks/{row['track_id']}/spectrogram/0.png"
    kept = client.get(place)
    assert kept.status_code == 200
    fresh = neighbour.get(place, headers={"if-none-match": kept.headers["etag"]})
    assert fresh.status_code == 200
    assert fresh.content != kept.content


@pytest.mark.parametrize("path", ["/", "/static/main.js", "/api/releases", f"{AT}/points"])
def test_nothing_is_kept_without_asking(client: TestClient, path: str) -> None:
    assert client.get(path).headers["cache-control"] == "no-cache"


# What is served as audio


@pytest.fixture(scope="module")
def scanned(tmp_path_factory: pytest.TempPathFactory) -> tuple[TestClient, Path, str]:
    """An app on a release of three songs, their folder, and where the second is to be had."""
    place = tmp_path_factory.mktemp("scanned")
    music, store = place / "music", Store(place / "store")
    songs = [TrackView(f"folder/{at}.mp3", f"Song {at}", "A", at) for at in range(3)]
    write_songs(music, songs)
    publish_folder(store, music)
    row = open_release(store).catalogue.set_index("path").loc["folder/1.mp3"]
    client = TestClient(create_app(store.url), base_url="http://127.0.0.1")
    return client, music, f"/api/releases/1/tracks/{row['track_id']}/audio"


@pytest.fixture
def replaced(
    scanned: tuple[TestClient, Path, str], tmp_path: Path
) -> Iterator[Callable[[Callable[[Path], None]], httpx.Response]]:
    """Replaces the second song, and asks for it."""
    client, music, place = scanned
    shutil.copytree(music, tmp_path / "kept")
    assert client.get(place).status_code == 200

    def ask(replace: Callable[[Path], None]) -> httpx.Response:
        replace(music / "folder" / "1.mp3")
        return client.get(place)

    yield ask
    shutil.rmtree(music)
    for left in ("secret", "elsewhere", "moved"):
        shutil.rmtree(music.parent / left, ignore_errors=True)
        (music.parent / left).unlink(missing_ok=True)
    shutil.copytree(tmp_path / "kept", music)


def swap(make: Callable[[Path], None]) -> Callable[[Path], None]:
    def replace(path: Path) -> None:
        path.unlink()
        make(path)

    return replace


def link_of_equal_size(path: Path) -> None:
    secret = path.parents[2] / "secret"
    secret.write_bytes(b"s" * path.stat().st_size)
    path.unlink()
    path.symlink_to(secret)


def linked_folder(path: Path) -> None:
    """The folder becomes a link out of the source to a file of that name and size."""
    elsewhere = path.parents[2] / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / path.name).write_bytes(b"s" * path.stat().st_size)
    shutil.rmtree(path.parent)
    path.parent.symlink_to(elsewhere)


REPLACED = {
    "a pipe": swap(os.mkfifo),
    "a link to a pipe": swap(lambda path: (os.mkfifo(path.parent / "p"), path.symlink_to("p"))[1]),
    "a link to a file outside": swap(lambda path: path.symlink_to("/etc/passwd")),
    "a link to a device": swap(lambda path: path.symlink_to("/dev/zero")),
    "a link to the process": swap(lambda path: path.symlink_to("/proc/self/environ")),
    "a link to a file of equal size": link_of_equal_size,
    "a linked folder": linked_folder,
    "a folder": swap(Path.mkdir),
    "a file of another size": lambda path: path.write_bytes(b"ID3" + bytes(100)),
    "an empty file": lambda path: path.write_bytes(b""),
    "a link to itself": swap(lambda path: path.symlink_to(path)),
    "a socket": swap(lambda path: socket.socket(socket.AF_UNIX).bind(str(path))),
    "no folder": lambda path: shutil.rmtree(path.parent),
    "a file for its folder": lambda path: (
        shutil.rmtree(path.parent),
        path.parent.write_bytes(b"x"),
    )[0],
}


@pytest.mark.parametrize("kind", REPLACED)
@pytest.mark.timeout(60)
def test_only_what_was_scanned_is_served(replaced, scanned, kind: str) -> None:
    answer = replaced(REPLACED[kind])
    assert answer.status_code == 404
    assert "folder/1.mp3" in answer.json()["detail"]
    assert str(scanned[1]) not in answer.text


@pytest.mark.parametrize("linked", ["file", "folder"])
def test_a_link_to_the_very_bytes_is_followed_as_the_scan_does(replaced, linked: str) -> None:
    def move(path: Path) -> None:
        inner = path if linked == "file" else path.parent
        moved = inner.parent.parent.parent / "moved"
        inner.rename(moved)
        inner.symlink_to(moved)

    answer = replaced(move)
    assert answer.status_code == 200
    assert answer.content[:3] == b"ID3"
