"""The player sees the music elsewhere: in a container, on a NAS, on Windows."""

import json

import pytest

from autogroove.errors import SettingsError
from autogroove.listening import Locations
from autogroove.listening.exports import export_playlist
from autogroove.listening.roots import Root


def locations(*roots: str) -> Locations:
    return Locations.of_source("/library", roots=[Root.parse(root) for root in roots])


@pytest.mark.parametrize(
    ("root", "path", "uri"),
    [
        ("/library=/music", "/music/A b/1 ü.mp3", "file:///music/A%20b/1%20%C3%BC.mp3"),
        ("/library/=/music/", "/music/A b/1 ü.mp3", "file:///music/A%20b/1%20%C3%BC.mp3"),
        ("/library=D:\\M", "D:\\M\\A b\\1 ü.mp3", "file:///D:/M/A%20b/1%20%C3%BC.mp3"),
        ("/library=\\\\nas\\m", "\\\\nas\\m\\A b\\1 ü.mp3", "file://nas/m/A%20b/1%20%C3%BC.mp3"),
        ("/library=", "A b/1 ü.mp3", "A%20b/1%20%C3%BC.mp3"),
        ("/library=http://h/m", "http://h/m/A%20b/1%20%C3%BC.mp3", "http://h/m/A%20b/1%20%C3%BC.mp3"),
    ],
)  # fmt: skip
def test_a_path_is_written_as_the_player_sees_it(root, path, uri) -> None:
    found = locations(root)
    assert found.path("A b/1 ü.mp3") == path
    assert found.uri("A b/1 ü.mp3") == uri


def test_the_closest_root_wins_and_others_stay() -> None:
    found = locations("/library=/a", "/library/deep=/b", "/lib=/c")
    assert found.path("x.mp3") == "/a/x.mp3"
    assert found.path("deep/x.mp3") == "/b/x.mp3"
    assert found.path("deeper/x.mp3") == "/a/deeper/x.mp3"
    assert locations("/elsewhere=/a").path("x.mp3") == "x.mp3"


@pytest.mark.parametrize("text", ["", "/music", "=/music"])
def test_what_is_no_pair_is_refused(text) -> None:
    with pytest.raises(SettingsError, match="FROM=TO"):
        Root.parse(text)


def test_every_format_has_the_roots(make_release) -> None:
    from autogroove.listening import make_playlist

    made = make_playlist(make_release([[0.0], [1.0]]), [10])
    found = locations("/library=/music")
    for format_ in ("m3u8", "xspf", "jspf", "csv", "json"):
        text = export_playlist(made, format_, found)
        assert "/music/000/song" in text
    located = json.loads(export_playlist(made, "json", found))["tracks"][0]["location"]
    assert located == "/music/000/song 0.mp3"
