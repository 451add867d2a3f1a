"""The last stage: the parts put together, published, and summed up.

What belongs here: what the run hands to its reader. What does not: the release log.
"""

from prefect.context import FlowRunContext

from autogroove.releases import PartRef
from flows.build_spectrograms import Segments
from flows.evaluate_release import Heard
from flows.record import Run, RunSummary
from flows.show_release import Shown
from flows.words import word_decisions
from tasks.collection import Listing
from tasks.evaluation import read_current_card
from tasks.lineage import record_lineage
from tasks.progress import Stage
from tasks.publishing import Artefacts, assemble, publish
from tasks.showing import show_summary, show_tables


def finish_release(
    run: Run, listing: Listing, segments: Segments, heard: Heard, shown: Shown
) -> RunSummary:
    """Publish the release, unless the current one has the same content; sum up the run."""
    stage = Stage("publish")
    artefacts = Artefacts(
        catalogue_key=segments.catalogue_key,
        recipe_key=segments.recipe_key,
        segment_keys=segments.segment_keys,
        model=heard.model.summary,
        encodings=heard.encodings.clips,
        track_encodings=heard.encodings.tracks,
        clusters=heard.clusters.parts,
        card=heard.evaluation.part,
        decisions=word_decisions(heard),
        first_new_cluster=heard.clusters.decision.first_new,
        analysis=shown.analysis,
        pictures=shown.pictures,
        report=shown.report,
    )
    parts = assemble(run.store, listing, run.settings, artefacts, run.timings)
    previous = read_current_card(run.store)
    outcome = publish(run.store, parts)
    run.note(stage, ran=outcome.published)
    if outcome.published:
        record_lineage(run.store, outcome.number, parts, run.stages)
    context = FlowRunContext.get()
    summary = RunSummary(
        release=outcome.number,
        published=outcome.published,
        source=parts.source_url,
        store=run.store,
        coverage=parts.coverage.model_dump(),
        stages=run.stages,
        decisions={name: d.model_dump() for name, d in parts.policy.items()},
        card=heard.evaluation.card.headline(),
        notes=listing.notes,
        flow_run_id=str(context.flow_run.id) if context and context.flow_run else None,
        report=_locate(run, parts.report),
    )
    show_tables(run.store, segments.catalogue_key, parts)
    compared = previous if outcome.published else None
    show_summary(parts, outcome, heard.evaluation.card, compared, run.store)
    return summary


def _locate(run: Run, part: PartRef | None) -> str | None:
    return f"{run.store}/{part.key}" if part else None
