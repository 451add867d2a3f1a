"""The last stages: figures, data report and page; then the release, published and summed up."""

from prefect.context import FlowRunContext

from autogroove.runs import Listing, ModelOutputs, ReleasePages, Segments
from autogroove.store import PartRef
from flows.record import Run, RunSummary
from flows.runtime.fan_out import fan_out
from tasks.evaluation import read_current_card
from tasks.progress import Stage
from tasks.publishing import assemble, publish
from tasks.reports import (
    analyse,
    draw,
    find_report,
    list_treble_batches,
    measure_treble,
    render,
    report,
)
from tasks.showing import record_lineage, show_summary, show_tables


def show_release(
    run: Run, listing: Listing, segments: Segments, heard: ModelOutputs
) -> ReleasePages:
    """Draw the release, in the store and in the UI."""
    statistics = analyse_data(run, listing, segments)
    stage = Stage("pictures")
    drawn = draw(
        run.store,
        segments.catalogue_key,
        segments.recipe_key,
        heard.model.summary,
        heard.encodings.tracks,
        heard.clusters.parts["clusters"],
    )
    pictures = {**drawn.parts, **statistics}
    analysis = pictures.pop("analysis")
    page = render(
        run.store,
        listing,
        segments.catalogue_key,
        run.settings,
        heard.model.summary,
        heard.encodings.tracks,
        heard.clusters.parts,
        heard.evaluation.part,
        pictures,
        heard.decisions,
    )
    run.note(stage, ran=not (drawn.reused and page.reused))
    return ReleasePages(pictures, analysis, page["report"])


def analyse_data(run: Run, listing: Listing, segments: Segments) -> dict[str, PartRef]:
    """The data report: part `analysis`, and its pictures."""
    stage = Stage("analyse")
    made = find_report(run.store, segments.catalogue_key, run.settings)
    if made is None:
        keys = fan_out(
            stage,
            segments.segment_keys,
            lambda segment, name: analyse.submit(
                run.store, segments.catalogue_key, segments.recipe_key, segment, name
            ),
            count=lambda key: "",
        )
        treble = fan_out(
            Stage("treble"),
            list_treble_batches(run.store, segments.catalogue_key),
            lambda batch, name: measure_treble.submit(run.store, listing.source, batch, name),
            count=lambda key: "",
        )
        made = report(run.store, segments.catalogue_key, run.settings, keys, treble)
    run.note(stage, ran=not made.reused)
    return made.parts


def finish_release(
    run: Run, listing: Listing, segments: Segments, heard: ModelOutputs, shown: ReleasePages
) -> RunSummary:
    """Publish the release, unless the current one has the same content; sum up the run."""
    stage = Stage("publish")
    parts = assemble(run.store, listing, run.settings, segments, heard, shown, run.timings)
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
        store=run.store.url,
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
    return f"{run.store.url}/{part.key}" if part else None
