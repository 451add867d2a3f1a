"""Whatever system a file is tagged in, it says the same of itself."""

import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import mutagen
import mutagen.flac
import mutagen.id3 as id3
import mutagen.mp4
import mutagen.oggvorbis
import numpy as np
import pandas as pd
import pytest
import soundfile
from mutagen.aiff import AIFF
from mutagen.apev2 import APEv2
from mutagen.asf import ASF
from mutagen.wave import WAVE
from sounds import encode_mp3, encode_noise

from autogroove.source.folders import LocalFiles
from autogroove.source.scan import scan_source
from autogroove.source.scan_cache import ScanCache, make_source_key
from autogroove.source.sources import open_source
from autogroove.source.tags import read_tags
from autogroove.store.store import Store

RATE = 8000
NOISE = np.random.default_rng(0).normal(0, 0.1, (RATE, 1)).astype("f4")
RECORDING = "b1a9c0e9-d987-4042-ae91-78d6a3267d69"
LONG = "A title of more than the thirty letters that ID3v1 can hold"

WANTED = {
    "title": LONG,
    "artist": "Björk",
    "album_artist": "Various Artists",
    "album": "Homogenic",
    "track_number": 3,
    "disc_number": 2,
    "year": 1997,
    "genre": "Trip-Hop",
    "musicbrainz_recording_id": RECORDING,
    "tempo_bpm": 128.0,
}
WORDS = {
    "title": LONG,
    "artist": "Björk",
    "albumartist": "Various Artists",
    "album": "Homogenic",
    "tracknumber": "3/11",
    "discnumber": "2/2",
    "date": "1997-09-22",
    "genre": "Trip-Hop",
    "musicbrainz_trackid": RECORDING,
    "bpm": "128,00",
}


def id3_frames() -> list[id3.Frame]:
    texts = {"TIT2": LONG, "TPE1": "Björk", "TPE2": "Various Artists", "TALB": "Homogenic"}
    texts |= {"TRCK": "3/11", "TPOS": "2/2", "TDRC": "1997-09-22", "TCON": "Trip-Hop"}
    frames = [getattr(id3, name)(encoding=3, text=text) for name, text in texts.items()]
    owner = "http://musicbrainz.org"
    return [
        *frames,
        id3.TBPM(encoding=3, text="128,00"),
        id3.UFID(owner=owner, data=RECORDING.encode()),
    ]


def write_sound(place: Path, **options: str) -> Path:
    soundfile.write(place, NOISE, RATE, **options)
    return place


def tag_id3(place: Path) -> None:
    tags = id3.ID3()
    for frame in id3_frames():
        tags.add(frame)
    tags.save(place)


def tag_chunk(opened: Any) -> None:
    opened.add_tags()
    for frame in id3_frames():
        opened.tags.add(frame)
    opened.save()


def make_mp3(folder: Path) -> Path:
    place = folder / "song.mp3"
    place.write_bytes(encode_mp3(NOISE, RATE))
    tag_id3(place)
    return place


def make_ape_beside_id3v1(folder: Path) -> Path:
    """Two systems: the texts of the second end after thirty letters."""
    place = folder / "song.mp3"
    place.write_bytes(encode_mp3(NOISE, RATE))
    tags = APEv2()
    names = {"albumartist": "Album Artist", "tracknumber": "Track", "discnumber": "Disc"}
    for name, value in WORDS.items():
        tags[names.get(name, name)] = value
    tags.save(place)
    old = LONG.encode()[:30] + b"Bj\xf6rk".ljust(30, b"\0") + bytes(30) + b"1999"
    place.write_bytes(place.read_bytes() + b"TAG" + old + bytes(30) + bytes([17]))
    return place


def make_flac(folder: Path) -> Path:
    place = write_sound(folder / "song.flac")
    tags = mutagen.flac.FLAC(place)
    tags.update(WORDS)
    tags.save()
    return place


def make_ogg(folder: Path) -> Path:
    place = write_sound(folder / "song.ogg", format="OGG", subtype="VORBIS")
    tags = mutagen.oggvorbis.OggVorbis(place)
    tags.update(WORDS)
    tags.save()
    return place


def make_wav(folder: Path) -> Path:
    place = write_sound(folder / "song.wav")
    tag_chunk(WAVE(place))
    return place


def make_aiff(folder: Path) -> Path:
    place = write_sound(folder / "song.aiff")
    tag_chunk(AIFF(place))
    return place


def make_m4a(folder: Path) -> Path:
    place = encode_noise(folder / "song.m4a", "aac", "ipod")
    tags = mutagen.mp4.MP4(place)
    tags["©nam"], tags["©ART"], tags["aART"], tags["©alb"] = (
        LONG,
        "Björk",
        "Various Artists",
        "Homogenic",
    )
    tags["trkn"], tags["disk"], tags["©day"], tags["©gen"] = [(3, 11)], [(2, 2)], "1997", "Trip-Hop"
    tags["tmpo"] = [128]
    tags["----:com.apple.iTunes:MusicBrainz Track Id"] = RECORDING.encode()
    tags.save()
    return place


def make_wma(folder: Path) -> Path:
    place = encode_noise(folder / "song.wma", "wmav2", "asf")
    tags = ASF(place)
    names = {"title": "Title", "artist": "Author", "albumartist": "WM/AlbumArtist"}
    names |= {"album": "WM/AlbumTitle", "tracknumber": "WM/TrackNumber", "date": "WM/Year"}
    names |= {"discnumber": "WM/PartOfSet", "genre": "WM/Genre", "bpm": "WM/BeatsPerMinute"}
    names |= {"musicbrainz_trackid": "MusicBrainz/Track Id"}
    for name, value in WORDS.items():
        tags[names[name]] = value
    tags.save()
    return place


def read(place: Path) -> dict[str, Any]:
    with LocalFiles(str(place.parent)).open(place.name) as file:
        return read_tags(file, place.stat().st_size, place.name)


@pytest.mark.parametrize(
    "make",
    [
        make_mp3,
        make_ape_beside_id3v1,
        make_flac,
        make_ogg,
        make_wav,
        make_aiff,
        make_m4a,
        make_wma,
    ],
)
def test_every_system_of_tags_says_the_same(make: Callable[[Path], Path], tmp_path: Path) -> None:
    found = read(make(tmp_path))
    assert {name: found.get(name) for name in WANTED} == WANTED
    assert found["duration_seconds"] == pytest.approx(1.0, abs=0.2)


def chunk(name: bytes, data: bytes, order: str) -> bytes:
    return name + struct.pack(f"{order}I", len(data)) + data + bytes(len(data) % 2)


def test_the_text_chunks_of_a_wav_and_an_aiff_are_read(tmp_path: Path) -> None:
    texts = {b"INAM": "Title é".encode("cp1252"), b"IART": "Nämé".encode(), b"IPRD": b"Album"}
    info = chunk(
        b"LIST", b"INFO" + b"".join(chunk(n, t + b"\0", "<") for n, t in texts.items()), "<"
    )
    wav = write_sound(tmp_path / "song.wav")
    wav.write_bytes(wav.read_bytes() + info)
    found = read(wav)
    assert (found["title"], found["artist"], found["album"]) == ("Title é", "Nämé", "Album")
    aiff = write_sound(tmp_path / "song.aiff")
    aiff.write_bytes(aiff.read_bytes() + chunk(b"NAME", b"odd", ">") + chunk(b"AUTH", b"Who", ">"))
    assert (read(aiff)["title"], read(aiff)["artist"]) == ("odd", "Who")


@pytest.mark.parametrize(
    ("text", "bpm"),
    [("128,00", 128.0), ("128.5", 128.5), (" 97 BPM", 97.0), ("0", None), ("x", None)],
)
def test_beats_per_minute_are_read_as_people_write_them(
    tmp_path: Path, text: str, bpm: float | None
) -> None:
    place = write_sound(tmp_path / "song.flac")
    tags = mutagen.flac.FLAC(place)
    tags["bpm"] = text
    tags.save()
    assert read(place).get("tempo_bpm") == bpm


def test_a_listing_of_an_earlier_version_keeps_its_fingerprints_and_is_asked_for_tags_once(
    tmp_path: Path, local_store: Store
) -> None:
    music = tmp_path / "music"
    music.mkdir()
    place = make_aiff(music)
    source = open_source(str(music), store=local_store)
    status = place.stat()
    row = {"path": place.name, "size_bytes": status.st_size, "version": str(status.st_mtime_ns)}
    earlier = pd.DataFrame([row | {"fingerprint": "f" * 64, "duration_seconds": 1.0}])
    ScanCache(local_store, make_source_key(source.files.url, True)).write(earlier)
    first, again = (scan_source(source, local_store) for _ in range(2))
    assert [(s.fingerprinted, s.audio_bytes_read) for s in (first, again)] == [(1, 0), (0, 0)]
    for scan in (first, again):
        assert scan.catalogue.loc[0, ["fingerprint", "title"]].tolist() == ["f" * 64, LONG]
