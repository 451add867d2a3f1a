"""Every track of a release, in it or not, with the reason.

What belongs here: rows for people and scripts.
What does not: search (`resolving`).
"""

from typing import Any

import pandas as pd

from autogroove.playlists.collection import Collection
from autogroove.playlists.listened import ListenedRelease

_TEXTS = ("path", "title", "artist", "album", "genre", "licence", "status", "reason", "detail")


def describe_tracks(
    release: ListenedRelease | Collection, *, quarantined: bool = False
) -> list[dict[str, Any]]:
    """One object a track of the source: `{"track_id", "path", "title", "artist", "status",
    "reason", "cluster", "clips"}` and more; with `quarantined`, only those that could not be used.
    """
    opened = release.release if isinstance(release, Collection) else release
    rows = opened.catalogue.merge(opened.clusters, on="track_id", how="left")
    if quarantined:
        rows = rows[rows["status"] == "quarantined"]
    return [_describe(row) for row in rows.to_dict("records")]


def _describe(row: dict[Any, Any]) -> dict[str, Any]:
    texts = {name: None if pd.isna(row.get(name)) else str(row[name]) for name in _TEXTS}
    return {
        "track_id": int(row["track_id"]),
        **texts,
        "cluster": _whole(row.get("cluster")),
        "clips": _whole(row.get("clips")) or 0,
    }


def _whole(value: Any) -> int | None:
    return None if pd.isna(value) else int(value)
