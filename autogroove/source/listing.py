"""From files and metadata to the rows of a collection, without opening any audio.

What belongs here: ids, the join of files with metadata, subsets, limits, what is missing or double.
What does not: fingerprints and the store (`scan`).
"""

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from autogroove.errors import SourceError
from autogroove.source.files import Files, make_track_id
from autogroove.source.fma_metadata import SUBSETS, FmaMetadata, rank_subsets
from autogroove.source.table import METADATA_FIELDS
from autogroove.source.tracks import Reason

_FMA_NUMBER = r"(?:^|/)\d{3,}/(?P<found>\d{6,15})\.[A-Za-z0-9]+$"
"""NNN/NNNNNN.mp3, below whatever folder."""
_FMA_SET = r"(?:^|/)fma_(?P<found>small|medium|large|full)/"
_METADATA_NAMES = [field.name for field in METADATA_FIELDS]


def list_collection(
    files: Files,
    kind: str,
    metadata: FmaMetadata | None,
    subset: str | None = None,
    limit: int | None = None,
) -> pd.DataFrame:
    """One row a track, sorted by track_id, which is unique.

    Columns: track_id, path (null where there is no file), size_bytes, version, checksum, reason,
    detail, then the metadata's.

    Raises:
        SourceError: the files cannot be listed, the metadata not read, or there is no audio.
    """
    rows = files.list_audio()
    if rows.empty:
        raise SourceError(
            f"{files.url} holds no audio file (mp3, flac, ogg, opus, m4a, wav, wma and others)."
        )
    digits = _extract(rows["path"], _FMA_NUMBER)
    if kind == "folder":
        digits[:] = None
    rows["track_id"] = _number(rows["path"], digits)
    known = metadata.read() if metadata is not None else None
    rows = _set_doubles_aside(rows, digits.isna())
    if known is not None:
        rows = _join(rows, known, subset, limit)
    if rows.empty:
        raise SourceError(f"{files.url} holds no track of the subset {subset}.")
    rows = rows.sort_values("track_id", kind="stable", ignore_index=True)
    rows = rows if limit is None else rows.head(limit)
    columns = ["track_id", "path", "size_bytes", "version", "checksum", "reason", "detail"]
    return rows.reindex(columns=columns + _METADATA_NAMES)


def _number(paths: pd.Series, digits: pd.Series) -> pd.Series:
    """FMA's number in the name; a file that has none is numbered by its path."""
    unnamed = digits.isna()
    ids = digits.fillna("0").astype("int64")
    ids[unnamed] = paths[unnamed].map(make_track_id).astype("int64")
    return ids


def _extract(paths: pd.Series, pattern: str) -> pd.Series:
    """What a pattern's group `found` matches in each path, or null; ten times pandas' speed."""
    matched = pc.extract_regex(pa.array(paths, pa.string()), pattern)
    return pd.Series(pc.struct_field(matched, "found").to_pandas(), dtype="str").set_axis(
        paths.index
    )


def _set_doubles_aside(rows: pd.DataFrame, is_numbered_by_path: pd.Series) -> pd.DataFrame:
    """Keep one file for each id: of the smallest set, then the first by path.

    The others are excluded, under ids of their own, so that ids stay unique. Only files that are
    numbered by their paths stay: they are twins whose names differ in the form of an accent.
    """
    rank = rank_subsets(_extract(rows["path"], _FMA_SET)).fillna(len(SUBSETS))
    is_fault = rows["reason"].notna()
    ordered = rows.assign(_rank=rank, _fault=is_fault).sort_values(
        ["track_id", "_fault", "_rank", "path"], kind="stable"
    )
    double = ordered.duplicated("track_id")
    kept = ordered.drop_duplicates("track_id").set_index("track_id")["path"]
    same = ordered.loc[double, "track_id"]
    fresh = same.index[ordered.loc[double, "reason"].isna() & ~is_numbered_by_path[same.index]]
    ordered.loc[fresh, "reason"] = Reason.duplicate_id
    ordered.loc[fresh, "detail"] = [f"{kept[i]} has the same id, {i}." for i in same[fresh]]
    copies = ordered[double].groupby("path", sort=False).cumcount()
    salted = ordered.loc[double, "path"] + "#" + (copies + 2).astype(str)
    ordered.loc[double, "track_id"] = salted.map(make_track_id).astype("int64")
    return ordered.drop(columns=["_rank", "_fault"])


def _join(
    rows: pd.DataFrame, known: pd.DataFrame, subset: str | None, limit: int | None
) -> pd.DataFrame:
    rows = rows.join(known, on="track_id")
    if subset is not None:
        _require_subset(known)
        rows = rows[rank_subsets(rows["subset"]) <= SUBSETS.index(subset)]
    if limit is not None:
        return rows
    absent = _find_missing(rows, known, subset)
    return pd.concat([rows, absent], ignore_index=True) if len(absent) else rows


def _require_subset(known: pd.DataFrame) -> None:
    if rank_subsets(known["subset"]).isna().all():
        raise SourceError("tracks.csv has no column set.subset that could tell the subset.")


def _find_missing(rows: pd.DataFrame, known: pd.DataFrame, subset: str | None) -> pd.DataFrame:
    """Rows of metadata without a file, as far as the sets that are there promise one.

    FMA's metadata always lists all 106,574 tracks: those outside fma_small are not missing in it.
    """
    absent = known[~known.index.isin(rows["track_id"])]
    present = _extract(rows["path"], _FMA_SET)
    largest = rank_subsets(present).max() if present.notna().all() else np.nan
    bound = np.fmin(largest, SUBSETS.index(subset) if subset else np.nan)
    absent = absent.loc[~(rank_subsets(absent["subset"]) > bound)]
    missing: pd.DataFrame = absent.reset_index()
    return missing.assign(
        path=None,
        size_bytes=0,
        version="",
        checksum=None,
        reason=Reason.missing_file,
        detail=Reason.missing_file.meaning,
    )
