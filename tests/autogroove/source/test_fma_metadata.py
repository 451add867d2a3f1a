"""FMA's metadata as it comes, with less than it should have, and broken."""

from pathlib import Path
from typing import Any

import fma_layout
import pandas as pd
import pytest

from autogroove.errors import SourceError
from autogroove.source.scan import scan_source
from autogroove.source.sources import open_source
from autogroove.store.store import Store

ECHONEST = """,echonest,echonest,echonest
,audio_features,audio_features,metadata
,danceability,tempo,album_name
track_id,,,
1,0.5,120.5,"one, ""quoted""
album"
"""


def read(root: Path, **selection: Any) -> pd.DataFrame:
    store = Store(root.parent / "store")
    return scan_source(open_source(str(root), store=store, **selection), store).catalogue


def test_pandas_reads_the_same(tmp_path: Path) -> None:
    """Oracle: FMA's own recipe for tracks.csv."""
    rows: dict[int, dict[tuple[str, str], Any]] = {
        1: {("track", "title"): 'He said "no",\nthen left', ("artist", "bio"): '"\n,' * 50},
        2: {("track", "genre_top"): None, ("artist", "id"): 8, ("set", "split"): "test"},
        30: {("track", "title"): "007", ("album", "title"): "NaN is not nothing"},
    }
    root = fma_layout.write_fma(tmp_path / "fma", [1, 2, 30], rows)
    found = read(root).set_index("track_id")
    table = pd.read_csv(root / "fma_metadata/tracks.csv", header=[0, 1], index_col=0)
    for ours, theirs in {
        "title": ("track", "title"),
        "genre": ("track", "genre_top"),
        "artist_id": ("artist", "id"),
        "album": ("album", "title"),
        "split": ("set", "split"),
    }.items():
        expected = table[theirs].astype(object).where(table[theirs].notna(), None)
        got = found[ours].astype(object).where(found[ours].notna(), None)
        assert got.to_dict() == expected.to_dict(), ours


def test_songs_may_be_called_what_pandas_takes_for_nothing(tmp_path: Path) -> None:
    titles = {1: "NA", 2: "null", 3: "None", 4: "nan", 5: None}
    rows = {number: {("track", "title"): title} for number, title in titles.items()}
    found = read(fma_layout.write_fma(tmp_path / "fma", list(titles), rows))
    assert found["title"].tolist()[:4] == ["NA", "null", "None", "nan"]
    assert pd.isna(found["title"][4])


def test_echonest_and_groove_labels_are_joined_where_they_are(tmp_path: Path) -> None:
    root = fma_layout.write_fma(tmp_path / "fma", [1, 2])
    (root / "fma_metadata/echonest.csv").write_text(ECHONEST)
    labels = "track_id,groove,palette,tempo_bpm\n1,bossa,felt,90\n2,waltz,felt,91.5\n"
    (root / "fma_metadata/groove_labels.csv").write_text(labels)
    found = read(root)
    assert found["danceability"].tolist()[0] == 0.5
    assert pd.isna(found["danceability"][1]) and found["energy"].isna().all()
    assert found["tempo_bpm"].tolist() == [120.5, 91.5]
    assert found["groove"].tolist() == ["bossa", "waltz"]


def test_without_genre_top_the_genre_is_the_one_root_of_the_genres(tmp_path: Path) -> None:
    root = tmp_path / "fma"
    lists = {1: "[31, 12]", 2: "[31, 4]", 3: "[]", 4: "[4]"}
    fma_layout.write_fma(root, [*lists], {i: {("track", "genres"): s} for i, s in lists.items()})
    place = root / "fma_metadata/tracks.csv"
    table = pd.read_csv(place, header=[0, 1], index_col=0)
    table.drop(columns=[("track", "genre_top")]).to_csv(place)
    (root / "fma_metadata/genres.csv").write_text(
        "genre_id,#tracks,parent,title,top_level\n12,1,0,Rock,12\n31,1,12,Metal,12\n4,1,0,Jazz,4\n"
    )
    assert read(root)["genre"].fillna("").tolist() == ["Rock", "", "", "Jazz"]


def test_missing_columns_are_null_and_the_row_that_names_the_index_is_optional(
    tmp_path: Path,
) -> None:
    root = fma_layout.write_fma(tmp_path / "fma", [1])
    (root / "fma_metadata/tracks.csv").write_text(",track,artist\n,title,name\n1,Song,Singer\n")
    found = read(root)
    assert found["title"].tolist() == ["Song"] and found["artist"].tolist() == ["Singer"]
    assert found[["split", "subset", "genre", "artist_id", "licence"]].isna().all(axis=None)
    with pytest.raises(SourceError, match=r"set\.subset"):
        read(root, subset="small")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (b"", "header needs 2 rows"),
        (b"a,b\n1,2\n3,4\n", "none of the columns"),
        (b",track\n,title\n1,x\n2,x,y,z\n", "row 2 .'2'. has more than 2 fields"),
        (b',track\n,title\n1,"never closed\n2,x\n', "EOF inside string"),
        (b',track,artist\n,title,name\n1,"a",b\nstray line",c,d\n2,x,y\n', "quotation mark"),
        (b",track\n,title\nseven,x\n", "does not begin with an id"),
        (b",track\n,title\n1,\xff\xfe\xfa\n", "not UTF-8"),
        (b"\x89PNG\r\n\x1a\n\x00\x00", "not UTF-8|none of the columns|header"),
    ],
)
def test_a_broken_tracks_csv_is_one_clear_sentence(tmp_path: Path, text: bytes, says: str) -> None:
    root = fma_layout.write_fma(tmp_path / "fma", [1])
    (root / "fma_metadata/tracks.csv").write_bytes(text)
    with pytest.raises(SourceError, match=says) as caught:
        read(root)
    assert f"{root}/fma_metadata/tracks.csv" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_broken_echonest_csv_is_named_and_an_absent_tracks_csv_too(tmp_path: Path) -> None:
    root = fma_layout.write_fma(tmp_path / "fma", [1])
    (root / "fma_metadata/echonest.csv").write_text("a\nb\nc\nd\n")
    with pytest.raises(SourceError, match=r"fma_metadata/echonest\.csv cannot be read"):
        read(root)
    (root / "fma_metadata/tracks.csv").unlink()
    with pytest.raises(SourceError, match=r"fma_metadata/tracks\.csv is missing"):
        read(root)


def test_artists_who_cross_the_split_are_reported_and_end_nothing(tmp_path: Path) -> None:
    rows = {
        1: {("artist", "id"): 7, ("set", "split"): "training"},
        2: {("artist", "id"): 7, ("set", "split"): "test"},
        3: {("artist", "id"): 8, ("set", "split"): "test"},
        4: {("artist", "id"): 9, ("set", "split"): "training"},
    }
    root = fma_layout.write_fma(tmp_path / "fma", [*rows], rows)
    store = Store(tmp_path / "store")
    scan = scan_source(open_source(str(root), store=store), store)
    (note,) = scan.notes
    assert note.startswith("1 artist") and "Artist" in note
    assert (scan.catalogue["status"] == "listed").all()


def test_a_split_that_leaves_nothing_to_train_on_is_told(tmp_path: Path) -> None:
    rows = {number: {("set", "split"): "test", ("artist", "id"): number} for number in (1, 2, 3)}
    root = fma_layout.write_fma(tmp_path / "fma", [*rows], rows)
    store = Store(tmp_path / "store")
    (note,) = scan_source(open_source(str(root), store=store), store).notes
    assert note.startswith("The split has 3 of 3 tracks on the test side") and "by artist" in note
