"""The small tables of a release as Parquet bytes: track encodings and clusters.

What belongs here: their columns and their deterministic bytes.
What does not: computing them.
"""

import io

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import ArrayLike, NDArray

from autogroove.errors import ReleaseError


def write_track_encodings(track_ids: ArrayLike, encodings: ArrayLike) -> bytes:
    """Parquet of `track_id` int64 (n,) and `encoding` float32 (n, d), as given in order."""
    ids = np.asarray(track_ids, np.int64)
    matrix = np.ascontiguousarray(encodings, np.float32)
    if matrix.ndim != 2 or len(ids) != len(matrix):
        raise ReleaseError(f"{len(ids)} track ids do not fit encodings of shape {matrix.shape}.")
    column = pa.FixedSizeListArray.from_arrays(pa.array(matrix.reshape(-1)), matrix.shape[1])
    return _to_parquet(pa.table({"track_id": pa.array(ids), "encoding": column}))


def read_track_encodings(data: bytes) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Track ids int64 (n,) and encodings float32 (n, d)."""
    table = pq.read_table(io.BytesIO(data))
    return table["track_id"].to_numpy(), stack_encodings(table["encoding"])


def stack_encodings(column: pa.ChunkedArray) -> NDArray[np.float32]:
    """A fixed-size list column as a matrix float32 (n, d)."""
    flat = column.combine_chunks().flatten().to_numpy(zero_copy_only=False)
    matrix: NDArray[np.float32] = flat.reshape(len(column), column.type.list_size)
    return matrix


def write_clusters(track_ids: ArrayLike, clusters: ArrayLike, exemplars: ArrayLike) -> bytes:
    """Parquet of `track_id` int64, `cluster` int64 and `exemplar` bool, by track id.

    `exemplars` is boolean (n,): whether the track stands for its cluster.
    """
    ids = np.asarray(track_ids, np.int64)
    order = np.argsort(ids, kind="stable")
    table = {
        "track_id": pa.array(ids[order]),
        "cluster": pa.array(np.asarray(clusters, np.int64)[order]),
        "exemplar": pa.array(np.asarray(exemplars, bool)[order]),
    }
    return _to_parquet(pa.table(table))


def read_clusters(data: bytes) -> pd.DataFrame:
    """Columns track_id int64, cluster int64, exemplar bool."""
    frame: pd.DataFrame = pq.read_table(io.BytesIO(data)).to_pandas()
    return frame


def _to_parquet(table: pa.Table) -> bytes:
    buffer = io.BytesIO()
    pq.write_table(table, buffer, compression="zstd")
    return buffer.getvalue()
