"""What changed between two releases, and clusters that keep their names."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from synthetic import Collection, put_release

from autogroove.clustering.numbering import first_free_id, match_clusters
from autogroove.errors import NotFoundError
from autogroove.releases.comparison import compare_clusters, compare_trees, diff_releases
from autogroove.releases.log import publish_release
from autogroove.store.store import Store

PLAIN = Collection()


def table(members: dict[int, list[int]]) -> pd.DataFrame:
    """Clusters by id; the first member of each is its exemplar."""
    rows = [(t, c, t == tracks[0]) for c, tracks in members.items() for t in tracks]
    return pd.DataFrame(sorted(rows), columns=["track_id", "cluster", "exemplar"])


def rename(previous: pd.DataFrame, members: list[list[int]], first_new: int = 0) -> list[int]:
    """Lasting ids of new clusters, given by their members, exemplar first."""
    track_ids = [track for tracks in members for track in tracks]
    labels = [label for label, tracks in enumerate(members) for _ in tracks]
    exemplars = np.cumsum([0, *map(len, members[:-1])])
    return match_clusters(previous, labels, exemplars, track_ids, first_new).tolist()


def test_a_diff_tells_every_kind_of_change(store: Store) -> None:
    publish_release(store, put_release(store))
    grown = replace(
        PLAIN,
        track_ids=range(2, 28),
        changed=frozenset({5, 6}),
        settings={"clip": {"clip_seconds": 5.0}, "model": {"code_size": 8}},
        model="second",
        num_clusters=5,
    )
    publish_release(store, put_release(store, grown))
    diff = diff_releases(store, 1, 2)
    assert (diff.added, diff.removed, diff.changed) == ((24, 25, 26, 27), (0, 1), (5, 6))
    assert diff.settings == {
        "clip.clip_seconds": (10.0, 5.0),
        "model": (None, {"code_size": 8}),
    }
    assert diff.model is not None
    assert diff.model[0] != diff.model[1]
    assert diff.card == {"groove": (0.24, 0.26)}
    assert not diff.same_content
    shown = diff.to_json()
    assert shown["added"] == (24, 25, 26, 27)
    assert shown["clusters"]["agreement"] == diff.clusters.agreement
    back = diff_releases(store, 2, 1)
    assert (back.added, back.removed, back.changed) == (diff.removed, diff.added, diff.changed)


def test_a_release_does_not_differ_from_itself(local_store: Store) -> None:
    publish_release(local_store, put_release(local_store))
    publish_release(local_store, put_release(local_store), force=True)
    diff = diff_releases(local_store, 1, 2)
    assert diff.same_content
    assert (diff.added, diff.removed, diff.changed, diff.settings, diff.model) == (
        (), (), (), {}, None,
    )  # fmt: skip
    assert diff.clusters.agreement == 1.0
    assert (diff.clusters.new, diff.clusters.gone, diff.clusters.moved) == ((), (), ())
    with pytest.raises(NotFoundError, match="no release 3"):
        diff_releases(local_store, 1, 3)


def test_settings_are_compared_leaf_by_leaf() -> None:
    before = {"a": {"b": 1, "c": [1, 2]}, "d": None}
    after = {"a": {"b": 2, "c": [1, 2]}, "e": 0}
    assert compare_trees(before, after) == {"a.b": (1, 2), "e": (None, 0)}


def test_moves_are_judged_by_common_tracks() -> None:
    before = table({3: [1, 2, 3, 4], 5: [5, 6, 7], 8: [8]})
    after = table({3: [1, 2, 3], 5: [5, 6, 7, 4, 20], 9: [30, 31]})
    moves = compare_clusters(before, after)
    assert [(p.before, p.after, p.shared) for p in moves.matched] == [(3, 3, 3), (5, 5, 3)]
    assert (moves.new, moves.gone, moves.moved) == ((9,), (8,), (4,))


def test_an_unchanged_clustering_keeps_every_id_whatever_its_labels() -> None:
    previous = table({12: [1, 2], 40: [3, 4, 5], 7: [6]})
    assert rename(previous, [[6], [3, 4, 5], [1, 2]]) == [7, 40, 12]


def test_a_growing_cluster_keeps_its_id_and_a_new_one_gets_a_new_id() -> None:
    previous = table({0: [1, 2, 3], 1: [4, 5]})
    assert rename(previous, [[4, 5, 10, 11, 12, 13], [20, 21], [1, 2, 3]]) == [1, 2, 0]
    assert rename(previous, [[1, 2, 3], [20], [30, 31]], first_new=17) == [0, 18, 17]


def test_of_a_split_the_larger_half_keeps_the_id() -> None:
    previous = table({4: [1, 2, 3, 4, 5, 6]})
    assert rename(previous, [[5, 6], [4, 1, 2, 3]]) == [5, 4]


def test_of_a_merger_the_larger_id_stays() -> None:
    previous = table({1: [1, 2], 2: [3, 4, 5, 6]})
    assert rename(previous, [[6, 1, 2, 3, 4, 5]]) == [2]


def test_an_exemplar_decides_between_equals() -> None:
    previous = table({4: [2, 1, 3, 4]})
    assert rename(previous, [[3, 4], [2, 1]]) == [5, 4]


def test_crumbs_of_a_shattered_cluster_are_new() -> None:
    previous = table({0: [1, 2, 3, 4, 5, 6], 1: [11, 12, 13, 14, 15, 16]})
    ids = rename(previous, [[2, 3, 12, 13, 20], [4, 5, 14, 15], [1, 6, 11, 16]])
    assert ids[2] in (0, 1)  # has both old exemplars, but its own is the first
    assert sorted(ids) != [0, 1, 2]
    assert len(set(ids)) == 3


def test_a_first_release_counts_from_the_largest() -> None:
    assert match_clusters(None, [0, 1, 1, 2, 2, 2], [0, 1, 3], range(6)).tolist() == [2, 1, 0]
    assert first_free_id(0, table({0: [1], 7: [2]})) == 8
    assert first_free_id(30, table({0: [1], 7: [2]})) == 30


clusterings = st.lists(st.integers(0, 6), min_size=2, max_size=40)


@settings(deadline=None, max_examples=40)
@given(clusterings, clusterings)
def test_ids_are_unique_and_the_labels_do_not_matter(first: list[int], second: list[int]) -> None:
    before = with_exemplars(range(len(first)), first)
    after = with_exemplars(range(3, 3 + len(second)), second)
    labels, exemplars = densify(after)
    ids = match_clusters(before, labels, exemplars, after["track_id"])
    assert len(set(ids.tolist())) == len(exemplars)
    shuffled = np.random.default_rng(0).permutation(len(exemplars))
    again = match_clusters(before, shuffled[labels], exemplars[np.argsort(shuffled)],
                           after["track_id"])  # fmt: skip
    old = set(before["cluster"].tolist())
    for label, cluster in enumerate(ids.tolist()):
        if cluster in old:
            assert again[shuffled[label]] == cluster


def with_exemplars(track_ids: range, clusters: list[int]) -> pd.DataFrame:
    frame = pd.DataFrame({"track_id": list(track_ids), "cluster": clusters})
    frame["exemplar"] = ~frame.duplicated("cluster")
    return frame


def densify(frame: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    _, labels = np.unique(frame["cluster"], return_inverse=True)
    rows = np.flatnonzero(frame["exemplar"])
    return labels, rows[np.argsort(labels[rows])]
