"""Which player is meant, and with whose name and password.

What belongs here: reading `--to`, the environment and `players.toml`.
What does not: talking to a player.

Secrets come from AUTOGROOVE_PLAYER_USER, AUTOGROOVE_PLAYER_PASSWORD and AUTOGROOVE_PLAYER_API_KEY,
or from `players.toml` (in `$XDG_CONFIG_HOME/autogroove`, or where AUTOGROOVE_PLAYERS says), which
nobody but its owner may be able to read:

    [navidrome]
    url = "https://music.example.org"
    user = "me"
    password = "…"
    roots = ["/home/me/Music=/music"]

A command line can be read by everybody on the machine, so a URL with a password in it is refused.
"""

import os
import stat
import tomllib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

from pydantic import BaseModel, ConfigDict, SecretStr, ValidationError

from autogroove.errors import PlayerError, SettingsError
from autogroove.listening.locations import Locations
from autogroove.listening.players.folder import FolderPlayer
from autogroove.listening.players.player import Player
from autogroove.listening.roots import Root

_ENVIRONMENT = "AUTOGROOVE_PLAYER_"


class Target(BaseModel):
    """A player as `players.toml` describes it; `url` may be a folder too."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    url: str
    user: str | None = None
    password: SecretStr | None = None
    api_key: SecretStr | None = None
    roots: tuple[str, ...] = ()


def open_player(
    text: str, locations: Locations, environment: Mapping[str, str] | None = None
) -> tuple[Player, Locations]:
    """The player that `--to` means, connected, and locations with its roots added.

    `text` is a name in `players.toml`, mpd://HOST[:PORT], mpd:///SOCKET, http[s]://HOST[:PORT][/PATH]
    of a Subsonic server, or a folder.

    Raises:
        SettingsError: it cannot be read as one of these, or the file can be read by others.
        PlayerError: it does not answer.
    """
    environment = os.environ if environment is None else environment
    target = _find_target(text, environment)
    roots = (*locations.roots, *(Root.parse(root) for root in target.roots))
    located = replace(locations, roots=roots)
    parts = urlsplit(target.url)
    if parts.username or parts.password:
        raise SettingsError(
            f"Everybody can read a command line: take the name and password out of the address of "
            f"{parts.hostname}, and put them into AUTOGROOVE_PLAYER_USER and "
            "AUTOGROOVE_PLAYER_PASSWORD or into players.toml."
        )
    if parts.scheme in ("mpd", "http", "https"):
        try:
            return _connect(target, parts), located
        except ImportError as error:
            raise PlayerError(
                f"Talking to {target.url} needs a client: pip install 'autogroove[players]'."
            ) from error
    if "://" in target.url:
        raise SettingsError(
            f"{target.url} is no player that is known here: give mpd://HOST, http://HOST or "
            "https://HOST of a Subsonic server, or a folder."
        )
    return FolderPlayer(Path(target.url).expanduser(), located), located


def _connect(target: Target, parts: SplitResult) -> Player:
    password = target.password.get_secret_value() if target.password else None
    if parts.scheme != "mpd":
        from autogroove.listening.players.subsonic import SubsonicPlayer

        key = target.api_key.get_secret_value() if target.api_key else None
        return SubsonicPlayer(target.url, target.user, password, key)
    from autogroove.listening.players.mpd import USUAL_PORT, MpdPlayer

    if not parts.hostname and parts.path:
        return MpdPlayer(parts.path, 0, password)
    try:
        port = parts.port or USUAL_PORT
    except ValueError:
        raise SettingsError(f"{target.url} has no port that there can be.") from None
    return MpdPlayer(parts.hostname or "localhost", port, password)


def _find_target(text: str, environment: Mapping[str, str]) -> Target:
    known = _read_file(_place_file(environment))
    target = known.get(text) or next((t for t in known.values() if t.url == text), None)
    given = {
        name: value
        for name in ("user", "password", "api_key")
        if (value := environment.get(_ENVIRONMENT + name.upper()))
    }
    return Target.model_validate({"url": text, **(dict(target) if target else {}), **given})


def _place_file(environment: Mapping[str, str]) -> Path:
    if stated := environment.get("AUTOGROOVE_PLAYERS"):
        return Path(stated).expanduser()
    base = environment.get("XDG_CONFIG_HOME")
    return (Path(base) if base else Path.home() / ".config") / "autogroove" / "players.toml"


def _read_file(path: Path) -> dict[str, Target]:
    try:
        status = path.stat()
        if os.name == "posix" and stat.S_IMODE(status.st_mode) & 0o077:
            raise SettingsError(f"Others can read {path}, which holds passwords: chmod 600 {path}.")
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
        return {name: Target.model_validate(table) for name, table in tables.items()}
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise SettingsError(f"Cannot read {path}: {error.strerror}.") from error
    except ValidationError as error:
        fault = error.errors(include_input=False, include_url=False)[0]
        where = ".".join(str(part) for part in fault["loc"])
        raise SettingsError(f"{path}: {where or 'a player'}: {fault['msg']}.") from None
    except ValueError as error:
        raise SettingsError(f"{path} is no TOML: {error}.") from error
