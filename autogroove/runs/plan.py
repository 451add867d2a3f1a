"""What a run would do, without doing it.

What belongs here: comparing source, store and current release. What does not: doing any of it.
Nothing is written. Of files of this machine, those are read that may be known ones, moved or tagged
anew; of others no audio is, so copies among new files are not known yet.
"""

from dataclasses import asdict, dataclass
from typing import Any

import pandas as pd

from autogroove.config import RunPolicy, Settings, SourceSelection
from autogroove.errors import SourceError
from autogroove.releases import Decision, Release, current_release
from autogroove.runs.reclustering import (
    ClusterDecision,
    TrackChanges,
    count_changes,
    decide_clusters,
)
from autogroove.runs.removals import check_removals
from autogroove.runs.retraining import ModelDecision, decide_model
from autogroove.segments import SegmentPlan, locate_tracks, plan_segments, read_segment_indexes
from autogroove.source import (
    METADATA_FIELDS,
    Changes,
    compare_catalogues,
    is_elsewhere,
    name_contents,
    open_source,
    preview_scan,
)
from autogroove.store import Store

_FROM_AUDIO = {"duration_seconds"}
"""Metadata that a run replaces by what it finds in the audio."""


@dataclass(frozen=True)
class RunPlan:
    """Tracks against the current release, each counted once, and what each stage would do.

    `quarantined` are tracks that are known to be unusable. `stops` is the sentence with which a
    run would end before it does anything; none: it goes on.
    """

    tracks: int
    new: int
    changed: int
    removed: int
    moved: int
    retagged: int
    quarantined: int
    stages: dict[str, dict[str, Any]]
    stops: str | None = None

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
        selection.source,
        store=store,
        subset=selection.subset,
        limit=selection.limit,
        exclude_folders=selection.exclude_folders,
    )
    release = open_current(store)
    before_url, before = (release.source_url, release.catalogue) if release else (None, None)
    listing = preview_scan(source, store, before_url=before_url, current=before).catalogue
    plan = plan_segments(
        _name_unread(listing),
        store,
        settings,
        tracks_per_segment=tracks_per_segment,
        retry_quarantined=policy.retry_quarantined,
    )
    current = release.manifest if release else None
    catalogue = _foresee_catalogue(store, listing, plan, release)
    changes = compare_catalogues(before, listing, is_elsewhere=is_elsewhere(source, before_url))
    model = decide_model(store, current, catalogue, plan.recipe_key, settings, policy)
    track_changes = _foresee_changes(release, catalogue) if model.action == "kept" else None
    clusters = decide_clusters(
        current, track_changes, settings.clustering, policy.recluster_fraction
    )
    publishing = _foresee_publishing(release, listing, changes, model, clusters, settings)
    return RunPlan(
        tracks=len(catalogue),
        new=changes.new,
        changed=changes.changed,
        removed=changes.removed,
        moved=changes.moved,
        retagged=changes.retagged,
        quarantined=int((catalogue["status"] == "quarantined").sum()),
        stages={
            "spectrograms": _describe_segments(plan),
            "train": _describe_decision(model),
            "encode": _describe_encoding(plan, release if model.action == "kept" else None),
            "cluster": _describe_decision(clusters),
            "publish": _describe_decision(publishing),
        },
        stops=_foresee_stop(release, listing, source.url, selection, settings, policy),
    )


def _foresee_stop(release: Release | None, listing: pd.DataFrame, *asked: Any) -> str | None:
    """Why a run would end before it made anything, if it would."""
    try:
        check_removals(release, listing, *asked)
    except SourceError as error:
        return str(error)
    return None


def open_current(store: Store) -> Release | None:
    """The current release, if there is one."""
    current = current_release(store)
    return Release(store, current) if current else None


def _name_unread(catalogue: pd.DataFrame) -> pd.DataFrame:
    """Files that are new or changed get a name of their own until they are read."""
    unread = "unread-" + catalogue["track_id"].astype(str)
    listed = catalogue["status"] == "listed"
    named = catalogue["fingerprint"].where(~listed | catalogue["fingerprint"].notna(), unread)
    return catalogue.assign(fingerprint=named)


def _foresee_catalogue(
    store: Store, listing: pd.DataFrame, plan: SegmentPlan, release: Release | None
) -> pd.DataFrame:
    """Statuses as they will be if every track can be decoded, but for those that are known to be
    unusable: another try of them is taken to be in vain."""
    catalogue = _name_unread(listing)
    needed = (*plan.reused, *plan.standing)
    places = locate_tracks(read_segment_indexes(store, plan.recipe_key, needed))
    bad = {name for name, place in places.items() if place.reason is not None}
    listed = catalogue["status"] == "listed"
    is_bad = catalogue["fingerprint"].isin(bad)
    if release is not None:
        is_bad |= catalogue["track_id"].isin(_find_unreadable(listing, release.catalogue))
    status = catalogue["status"].astype(object).mask(listed, "stored")
    return catalogue.assign(status=status.mask(listed & is_bad, "quarantined"))


def _find_unreadable(listing: pd.DataFrame, before: pd.DataFrame) -> "pd.Index[int]":
    """Ids of files that no scan could read so far, and that look as they did then."""
    unread = listing[(listing["status"] == "listed") & listing["fingerprint"].isna()]
    now, then = name_contents(unread), name_contents(before)
    return now.index[now == then.reindex(now.index)]


def _foresee_changes(release: Release | None, catalogue: pd.DataFrame) -> TrackChanges | None:
    """Tracks that will have another encoding: with one model, equal audio has an equal one."""
    if release is None:
        return None
    before, after = _stored_audio(release.catalogue), _stored_audio(catalogue)
    return count_changes(before, after, release.clusters)


def _stored_audio(catalogue: pd.DataFrame) -> dict[int, str]:
    stored = catalogue[catalogue["status"] == "stored"]
    return dict(zip(stored["track_id"].tolist(), stored["fingerprint"].tolist(), strict=True))


def _foresee_publishing(
    release: Release | None,
    listing: pd.DataFrame,
    changes: Changes,
    model: ModelDecision,
    clusters: ClusterDecision,
    settings: Settings,
) -> Decision:
    """Whether the content of the release will be another.

    A run compares digests (`autogroove.releases.publish_release`), which are not known before.
    """
    if release is None:
        return Decision(action="published", why="there is no release yet")
    if changes.new or changes.changed or changes.removed:
        return Decision(action="published", why="tracks came, went or changed")
    if changes.moved:
        return Decision(action="published", why="tracks moved")
    if not _describe_equally(listing, release.catalogue):
        return Decision(action="published", why="the metadata of tracks changed")
    if model.action != "kept":
        return Decision(action="published", why="the model changed")
    if clusters.action != "kept":
        return Decision(action="published", why=clusters.why)
    if release.settings.get("evaluation") != settings.evaluation.model_dump(mode="json"):
        return Decision(action="published", why="the evaluation settings changed")
    return Decision(action="kept", why="nothing changed")


def _describe_equally(listing: pd.DataFrame, before: pd.DataFrame) -> bool:
    names = ["track_id", "path", *(f.name for f in METADATA_FIELDS if f.name not in _FROM_AUDIO)]
    now, then = (
        table[names].sort_values("track_id", ignore_index=True) for table in (listing, before)
    )
    return now.equals(then)


def _describe_decision(decision: Decision) -> dict[str, Any]:
    return {"status": _status(decision.action != "kept"), **decision.model_dump()}


def _describe_segments(plan: SegmentPlan) -> dict[str, Any]:
    return {
        "status": _status(bool(plan.batches)),
        "segments_to_write": len(plan.batches),
        "segments_reused": len(plan.reused),
        "tracks_to_decode": plan.num_tracks,
    }


def _describe_encoding(plan: SegmentPlan, kept: Release | None) -> dict[str, Any]:
    """`kept` is the release whose model encodes; none: one that has encoded nothing yet."""
    there = _find_encoded(kept) if kept else set()
    num_segments = len(plan.batches) + sum(key not in there for key in plan.reused)
    return {"status": _status(num_segments > 0), "segments_to_encode": num_segments}


def _find_encoded(release: Release) -> set[str]:
    """Segments of which the store has encodings by the model of a release."""
    folders = {ref.key.rpartition("/")[0] for ref in release.manifest.parts.encodings}
    names = (name for folder in folders for name in release.store.names(folder))
    return {name.removesuffix(".parquet") for name in names}


def _status(runs: bool) -> str:
    return "ran" if runs else "reused"
