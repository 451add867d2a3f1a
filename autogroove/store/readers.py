"""One reader for each format of the store: JSON, Parquet, safetensors.

What belongs here: bytes in, values out, and what is said where the bytes are none of the format.
What does not: arrays (`arrays`), or digests (`artefacts`, `notes`).

A reader is told the place of what it reads, so that a person reads which object is damaged and what
to do about it, and never the error of a parser.
"""

import io
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from autogroove.errors import AutogrooveError, DamagedObject

if TYPE_CHECKING:
    import pyarrow as pa
    from torch import Tensor

REMEDY = (
    "`autogroove releases repair` sets it aside and makes it again, or says what that needs; "
    "so does `autogroove run --verify`."
)


@contextmanager
def parsing(place: str) -> Iterator[None]:
    """Turn whatever a parser raises inside into a sentence about the place.

    Raises:
        DamagedObject: the bytes of the place are not of the form that they should be.
    """
    try:
        yield
    except AutogrooveError:
        raise
    except Exception as error:  # parsers raise anything on bytes that nobody wrote
        why = str(error).strip().split("\n")[0] or type(error).__name__
        raise DamagedObject(f"{place} is damaged: {why.rstrip('.')}. {REMEDY}") from error


def parse_json(data: bytes, place: str) -> Any:
    """The value of a JSON text.

    Raises:
        DamagedObject: it is none.
    """
    with parsing(place):
        return json.loads(data)


def parse_table(data: bytes, place: str, columns: Sequence[str] | None = None) -> "pa.Table":
    """The table of a Parquet file, or some of its columns.

    Raises:
        DamagedObject: it is none, or lacks a column.
    """
    import pyarrow.parquet as pq

    with parsing(place):
        table = pq.read_table(io.BytesIO(data), columns=None if columns is None else [*columns])
        for name in columns or ():
            table.column(name)
        return table


def parse_tensors(data: bytes, place: str) -> "dict[str, Tensor]":
    """The tensors of a safetensors file by name.

    Raises:
        DamagedObject: it is none.
    """
    import safetensors.torch

    with parsing(place):
        tensors: dict[str, Tensor] = safetensors.torch.load(data)
        return tensors
