"""What a release consists of: references to immutable objects, and what identifies them.

What belongs here: the typed record of a release's parts, its content digest, and the one way to
put and to read a content-addressed part.
What does not: numbering and publishing (`autogroove.releases.log`), or what a part means to a
listener (`autogroove.releases.reading`).

Every model here is parsed from manifests that others may have written, so it is strict: keys
cannot climb out of the store, digests are digests, sizes are bounded.
"""

from importlib.metadata import version
from typing import Annotated, Any, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    model_serializer,
    model_validator,
)

from autogroove.errors import MissingObject, ReleaseError
from autogroove.identity import canonical_json, digest_bytes, make_key
from autogroove.releases.urls import hide_credentials
from autogroove.storage import Store

LARGEST_PART_BYTES = 1 << 40
"""A part that claims to be larger than this (1 TiB) is a damaged or hostile manifest."""

_NAME = r"[A-Za-z0-9][A-Za-z0-9._=-]*"
Name = Annotated[str, StringConstraints(pattern=rf"^{_NAME}$", max_length=200)]
Key = Annotated[str, StringConstraints(pattern=rf"^{_NAME}(/{_NAME})*$", max_length=1000)]
Digest = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
Count = Annotated[int, Field(ge=0, le=1 << 53)]


class Record(BaseModel):
    """A frozen value of a manifest; an unknown field is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class PartRef(Record):
    """One immutable object of a release: where it is, its SHA-256 and its size."""

    key: Key
    sha256: Digest
    size_bytes: int = Field(ge=0, le=LARGEST_PART_BYTES)


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
    cluster id that was never given. `pictures` and `report` are for people. None of these is in
    the content digest, nor are `timings` (seconds by stage), `code_version`, `policy`, the counts
    and the source's URL.
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
    pictures: dict[Name, PartRef] = {}
    report: PartRef | None = None
    settings: dict[str, Any]
    source_kind: str = Field(max_length=100)
    source_url: str = Field(max_length=4000)
    coverage: Coverage
    counts: Counts
    policy: dict[Name, Decision] = {}
    next_cluster: Count = 0
    timings: dict[Name, float] = {}
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


_REMEDY = "Run `autogroove releases verify`, and roll back or run again."


def put_bytes(store: Store, kind: str, suffix: str, data: bytes) -> PartRef:
    """Put a part under the key that its content gives it: `<kind>/<key><suffix>`.

    The same bytes give the same key, so a repeated put is harmless.
    """
    digest = digest_bytes(data)
    ref = PartRef(
        key=f"{kind}/{make_key(kind, digest)}{suffix}", sha256=digest, size_bytes=len(data)
    )
    store.write(ref.key, data)
    return ref


def put_json(store: Store, kind: str, value: Any) -> PartRef:
    """Put a JSON part in its canonical text."""
    return put_bytes(store, kind, ".json", canonical_json(value))


def refer_to(store: Store, key: str) -> PartRef:
    """The reference of an object that is already in the store; reads it once for its digest.

    Raises:
        MissingObject: it is not there.
    """
    data = store.read(key)
    return PartRef(key=key, sha256=digest_bytes(data), size_bytes=len(data))


def read_part(store: Store, ref: PartRef) -> bytes:
    """The bytes of a part; its size is checked before it is read, its digest after.

    Raises:
        ReleaseError: it is missing or damaged.
        StoreError: it is larger than it was, or the store does not answer.
    """
    try:
        # A second reading tells damage in the store from damage on the way.
        for _ in range(2):
            data = store.read(ref.key, most_bytes=ref.size_bytes)
            if digest_bytes(data) == ref.sha256:
                return data
    except MissingObject as error:
        raise ReleaseError(f"{store.locate(ref.key)} is missing from the release.") from error
    raise ReleaseError(f"{store.locate(ref.key)} is damaged: its digest is another. {_REMEDY}")
