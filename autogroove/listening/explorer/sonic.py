"""What OpenSubsonic's extension `sonicSimilarity` asks, so that servers and plugins can forward it.

What belongs here: its two questions, who may ask them, and the envelope of their answers.
What does not: the similarity. Answers are always of the current release.

A song is asked for by our id, by its path (here, or as `--root` says a player sees it), by its
MusicBrainz id, or, beside `id` or in its place, by `path`, `musicBrainzId`, `artist` and `title`
(and `duration`, in seconds): other servers have ids of their own.
"""

import hashlib
import hmac
from collections.abc import Callable, Mapping
from importlib.metadata import version
from typing import Any
from urllib.parse import parse_qsl
from xml.etree import ElementTree

from fastapi import APIRouter, Request, Response
from starlette.responses import JSONResponse

from autogroove.errors import AutogrooveError, NotFoundError, SettingsError
from autogroove.listening.choosing import find_similar
from autogroove.listening.explorer.concurrency import computed, computed_slowly
from autogroove.listening.explorer.error_answers import describe_error
from autogroove.listening.explorer.open_releases import OpenRelease, OpenReleases
from autogroove.listening.exports import clean_text
from autogroove.listening.finding import Sought
from autogroove.listening.lists import Scored
from autogroove.listening.paths import find_path
from autogroove.listening.weighing import USUAL, Weighing

MOST_MATCHES = 500
_GENERIC, _LACKING, _NOT_FOUND = 0, 10, 70
_XMLNS = "http://subsonic.org/restapi"

Asked = Mapping[str, str]


class _Refused(Exception):
    """An answer that is an error of the protocol."""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(text)
        self.code = code


def sonic_routes(library: OpenReleases, token: str | None) -> APIRouter:
    """The routes below `/rest`. Who must bring the token says it as a password or API key."""
    routes = APIRouter(prefix="/rest", include_in_schema=False)
    quick: dict[str, Callable[[Asked], dict[str, Any]]] = {
        "ping": lambda asked: {},
        "getOpenSubsonicExtensions": lambda asked: {"openSubsonicExtensions": EXTENSIONS},
        "getSonicSimilarTracks": lambda asked: _find_similar(library, asked),
    }

    @computed
    def answer_quickly(method: str, asked: Asked) -> dict[str, Any]:
        return quick[method](asked)

    @computed_slowly
    def answer_slowly(asked: Asked) -> dict[str, Any]:
        return _find_path(library, asked)

    @routes.api_route("/{method}", methods=["GET", "HEAD", "POST"])
    async def answer(method: str, request: Request) -> Response:
        """One question; parameters in the address or as a form."""
        form = parse_qsl((await request.body()).decode("utf-8", "replace"))
        asked = {**request.query_params, **dict(form)}
        method = method.removesuffix(".view")
        try:
            if method != "getOpenSubsonicExtensions":
                _check_credentials(asked, token)
            if method == "findSonicPath":
                content = await answer_slowly(asked)
            elif method in quick:
                content = await answer_quickly(method, asked)
            else:
                raise _Refused(_GENERIC, "Only ping and sonicSimilarity are answered here.")
        except _Refused as refused:
            content = _fail(refused.code, str(refused))
        except AutogrooveError as error:
            code = _NOT_FOUND if isinstance(error, NotFoundError) else _GENERIC
            content = _fail(code, describe_error(error, library.store))
        return _wrap(content, asked.get("f", "xml"))

    return routes


EXTENSIONS = [
    {"name": "sonicSimilarity", "versions": [1]},
    {"name": "formPost", "versions": [1]},
    {"name": "apiKeyAuthentication", "versions": [1]},
]


def _find_similar(library: OpenReleases, asked: Asked) -> dict[str, Any]:
    opened = library.open_current()
    seed = _find_track(opened, asked, "id")
    found = find_similar(
        opened.collection, seed, count=_read_count(asked, 10), weighing=_read_weighing(asked)
    )
    return {"sonicMatch": [_describe(opened, scored) for scored in found]}


def _find_path(library: OpenReleases, asked: Asked) -> dict[str, Any]:
    opened = library.open_current()
    ends = _find_track(opened, asked, "startSongId"), _find_track(opened, asked, "endSongId")
    most = _read_count(asked, 25)
    made = find_path(opened.collection, *ends)
    if len(made) > most:
        made = find_path(opened.collection, *ends, max(2, most))
    return {"sonicMatch": [_describe(opened, scored) for scored in made.tracks]}


def _find_track(opened: OpenRelease, asked: Asked, name: str) -> int:
    """The track that is meant.

    Raises:
        _Refused: nothing is asked for, or the release has it not.
    """
    given = asked.get(name, "")
    if given.isascii() and given.isdigit() and len(given) < 20:
        if int(given) in opened.collection.positions:
            return int(given)
        given = ""
    try:
        seconds = float(asked["duration"]) if asked.get("duration") else None
    except ValueError:
        raise SettingsError("duration is a number of seconds.") from None
    is_only = name == "id"  # of two songs, one set of names would not tell which is meant
    said = {key: asked.get(key, "") if is_only else "" for key in _NAMES}
    places = tuple(filter(None, (given, said["path"])))
    known = (said["title"], said["artist"], said["musicBrainzId"] or given, seconds)
    if not places and not any(said.values()) and not asked.get(name):
        raise _Refused(_LACKING, f"Required parameter {name} is missing.")
    found = opened.finder.find(Sought(places, *known))
    if found is None:
        number = opened.release.number
        raise _Refused(_NOT_FOUND, f"The current release, {number}, does not have this song.")
    return found


_NAMES = ("path", "title", "artist", "musicBrainzId")


def _read_count(asked: Asked, usual: int) -> int:
    text = asked.get("count", str(usual))
    if not text.isascii() or not text.isdigit() or not 1 <= int(text[:9]) <= MOST_MATCHES:
        raise _Refused(_GENERIC, f"count is a number from 1 to {MOST_MATCHES}.")
    return int(text)


def _read_weighing(asked: Asked) -> Weighing:
    return Weighing.parse(asked["weigh"]) if asked.get("weigh") else USUAL


def _describe(opened: OpenRelease, scored: Scored) -> dict[str, Any]:
    """A match: the song as servers describe one, with the path as the player sees it."""
    song, collection = scored.song, opened.collection
    position = collection.positions[song.track_id]
    texts = {
        "title": song.title,
        "artist": song.artist,
        "album": song.album,
        "genre": song.genre,
        "path": opened.locations.moved(song.path) or song.path,
        "musicBrainzId": collection.recordings.musicbrainz_id(position),
        "suffix": song.path.rpartition(".")[2].lower(),
    }
    numbers = {
        "duration": song.duration_seconds,
        "bpm": song.tempo_bpm,
        "year": _known(collection.years[position]),
    }
    entry: dict[str, Any] = {"id": str(song.track_id), "isDir": False, "type": "music"}
    entry |= {name: clean_text(text) for name, text in texts.items() if text}
    entry |= {name: round(value) for name, value in numbers.items() if value is not None}
    return {"entry": entry, "similarity": round(scored.score, 6)}


def _known(value: float) -> float | None:
    return None if value != value else float(value)


def _check_credentials(asked: Asked, token: str | None) -> None:
    """See that who asks has the token: as an API key, a password, or salted as OpenSubsonic has it.

    Raises:
        _Refused: not so.
    """
    if token is None:
        return
    secret = token.encode()
    salted = hashlib.md5(secret + asked.get("s", "").encode()).hexdigest()
    password = asked.get("p", "")
    if password.startswith("enc:"):
        password = _decode_hex(password.removeprefix("enc:"))
    for given, expected in (
        (asked.get("apiKey", ""), secret),
        (password, secret),
        (asked.get("t", ""), salted.encode()),
    ):
        if given and hmac.compare_digest(given.encode(errors="replace"), expected):
            return
    raise _Refused(44 if asked.get("apiKey") else 40, "Wrong user name, password or API key.")


def _decode_hex(text: str) -> str:
    try:
        return bytes.fromhex(text).decode("utf-8", "replace")
    except ValueError:
        return ""


def _fail(code: int, text: str) -> dict[str, Any]:
    return {"status": "failed", "error": {"code": code, "message": text}}


def _wrap(content: dict[str, Any], form: str) -> Response:
    whole = {
        "status": "ok",
        "version": "1.16.1",
        "type": "autogroove",
        "serverVersion": version("autogroove"),
        "openSubsonic": True,
        **content,
    }
    if form == "json":
        return JSONResponse({"subsonic-response": whole})
    root = ElementTree.Element("subsonic-response", xmlns=_XMLNS)
    _fill(root, whole)
    return Response(
        ElementTree.tostring(root, "utf-8", xml_declaration=True), media_type="text/xml"
    )


def _fill(element: ElementTree.Element, content: Mapping[str, Any]) -> None:
    """As Subsonic has it: plain values are attributes, others elements, of lists one each."""
    for name, value in content.items():
        for each in value if isinstance(value, list) else [value]:
            if isinstance(each, Mapping):
                _fill(ElementTree.SubElement(element, name), each)
            elif isinstance(value, list):
                ElementTree.SubElement(element, name).text = str(each)
            else:
                element.set(name, str(each).lower() if isinstance(each, bool) else str(each))
