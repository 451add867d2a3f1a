"""Exports are read back by other people's libraries, and no tag can break their form."""

import csv
import io
import json
import os
from pathlib import Path
from urllib.parse import unquote, unquote_to_bytes
from xml.etree import ElementTree

import jsonschema
import m3u8
import numpy as np
import pytest
import xspf_lib

from autogroove.errors import SettingsError
from autogroove.listening.choosing import make_playlist
from autogroove.listening.exports import EXPORT_FORMATS, clean_text, export_playlist
from autogroove.listening.locations import Locations
from autogroove.listening.rules import Rules
from autogroove.source.files import to_safe_path

HOSTILE = [
    "one\ntwo\r\n#EXTINF:1,gone\nfile:///etc/passwd",
    "<script>alert(1)</script> & ]]> \"'",
    "\u202eright to left\u2069 \u05e9\u05dc\u05d5\u05dd",
    "\x00\x1b[31m bell\x07 \ufffe",
    "🎷🎺 emoji",
    '=HYPERLINK("http://x")',
    "a,b;c\t'd'\u2028next",
    "   ",
]

NAMES = [
    "#1 ünï.mp3",
    "a/100%.mp3",
    "a/line\nbreak.mp3",
    "a/caf\udce9.mp3",
    "a:b/colon.mp3",
    "a/back\\slash.mp3",
    "a/7 b.mp3",
    "a/8.mp3",
]

JSPF = {
    "type": "object",
    "required": ["playlist"],
    "additionalProperties": False,
    "properties": {
        "playlist": {
            "type": "object",
            "required": ["track"],
            "additionalProperties": False,
            "properties": {
                **{name: {"type": "string"} for name in ("title", "creator", "annotation")},
                "track": {
                    "type": "array",
                    "items": {
                        "type": "object",
                        "additionalProperties": False,
                        "properties": {
                            **{
                                name: {"type": "string"}
                                for name in ("title", "creator", "annotation", "info", "album")
                            },
                            "location": {"type": "array", "items": {"type": "string"}},
                            "duration": {"type": "integer", "minimum": 1},
                            "meta": {
                                "type": "array",
                                "items": {
                                    "type": "object",
                                    "maxProperties": 1,
                                    "additionalProperties": {"type": "string"},
                                },
                            },
                        },
                    },
                },
            },
        }
    },
}
"""The fields that the JSPF page of xspf.org gives, with the types of its example."""


@pytest.fixture
def hostile(make_release):
    num = len(HOSTILE)
    release = make_release(
        np.random.default_rng(0).normal(size=(num, 4)),
        title=HOSTILE,
        artist=HOSTILE[::-1],
        album=HOSTILE,
        licence=HOSTILE,
        url=["javascript:alert(1)", "https://freemusicarchive.org/a b", *[None] * (num - 2)],
        path=[to_safe_path(name) for name in NAMES],
    )
    return release, make_playlist(release, [10], Rules(length=num))


def parse_xspf(text: str) -> xspf_lib.Playlist:
    return xspf_lib.Playlist.parse_from_xml_element(ElementTree.fromstring(text.encode()))


def read_locations(kind: str, text: str) -> list[str]:
    if kind == "m3u8":
        return [segment.uri for segment in m3u8.loads(text).segments]
    if kind == "xspf":
        root = ElementTree.fromstring(text.encode())
        return [found.text for found in root.iter("{http://xspf.org/ns/0/}location")]
    if kind == "jspf":
        return [track["location"][0] for track in json.loads(text)["playlist"]["track"]]
    if kind == "csv":
        return [row["location"] for row in csv.DictReader(io.StringIO(text))]
    return [row["location"] for row in json.loads(text)["tracks"]]


def as_path(kind: str, location: str) -> str:
    if location.startswith("file://"):
        return os.fsdecode(unquote_to_bytes(location.removeprefix("file://")))
    is_uri = kind in ("xspf", "jspf") or "%0A" in location or "%E9" in location
    return os.fsdecode(unquote_to_bytes(location)) if is_uri else location


@pytest.mark.parametrize("name", ["A :: B", "X.zip", " leading", "zip::odd"])
def test_a_folder_may_be_called_whatever_its_owner_likes(tmp_path: Path, name: str) -> None:
    (tmp_path / name).mkdir()
    locations = Locations.of_source(str(tmp_path / name), tmp_path / "list.m3u8")
    assert locations.path("a.mp3") == f"{name}/a.mp3"
    assert unquote(locations.uri("a.mp3")).removeprefix("./") == f"{name}/a.mp3"
    whole = Locations.of_source(str(tmp_path / name), style="absolute")
    assert whole.path("a.mp3") == whole.whole_path("a.mp3") == str(tmp_path / name / "a.mp3")


def test_what_is_an_archive_is_one(tmp_path: Path) -> None:
    archive = tmp_path / "X.zip"
    archive.write_bytes(b"PK")
    assert Locations.of_source(str(archive)).path("a.mp3") == f"zip://a.mp3::file://{archive}"


def test_a_name_keeps_the_space_that_it_begins_with(make_release) -> None:
    release = make_release(np.eye(3), path=[" a.mp3", " b/c.mp3", "d.mp3"])
    playlist = make_playlist(release, [10], Rules(length=3))
    places = m3u8.loads(export_playlist(playlist, "m3u8", Locations("/m"))).segments.uri
    assert {unquote(place) for place in places} == {"./ a.mp3", "./ b/c.mp3", "d.mp3"}


@pytest.mark.parametrize("kind", EXPORT_FORMATS)
@pytest.mark.parametrize("style", ["relative", "absolute"])
def test_every_format_leads_to_the_files(hostile, tmp_path: Path, kind: str, style) -> None:
    release, playlist = hostile
    root = tmp_path / "my music"
    by_id = dict(zip(release.track_ids, NAMES, strict=True))
    for path in by_id.values():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).touch()
    output = tmp_path / "lists" / "list.x"
    output.parent.mkdir()
    text = export_playlist(playlist, kind, Locations.of_source(str(root), output, style))
    output.write_text(text, encoding="utf-8")
    found = [as_path(kind, location) for location in read_locations(kind, text)]
    assert [Path(place).is_absolute() for place in found] == [style == "absolute"] * len(found)
    expected = [(root / by_id[track_id]).resolve() for track_id in playlist.track_ids]
    assert [(output.parent / place).resolve() for place in found] == expected
    assert all(place.is_file() for place in expected)


def test_no_title_can_add_a_line_to_an_m3u(hostile) -> None:
    _, playlist = hostile
    lines = export_playlist(playlist, "m3u8", Locations("/m")).splitlines()
    assert lines[0] == "#EXTM3U"
    assert sum(line.startswith("#EXTINF") for line in lines) == len(playlist)
    assert len([line for line in lines if not line.startswith("#")]) == len(playlist)
    assert not any("\u202e" in line or "\x1b" in line for line in lines)


def test_xspf_holds_attribution_and_licence(hostile) -> None:
    _, playlist = hostile
    text = export_playlist(playlist, "xspf", Locations("/m"))
    listed = parse_xspf(text)
    assert listed.title == playlist.title.split("\n")[0] or listed.title
    for track, scored in zip(listed.trackList, playlist.tracks, strict=True):
        assert "\n" not in (track.title or "")
        assert "by" in track.annotation or not scored.song.artist.strip()
        assert track.duration == 30_000
        assert track.location == [unquote(Locations("/m").uri(scored.song.path))]
        assert not (track.info or "").startswith("javascript")
    infos = {track.info for track in listed.trackList}
    assert "https://freemusicarchive.org/a%20b" in infos


def test_jspf_keeps_its_schema(hostile) -> None:
    _, playlist = hostile
    listed = json.loads(export_playlist(playlist, "jspf", Locations("/m")))
    jsonschema.validate(listed, JSPF)
    metas = [track["meta"] for track in listed["playlist"]["track"]]
    assert any("http://purl.org/dc/terms/license" in meta for row in metas for meta in row)


def test_a_spreadsheet_runs_nothing(hostile) -> None:
    _, playlist = hostile
    rows = list(csv.DictReader(io.StringIO(export_playlist(playlist, "csv", Locations("/m")))))
    assert len(rows) == len(playlist)
    cells = [cell for row in rows for name, cell in row.items() if name in ("title", "artist")]
    assert any(cell.startswith("'=") for cell in cells)
    assert not any(cell.startswith(("=", "+", "@", "-")) for cell in cells)


def test_json_has_the_keys_that_scripts_use(hostile) -> None:
    _, playlist = hostile
    listed = json.loads(export_playlist(playlist, "json", Locations("/m")))
    for row, track_id in zip(listed["tracks"], playlist.track_ids, strict=True):
        assert {"track_id", "title", "artist", "path", "score", "attribution", "licence"} <= set(
            row
        )
        assert row["track_id"] == track_id


@pytest.mark.parametrize(
    ("source", "location"),
    [
        ("https://host/fma", "https://host/fma/000/song%200.mp3"),
        ("s3://bucket/fma/", "s3://bucket/fma/000/song%200.mp3"),
        ("zip::https://host/fma.zip", "zip://000/song%200.mp3::https://host/fma.zip"),
        ("/music/fma.zip", "zip://000/song%200.mp3::file:///music/fma.zip"),
    ],
)
def test_remote_sources_give_urls(make_release, source: str, location: str) -> None:
    playlist = make_playlist(make_release(np.eye(2)), [10], Rules(length=1))
    for kind in EXPORT_FORMATS:
        text = export_playlist(playlist, kind, Locations.of_source(source, "list.x"))
        assert read_locations(kind, text) == [location]


def test_an_unknown_format_is_refused(hostile) -> None:
    with pytest.raises(SettingsError, match="there are m3u8, xspf"):
        export_playlist(hostile[1], "pls", Locations("/m"))


def test_text_is_always_writable() -> None:
    cleaned = clean_text("a\ud800b\x85c\u2029d\U0001ffff")
    assert cleaned == "a b c d"
    cleaned.encode()
