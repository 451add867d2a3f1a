"""From clip encodings to tracks, and from tracks to clusters.

What belongs here: the tasks around pooling and `autogroove.clustering`.
What does not: pooling, or how clusters are found, kept and numbered.
"""

from prefect import task

from autogroove.config import ClusteringSettings
from autogroove.errors import AutogrooveError
from autogroove.model import computing_with, pool_tracks_once
from autogroove.releases import Manifest, current_release, list_releases
from autogroove.runs import (
    ClusterDecision,
    cluster_tracks_once,
    compare_encodings,
    decide_clusters,
    remake_clusters,
)
from autogroove.store import CachedParts, PartRef, Store, is_whole
from tasks.dask_map import spread_cells
from tasks.execution import retrying
from tasks.progress import Stage


@task(name="pool-tracks", task_run_name="pool tracks", **retrying())
def pool(store: Store, catalogue_key: str, encodings: list[PartRef]) -> CachedParts:
    """One encoding a track from the encodings of its clips; part `track_encodings`."""

    with computing_with(1):
        return pool_tracks_once(store, catalogue_key, encodings)


@task(
    name="decide-clusters",
    task_run_name="decide clusters",
    **retrying(),
)
def decide(
    store: Store,
    track_encodings: PartRef,
    model_kept: bool,
    settings: ClusteringSettings,
    recluster_fraction: float,
) -> tuple[ClusterDecision, CachedParts | None]:
    """How clusters come about, and those of the current release where they stand."""
    current = current_release(store)
    lost = _restore_clusters(store, current) if current else None
    changes = None
    if current and not lost:
        changes = compare_encodings(store, current, track_encodings, model_kept)
    decision = decide_clusters(current, changes, settings, recluster_fraction, lost)
    if current is None or decision.action != "kept":
        return decision, None
    parts = {"clusters": current.parts.clusters, "report": current.parts.cluster_report}
    return decision, CachedParts(parts, reused=True)


def _restore_clusters(store: Store, current: Manifest) -> str | None:
    """Find the current release's clusters again where they are lost; why, where that fails."""
    parts = current.parts
    if is_whole(store, parts.clusters) and is_whole(store, parts.cluster_report):
        return None
    try:
        with computing_with(1):
            remake_clusters(store, list_releases(store), parts)
    except AutogrooveError as error:
        return f"the current clusters are lost, and cannot be found again: {error}"
    return None


@task(
    name="cluster-tracks",
    task_run_name="cluster tracks",
    **retrying(hours=24),
)
def cluster(
    store: Store,
    track_encodings: PartRef,
    decision: ClusterDecision,
    settings: ClusteringSettings,
) -> CachedParts:
    """Give every track a cluster with an exemplar; parts `clusters` and `report`.

    Messages pass in this process; above 120,000 tracks the searches run on the flow's cluster.
    """
    stage = Stage("cluster")
    with computing_with(1):
        made = cluster_tracks_once(
            store,
            track_encodings,
            decision,
            settings,
            progress=stage.show,
            open_cells=spread_cells,
        )
    if not made.reused:
        stage.finish()
    return made
