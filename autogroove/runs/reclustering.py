"""Whether the current release's clusters still serve, decided once for `plan` and `run`."""

from collections import Counter
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Literal

import pandas as pd
from pydantic import Field

from autogroove.clustering import MapCells, make_clusters, read_clusters
from autogroove.config import ClusteringSettings
from autogroove.errors import ReleaseError
from autogroove.model import read_track_encodings
from autogroove.releases import Decision, Manifest, ReleaseParts
from autogroove.store import (
    CachedParts,
    PartRef,
    Store,
    is_whole,
    make_key,
    make_once,
    read_part,
)


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
    lost: str | None = None,
) -> ClusterDecision:
    """Whether the current release's clusters still serve.

    Args:
        current: the current release, if there is one.
        changes: since that release, as `compare_encodings` measures and a plan foresees them;
            None: another model encodes, so that every track changes.
        settings: how tracks are clustered now.
        recluster_fraction: up to this share of changed tracks, new ones join existing exemplars.
        lost: why the current clusters are gone for good; none: they are there.
    """
    if current is None:
        return ClusterDecision(action="clustered", why="there is no release yet")
    first_new = current.parts.next_cluster
    if lost is not None:
        return ClusterDecision(action="clustered", why=lost, first_new=first_new)
    choose = partial(ClusterDecision, previous=current.parts.clusters, first_new=first_new)
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

    A track that moved has another id and is counted once. `clusters` are those before, with columns
    track_id and exemplar.
    """
    same = {track_id for track_id, what in after.items() if before.get(track_id) == what}
    gone = Counter(what for track_id, what in before.items() if track_id not in after)
    came = Counter(what for track_id, what in after.items() if track_id not in before)
    num_tracks = len(before.keys() | after.keys()) - len(same) - (gone & came).total()
    exemplars = set(clusters.loc[clusters["exemplar"], "track_id"])
    return TrackChanges(num_tracks, num_tracks / max(1, len(before)), len(exemplars - same))


def _index_encodings(store: Store, part: PartRef) -> dict[int, bytes]:
    track_ids, encodings = read_track_encodings(read_part(store, part))
    return {int(i): row.tobytes() for i, row in zip(track_ids, encodings, strict=True)}


def cluster_tracks_once(
    store: Store,
    track_encodings: PartRef,
    decision: ClusterDecision,
    settings: ClusteringSettings,
    *,
    progress: Callable[[int, int], None] | None = None,
    open_cells: Callable[[int], MapCells | None] = lambda num_tracks: None,
) -> CachedParts:
    """Give every track a cluster with an exemplar; parts `clusters` and `report`.

    `progress` and `open_cells(num_tracks)` say how it is watched and where searches run; no byte
    depends on them.
    """

    def make() -> dict[str, PartRef]:
        track_ids, encodings = read_track_encodings(read_part(store, track_encodings))
        return make_clusters(
            store,
            track_ids,
            encodings,
            settings,
            previous=decision.previous,
            assign=decision.action == "assigned",
            first_new=decision.first_new,
            progress=progress,
            map_cells=open_cells(len(track_ids)),
        )

    key = make_key("cluster", track_encodings.sha256, decision.identity, settings)
    return make_once(store, "cluster", key, make, names={"clusters", "report"})


def remake_clusters(store: Store, log: Sequence[Manifest], parts: ReleaseParts) -> CachedParts:
    """The clusters of a release once more, from what the release that found them had.

    Raises:
        ReleaseError: what they came from is lost, or they come out otherwise now.
    """
    found = next(each for each in log if each.parts.clusters.key == parts.clusters.key)
    decision = _recall_decision(store, log, found)
    settings = ClusteringSettings.model_validate(found.parts.settings["clustering"])
    made = cluster_tracks_once(store, found.parts.track_encodings, decision, settings)
    if made["clusters"].sha256 != parts.clusters.sha256:
        raise ReleaseError(
            f"The clusters of release {found.release} come out otherwise than they were."
        )
    return made


def _recall_decision(store: Store, log: Sequence[Manifest], found: Manifest) -> ClusterDecision:
    """What was decided when these clusters were found."""
    told = found.parts.policy.get("clusters")
    lender = next((each for each in log if each.release == found.parent), None)
    if told is None or told.action == "kept" or (lender is None and found.parent is not None):
        raise ReleaseError(
            f"The clusters of release {found.release} have their numbers from a release that was "
            "collected as garbage."
        )
    if lender is None:
        return ClusterDecision(action="clustered", why=told.why)
    if not is_whole(store, lender.parts.clusters):
        remake_clusters(store, log, lender.parts)
    return ClusterDecision.model_validate(
        {
            "action": told.action,
            "why": told.why,
            "previous": lender.parts.clusters,
            "first_new": lender.parts.next_cluster,
        }
    )
