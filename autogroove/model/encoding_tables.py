"""Track encodings as a table, written and read without the library that computes them.

What belongs here: Parquet of one encoding a track. Readers of a release need it, and not PyTorch.
What does not: encoding, and pooling clips (`encoding`).
"""

import io

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import ArrayLike, NDArray

from autogroove.errors import ReleaseError
from autogroove.store import pack_table


def write_track_encodings(track_ids: ArrayLike, encodings: ArrayLike) -> bytes:
    """Parquet of `track_id` int64 (n,) and `encoding` float32 (n, d), as given in order."""
    ids = np.asarray(track_ids, np.int64)
    matrix = np.ascontiguousarray(encodings, np.float32)
    if matrix.ndim != 2 or len(ids) != len(matrix):
        raise ReleaseError(f"{len(ids)} track ids do not fit encodings of shape {matrix.shape}.")
    column = pa.FixedSizeListArray.from_arrays(pa.array(matrix.reshape(-1)), matrix.shape[1])
    return pack_table(pa.table({"track_id": pa.array(ids), "encoding": column}))


def read_track_encodings(data: bytes) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Track ids int64 (n,) and encodings float32 (n, d)."""
    table = pq.read_table(io.BytesIO(data))
    return table["track_id"].to_numpy(), stack_encodings(table["encoding"])


def stack_encodings(column: pa.ChunkedArray) -> NDArray[np.float32]:
    """A fixed-size list column as a matrix float32 (n, d)."""
    flat = column.combine_chunks().flatten().to_numpy(zero_copy_only=False)
    matrix: NDArray[np.float32] = flat.reshape(len(column), column.type.list_size)
    return matrix
