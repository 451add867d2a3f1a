"""Searches on a real cluster's workers: the same clusters, and the encodings travel once."""

import numpy as np
import pytest
from affinity_oracles import make_music
from distributed import Client
from prefect import flow
from prefect_dask import DaskTaskRunner

from autogroove.clustering import cells as cells_of
from autogroove.clustering import cells as space
from autogroove.clustering.affinity import cluster_encodings
from autogroove.clustering.clusters import make_clusters
from autogroove.config.settings import ClusteringSettings
from autogroove.model.encoding_tables import write_track_encodings
from autogroove.runs.reclustering import ClusterDecision
from autogroove.store.artefacts import put_bytes
from tasks import dask_map as spreading
from tasks.clustering import cluster

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

SETTINGS = ClusteringSettings(method="sparse", neighbours=10)


@pytest.fixture
def cells(monkeypatch):
    """Collections of a few thousand tracks are cut into cells, as large ones are."""
    monkeypatch.setattr(space, "EXACT_UP_TO", 1000)
    monkeypatch.setattr(spreading, "SPREAD_ABOVE", 1000)
    monkeypatch.setattr(spreading, "UNITS_PER_TASK", 2)
    monkeypatch.setattr(cells_of, "CELL_TRACKS", 125)


def test_two_workers_find_what_one_process_finds_and_are_sent_the_encodings_once(
    cells, dask_address
):
    points = make_music(2000)
    here = cluster_encodings(points, SETTINGS)
    assert here.report["neighbour_recall"] < 1
    with Client(dask_address) as client:
        spread = spreading.ClusterMap(client)
        there = cluster_encodings(points, SETTINGS, map_cells=spread)
        done = client.run(lambda dask_worker: dask_worker.state.executed_count)
    np.testing.assert_array_equal(there.labels, here.labels)
    assert there.report == here.report
    assert len(done) == 2 and min(done.values()) > 0
    assert points.nbytes <= spread.sent_bytes <= 2 * points.nbytes


@pytest.mark.long
def test_the_pipeline_searches_on_its_own_cluster(cells, dask_address, local_store, monkeypatch):
    points, track_ids = make_music(1200), np.arange(1200)
    part = put_bytes(
        local_store, "track_encodings", ".parquet", write_track_encodings(track_ids, points)
    )
    decision = ClusterDecision(action="clustered", why="there is no release yet")
    used = []
    submit = spreading.ClusterMap._submit
    monkeypatch.setattr(
        spreading.ClusterMap, "_submit", lambda *given: used.append(1) or submit(*given)
    )

    @flow(task_runner=DaskTaskRunner(address=dask_address))
    def run():
        return cluster(local_store.url, part, decision, SETTINGS)

    made = run()
    assert len(used) > 10
    assert made.parts == make_clusters(local_store, track_ids, points, SETTINGS)
