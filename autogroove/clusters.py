"""The clusters of a release: found anew, or grown from those of the release before.

What belongs here: the choice between the two, and cluster numbers that outlive a release.
What does not: affinity propagation itself (`autogroove.affinity`).
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from autogroove.affinity import cluster_encodings
from autogroove.affinity.threads import MapCells
from autogroove.config import ClusteringSettings
from autogroove.releases import Manifest, PartRef, put_bytes, put_json, read_part
from autogroove.releases.stations import match_clusters
from autogroove.releases.tables import read_clusters, read_track_encodings, write_clusters
from autogroove.storage import Store

Ids = NDArray[np.int64]
Encodings = NDArray[np.float32]
_ROWS = 4096


@dataclass(frozen=True)
class ClusterDecision:
    """How clusters come about, why, and the clusters that lend their numbers.

    kept: the current release's clusters stand. assigned: new tracks join existing exemplars.
    clustered: affinity propagation runs.
    """

    action: Literal["kept", "assigned", "clustered"]
    why: str
    previous: PartRef | None = None
    first_new: int = 0
    """The lowest number that no release has given to a cluster."""

    @property
    def identity(self) -> list[str | int | None]:
        """What of the decision the bytes of the clusters depend on."""
        return [self.action, self.previous.sha256 if self.previous else None, self.first_new]


def decide_clusters(
    store: Store,
    current: Manifest | None,
    model_kept: bool,
    track_encodings: PartRef,
    settings: ClusteringSettings,
    recluster_fraction: float,
) -> ClusterDecision:
    """Whether the current release's clusters still serve."""
    if current is None:
        return ClusterDecision("clustered", "there is no release yet")
    choose = partial(
        ClusterDecision, previous=current.parts.clusters, first_new=current.parts.next_cluster
    )
    if current.parts.settings.get("clustering") != settings.model_dump(mode="json"):
        return choose("clustered", "the clustering settings changed")
    if current.parts.track_encodings.sha256 == track_encodings.sha256:
        return choose("kept", "no encoding changed")
    if not model_kept:
        return choose("clustered", "the model changed")
    share, orphaned = _measure_growth(
        store, current.parts.track_encodings, track_encodings, current.parts.clusters
    )
    if orphaned:
        return choose("clustered", f"{orphaned} exemplars went or changed")
    if share > recluster_fraction:
        why = f"{share:.1%} of tracks came, went or changed (limit {recluster_fraction:.0%})"
        return choose("clustered", why)
    return choose("assigned", f"{share:.1%} of tracks came, went or changed")


def _measure_growth(
    store: Store, old: PartRef, new: PartRef, clusters: PartRef
) -> tuple[float, int]:
    """The share of tracks that came, went or changed, and how many exemplars are among them."""
    before = _index_encodings(store, old)
    after = _index_encodings(store, new)
    same = {i for i, encoding in after.items() if before.get(i) == encoding}
    moved = len(before.keys() | after.keys()) - len(same)
    table = read_clusters(read_part(store, clusters))
    exemplars = set(table.loc[table["exemplar"], "track_id"])
    return moved / max(1, len(before)), len(exemplars - same)


def _index_encodings(store: Store, part: PartRef) -> dict[int, bytes]:
    track_ids, encodings = read_track_encodings(read_part(store, part))
    return {int(i): row.tobytes() for i, row in zip(track_ids, encodings, strict=True)}


def make_clusters(
    store: Store,
    track_ids: Ids,
    encodings: Encodings,
    decision: ClusterDecision,
    settings: ClusteringSettings,
    progress: Callable[[int, int], None] | None = None,
    map_cells: MapCells | None = None,
) -> dict[str, PartRef]:
    """Find or grow the clusters of tracks; parts `clusters` (Parquet) and `report` (JSON).

    `progress` and `map_cells` are those of `cluster_encodings`; no byte depends on them.
    """
    before = read_clusters(read_part(store, decision.previous)) if decision.previous else None
    if decision.action == "assigned" and before is not None:
        numbers, exemplars, report = assign_tracks(before, track_ids, encodings)
    else:
        found = cluster_encodings(encodings, settings, progress=progress, map_cells=map_cells)
        ids = match_clusters(before, found.labels, found.exemplars, track_ids, decision.first_new)
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
    before: pd.DataFrame, track_ids: Ids, encodings: Encodings
) -> tuple[Ids, Ids, dict[str, Any]]:
    """Keep known tracks where they are and give new ones to the nearest exemplar.

    A track whose encoding changed counts as new; its old cluster is not consulted, as nearest
    exemplar is what affinity propagation itself ends with.

    Returns:
        Cluster numbers int64 (n,), rows of the exemplars int64 (k,), and a report.
    """
    chosen = before[before["exemplar"]].sort_values("cluster")
    rows = pd.Index(track_ids).get_indexer(pd.Index(chosen["track_id"])).astype(np.int64)
    nearest = _find_nearest(encodings, encodings[rows])
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


def _find_nearest(encodings: Encodings, exemplars: Encodings) -> NDArray[np.int64]:
    """The nearest exemplar of every encoding by Euclidean distance, int64 (n,)."""
    norms = (exemplars**2).sum(1)
    blocks = (encodings[start : start + _ROWS] for start in range(0, len(encodings), _ROWS))
    return np.concatenate([np.argmin(norms - 2 * block @ exemplars.T, axis=1) for block in blocks])
