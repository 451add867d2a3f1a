"""The clusters of a release: found anew, or grown from those of the release before."""

import io
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import ArrayLike, NDArray

from autogroove.clustering.affinity import cluster_encodings
from autogroove.clustering.election import find_nearest_exemplars
from autogroove.clustering.machine import MapCells
from autogroove.clustering.numbering import match_clusters
from autogroove.config import ClusteringSettings
from autogroove.store import PartRef, Store, pack_table, put_bytes, put_json, read_part


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
    return pack_table(pa.table(table))


def read_clusters(data: bytes) -> pd.DataFrame:
    """Columns track_id int64, cluster int64, exemplar bool."""
    frame: pd.DataFrame = pq.read_table(io.BytesIO(data)).to_pandas()
    return frame


def make_clusters(
    store: Store,
    track_ids: NDArray[np.int64],
    encodings: NDArray[np.float32],
    settings: ClusteringSettings,
    *,
    previous: PartRef | None = None,
    assign: bool = False,
    first_new: int = 0,
    progress: Callable[[int, int], None] | None = None,
    map_cells: MapCells | None = None,
) -> dict[str, PartRef]:
    """Find or grow the clusters of tracks; parts `clusters` (Parquet) and `report` (JSON).

    `previous` are clusters that lend their numbers; with `assign`, new tracks join their exemplars
    and nothing else changes. `first_new` is the lowest number that no release has given.
    `progress` and `map_cells` are those of `cluster_encodings`; no byte depends on them.
    """
    before = read_clusters(read_part(store, previous)) if previous else None
    if assign and before is not None:
        numbers, exemplars, report = assign_tracks(before, track_ids, encodings)
    else:
        found = cluster_encodings(encodings, settings, progress=progress, map_cells=map_cells)
        ids = match_clusters(before, found.labels, found.exemplars, track_ids, first_new)
        numbers, exemplars, report = ids[found.labels], found.exemplars, found.report
    is_exemplar = np.zeros(len(track_ids), bool)
    is_exemplar[exemplars] = True
    return {
        "clusters": put_bytes(
            store, "clusters", ".parquet", write_clusters(track_ids, numbers, is_exemplar)
        ),
        "report": put_json(store, "clusters", report),
    }


def assign_tracks(
    before: pd.DataFrame, track_ids: NDArray[np.int64], encodings: NDArray[np.float32]
) -> tuple[NDArray[np.int64], NDArray[np.int64], dict[str, Any]]:
    """Keep known tracks where they are and give new ones to the nearest exemplar.

    A track whose encoding changed counts as new; its old cluster is not consulted, as nearest
    exemplar is what affinity propagation itself ends with.

    Returns:
        Cluster numbers int64 (n,), rows of the exemplars int64 (k,), and a report.
    """
    chosen = before[before["exemplar"]].sort_values("cluster")
    rows = pd.Index(track_ids).get_indexer(pd.Index(chosen["track_id"])).astype(np.int64)
    nearest = find_nearest_exemplars(encodings, encodings[rows])
    numbers = chosen["cluster"].to_numpy(np.int64)[nearest]
    old = before.set_index("track_id")["cluster"].reindex(track_ids)
    report = {
        "method": "assigned",
        "tracks": len(track_ids),
        "clusters": len(rows),
        "converged": True,
        "moved": int((old.notna() & (old != numbers)).sum()),
        "new": int(old.isna().sum()),
    }
    return numbers, rows, report
