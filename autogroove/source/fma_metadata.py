"""The metadata that comes with the Free Music Archive's data set, and what is made like it.

What belongs here: from fma_metadata/*.csv to one table of the catalogue's metadata columns.
What does not: which files there are (`sources`).

tracks.csv has two header rows and a row that names the index; echonest.csv has three header rows.
Columns are found by their names, so that a set with fewer of them, or without the naming row,
is read all the same; those that are missing become null. Only the columns that are wanted are
parsed: the biographies are most of the file.
"""

import codecs
import csv
import io
from dataclasses import dataclass
from typing import Any, BinaryIO

import pandas as pd

from autogroove.errors import SourceError
from autogroove.source.files import Files
from autogroove.source.table import METADATA_FIELDS

SUBSETS = ("small", "medium", "large", "full")
"""FMA's subsets; each holds those before it."""

Header = tuple[str, ...]
Target = tuple[str, str]
"""A column's name here, and its type."""

_OVERFLOW = "_overflow"
_HINT = "a quotation mark may be missing"

_TRACKS: dict[Header, Target] = {
    ("track", "title"): ("title", "str"),
    ("artist", "name"): ("artist", "str"),
    ("artist", "id"): ("artist_id", "float64"),
    ("album", "title"): ("album", "str"),
    ("track", "genre_top"): ("genre", "str"),
    ("track", "license"): ("licence", "str"),
    ("track", "url"): ("url", "str"),
    ("set", "split"): ("split", "str"),
    ("set", "subset"): ("subset", "str"),
    ("track", "duration"): ("duration_seconds", "float64"),
    ("track", "genres"): ("_genres", "str"),
}
_ECHONEST: dict[Header, Target] = {
    ("echonest", "audio_features", "danceability"): ("danceability", "float64"),
    ("echonest", "audio_features", "energy"): ("energy", "float64"),
    ("echonest", "audio_features", "valence"): ("valence", "float64"),
    ("echonest", "audio_features", "tempo"): ("tempo_bpm", "float64"),
}
_GROOVES: dict[Header, Target] = {
    ("groove",): ("groove", "str"),
    ("tempo_bpm",): ("_tempo", "float64"),
}
_GENRES: dict[Header, Target] = {
    ("title",): ("title", "str"),
    ("top_level",): ("top_level", "float64"),
}


@dataclass(frozen=True)
class FmaMetadata:
    """Where a set's metadata is: `folder` (a safe path, no slash at the end) among files."""

    files: Files
    folder: str

    def read(self) -> pd.DataFrame:
        """Metadata columns by track_id (int64, unique, ascending).

        Raises:
            SourceError: a file is missing, unreadable or not what its name says.
        """
        tracks = self._read("tracks.csv", 2, _TRACKS)
        if tracks is None:
            raise SourceError(f"{self._place('tracks.csv')} is missing.")
        genres = self._read("genres.csv", 1, _GENRES)
        if "genre" not in tracks and "_genres" in tracks and genres is not None:
            tracks["genre"] = name_genres(tracks["_genres"], genres)
        echonest = self._read("echonest.csv", 3, _ECHONEST)
        if echonest is not None:
            tracks = tracks.join(echonest)
        grooves = self._read("groove_labels.csv", 1, _GROOVES)
        if grooves is not None:
            tracks = tracks.join(grooves)
        return _tidy(tracks)

    def _place(self, name: str) -> str:
        return f"{self.files.url}/{self.folder}/{name}".replace("//fma", "/fma")

    def _read(
        self, name: str, num_headers: int, wanted: dict[Header, Target]
    ) -> pd.DataFrame | None:
        """The wanted columns of one CSV file by track_id, or None where it is absent."""
        path = f"{self.folder}/{name}"
        if not self.files.has_file(path):
            return None
        try:
            with self._open(path) as file:
                return _parse(file, num_headers, wanted)
        except UnicodeDecodeError as error:
            raise SourceError(f"{self._place(name)} is not UTF-8 text: {error}.") from error
        except (OSError, ValueError, csv.Error) as error:
            fault = " ".join(str(error).split()).rstrip(".")
            raise SourceError(f"{self._place(name)} cannot be read: {fault}.") from error

    def _open(self, path: str) -> BinaryIO:
        """A remote table is fetched in one request: all of it is wanted."""
        local = self.files.local_path(path)
        return io.BytesIO(self.files.read(path)) if local is None else local.open("rb")


def _parse(file: BinaryIO, num_headers: int, wanted: dict[Header, Target]) -> pd.DataFrame:
    columns, width, start = _find_columns(file, num_headers)
    positions = {columns[header]: target for header, target in wanted.items() if header in columns}
    if not positions:
        names = ", ".join(".".join(header) for header in wanted)
        raise ValueError(f"it has none of the columns {names}")
    order = sorted(positions)
    file.seek(start)
    table = pd.read_csv(
        io.BufferedReader(_AfterGuard(file, b"," * width + b"\n")),
        header=None,
        usecols=[0, *order, width],
        names=["track_id", *(positions[position][0] for position in order), _OVERFLOW],
        dtype="str",
        # There are songs called "NA" and "null".
        keep_default_na=False,
        na_values=[""],
        encoding="utf-8",
    ).iloc[1:]
    if (wide := table[_OVERFLOW].notna()).any():
        raise ValueError(f"{_name_row(table, wide)} has more than {width} fields; {_HINT}")
    for name, kind in positions.values():
        if kind == "float64":
            table[name] = pd.to_numeric(table[name], errors="coerce").astype("float64")
    return _index_by_id(table.drop(columns=_OVERFLOW))


class _AfterGuard(io.RawIOBase):
    """A file after a line of commas with one field more than it should have.

    pandas takes the width of a table from its first line, and passes over surplus fields when
    only some columns are wanted. With the guard they end up in a column where they are seen.
    """

    def __init__(self, file: BinaryIO, guard: bytes) -> None:
        self._file, self._guard = file, guard

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        data, self._guard = self._guard[: len(buffer)], self._guard[len(buffer) :]
        data = data or self._file.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)


def _find_columns(file: BinaryIO, num_headers: int) -> tuple[dict[Header, int], int, int]:
    """Where each column is by its header, how many there are, and where the first track begins."""
    text = io.TextIOWrapper(file, encoding="utf-8-sig", newline="")
    lines = [text.readline() for _ in range(num_headers + 1)]
    text.detach()
    file.seek(0)
    has_mark = file.read(3) == codecs.BOM_UTF8
    rows = list(csv.reader(lines[:num_headers]))
    if len(rows) < num_headers or not all(rows):
        raise ValueError(f"its header needs {num_headers} rows")
    columns = {header: i for i, header in enumerate(zip(*rows, strict=False)) if i > 0}
    names_index = lines[num_headers].split(",")[0].strip().strip('"') == "track_id"
    before = "".join(lines[: num_headers + names_index]).encode()
    return columns, max(map(len, rows)), len(before) + 3 * has_mark


def _index_by_id(table: pd.DataFrame) -> pd.DataFrame:
    ids = pd.to_numeric(table["track_id"], errors="coerce")
    wrong = ids.isna() | (ids % 1 != 0) | (ids < 0) | (ids >= 2**62)
    if wrong.any():
        raise ValueError(f"{_name_row(table, wrong)} does not begin with an id; {_HINT}")
    table["track_id"] = ids.astype("int64")
    return table.drop_duplicates("track_id").set_index("track_id").sort_index()


def _name_row(table: pd.DataFrame, which: pd.Series) -> str:
    number = int(which.to_numpy().argmax())
    return f"row {number + 1} ({str(table['track_id'].iloc[number])[:40]!r})"


def name_genres(genres: pd.Series, names: pd.DataFrame) -> pd.Series:
    """The top-level genre of tracks whose genres share one, from FMA's lists of genre ids.

    For sets that come without `genre_top`; the rule is the one by which FMA filled it.
    """
    lists = genres.fillna("").str.findall(r"\d+").explode().dropna().astype("int64")
    roots = lists.map(names["top_level"]).dropna()
    by_track = roots.groupby(level=0).agg(["nunique", "first"])
    return by_track.loc[by_track["nunique"] == 1, "first"].map(names["title"])


def _tidy(tracks: pd.DataFrame) -> pd.DataFrame:
    tempo = tracks.get("_tempo")
    if tempo is not None:
        tracks["tempo_bpm"] = tracks["tempo_bpm"].fillna(tempo) if "tempo_bpm" in tracks else tempo
    table = tracks.reindex(columns=[field.name for field in METADATA_FIELDS])
    table["artist_id"] = table["artist_id"].astype("Int64")
    return table


def rank_subsets(subset: pd.Series) -> pd.Series:
    """0 for small up to 3 for full; NaN for what is none of them."""
    return subset.map({name: rank for rank, name in enumerate(SUBSETS)})
