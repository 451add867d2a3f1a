"""Collections for tests: folders in FMA's layout, music folders, and archives of them.

What belongs here: writing small, real files where a test wants them.
What does not: tests, and audio that must be decoded (the demo renders that).
"""

import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

DEFAULTS: dict[tuple[str, str], Any] = {
    ("album", "title"): "Album",
    ("artist", "id"): 7,
    ("artist", "name"): "Artist",
    ("set", "split"): "training",
    ("set", "subset"): "small",
    ("track", "duration"): 30,
    ("track", "genre_top"): "Rock",
    ("track", "genres"): "[12]",
    ("track", "license"): "CC BY 4.0",
    ("track", "title"): "Title",
}


def fma_path(track_id: int, folder: str = "fma_small") -> str:
    """FMA's own rule: the first three of at least six digits."""
    number = f"{track_id:06d}"
    return f"{folder}/{number[:3]}/{number}.mp3"


def audio_bytes(track_id: int) -> bytes:
    """Bytes that differ from track to track; no decoder would like them."""
    return f"audio of {track_id} ".encode() * 40


def write_file(root: Path, path: str, data: bytes) -> Path:
    """A file below a root, with its folders."""
    place = root / path
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(data)
    return place


def write_tracks_csv(root: Path, rows: Mapping[int, Mapping[tuple[str, str], Any]]) -> Path:
    """fma_metadata/tracks.csv in FMA's format, each row on top of the defaults."""
    table = pd.DataFrame([{**DEFAULTS, **row} for row in rows.values()], index=list(rows))
    table.index.name = "track_id"
    table.columns = pd.MultiIndex.from_tuples(table.columns)
    place = root / "fma_metadata" / "tracks.csv"
    place.parent.mkdir(parents=True, exist_ok=True)
    table.to_csv(place)
    return place


def write_fma(root: Path, track_ids: Sequence[int], rows: Mapping[int, Any] | None = None) -> Path:
    """A folder in FMA's layout with a file and a row for each id."""
    for track_id in track_ids:
        write_file(root, fma_path(track_id), audio_bytes(track_id))
    given = dict(rows or {})
    write_tracks_csv(root, {**{i: {} for i in track_ids}, **given})
    return root


def zip_folder(folder: Path, archive: Path, method: int = zipfile.ZIP_BZIP2) -> Path:
    """An archive of a folder's files; FMA's own are packed with bzip2."""
    with zipfile.ZipFile(archive, "w", method) as opened:
        for place in sorted(folder.rglob("*")):
            if place.is_file():
                opened.write(place, place.relative_to(folder).as_posix())
    return archive
