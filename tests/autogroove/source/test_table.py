"""The catalogue as bytes, the ids and paths in it, and the reasons."""

import hashlib
import unicodedata

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autogroove.errors import StoreError
from autogroove.source.files import make_track_id, to_real_path, to_safe_path
from autogroove.source.table import SCHEMA, read_catalogue, write_catalogue
from autogroove.source.tracks import Reason

FILE_NAMES = st.binary(min_size=1, max_size=40).map(lambda b: b.decode("utf-8", "surrogateescape"))


def a_catalogue() -> pd.DataFrame:
    rows = [
        {"track_id": 9, "path": "b.mp3", "status": "listed", "fingerprint": "f", "size_bytes": 3},
        {"track_id": 2, "status": "excluded", "reason": "missing_file", "size_bytes": 0},
        {"track_id": 2**52 - 1, "path": "<script>", "artist_id": 2**52 - 1, "energy": 0.25},
    ]
    return pd.DataFrame(rows).fillna({"size_bytes": 0}).assign(clips=0)


def test_a_catalogue_comes_back_as_it_was_written_sorted_and_typed() -> None:
    back = read_catalogue(write_catalogue(a_catalogue()))
    assert list(back.columns) == SCHEMA.names
    assert list(back["track_id"]) == [2, 9, 2**52 - 1]
    assert back["artist_id"].tolist()[2] == 2**52 - 1
    assert str(back["first_clip"].dtype) == str(back["artist_id"].dtype) == "Int64"
    assert str(back["clips"].dtype) == str(back["size_bytes"].dtype) == "int64"
    assert str(back["energy"].dtype) == "float64"
    assert pd.isna(back["path"][0])
    assert write_catalogue(back) == write_catalogue(a_catalogue())


def test_the_bytes_do_not_depend_on_the_order_of_rows_columns_or_on_pandas_types() -> None:
    table = a_catalogue()
    other = table.iloc[::-1][table.columns[::-1]].astype(object)
    assert write_catalogue(other) == write_catalogue(table)
    assert b"pandas" not in write_catalogue(table)


def test_columns_that_came_later_change_no_bytes_where_they_are_empty() -> None:
    """The digest is that of the version before them, so that its stores stay what they are."""
    before = "d8e9d927e56c5eac92c553f088a05d789ef502b3e0ceef405539322a3f91902e"
    rows = [
        {"track_id": 2, "path": "b.mp3", "title": "B", "artist_id": 7, "size_bytes": 3},
        {"track_id": 1, "path": "a.mp3", "size_bytes": 4, "duration_seconds": None},
    ]
    rows[0]["duration_seconds"] = 1.5
    table = pd.DataFrame(rows).assign(status="listed", clips=0)
    assert hashlib.sha256(write_catalogue(table)).hexdigest() == before
    assert read_catalogue(write_catalogue(table))["album_artist"].isna().all()
    named = table.assign(album_artist="Various Artists")
    assert list(read_catalogue(write_catalogue(named))["album_artist"]) == ["Various Artists"] * 2


def test_an_empty_catalogue_is_a_catalogue() -> None:
    assert len(read_catalogue(write_catalogue(pd.DataFrame(columns=["track_id"])))) == 0


def test_bytes_that_are_no_catalogue_are_a_damaged_store() -> None:
    with pytest.raises(StoreError, match="damaged"):
        read_catalogue(write_catalogue(a_catalogue())[:-40])


@given(FILE_NAMES)
def test_every_file_name_has_a_safe_form_and_comes_back(name: str) -> None:
    safe = to_safe_path(name)
    assert safe.encode().decode().splitlines() == [safe]
    assert to_real_path(safe) == name


@given(FILE_NAMES, FILE_NAMES)
def test_two_names_never_share_a_safe_form(one: str, other: str) -> None:
    assert (to_safe_path(one) == to_safe_path(other)) == (one == other)


def test_ordinary_names_are_their_own_safe_form() -> None:
    for name in ("fma_small/000/000002.mp3", "Sigur Rós/() – 1.flac", "日本語/<script>.ogg"):
        assert to_safe_path(name) == name


def test_ids_are_stable_small_and_blind_to_the_form_of_accents() -> None:
    composed = unicodedata.normalize("NFC", "Björk/Jóga.mp3")
    decomposed = unicodedata.normalize("NFD", composed)
    assert composed != decomposed
    assert make_track_id(composed) == make_track_id(decomposed)
    assert make_track_id("a.mp3") == 3336889997394661
    assert all(0 <= make_track_id(f"{i}.mp3") < 2**52 for i in range(100))


def test_every_reason_has_a_sentence_and_a_status() -> None:
    for reason in Reason:
        assert reason.meaning.endswith(".")
        assert reason.status == ("excluded" if reason.excludes else "quarantined")
    excluding = {r.value for r in Reason if r.excludes}
    copies = {"missing_file", "duplicate_id", "duplicate_content"}
    assert excluding == copies | {"excluded_folder", "audiobook"}
