"""Clusters that keep their names from release to release.

What belongs here: matching the clusters of a new clustering with those of the release before, by
their members and exemplars, so that a listener's station 12 stays station 12.
What does not: clustering itself (`autogroove.clustering`), which numbers clusters as it likes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import ArrayLike, NDArray

EXEMPLAR_BONUS = 0.5
"""What a shared exemplar adds to the overlap (Jaccard, 0 to 1) of two clusters."""


@dataclass(frozen=True)
class ClusterPair:
    """Two clusters of two releases that overlap; sizes count only tracks of both releases."""

    before: int
    after: int
    shared: int
    size_before: int
    size_after: int
    same_exemplar: bool

    @property
    def score(self) -> float:
        """Jaccard overlap of the members, more where the exemplar is the same."""
        union = self.size_before + self.size_after - self.shared
        return self.shared / union + EXEMPLAR_BONUS * self.same_exemplar

    @property
    def is_related(self) -> bool:
        """Whether most of either is in the other, or the exemplar is the same."""
        return self.same_exemplar or 2 * self.shared > min(self.size_before, self.size_after)


def match_clusters(
    previous: pd.DataFrame | None,
    labels: ArrayLike,
    exemplars: ArrayLike,
    track_ids: ArrayLike,
    first_new: int = 0,
) -> NDArray[np.int64]:
    """Lasting ids of new clusters, int64 (k,): the cluster of label j has id `ids[j]`.

    A cluster that continues one of the previous release takes its id; of several that might,
    the one that overlaps most. Others get ids that were never given: from `first_new` (see
    `first_free_id`) or above every previous id, whichever is higher, the largest cluster first.

    Args:
        previous: columns track_id, cluster, exemplar (bool), or None for a first release.
        labels: int64 (n,), 0 to k - 1, of each track.
        exemplars: int64 (k,), for each label the row of the track that stands for it.
        track_ids: int64 (n,), unique.
    """
    import pandas as pd

    label = np.asarray(labels, np.int64)
    rows = np.asarray(exemplars, np.int64)
    exemplar = np.zeros(len(label), bool)
    exemplar[rows] = True
    after = pd.DataFrame({"track_id": track_ids, "cluster": label, "exemplar": exemplar})
    ids = np.full(len(rows), -1, np.int64)
    free = first_new
    if previous is not None and len(previous):
        free = max(free, int(previous["cluster"].max()) + 1)
        for pair in pair_clusters(previous, after):
            ids[pair.after] = pair.before
    unnamed = np.flatnonzero(ids < 0)
    sizes = np.bincount(label, minlength=len(rows))
    order = np.lexsort((np.asarray(track_ids)[rows[unnamed]], -sizes[unnamed]))
    ids[unnamed[order]] = free + np.arange(len(unnamed))
    return ids


def first_free_id(next_cluster: int, clusters: pd.DataFrame) -> int:
    """The lowest id that no release has given, to be kept as `ReleaseParts.next_cluster`."""
    return max(next_cluster, int(clusters["cluster"].max()) + 1 if len(clusters) else 0)


def pair_clusters(before: pd.DataFrame, after: pd.DataFrame) -> list[ClusterPair]:
    """Each cluster with at most one partner in the other release, by the id before.

    The best overlap is paired first; what is equal, by the id before and the first track after,
    so that it does not matter how the clusters after are numbered. Tables have columns track_id,
    cluster, exemplar.
    """
    first = after.groupby("cluster")["track_id"].min().to_dict()
    pairs = [pair for pair in _overlaps(before, after) if pair.is_related]
    pairs.sort(key=lambda pair: (-pair.score, pair.before, first[pair.after]))
    chosen: dict[int, ClusterPair] = {}
    taken: set[int] = set()
    for pair in pairs:
        if pair.before not in chosen and pair.after not in taken:
            chosen[pair.before] = pair
            taken.add(pair.after)
    return [chosen[cluster] for cluster in sorted(chosen)]


def _overlaps(before: pd.DataFrame, after: pd.DataFrame) -> list[ClusterPair]:
    common = before.merge(after, on="track_id", suffixes=("_before", "_after"))
    sizes_before = common["cluster_before"].value_counts()
    sizes_after = common["cluster_after"].value_counts()
    both = common["exemplar_before"] & common["exemplar_after"]
    same = set(zip(common["cluster_before"][both], common["cluster_after"][both], strict=True))
    shared = common.value_counts(["cluster_before", "cluster_after"])
    cells = zip(shared.index.tolist(), shared.tolist(), strict=True)
    return [
        ClusterPair(
            int(b), int(a), int(n), int(sizes_before[b]), int(sizes_after[a]), (b, a) in same
        )
        for (b, a), n in cells
    ]
