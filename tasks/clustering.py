"""From clip encodings to tracks, and from tracks to clusters.

What belongs here: the tasks around pooling and `autogroove.clustering`.
What does not: pooling, or how clusters are found, kept and numbered.
"""

from prefect import task

from autogroove.clustering import make_clusters
from autogroove.config import ClusteringSettings
from autogroove.model import (
    pool_tracks,
    read_encodings,
    read_track_encodings,
    write_track_encodings,
)
from autogroove.releases import current_release
from autogroove.runs import ClusterDecision, compare_encodings, decide_clusters
from autogroove.source import load_catalogue
from autogroove.store import CachedParts, PartRef, Store, make_key, make_once, put_bytes, read_part
from tasks.dask_map import spread_cells
from tasks.execution import computing_with, retrying
from tasks.progress import Stage


@task(name="pool-tracks", task_run_name="pool tracks", **retrying())
def pool(store_url: str, catalogue_key: str, encodings: list[PartRef]) -> CachedParts:
    """One encoding a track from the encodings of its clips; part `track_encodings`."""
    store = Store(store_url)

    def make() -> dict[str, PartRef]:
        clips = read_encodings(store, [part.key for part in encodings])
        data = write_track_encodings(*pool_tracks(load_catalogue(store, catalogue_key), clips))
        return {"track_encodings": put_bytes(store, "track_encodings", ".parquet", data)}

    key = make_key("pool", catalogue_key, sorted(part.sha256 for part in encodings))
    with computing_with(1):
        return make_once(store, "pool", key, make)


@task(
    name="decide-clusters",
    task_run_name="decide clusters",
    **retrying(),
)
def decide(
    store_url: str,
    track_encodings: PartRef,
    model_kept: bool,
    settings: ClusteringSettings,
    recluster_fraction: float,
) -> tuple[ClusterDecision, CachedParts | None]:
    """How clusters come about, and those of the current release where they stand."""
    store = Store(store_url)
    current = current_release(store)
    changes = compare_encodings(store, current, track_encodings, model_kept) if current else None
    decision = decide_clusters(current, changes, settings, recluster_fraction)
    if current is None or decision.action != "kept":
        return decision, None
    parts = {"clusters": current.parts.clusters, "report": current.parts.cluster_report}
    return decision, CachedParts(parts, reused=True)


@task(
    name="cluster-tracks",
    task_run_name="cluster tracks",
    **retrying(hours=24),
)
def cluster(
    store_url: str,
    track_encodings: PartRef,
    decision: ClusterDecision,
    settings: ClusteringSettings,
) -> CachedParts:
    """Give every track a cluster with an exemplar; parts `clusters` and `report`.

    Messages pass in this process; above 120,000 tracks the searches run on the flow's cluster.
    """
    store, stage = Store(store_url), Stage("cluster")

    def make() -> dict[str, PartRef]:
        track_ids, encodings = read_track_encodings(read_part(store, track_encodings))
        cells = spread_cells(len(track_ids))
        made = make_clusters(
            store,
            track_ids,
            encodings,
            settings,
            previous=decision.previous,
            assign=decision.action == "assigned",
            first_new=decision.first_new,
            progress=stage.show,
            map_cells=cells,
        )
        stage.finish()
        return made

    key = make_key("cluster", track_encodings.sha256, decision.identity, settings)
    with computing_with(1):
        return make_once(store, "cluster", key, make)
