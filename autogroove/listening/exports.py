"""Playlists as files that players read.

What belongs here: m3u8, XSPF, JSPF, CSV and JSON, each with attribution and licence.
What does not: where files are (`locations`), or writing to disk; a caller gets text.

Tags are written by strangers. Line breaks and control characters in them become spaces, so that
no title can add a line, a cell or an element of its own.
"""

import csv
import io
import json
import unicodedata
from collections.abc import Callable
from typing import Any, Literal, get_args
from urllib.parse import quote, urlsplit
from xml.etree import ElementTree

from autogroove.errors import SettingsError
from autogroove.listening.library import TrackView
from autogroove.listening.lists import Playlist
from autogroove.listening.locations import Locations

ExportFormat = Literal["m3u8", "xspf", "jspf", "csv", "json"]
EXPORT_FORMATS: tuple[ExportFormat, ...] = get_args(ExportFormat)
MEDIA_TYPES: dict[ExportFormat, str] = {
    "m3u8": "audio/x-mpegurl",
    "xspf": "application/xspf+xml",
    "jspf": "application/jspf+json",
    "csv": "text/csv",
    "json": "application/json",
}

XSPF = "http://xspf.org/ns/0/"
TEMPO_META = "https://w3id.org/autogroove/tempo-bpm"
_BREAKING = {"Cc", "Zl", "Zp", "Cs"}
_BIDI_CONTROLS = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
_FORMULA_STARTS = ("=", "+", "-", "@")


def export_playlist(playlist: Playlist, format: str, locations: Locations) -> str:
    """A playlist as the text of a file in one of `EXPORT_FORMATS`.

    Raises:
        SettingsError: the format is unknown.
    """
    if format not in _WRITERS:
        raise SettingsError(f"No playlist format {format!r}; there are {', '.join(_WRITERS)}.")
    return _WRITERS[format](playlist, locations)


def clean_text(text: str) -> str:
    """One line of text without control characters, lone surrogates or direction overrides.

    >>> clean_text("one\\ntwo\\u202e")
    'one two'
    """
    kept = (
        " " if unicodedata.category(letter) in _BREAKING or _is_noncharacter(letter) else letter
        for letter in text
        if letter not in _BIDI_CONTROLS
    )
    return " ".join("".join(kept).split())


def _is_noncharacter(letter: str) -> bool:
    return (ord(letter) & 0xFFFE) == 0xFFFE or 0xFDD0 <= ord(letter) <= 0xFDEF


def attribute(song: TrackView) -> str:
    """The line that a licence asks for: title, artist, licence and where it is from."""
    parts = [f"“{clean_text(song.title)}”"]
    if song.artist:
        parts.append(f"by {clean_text(song.artist)}")
    parts.append(f"({clean_text(song.licence) or 'licence not stated'})")
    if song.url:
        parts.append(clean_text(song.url))
    return " ".join(parts)


def _write_m3u8(playlist: Playlist, locations: Locations) -> str:
    lines = ["#EXTM3U", f"#PLAYLIST:{clean_text(playlist.title)}"]
    for scored in playlist.tracks:
        song = scored.song
        seconds = -1 if song.duration_seconds is None else round(song.duration_seconds)
        name = clean_text(f"{song.artist} - {song.title}" if song.artist else song.title)
        lines.append(f"#EXTINF:{seconds},{name}")
        for tag, value in (("EXTALB", song.album), ("EXTGENRE", song.genre)):
            if clean_text(value):
                lines.append(f"#{tag}:{clean_text(value)}")
        lines += [f"# Attribution: {attribute(song)}", _m3u_place(song.path, locations)]
    return "\n".join(lines) + "\n"


def _m3u_place(path: str, locations: Locations) -> str:
    """A path that is never mistaken for a comment, and keeps the space that it begins with."""
    place = locations.path(path)
    return f"./{place}" if place.startswith("#") or place[:1].isspace() else place


def _write_xspf(playlist: Playlist, locations: Locations) -> str:
    ElementTree.register_namespace("", XSPF)
    root = ElementTree.Element(f"{{{XSPF}}}playlist", version="1")
    _add(root, "title", clean_text(playlist.title))
    _add(root, "creator", "Autogroove")
    _add(root, "annotation", _annotate(playlist))
    listed = ElementTree.SubElement(root, f"{{{XSPF}}}trackList")
    for scored in playlist.tracks:
        element = ElementTree.SubElement(listed, f"{{{XSPF}}}track")
        for name, value in _describe_track(scored.song, locations).items():
            _add(element, name, str(value))
        for relation, value in _describe_meta(scored.song).items():
            _add(element, "meta", value, rel=relation)
    ElementTree.indent(root)
    text = ElementTree.tostring(root, encoding="unicode")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{text}\n'


def _add(parent: ElementTree.Element, name: str, text: str, **attributes: str) -> None:
    if text:
        ElementTree.SubElement(parent, f"{{{XSPF}}}{name}", attributes).text = text


def _describe_track(song: TrackView, locations: Locations) -> dict[str, Any]:
    """The elements of a track in the order in which XSPF lists them."""
    fields = {
        "location": locations.uri(song.path),
        "title": clean_text(song.title),
        "creator": clean_text(song.artist),
        "annotation": attribute(song),
        "info": _as_uri(song.url),
        "album": clean_text(song.album),
        "duration": round(1000 * (song.duration_seconds or 0)),
    }
    return {name: value for name, value in fields.items() if value}


def _describe_meta(song: TrackView) -> dict[str, str]:
    """Licence and tempo; XSPF wants a URI that names the relation."""
    licence = {"http://purl.org/dc/terms/license": clean_text(song.licence)} if song.licence else {}
    tempo = {TEMPO_META: f"{song.tempo_bpm:.1f}"} if song.tempo_bpm else {}
    return {**licence, **tempo}


def _as_uri(url: str) -> str:
    """A web address that is safe to follow, or nothing."""
    text = clean_text(url)
    return quote(text, safe=":/?#[]@!$&'()*+,;=%~") if urlsplit_is_web(text) else ""


def urlsplit_is_web(text: str) -> bool:
    """Whether a text is an http or https address; never `javascript:` or the like."""
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.netloc)


def _write_jspf(playlist: Playlist, locations: Locations) -> str:
    tracks = []
    for scored in playlist.tracks:
        fields = _describe_track(scored.song, locations)
        fields["location"] = [fields["location"]]
        fields["meta"] = [{name: value} for name, value in _describe_meta(scored.song).items()]
        tracks.append({name: value for name, value in fields.items() if value})
    listed = {
        "title": clean_text(playlist.title),
        "creator": "Autogroove",
        "annotation": _annotate(playlist),
        "track": tracks,
    }
    return json.dumps({"playlist": listed}, ensure_ascii=False, indent=2) + "\n"


def _annotate(playlist: Playlist) -> str:
    return clean_text(" ".join([f"From release {playlist.release}.", *playlist.notes]))


def _rows(playlist: Playlist, locations: Locations) -> list[dict[str, Any]]:
    rows = []
    for place, scored in enumerate(playlist.tracks, start=1):
        row = {name: _clean(value) for name, value in scored.as_json().items()}
        row["path"] = scored.song.path
        where = {
            "location": locations.path(scored.song.path),
            "attribution": attribute(scored.song),
        }
        rows.append({"place": place, **row, **where})
    return rows


def _clean(value: object) -> object:
    return clean_text(value) if isinstance(value, str) else value


def _write_csv(playlist: Playlist, locations: Locations) -> str:
    """Spreadsheets run cells that begin like a formula: those get an apostrophe before them."""
    columns = list(_rows(playlist, locations)[0]) if len(playlist) else ["place", "track_id"]
    out = io.StringIO()
    writer = csv.DictWriter(out, columns, lineterminator="\r\n")
    writer.writeheader()
    for row in _rows(playlist, locations):
        writer.writerow({name: _disarm(value) for name, value in row.items()})
    return out.getvalue()


def _disarm(value: object) -> object:
    if isinstance(value, str) and value.startswith(_FORMULA_STARTS):
        return f"'{value}"
    return value


def _write_json(playlist: Playlist, locations: Locations) -> str:
    whole = {
        "title": clean_text(playlist.title),
        "release": playlist.release,
        "duration_seconds": playlist.duration_seconds,
        "notes": list(playlist.notes),
        "tracks": _rows(playlist, locations),
    }
    return json.dumps(whole, ensure_ascii=False, indent=2, allow_nan=False) + "\n"


_WRITERS: dict[str, Callable[[Playlist, Locations], str]] = {
    "m3u8": _write_m3u8,
    "xspf": _write_xspf,
    "jspf": _write_jspf,
    "csv": _write_csv,
    "json": _write_json,
}
