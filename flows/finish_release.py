"""The last stage: the parts put together, published, and summed up.

What belongs here: what the run hands to its reader. What does not: the release log.
"""

from typing import Any

from prefect.context import FlowRunContext

from autogroove.releases import Decision, PartRef
from flows.build_spectrograms import Segments
from flows.cluster_tracks import Clusters
from flows.encode_tracks import Encodings
from flows.evaluate_release import Evaluation
from flows.record import Run, RunSummary
from flows.show_release import Shown
from flows.train_model import Model
from tasks.collection import Listing
from tasks.progress import Stage
from tasks.publishing import Artefacts, assemble, publish
from tasks.showing import show_summary, show_tables


def finish_release(
    run: Run,
    listing: Listing,
    segments: Segments,
    model: Model,
    encodings: Encodings,
    clusters: Clusters,
    evaluation: Evaluation,
    shown: Shown,
) -> RunSummary:
    """Publish the release, unless the current one has the same content; sum up the run."""
    stage = Stage("publish")
    artefacts = Artefacts(
        catalogue_key=segments.catalogue_key,
        recipe_key=segments.recipe_key,
        segment_keys=segments.segment_keys,
        model=model.summary,
        encodings=encodings.clips,
        track_encodings=encodings.tracks,
        clusters=clusters.parts,
        card=evaluation.part,
        decisions=_word_decisions(model, clusters),
        first_new_cluster=clusters.decision.first_new,
        analysis=shown.analysis,
        pictures=shown.pictures,
        report=shown.report,
    )
    parts = assemble(run.store, listing, run.settings, artefacts, run.timings)
    outcome = publish(run.store, parts)
    run.note(stage, ran=outcome.published)
    context = FlowRunContext.get()
    summary = RunSummary(
        release=outcome.number,
        published=outcome.published,
        source=parts.source_url,
        store=run.store,
        coverage=parts.coverage.model_dump(),
        stages=run.stages,
        decisions={name: d.model_dump() for name, d in parts.policy.items()},
        card=evaluation.card.headline(),
        flow_run_id=str(context.flow_run.id) if context and context.flow_run else None,
        report=_locate(run, parts.report),
    )
    show_tables(run.store, segments.catalogue_key, parts)
    show_summary(parts, outcome, evaluation.card, None, run.store)
    return summary


def _word_decisions(model: Model, clusters: Clusters) -> dict[str, Decision]:
    choices: dict[str, Any] = {"model": model.decision, "clusters": clusters.decision}
    return {name: Decision(decision=c.action, why=c.why) for name, c in choices.items()}


def _locate(run: Run, part: PartRef | None) -> str | None:
    return f"{run.store}/{part.key}" if part else None
