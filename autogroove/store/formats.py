"""Tables as bytes: the one form in which a small table is kept."""

import io

import pyarrow as pa
import pyarrow.parquet as pq


def pack_table(table: pa.Table) -> bytes:
    """Parquet of a table; equal tables give equal bytes."""
    buffer = io.BytesIO()
    pq.write_table(table, buffer, compression="zstd")
    return buffer.getvalue()
