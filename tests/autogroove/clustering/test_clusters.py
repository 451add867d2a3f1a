"""Clusters that outlive a release: when they are kept, grown or found anew."""

import numpy as np
import pandas as pd
import pytest
from scipy.spatial.distance import cdist
from synthetic import Collection, put_release

from autogroove.clustering.clusters import assign_tracks, make_clusters, read_clusters
from autogroove.config.settings import ClusteringSettings, Settings
from autogroove.model.encoding_tables import read_track_encodings, write_track_encodings
from autogroove.releases.log import current_release, publish_release
from autogroove.releases.manifest import Manifest
from autogroove.runs.reclustering import ClusterDecision, compare_encodings, decide_clusters
from autogroove.store.artefacts import PartRef, put_bytes, read_part
from autogroove.store.store import Store

SETTINGS = Settings().model_dump(mode="json")


def publish(store: Store, **changes: object) -> Manifest:
    publish_release(store, put_release(store, Collection(settings=SETTINGS, **changes)))  # type: ignore[arg-type]
    found = current_release(store)
    assert found is not None
    return found


def decide(
    store: Store,
    current: Manifest | None,
    model_kept: bool,
    track_encodings: PartRef,
    settings: ClusteringSettings,
    fraction: float,
) -> ClusterDecision:
    changes = compare_encodings(store, current, track_encodings, model_kept) if current else None
    return decide_clusters(current, changes, settings, fraction)


def grown(store: Store, current: Manifest, num_new: int) -> tuple[np.ndarray, np.ndarray]:
    """The encodings of the release and of some tracks more."""
    ids, encodings = read_track_encodings(read_part(store, current.parts.track_encodings))
    more = np.random.default_rng(3).random((num_new, encodings.shape[1]), np.float32)
    return np.concatenate([ids, 1000 + np.arange(num_new)]), np.concatenate([encodings, more])


def test_new_tracks_go_to_the_nearest_exemplar_and_old_ones_to_theirs() -> None:
    rng = np.random.default_rng(0)
    encodings = rng.random((500, 7), dtype=np.float32)
    ids = np.arange(500)
    before = pd.DataFrame({"track_id": [3, 77, 400], "cluster": [9, 4, 12], "exemplar": True})
    numbers, rows, report = assign_tracks(before, ids, encodings)
    nearest = cdist(encodings, encodings[[77, 3, 400]]).argmin(axis=1)
    assert numbers.tolist() == np.array([4, 9, 12])[nearest].tolist()
    assert rows.tolist() == [77, 3, 400]
    assert report["new"] == 497
    assert report["moved"] == 0


@pytest.mark.parametrize(
    ("num_new", "fraction", "action"),
    [(0, 0.05, "kept"), (1, 0.05, "assigned"), (2, 0.05, "clustered")],
)
def test_few_new_tracks_are_assigned_and_many_are_clustered(
    store: Store, num_new: int, fraction: float, action: str
) -> None:
    current = publish(store)
    data = write_track_encodings(*grown(store, current, num_new))
    part = put_bytes(store, "track_encodings", ".parquet", data)
    decision = decide(store, current, True, part, ClusteringSettings(), fraction)
    assert decision.action == action


def test_an_exemplar_that_changed_calls_for_clustering(store: Store) -> None:
    current = publish(store)
    ids, encodings = grown(store, current, 0)
    encodings[0] += 1  # the first tracks are the exemplars
    data = write_track_encodings(ids, encodings)
    part = put_bytes(store, "track_encodings", ".parquet", data)
    decision = decide(store, current, True, part, ClusteringSettings(), 0.5)
    assert decision.action == "clustered"
    assert "exemplar" in decision.why


def test_other_settings_or_another_model_call_for_clustering(store: Store) -> None:
    current = publish(store)
    part = current.parts.track_encodings
    other = ClusteringSettings(damping=0.9)
    assert decide(store, current, True, part, other, 1).action == "clustered"
    data = write_track_encodings(*grown(store, current, 1))
    new = put_bytes(store, "track_encodings", ".parquet", data)
    kept = ClusteringSettings()
    assert decide(store, current, False, new, kept, 1).action == "clustered"
    assert decide(store, None, False, new, kept, 1).action == "clustered"


def test_clusters_keep_their_numbers_when_the_collection_grows(store: Store) -> None:
    settings = ClusteringSettings()
    rng = np.random.default_rng(5)
    centres = rng.normal(0, 20, (6, 8))
    points = (centres[np.arange(120) % 6] + rng.normal(0, 0.5, (120, 8))).astype(np.float32)
    made = make_clusters(store, np.arange(90), points[:90], settings)
    old = read_clusters(read_part(store, made["clusters"]))
    first_new = int(old["cluster"].max()) + 1
    made = make_clusters(
        store, np.arange(120), points, settings, previous=made["clusters"], first_new=first_new
    )
    new = read_clusters(read_part(store, made["clusters"]))
    both = old.merge(new, on="track_id")
    assert (both["cluster_x"] == both["cluster_y"]).all()
