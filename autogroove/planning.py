"""What a run would do, told without doing it.

What belongs here: comparing source, store and current release. What does not: doing any of it.
Nothing is written and no audio is read, so copies among new files are not known yet.
"""

from dataclasses import asdict, dataclass
from typing import Any

import pandas as pd

from autogroove.catalogue import (
    Changes,
    compare_catalogues,
    compare_listing,
    open_source,
    preview_scan,
)
from autogroove.config import RunPolicy, Settings, SourceSelection
from autogroove.policy import decide_model
from autogroove.releases import Release, current_release, open_release
from autogroove.segments import SegmentPlan, plan_segments, read_segment_indexes
from autogroove.segments.planning import locate_tracks
from autogroove.storage import Store


@dataclass(frozen=True)
class RunPlan:
    """Tracks against the current release, and what each stage would do.

    `quarantined` are tracks that are known to be unusable.
    """

    tracks: int
    new: int
    changed: int
    removed: int
    quarantined: int
    stages: dict[str, dict[str, Any]]

    def to_json(self) -> dict[str, Any]:
        """Plain JSON, as `autogroove plan --json` prints it."""
        return asdict(self)


def plan_run(
    store_url: str,
    selection: SourceSelection,
    settings: Settings,
    policy: RunPolicy,
    tracks_per_segment: int = 256,
) -> RunPlan:
    """What `run` would do with these options.

    Raises:
        SourceError: the source cannot be used.
        StoreError: the store cannot be read.
    """
    store = Store(store_url)
    source = open_source(
        selection.source, store=store, subset=selection.subset, limit=selection.limit
    )
    listing = preview_scan(source, store).catalogue
    catalogue = _name_unread(listing)
    plan = plan_segments(
        catalogue,
        store,
        settings,
        tracks_per_segment=tracks_per_segment,
        retry_quarantined=policy.retry_quarantined,
    )
    catalogue = _foresee(store, catalogue, plan)
    current = current_release(store)
    release = open_release(store, current.release) if current else None
    changes = compare_catalogues(release.catalogue if release else None, listing)
    model = decide_model(store, current, catalogue, plan.recipe_key, settings, policy)
    trains = model.action != "kept"
    return RunPlan(
        tracks=len(catalogue),
        new=changes.new,
        changed=changes.changed,
        removed=changes.removed,
        quarantined=int((catalogue["status"] == "quarantined").sum()),
        stages={
            "spectrograms": _describe_segments(plan),
            "train": {"status": _status(trains), "decision": model.action, "why": model.why},
            "encode": _describe_encoding(plan, trains),
            "cluster": _describe_clusters(catalogue, release, trains, changes.total, policy),
            "publish": {"status": _status(changes.total > 0 or trains)},
        },
    )


def compare_source(store_url: str, selection: SourceSelection) -> Changes:
    """What changed in a source since the current release, by one listing and no audio.

    A file that was touched but not changed counts as changed until a run has read it.

    Raises:
        SourceError: the source cannot be used.
        StoreError: the store cannot be read.
    """
    store = Store(store_url)
    source = open_source(
        selection.source, store=store, subset=selection.subset, limit=selection.limit
    )
    current = current_release(store)
    release = open_release(store, current.release) if current else None
    return compare_listing(source, store, release.catalogue if release else None)


def _name_unread(catalogue: pd.DataFrame) -> pd.DataFrame:
    """Files that are new or changed get a name of their own until they are read."""
    unread = "unread-" + catalogue["track_id"].astype(str)
    listed = catalogue["status"] == "listed"
    named = catalogue["fingerprint"].where(~listed | catalogue["fingerprint"].notna(), unread)
    return catalogue.assign(fingerprint=named)


def _foresee(store: Store, catalogue: pd.DataFrame, plan: SegmentPlan) -> pd.DataFrame:
    """Statuses as they will be if every track that has to be decoded can be."""
    places = locate_tracks(read_segment_indexes(store, plan.recipe_key, plan.reused))
    bad = {name for name, place in places.items() if place.reason is not None}
    listed = catalogue["status"] == "listed"
    status = catalogue["status"].astype(object).mask(listed, "stored")
    is_bad = listed & catalogue["fingerprint"].isin(bad)
    return catalogue.assign(status=status.mask(is_bad, "quarantined"))


def _describe_segments(plan: SegmentPlan) -> dict[str, Any]:
    return {
        "status": _status(bool(plan.batches)),
        "segments_to_write": len(plan.batches),
        "segments_reused": len(plan.reused),
        "tracks_to_decode": plan.num_tracks,
    }


def _describe_encoding(plan: SegmentPlan, trained: bool) -> dict[str, Any]:
    num_segments = len(plan.segment_keys) if trained else len(plan.batches)
    return {"status": _status(num_segments > 0), "segments_to_encode": num_segments}


def _describe_clusters(
    catalogue: pd.DataFrame, release: Release | None, trains: bool, moved: int, policy: RunPolicy
) -> dict[str, Any]:
    if release is None or trains:
        return {"status": "ran", "why": "the encodings will be new"}
    if not moved:
        return {"status": "reused", "why": "no encoding will change"}
    share = moved / max(1, len(release.track_ids))
    known = set(catalogue["fingerprint"])
    exemplars = release.clusters.loc[release.clusters["exemplar"], "track_id"]
    rows = release.catalogue.set_index("track_id").loc[exemplars, "fingerprint"]
    lost = int((~rows.isin(known)).sum())
    grown = not lost and share <= policy.recluster_fraction
    why = f"{share:.1%} of tracks move" + (f", {lost} exemplars among them" if lost else "")
    return {"status": "ran", "decision": "assigned" if grown else "clustered", "why": why}


def _status(runs: bool) -> str:
    return "ran" if runs else "reused"
