"""What a release consists of: references to immutable objects, and what identifies them.

Every model here is parsed from manifests that others may have written, so it is strict: keys
cannot climb out of the store, digests are digests, sizes are bounded.
"""

from importlib.metadata import version
from typing import Any, Self

from pydantic import ConfigDict, Field, model_serializer, model_validator

from autogroove.store import (
    Count,
    Digest,
    Key,
    Name,
    PartRef,
    Record,
    Store,
    canonical_json,
    digest_bytes,
    hide_credentials,
)


class SegmentPart(Record):
    """One segment: `segments/<recipe_key>/<segment_key>/`, whose index lists every object in it.

    `digest` identifies the segment's content, as its index states it.
    """

    recipe_key: Name
    segment_key: Name
    digest: Digest
    num_clips: Count

    @property
    def prefix(self) -> str:
        """The folder of the segment in the store."""
        return f"segments/{self.recipe_key}/{self.segment_key}"

    @property
    def index_key(self) -> str:
        """The object that says that the segment is whole."""
        return f"{self.prefix}/index.json"


class ModelPart(Record):
    """The encoder: its key, its weights (safetensors) and its description (JSON)."""

    model_key: Name
    weights: PartRef
    description: PartRef


class Coverage(Record):
    """How every track of the source is accounted for."""

    source: Count
    stored: Count
    quarantined: Count
    excluded: Count

    @model_validator(mode="after")
    def _balances(self) -> Self:
        if self.source != self.stored + self.quarantined + self.excluded:
            raise ValueError("coverage does not balance: source = stored + quarantined + excluded")
        return self


class Counts(Record):
    """What the log shows of a release without opening its parts."""

    tracks: Count
    clips: Count
    clusters: Count


class Decision(Record):
    """What a run keeps or makes anew, and a sentence that says why.

    The base of `ModelDecision` and `ClusterDecision`. A manifest has the action, under the name
    `decision`, and the reason; what a subclass knows besides is for the run alone.
    """

    model_config = ConfigDict(populate_by_name=True)

    action: str = Field(alias="decision", max_length=100)
    why: str = Field(max_length=2000)

    @model_serializer
    def _for_manifest(self) -> dict[str, str]:
        return {"decision": self.action, "why": self.why}

    def __str__(self) -> str:
        return f"{self.action}: {self.why}"


class ReleaseParts(Record):
    """Everything that a run hands to `publish_release`.

    `settings` is the JSON form of `Settings`, kept as plain JSON so that a later version of
    Autogroove, with other settings, can still read this release. `next_cluster` is the lowest
    cluster id that was never given. `gc_roots` name what the card, the data report and the demo's
    audio came from: losing it costs time only. It is null in releases from before it was recorded.

    The content digest leaves out what is for people (`pictures`, `report`), `gc_roots`, `timings`
    (seconds by stage), `code_version`, `policy`, the counts and the source's URL.
    """

    catalogue: PartRef
    segments: tuple[SegmentPart, ...]
    model: ModelPart
    encodings: tuple[PartRef, ...]
    track_encodings: PartRef
    clusters: PartRef
    cluster_report: PartRef
    card: PartRef
    analysis: PartRef | None = None
    pictures: dict[Name, PartRef] = Field(default_factory=dict)
    report: PartRef | None = None
    settings: dict[str, Any]
    source_kind: str = Field(max_length=100)
    source_url: str = Field(max_length=4000)
    coverage: Coverage
    counts: Counts
    policy: dict[Name, Decision] = Field(default_factory=dict)
    next_cluster: Count = 0
    gc_roots: tuple[Key, ...] | None = Field(default=None, max_length=1_000_000)
    timings: dict[Name, float] = Field(default_factory=dict)
    code_version: str = Field(default_factory=lambda: version("autogroove"))

    @model_validator(mode="before")
    @classmethod
    def _without_credentials(cls, values: Any) -> Any:
        if isinstance(values, dict) and isinstance(values.get("source_url"), str):
            return {**values, "source_url": hide_credentials(values["source_url"])}
        return values

    def objects(self) -> tuple[PartRef, ...]:
        """Every part that is one object; segments are folders and are listed by themselves."""
        single = (
            self.catalogue,
            self.model.weights,
            self.model.description,
            *self.encodings,
            self.track_encodings,
            self.clusters,
            self.cluster_report,
            self.card,
            *self.pictures.values(),
        )
        return single + tuple(part for part in (self.analysis, self.report) if part is not None)


def content_digest(parts: ReleaseParts) -> str:
    """SHA-256 of what a listener would get: equal digests are equal releases.

    Covers catalogue, segments, model, encodings, clusters, card and analysis. The model's
    description and the clusters' report tell how long things took and are left out, as are
    pictures, timings, code version, decisions and the source's URL.
    """
    content = {
        "catalogue": parts.catalogue.sha256,
        "segments": sorted([s.recipe_key, s.segment_key, s.digest] for s in parts.segments),
        "model": [parts.model.model_key, parts.model.weights.sha256],
        "encodings": sorted([part.key, part.sha256] for part in parts.encodings),
        "track_encodings": parts.track_encodings.sha256,
        "clusters": parts.clusters.sha256,
        "card": parts.card.sha256,
        "analysis": parts.analysis.sha256 if parts.analysis else None,
    }
    return digest_bytes(canonical_json(content))


def lead_to_one_place(one: ReleaseParts, other: ReleaseParts) -> bool:
    """Whether playlists of two releases find their audio at the same place.

    That of the demo is in the store, wherever it was rendered. The digest of the content leaves the
    place out: releases that were made before it counted keep theirs.
    """
    is_demo = one.source_kind == other.source_kind == "demo"
    return is_demo or one.source_url == other.source_url


def list_sizes(store: Store, parts: ReleaseParts) -> dict[str, int]:
    """Size in bytes by key of everything beside the parts: one listing a folder, not one a part."""
    folders = {ref.key.rpartition("/")[0] for ref in parts.objects()}
    folders |= {f"segments/{segment.recipe_key}" for segment in parts.segments}
    return {o.key: o.size_bytes for folder in sorted(folders) for o in store.objects(folder)}


def missing_objects(store: Store, parts: ReleaseParts) -> list[str]:
    """Keys of parts that are absent or of another size, segments' indexes included, sorted."""
    found = list_sizes(store, parts)
    wrong = {ref.key for ref in parts.objects() if found.get(ref.key) != ref.size_bytes}
    wrong |= {s.index_key for s in parts.segments if s.index_key not in found}
    return sorted(wrong)
