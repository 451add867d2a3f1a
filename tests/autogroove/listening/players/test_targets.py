"""Which player is meant; and secrets stay secret."""

from pathlib import Path

import pytest

from autogroove.errors import PlayerError, SettingsError
from autogroove.listening import Locations
from autogroove.listening.players import open_player
from autogroove.listening.players.folder import FolderPlayer

LOCATIONS = Locations.of_source("/library")


def write(path: Path, text: str, mode: int = 0o600) -> dict[str, str]:
    path.write_text(text)
    path.chmod(mode)
    return {"AUTOGROOVE_PLAYERS": str(path)}


def test_a_name_in_the_file_is_a_player_with_its_roots(tmp_path) -> None:
    text = f'[phone]\nurl = "{tmp_path / "lists"}"\nroots = ["/library=/sdcard/Music"]\n'
    player, located = open_player("phone", LOCATIONS, write(tmp_path / "p.toml", text))
    assert isinstance(player, FolderPlayer)
    assert located.moved("a/b.mp3") == "/sdcard/Music/a/b.mp3"


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o666])
def test_a_file_that_others_can_read_is_refused(tmp_path, mode) -> None:
    environment = write(tmp_path / "p.toml", '[a]\nurl = "mpd://x"\npassword = "s3cret"\n', mode)
    with pytest.raises(SettingsError, match="chmod 600") as found:
        open_player("a", LOCATIONS, environment)
    assert "s3cret" not in str(found.value)


@pytest.mark.parametrize("target", ["https://me:s3cret@host", "mpd://s3cret@host", "http://me@h"])
def test_a_password_on_the_command_line_is_refused(target) -> None:
    with pytest.raises(SettingsError, match="Everybody can read a command line") as found:
        open_player(target, LOCATIONS, {"AUTOGROOVE_PLAYERS": "/nowhere"})
    assert "s3cret" not in str(found.value)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[a]\nurl = 1\n", "a.url|url"),
        ('[a]\nurl = "x"\npasword = "s3cret"\n', "pasword"),
        ("not toml", "no TOML"),
    ],
)
def test_a_malformed_file_is_told_without_its_secrets(tmp_path, text, says) -> None:
    with pytest.raises(SettingsError, match=says) as found:
        open_player("a", LOCATIONS, write(tmp_path / "p.toml", text))
    assert "s3cret" not in str(found.value)


@pytest.mark.parametrize("target", ["mpd://127.0.0.1:1", "mpd:///nowhere/socket"])
def test_a_player_that_does_not_answer_is_named(target) -> None:
    with pytest.raises(PlayerError, match=r"127\.0\.0\.1:1|/nowhere/socket"):
        open_player(target, LOCATIONS, {"AUTOGROOVE_PLAYERS": "/nowhere"})


def test_a_server_without_a_name_asks_for_one() -> None:
    with pytest.raises(PlayerError, match="AUTOGROOVE_PLAYER_USER"):
        open_player("http://127.0.0.1:1", LOCATIONS, {"AUTOGROOVE_PLAYERS": "/nowhere"})


def test_a_port_that_cannot_be_and_an_unknown_kind_are_refused() -> None:
    for target in ("mpd://host:99999999", "plex://host"):
        with pytest.raises(SettingsError):
            open_player(target, LOCATIONS, {"AUTOGROOVE_PLAYERS": "/nowhere"})
