"""The catalogue: one row a track, and its one form as bytes.

What belongs here: the columns, their types, and Parquet that is equal where the tables are.
What does not: how rows come about (`scan`, `autogroove.segments`).
"""

import io

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from autogroove.errors import DamagedObject
from autogroove.store import REMEDY, Store, digest_bytes, make_key, parsing, write_again

METADATA_FIELDS: tuple[pa.Field, ...] = (
    pa.field("title", pa.string()),
    pa.field("artist", pa.string()),
    pa.field("artist_id", pa.int64()),
    pa.field("album_artist", pa.string()),
    pa.field("album", pa.string()),
    pa.field("track_number", pa.int64()),
    pa.field("disc_number", pa.int64()),
    pa.field("year", pa.int64()),
    pa.field("genre", pa.string()),
    pa.field("licence", pa.string()),
    pa.field("url", pa.string()),
    pa.field("musicbrainz_recording_id", pa.string()),
    pa.field("split", pa.string()),
    pa.field("subset", pa.string()),
    pa.field("groove", pa.string()),
    pa.field("duration_seconds", pa.float64()),
    pa.field("danceability", pa.float64()),
    pa.field("energy", pa.float64()),
    pa.field("valence", pa.float64()),
    pa.field("tempo_bpm", pa.float64()),
)
"""What is known about a track besides its audio. `split` is training, validation or test; `subset`
the smallest of FMA's that holds the track; `groove` the rhythm pattern that it was rendered with.
"""

SCHEMA = pa.schema(
    [
        pa.field("track_id", pa.int64()),
        pa.field("path", pa.string()),
        pa.field("status", pa.string()),
        pa.field("reason", pa.string()),
        pa.field("detail", pa.string()),
        pa.field("fingerprint", pa.string()),
        pa.field("file_digest", pa.string()),
        pa.field("size_bytes", pa.int64()),
        *METADATA_FIELDS,
        pa.field("segment", pa.string()),
        pa.field("first_clip", pa.int64()),
        pa.field("clips", pa.int64()),
    ]
)
"""Columns of a catalogue. `status` is listed, stored, quarantined or excluded; `path` is null
only where there is no file; `file_digest` is that of the bytes where it is not the fingerprint,
because the tags of the file were changed. Nothing here depends on when or where a file was seen."""

_NULLABLE_INTEGERS = (
    "artist_id",
    "track_number",
    "disc_number",
    "year",
    "first_clip",
    "tags_version",
)

_LEFT_OUT_IF_NULL = {
    "album_artist",
    "track_number",
    "disc_number",
    "year",
    "musicbrainz_recording_id",
    "tags_version",
    "file_digest",
    "sound_digest",
}
"""Columns that came later: a table without a value in them keeps the bytes that it always had."""


def conform_table(table: pd.DataFrame, schema: pa.Schema) -> pd.DataFrame:
    """The same rows with the schema's columns in order, and one pandas type for each.

    Missing columns become null. Integers that may be null are `Int64`.
    """
    return _to_pandas(_to_arrow(table, schema))


def write_catalogue(catalogue: pd.DataFrame) -> bytes:
    """A catalogue as Parquet; equal tables give equal bytes (with one version of pyarrow)."""
    return write_table(catalogue.sort_values("track_id", kind="stable"), SCHEMA)


def read_catalogue(data: bytes, place: str = "A catalogue of the store") -> pd.DataFrame:
    """The catalogue that `write_catalogue` wrote, sorted by track_id.

    Raises:
        DamagedObject: the bytes are no catalogue.
    """
    return read_table(data, SCHEMA, place)


def catalogue_object(catalogue_key: str) -> str:
    """The object in the store that holds a catalogue."""
    return f"catalogues/{catalogue_key}.parquet"


def put_catalogue(store: Store, catalogue: pd.DataFrame) -> str:
    """Write a catalogue under its content's key, which is returned."""
    data = write_catalogue(catalogue)
    key = make_key("catalogue", digest_bytes(data))
    write_again(store, catalogue_object(key), data)
    return key


def load_catalogue(store: Store, catalogue_key: str) -> pd.DataFrame:
    """The catalogue of a key.

    Raises:
        MissingObject: it is not in the store.
        DamagedObject: it is not as it was written.
    """
    key = catalogue_object(catalogue_key)
    data = store.read(key)
    if make_key("catalogue", digest_bytes(data)) != catalogue_key:
        raise DamagedObject(f"{store.locate(key)} is damaged: its digest is another. {REMEDY}")
    return read_catalogue(data, store.locate(key))


def write_table(table: pd.DataFrame, schema: pa.Schema) -> bytes:
    """A table as Parquet of that schema, without anything that tells where it was written."""
    sink, arrow = io.BytesIO(), _to_arrow(table, schema)
    unused = [
        n for n in schema.names if n in _LEFT_OUT_IF_NULL and arrow[n].null_count == len(arrow)
    ]
    pq.write_table(
        arrow.drop_columns(unused),
        sink,
        compression="zstd",
        compression_level=3,
        version="2.6",
        row_group_size=1 << 17,
        write_statistics=True,
    )
    return sink.getvalue()


def read_table(data: bytes, schema: pa.Schema, place: str) -> pd.DataFrame:
    """A table that `write_table` wrote.

    Raises:
        DamagedObject: the bytes are no Parquet of that schema.
    """
    with parsing(place):
        return _to_pandas(pq.read_table(io.BytesIO(data), schema=schema))


def _to_arrow(table: pd.DataFrame, schema: pa.Schema) -> pa.Table:
    columns = table.reindex(columns=schema.names)
    arrow = pa.Table.from_pandas(columns, schema=schema, preserve_index=False, safe=False)
    return arrow.replace_schema_metadata(None).combine_chunks()


def _to_pandas(arrow: pa.Table) -> pd.DataFrame:
    table: pd.DataFrame = arrow.to_pandas()
    for name in _NULLABLE_INTEGERS:
        if name in arrow.column_names:
            table[name] = arrow[name].to_pandas(types_mapper={pa.int64(): pd.Int64Dtype()}.get)
    return table
