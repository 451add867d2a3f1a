"""The parts of a release, put together from what the stages made.

What does not belong here: numbering and the log (`autogroove.releases`).
"""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pandas as pd

from autogroove.clustering import first_free_id, read_clusters
from autogroove.config import Settings
from autogroove.evaluation.data_report import plan_treble, statistics_key, treble_key
from autogroove.evaluation.descriptors import plan_descriptions
from autogroove.model import model_folder
from autogroove.releases import (
    Counts,
    Coverage,
    ModelPart,
    ReleaseParts,
    SegmentPart,
    current_release,
)
from autogroove.runs.outcomes import Listing, ModelOutputs, ReleasePages, Segments
from autogroove.runs.retraining import describe_settings
from autogroove.segments import read_segment_index
from autogroove.source import catalogue_object, find_renderings, load_catalogue
from autogroove.store import Store, read_part, refer_to

_READERS = 16


def assemble_release(
    store: Store,
    listing: Listing,
    settings: Settings,
    segments: Segments,
    outputs: ModelOutputs,
    pages: ReleasePages,
    timings: dict[str, float],
) -> ReleaseParts:
    """The parts of a release; `timings` are seconds by stage."""
    catalogue = load_catalogue(store, segments.catalogue_key)
    summary = outputs.model.summary
    clusters = outputs.clusters.parts
    table = read_clusters(read_part(store, clusters["clusters"]))
    status = catalogue["status"].value_counts()
    folder = model_folder(summary.model_key)
    return ReleaseParts(
        catalogue=refer_to(store, catalogue_object(segments.catalogue_key)),
        segments=_refer_to_segments(store, segments),
        model=ModelPart(
            model_key=summary.model_key,
            weights=refer_to(store, f"{folder}/weights.safetensors"),
            description=refer_to(store, f"{folder}/model.json"),
        ),
        encodings=tuple(outputs.encodings.clips),
        track_encodings=outputs.encodings.tracks,
        clusters=clusters["clusters"],
        cluster_report=clusters["report"],
        card=outputs.evaluation.part,
        analysis=pages.analysis,
        pictures=pages.pictures,
        report=pages.report,
        settings=describe_settings(current_release(store), summary.model_key, settings),
        source_kind=listing.kind,
        source_url=listing.url,
        coverage=Coverage(
            source=len(catalogue),
            **{name: int(status.get(name, 0)) for name in ("stored", "quarantined", "excluded")},
        ),
        counts=Counts(
            tracks=int(status.get("stored", 0)),
            clips=int(catalogue["clips"].sum()),
            clusters=int(table["cluster"].nunique()),
        ),
        policy=outputs.decisions,
        next_cluster=first_free_id(outputs.clusters.decision.first_new, table),
        timings=timings,
        gc_roots=tuple(sorted({*_find_gc_roots(store, listing, settings, segments, catalogue)})),
    )


def _refer_to_segments(store: Store, segments: Segments) -> tuple[SegmentPart, ...]:
    indexes = [read_segment_index(store, segments.recipe_key, key) for key in segments.segment_keys]
    return tuple(
        SegmentPart(
            recipe_key=segments.recipe_key,
            segment_key=index.segment_key,
            digest=index.digest,
            num_clips=index.num_clips,
        )
        for index in indexes
    )


def _find_gc_roots(
    store: Store, listing: Listing, settings: Settings, segments: Segments, catalogue: pd.DataFrame
) -> Iterator[str]:
    """What a later run on the same source would use again: measurements, and the demo's audio."""
    yield from (batch.key for batch in plan_descriptions(catalogue, settings))
    yield from map(treble_key, plan_treble(catalogue))
    yield from find_renderings(listing.url)
    stored = {str(key): set(rows) for key, rows in catalogue.groupby("segment")["fingerprint"]}
    with ThreadPoolExecutor(_READERS) as threads:
        yield from threads.map(
            lambda key: statistics_key(store, segments.recipe_key, key, stored.get(key, set())),
            segments.segment_keys,
        )
