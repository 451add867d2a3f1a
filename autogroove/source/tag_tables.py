"""Where each system of tags keeps what the catalogue wants to know.

What belongs here: one table a system, and how a value is taken out of a tag of it.
What does not: which systems a file has, and what becomes of the values (`tags`).
"""

from collections.abc import Iterable, Mapping
from typing import Any

Table = Mapping[str, tuple[str, ...]]
"""By column, the names to look under, the first that says something wins."""

_MUSICBRAINZ = "http://musicbrainz.org"

ID3: Table = {
    "title": ("TIT2",),
    "artist": ("TPE1",),
    "album_artist": ("TPE2", "TXXX:albumartist", "TXXX:album artist"),
    "album": ("TALB",),
    "track_number": ("TRCK",),
    "disc_number": ("TPOS",),
    "year": ("TDRC", "TYER", "TDOR", "TDRL"),
    "genre": ("TCON",),
    "licence": ("TXXX:license", "TCOP"),
    "url": ("WOAR",),
    "musicbrainz_recording_id": (
        f"UFID:{_MUSICBRAINZ}",
        "TXXX:musicbrainz recording id",
        "TXXX:musicbrainz track id",
        "TXXX:musicbrainz_trackid",
    ),
    "tempo_bpm": ("TBPM", "TXXX:bpm", "TXXX:tempo"),
}

VORBIS: Table = {
    "title": ("title",),
    "artist": ("artist",),
    "album_artist": ("albumartist", "album artist", "album_artist"),
    "album": ("album",),
    "track_number": ("tracknumber", "track"),
    "disc_number": ("discnumber", "disc"),
    "year": ("date", "year", "originaldate", "originalyear"),
    "genre": ("genre",),
    "licence": ("license", "copyright"),
    "url": ("website", "contact"),
    "musicbrainz_recording_id": ("musicbrainz_trackid", "musicbrainz_recordingid"),
    "tempo_bpm": ("bpm", "tempo"),
}

APE: Table = {**VORBIS, "url": ("website", "related", "contact")}
"""The same words in other case, which does not count in either."""

MP4: Table = {
    "title": ("©nam",),
    "artist": ("©ART",),
    "album_artist": ("aART",),
    "album": ("©alb",),
    "track_number": ("trkn",),
    "disc_number": ("disk",),
    "year": ("©day",),
    "genre": ("©gen",),
    "licence": ("----:com.apple.iTunes:LICENSE", "cprt"),
    "url": (),
    "musicbrainz_recording_id": ("----:com.apple.iTunes:MusicBrainz Track Id",),
    "tempo_bpm": ("tmpo", "----:com.apple.iTunes:BPM"),
}

ASF: Table = {
    "title": ("Title",),
    "artist": ("Author",),
    "album_artist": ("WM/AlbumArtist",),
    "album": ("WM/AlbumTitle",),
    "track_number": ("WM/TrackNumber", "WM/Track"),
    "disc_number": ("WM/PartOfSet",),
    "year": ("WM/Year", "WM/OriginalReleaseYear"),
    "genre": ("WM/Genre",),
    "licence": ("LICENSE", "Copyright"),
    "url": ("WM/AuthorURL",),
    "musicbrainz_recording_id": ("MusicBrainz/Track Id",),
    "tempo_bpm": ("WM/BeatsPerMinute",),
}

CHUNKS: Table = {
    "title": ("INAM", "NAME"),
    "artist": ("IART", "AUTH"),
    "album_artist": (),
    "album": ("IPRD",),
    "track_number": ("ITRK", "IPRT", "TRCK"),
    "disc_number": (),
    "year": ("ICRD",),
    "genre": ("IGNR",),
    "licence": ("ICOP", "(c) "),
    "url": (),
    "musicbrainz_recording_id": (),
    "tempo_bpm": (),
}
"""RIFF's list INFO, and the text chunks of AIFF."""


def list_values(tags: Any, name: str) -> Iterable[Any]:
    """The values that a tag has under a name, as text or as whatever stands for it."""
    kind, _, described = name.partition(":")
    if kind == "TXXX":
        frames = [frame for frame in tags.getall(kind) if frame.desc.casefold() == described]
        return [text for frame in frames for text in frame.text]
    if kind == "UFID":
        return [frame.data for frame in tags.getall(name)]
    if kind == "WOAR":
        return [frame.url for frame in tags.getall(name)]
    found = tags.get(name)
    if found is None:
        return []
    if kind == "TCON":
        return list(found.genres)
    if isinstance(found, str | bytes):
        return [found]
    return list(getattr(found, "text", found))
