"""What each stage of a run hands to the next: keys and digests of what is in the store, never
arrays, so that they travel between processes for nothing.
"""

from dataclasses import dataclass

from autogroove.evaluation import Card
from autogroove.model import ModelSummary
from autogroove.releases import Decision
from autogroove.runs.reclustering import ClusterDecision
from autogroove.runs.retraining import ModelDecision
from autogroove.source import Source
from autogroove.store import CachedParts, PartRef


@dataclass(frozen=True)
class Listing:
    """What a scan found. The catalogue itself is in the store."""

    catalogue_key: str
    kind: str
    url: str
    source: Source
    listed: int
    fingerprinted: int
    audio_bytes_read: int
    seconds: float
    notes: tuple[str, ...] = ()
    """What a person should know of the collection as a whole."""


@dataclass(frozen=True)
class Segments:
    """The complete catalogue, and the segments that hold its spectrograms."""

    catalogue_key: str
    recipe_key: str
    segment_keys: list[str]


@dataclass(frozen=True)
class Model:
    """The encoder of a run, and why it is this one."""

    summary: ModelSummary
    decision: ModelDecision


@dataclass(frozen=True)
class Encodings:
    """References to the encodings of clips, one a segment, and of tracks."""

    clips: list[PartRef]
    tracks: PartRef


@dataclass(frozen=True)
class Clusters:
    """Parts `clusters` and `report`, and why they are these."""

    parts: CachedParts
    decision: ClusterDecision


@dataclass(frozen=True)
class Evaluation:
    """The card of a run, as a part and as a value."""

    part: PartRef
    card: Card


@dataclass(frozen=True)
class ModelOutputs:
    """Everything that one model made of the tracks."""

    model: Model
    encodings: Encodings
    clusters: Clusters
    evaluation: Evaluation

    @property
    def decisions(self) -> dict[str, Decision]:
        """What was decided about model and clusters, and why."""
        return {"model": self.model.decision, "clusters": self.clusters.decision}


@dataclass(frozen=True)
class ReleasePages:
    """Pictures by name, the data report and the static page."""

    pictures: dict[str, PartRef]
    analysis: PartRef
    report: PartRef
