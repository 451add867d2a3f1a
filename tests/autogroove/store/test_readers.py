"""Whatever bytes a reader is given, a person reads which object is damaged and what to do."""

import io

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import safetensors.torch
import torch
from hypothesis import given
from hypothesis import strategies as st

from autogroove.errors import DamagedObject
from autogroove.store.readers import parse_json, parse_table, parse_tensors

READERS = {"JSON": parse_json, "Parquet": parse_table, "safetensors": parse_tensors}


def pack_parquet() -> bytes:
    buffer = io.BytesIO()
    pq.write_table(pa.table({"clip": list(range(100))}), buffer)
    return buffer.getvalue()


WHOLE = {
    "JSON": b'{"rows": [1, 2, 3]}',
    "Parquet": pack_parquet(),
    "safetensors": safetensors.torch.save({"weight": torch.ones(3)}),
}


@pytest.mark.parametrize("form", READERS)
def test_what_is_whole_is_read(form: str) -> None:
    assert len(READERS[form](WHOLE[form], "place")) > 0


@pytest.mark.parametrize("form", READERS)
@given(data=st.binary(max_size=200))
def test_any_bytes_are_a_value_or_one_sentence(form: str, data: bytes) -> None:
    try:
        READERS[form](data, "s3://bucket/store/some/key")
    except DamagedObject as error:
        told = str(error)
        assert told.startswith("s3://bucket/store/some/key is damaged: ")
        assert "releases repair" in told
        assert "\n" not in told


@pytest.mark.parametrize("form", READERS)
def test_a_part_of_an_object_is_damaged(form: str) -> None:
    for size in range(len(WHOLE[form])):
        with pytest.raises(DamagedObject, match="place is damaged"):
            READERS[form](WHOLE[form][:size], "place")


def test_a_table_without_a_column_is_damaged() -> None:
    with pytest.raises(DamagedObject, match="place is damaged"):
        parse_table(WHOLE["Parquet"], "place", ["clip", "encoding"])
