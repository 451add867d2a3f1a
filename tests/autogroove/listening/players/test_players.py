"""Real players receive playlists, replace and keep them, and say what they lack."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import mpd
import numpy as np
import players
import pytest

from autogroove.errors import PlayerError
from autogroove.listening import Locations, Rules, make_playlist, make_stations, open_collection
from autogroove.listening.players import deliver, deliver_stations, open_player
from autogroove.listening.roots import Root

NUM = 8
MUSICBRAINZ_ID = "0f3b2d1c-1111-4222-8333-abcdefabcdef"
ENVIRONMENT = {
    "AUTOGROOVE_PLAYERS": "/nowhere/players.toml",
    "AUTOGROOVE_PLAYER_USER": players.USER,
    "AUTOGROOVE_PLAYER_PASSWORD": players.PASSWORD,
}


def tags(at: int) -> dict[str, str]:
    found = {"title": f"Söng '{at}' \"x\"", "artist": f"Artist & {at}", "album": f"Album {at}"}
    return found | ({"musicbrainz_trackid": MUSICBRAINZ_ID} if at == 2 else {})


@dataclass
class Place:
    """A running player and how to look into it."""

    target: str
    read: Any
    """From a playlist's name to the titles in it, in order."""
    names: Any


@pytest.fixture(scope="module")
def music(tmp_path_factory) -> Path:
    """As the player sees it: song 2 and 3 lie elsewhere than here, song 4 is not there."""
    root = tmp_path_factory.mktemp("player") / "music"
    for at in range(NUM):
        if at != 4:
            folder = "Elsewhere" if at in (2, 3) else f"Artist {at}"
            seconds = 2 + at * 10 if at < 4 else 1
            players.write_song(root / folder / f"{at} ünder.flac", seconds, **tags(at))
    return root


@pytest.fixture(scope="module", params=["mpd", "subsonic"])
def place(request, music, tmp_path_factory) -> Iterator[Place]:
    folder = tmp_path_factory.mktemp("server")
    if request.param == "mpd":
        if shutil.which("mpd") is None:
            pytest.skip("MPD is not installed (apt-get install mpd)")
        with players.mpd_server(folder / "mpd", music, players.PASSWORD) as port:
            client = mpd.MPDClient()
            client.connect("127.0.0.1", port)
            client.password(players.PASSWORD)
            yield Place(
                f"mpd://127.0.0.1:{port}",
                lambda name: [song["title"] for song in client.listplaylistinfo(name)],
                lambda: {each["playlist"] for each in client.listplaylists()},
            )
            client.disconnect()
        return
    pytest.importorskip("supysonic", reason="supysonic is not installed")
    with players.subsonic_server(folder / "subsonic", music) as url:

        def ask(method: str, **query: str) -> Any:
            about = {"u": players.USER, "p": players.PASSWORD, "c": "test", "f": "json"} | query
            found = httpx.get(
                f"{url}/rest/{method}", params=about, trust_env=False, timeout=60
            ).json()
            return found["subsonic-response"]

        def read(name: str) -> list[str]:
            (known,) = [
                x for x in ask("getPlaylists")["playlists"]["playlist"] if x["name"] == name
            ]
            found = ask("getPlaylist", id=known["id"])["playlist"]
            return [song["title"] for song in found.get("entry", ())]

        yield Place(
            url, read, lambda: {x["name"] for x in ask("getPlaylists")["playlists"]["playlist"]}
        )


@pytest.fixture
def collection(make_release):
    """The same songs as the release knows them, under /library."""
    codes = np.random.default_rng(2).normal(size=(NUM, 4))
    described = [tags(at) for at in range(NUM)]
    return open_collection(
        make_release(
            codes,
            clusters=[0, 0, 0, 0, 12, 12, 12, 12],
            path=[f"Artist {at}/{at} ünder.flac" for at in range(NUM)],
            title=[each["title"] for each in described],
            artist=[each["artist"] for each in described],
            musicbrainz_recording_id=[each.get("musicbrainz_trackid") for each in described],
            duration_seconds=[2.0 + at * 10 if at < 4 else 1.0 for at in range(NUM)],
        )
    )


def send(place: Place, collection, playlist, name=None, root="/library", roots=()):
    locations = Locations.of_source(root, roots=roots)
    player, located = open_player(place.target, locations, ENVIRONMENT)
    try:
        return deliver(player, playlist, collection, located, name)
    finally:
        player.close()


def test_a_list_is_created_in_order_and_what_is_not_there_is_told(place, collection) -> None:
    made = make_playlist(collection, [10], Rules(length=NUM))
    done = send(place, collection, made, "Mine")
    expected = [s.song for s in made.tracks if s.song.track_id != 22]
    assert place.read("Mine") == [song.title for song in expected]
    assert done.sent == tuple(song.track_id for song in expected)
    assert [song.track_id for song in done.missing] == [22]
    assert not done.replaced


def test_a_list_of_the_name_is_replaced_and_others_stay(place, collection) -> None:
    first = make_playlist(collection, [10], Rules(length=6))
    send(place, collection, first, "Other")
    before = place.read("Other")
    send(place, collection, first, "Twice")
    second = make_playlist(collection, [13], Rules(length=2))
    assert send(place, collection, second, "Twice").replaced
    assert len(place.read("Twice")) == 2
    assert place.read("Twice")[0] == tags(1)["title"]
    assert place.read("Other") == before
    assert not any("new" in name for name in place.names())


def test_a_player_without_any_of_the_tracks_keeps_its_list(place, collection, make_release) -> None:
    send(place, collection, make_playlist(collection, [10], Rules(length=3)), "Kept")
    before = place.read("Kept")
    strangers = open_collection(make_release(np.eye(3)))
    with pytest.raises(PlayerError, match=r"none of the 3 tracks.*--root FROM=TO"):
        send(place, strangers, make_playlist(strangers, [10]), "Kept")
    assert place.read("Kept") == before


def test_a_root_says_where_the_player_sees_the_music(place, make_release) -> None:
    untagged = {"title": [None] * 2, "artist": [None] * 2, "album": [None] * 2}
    paths = ["Deep/Artist 0/0 ünder.flac", "Deep/Artist 1/1 ünder.flac"]
    collection = open_collection(make_release(np.eye(2), path=paths, **untagged))
    made = make_playlist(collection, [10])
    with pytest.raises(PlayerError):
        send(place, collection, made, "Rooted")
    done = send(place, collection, made, "Rooted", roots=[Root.parse("/library/Deep=")])
    assert len(done.sent) == 2


def test_a_longer_list_than_one_request_holds_is_whole(place, collection) -> None:
    made = make_playlist(collection, [10], Rules(length=3, exclude=frozenset({22})))
    longer = type(made)(made.title, made.release, made.tracks * 300)
    assert len(send(place, collection, longer, "Long").sent) == 900
    assert len(place.read("Long")) == 900


def test_stations_keep_the_names_that_they_have(place, collection) -> None:
    player, located = open_player(place.target, Locations.of_source("/library"), ENVIRONMENT)
    stations = make_stations(collection)
    deliver_stations(player, stations, collection, located, prefix="AG")
    names = {name for name in place.names() if name.startswith("AG ")}
    assert {name.split(" · ")[0] for name in names} == {"AG 0", "AG 12"}
    renamed = [type(s)(s.cluster, "Another exemplar", s.playlist) for s in stations[:1]]
    _, gone = deliver_stations(player, renamed, collection, located, prefix="AG")
    assert {name for name in place.names() if name.startswith("AG ")} == names
    assert len(gone) == 1
    deliver_stations(player, renamed, collection, located, prefix="AG", prune=True)
    assert {name for name in place.names() if name.startswith("AG ")} == names - set(gone)
    player.close()


def test_a_wrong_password_is_told_without_the_password(place, collection) -> None:
    wrong = ENVIRONMENT | {"AUTOGROOVE_PLAYER_PASSWORD": "not-the-secret"}
    with pytest.raises(PlayerError) as found:
        open_player(place.target, Locations.of_source("/library"), wrong)
    assert "not-the-secret" not in str(found.value)
    assert place.target.partition("://")[2] in str(found.value)


def test_a_player_tells_whether_it_has_a_list(place: Place, collection) -> None:
    send(place, collection, make_playlist(collection, [10], Rules(length=2)), "Here / now")
    player, _ = open_player(place.target, Locations.of_source("/library"), ENVIRONMENT)
    try:
        assert player.has("Here / now")
        assert not player.has("Here")
    finally:
        player.close()
