"""The clusters of a release: found anew, or grown from those of the release before.

What belongs here: the choice between the two, and cluster numbers that outlive a release.
What does not: affinity propagation itself (`autogroove.affinity`).
"""

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import Field

from autogroove.affinity import cluster_encodings
from autogroove.affinity.election import find_nearest_exemplars
from autogroove.affinity.threads import MapCells
from autogroove.config import ClusteringSettings
from autogroove.releases import Decision, Manifest, PartRef, put_bytes, put_json, read_part
from autogroove.releases.stations import match_clusters
from autogroove.releases.tables import read_clusters, read_track_encodings, write_clusters
from autogroove.storage import Store


class ClusterDecision(Decision):
    """How clusters come about, why, and the clusters that lend their numbers.

    kept: the current release's clusters stand. assigned: new tracks join existing exemplars.
    clustered: affinity propagation runs.
    """

    action: Literal["kept", "assigned", "clustered"] = Field(alias="decision")
    previous: PartRef | None = None
    first_new: int = 0
    """The lowest number that no release has given to a cluster."""

    @property
    def identity(self) -> list[str | int | None]:
        """What of the decision the bytes of the clusters depend on."""
        return [self.action, self.previous.sha256 if self.previous else None, self.first_new]


@dataclass(frozen=True)
class TrackChanges:
    """How many tracks have another encoding than in the current release, or are in one alone.

    `share` is their number over that of the release's tracks; `num_exemplars` is how many of the
    release's exemplars are among them.
    """

    num_tracks: int
    share: float
    num_exemplars: int


def decide_clusters(
    current: Manifest | None,
    changes: TrackChanges | None,
    settings: ClusteringSettings,
    recluster_fraction: float,
) -> ClusterDecision:
    """Whether the current release's clusters still serve.

    Args:
        current: the current release, if there is one.
        changes: since that release, as `compare_encodings` measures and a plan foresees them;
            None: another model encodes, so that every track changes.
        settings: how tracks are clustered now.
        recluster_fraction: up to this share of changed tracks, new ones join existing exemplars.
    """
    if current is None:
        return ClusterDecision(action="clustered", why="there is no release yet")
    choose = partial(
        ClusterDecision, previous=current.parts.clusters, first_new=current.parts.next_cluster
    )
    if current.parts.settings.get("clustering") != settings.model_dump(mode="json"):
        return choose(action="clustered", why="the clustering settings changed")
    if changes is None:
        return choose(action="clustered", why="the model changed")
    if not changes.num_tracks:
        return choose(action="kept", why="no encoding changed")
    if changes.num_exemplars:
        return choose(action="clustered", why=f"{changes.num_exemplars} exemplars went or changed")
    why = f"{changes.share:.1%} of tracks came, went or changed"
    if changes.share > recluster_fraction:
        return choose(action="clustered", why=f"{why} (limit {recluster_fraction:.0%})")
    return choose(action="assigned", why=why)


def compare_encodings(
    store: Store, current: Manifest, track_encodings: PartRef, model_kept: bool
) -> TrackChanges | None:
    """What changed from the current release's track encodings to these.

    None where another model made them: then no track can be compared.
    """
    old = current.parts.track_encodings
    if old.sha256 == track_encodings.sha256:
        return TrackChanges(0, 0.0, 0)
    if not model_kept:
        return None
    table = read_clusters(read_part(store, current.parts.clusters))
    return count_changes(
        _index_encodings(store, old), _index_encodings(store, track_encodings), table
    )


def count_changes(
    before: Mapping[int, Hashable], after: Mapping[int, Hashable], clusters: pd.DataFrame
) -> TrackChanges:
    """Count what changed by track id, in encodings or in what they will be made from.

    `clusters` are those before, with columns track_id and exemplar.
    """
    same = {track_id for track_id, what in after.items() if before.get(track_id) == what}
    num_tracks = len(before.keys() | after.keys()) - len(same)
    exemplars = set(clusters.loc[clusters["exemplar"], "track_id"])
    return TrackChanges(num_tracks, num_tracks / max(1, len(before)), len(exemplars - same))


def _index_encodings(store: Store, part: PartRef) -> dict[int, bytes]:
    track_ids, encodings = read_track_encodings(read_part(store, part))
    return {int(i): row.tobytes() for i, row in zip(track_ids, encodings, strict=True)}


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
