"""The end of a run: parts put together and published; verification and garbage."""

from dataclasses import dataclass, field

from prefect import task
from prefect.artifacts import create_table_artifact

from autogroove.clustering import first_free_id, read_clusters
from autogroove.config import Settings
from autogroove.model import ModelSummary, model_folder
from autogroove.releases import (
    Counts,
    Coverage,
    Decision,
    ModelPart,
    PublishOutcome,
    ReleaseParts,
    SegmentPart,
    VerifyReport,
    collect_garbage,
    current_release,
    open_release,
    publish_release,
    verify_release,
)
from autogroove.runs import describe_settings
from autogroove.segments import read_segment_index
from autogroove.source import catalogue_object, load_catalogue
from autogroove.store import CachedParts, PartRef, Store, read_part, refer_to
from tasks.collection import Listing
from tasks.execution import retrying
from tasks.progress import Stage


@dataclass(frozen=True)
class Artefacts:
    """Keys and references of everything that a run made or reused."""

    catalogue_key: str
    recipe_key: str
    segment_keys: list[str]
    model: ModelSummary
    encodings: list[PartRef]
    track_encodings: PartRef
    clusters: CachedParts
    card: PartRef
    decisions: dict[str, Decision]
    first_new_cluster: int = 0
    analysis: PartRef | None = None
    pictures: dict[str, PartRef] = field(default_factory=dict)
    report: PartRef | None = None


@task(
    name="assemble-release",
    task_run_name="assemble release",
    **retrying(),
)
def assemble(
    store_url: str,
    listing: Listing,
    settings: Settings,
    artefacts: Artefacts,
    timings: dict[str, float],
) -> ReleaseParts:
    """The parts of a release from what the run made."""
    store = Store(store_url)
    catalogue = load_catalogue(store, artefacts.catalogue_key)
    segments = [
        read_segment_index(store, artefacts.recipe_key, key) for key in artefacts.segment_keys
    ]
    clusters = read_clusters(read_part(store, artefacts.clusters["clusters"]))
    status = catalogue["status"].value_counts()
    folder = model_folder(artefacts.model.model_key)
    return ReleaseParts(
        catalogue=refer_to(store, catalogue_object(artefacts.catalogue_key)),
        segments=tuple(
            SegmentPart(
                recipe_key=artefacts.recipe_key,
                segment_key=index.segment_key,
                digest=index.digest,
                num_clips=index.num_clips,
            )
            for index in segments
        ),
        model=ModelPart(
            model_key=artefacts.model.model_key,
            weights=refer_to(store, f"{folder}/weights.safetensors"),
            description=refer_to(store, f"{folder}/model.json"),
        ),
        encodings=tuple(artefacts.encodings),
        track_encodings=artefacts.track_encodings,
        clusters=artefacts.clusters["clusters"],
        cluster_report=artefacts.clusters["report"],
        card=artefacts.card,
        analysis=artefacts.analysis,
        pictures=artefacts.pictures,
        report=artefacts.report,
        settings=describe_settings(current_release(store), artefacts.model.model_key, settings),
        source_kind=listing.kind,
        source_url=listing.url,
        coverage=Coverage(
            source=len(catalogue),
            **{name: int(status.get(name, 0)) for name in ("stored", "quarantined", "excluded")},
        ),
        counts=Counts(
            tracks=int(status.get("stored", 0)),
            clips=int(catalogue["clips"].sum()),
            clusters=int(clusters["cluster"].nunique()),
        ),
        policy=artefacts.decisions,
        next_cluster=first_free_id(artefacts.first_new_cluster, clusters),
        timings=timings,
    )


@task(
    name="publish-release",
    task_run_name="publish release",
    **retrying(),
)
def publish(store_url: str, parts: ReleaseParts) -> PublishOutcome:
    """Give the release its number; nothing where the current one has the same content."""
    return publish_release(Store(store_url), parts)


@task(
    name="verify-release",
    task_run_name="verify release",
    **retrying(hours=24),
)
def verify(store_url: str, quick: bool) -> VerifyReport:
    """Check every part of the current release."""
    store, stage = Store(store_url), Stage("verify")
    number = open_release(store).number
    return verify_release(store, number, quick=quick, progress=stage.show)


@task(
    name="collect-garbage",
    task_run_name="collect garbage",
    **retrying(hours=24),
)
def sweep(store_url: str, keep: int, keep_days: float) -> int:
    """Remove what no kept release needs; the bytes that were freed."""
    report = collect_garbage(Store(store_url), keep=keep, keep_days=keep_days, apply=True)
    rows = [{"kind": kind, **counts} for kind, counts in report.by_kind.items()]
    if rows:
        create_table_artifact(key="garbage", table=rows, description="What was removed, by kind")
    return report.num_bytes if report.applied else 0
