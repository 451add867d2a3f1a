"""The similarity service, used over the wire by a real client of Subsonic servers."""

import shutil
from pathlib import Path
from xml.etree import ElementTree

import httpx
import pytest
from libopensonic import Connection, errors
from starlette.testclient import TestClient

from autogroove.listening.choosing import find_similar
from autogroove.listening.explorer.app import create_app
from autogroove.listening.library import open_collection
from autogroove.listening.roots import Root
from autogroove.releases.log import rollback
from autogroove.releases.reading import open_release
from autogroove.store.store import Store

pytestmark = pytest.mark.slow
TOKEN = "only for tests"


def connect(address: str, **options) -> Connection:
    url, _, port = address.rstrip("/").rpartition(":")
    return Connection(url, "listener", port=int(port), **({"password": TOKEN} | options))


@pytest.mark.parametrize("options", [{}, {"use_get": True}, {"legacy_auth": True}])
def test_a_client_asks_for_neighbours_and_ways(
    serve, store: Store, music: Path, track_id: int, options: dict
) -> None:
    roots = [Root(str(music), "/data")]
    client = connect(serve(create_app(store.url, token=TOKEN, roots=roots)), **options)
    assert client.ping()
    assert "sonicSimilarity" in {each.name for each in client.get_open_subsonic_extensions()}
    collection = open_collection(open_release(store))
    expected = find_similar(collection, track_id, count=5)
    found = client.get_sonic_similar_tracks(str(track_id), 5)
    assert [match.entry.id for match in found] == [str(s.song.track_id) for s in expected]
    assert [match.similarity for match in found] == [round(s.score, 6) for s in expected]
    first = found[0].entry
    assert first.title == expected[0].song.title
    assert first.path == f"/data/{expected[0].song.path}"
    again = client.get_sonic_similar_tracks(first.path, 5)  # by the path that a player knows
    assert again[0].entry.id == client.get_sonic_similar_tracks(first.id, 5)[0].entry.id
    way = client.find_sonic_path(str(track_id), first.path, 4)
    assert (way[0].entry.id, way[-1].entry.id) == (str(track_id), first.id)
    assert 2 <= len(way) <= 4
    with pytest.raises(errors.DataNotFoundError):
        client.get_sonic_similar_tracks("nobody knows this", 5)
    client.cleanup()


def test_only_who_has_the_token_is_answered(serve, store: Store, track_id: int) -> None:
    address = serve(create_app(store.url, token=TOKEN))
    stranger = connect(address, password="guessed")
    with pytest.raises(errors.CredentialError):
        stranger.get_sonic_similar_tracks(str(track_id))
    stranger.cleanup()
    question = f"{address}rest/getSonicSimilarTracks.view"
    asked = {"id": track_id, "f": "json"}
    refused = httpx.get(question, params=asked).json()["subsonic-response"]
    assert refused["error"]["code"] == 40
    keyed = httpx.get(question, params=asked | {"apiKey": TOKEN}).json()["subsonic-response"]
    assert keyed["status"] == "ok"
    assert httpx.get(f"{address}api/releases").status_code == 401


def ask(client: TestClient, **asked: object) -> dict:
    answer = client.get("/rest/getSonicSimilarTracks", params={"f": "json", **asked})
    assert answer.status_code == 200
    return answer.json()["subsonic-response"]


def test_a_song_is_known_by_name_too(client: TestClient, music: Path, track_id: int) -> None:
    expected = ask(client, id=track_id)["sonicMatch"]
    for asked in (
        {"artist": "Artist 0", "title": "Song 00"},
        {"id": "an id of another server", "artist": "artist 0", "title": "song 00"},
        {"path": str(music / "g0/song 0.mp3")},
        {"id": "g0/song 0.mp3"},
    ):
        assert ask(client, **asked)["sonicMatch"] == expected
    assert ask(client)["error"] == {
        "code": 10,
        "message": "Required parameter id is missing.",
    }
    for asked in ({"id": 12}, {"title": "Song 00"}, {"path": "/elsewhere/g0/song 0.mp3"}):
        assert ask(client, **asked)["error"]["code"] == 70
    for asked in ({"id": track_id, "count": 0}, {"title": "a", "duration": "long"}):
        assert ask(client, **asked)["error"]["code"] == 0


def test_the_api_finds_a_song_of_the_current_release(client: TestClient, track_id: int) -> None:
    found = client.get("/api/find", params={"artist": "Artist 0", "title": "Song 00"}).json()
    assert (found["release"], found["track"]["track_id"]) == (2, track_id)
    by_path = client.get("/api/find", params={"path": "g0/song 0.mp3"}).json()
    assert by_path == found
    lost = client.get("/api/find", params={"musicbrainz_id": "0000"})
    assert lost.status_code == 404
    assert "does not have this song" in lost.json()["detail"]


def test_the_current_release_answers_without_a_restart(tmp_path: Path, store: Store) -> None:
    own = Store(shutil.copytree(store.url, tmp_path / "store"))
    client = TestClient(create_app(own.url), base_url="http://127.0.0.1")
    assert ask(client, artist="Nobody", title="Gone")["status"] == "failed"
    rollback(own, 1)
    assert ask(client, artist="Nobody", title="Gone")["status"] == "ok"


def test_who_asks_for_xml_gets_it(client: TestClient, track_id: int) -> None:
    answer = client.post("/rest/getSonicSimilarTracks.view", data={"id": track_id, "count": 3})
    root = ElementTree.fromstring(answer.content)
    assert root.attrib["status"] == "ok"
    assert root.attrib["openSubsonic"] == "true"
    matches = root.findall("{*}sonicMatch")
    assert len(matches) == 3
    assert all(match.find("{*}entry").attrib["isDir"] == "false" for match in matches)
    failed = ElementTree.fromstring(client.get("/rest/getArtists.view").content)
    assert failed.find("{*}error").attrib["code"] == "0"
