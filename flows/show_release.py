"""The stages for people's eyes: pictures, data report, static page.

What belongs here: what is shown of a release. What does not: drawing it.
"""

from dataclasses import dataclass

from autogroove.releases import PartRef
from flows.build_spectrograms import Segments
from flows.evaluate_release import Heard
from flows.fan_out import fan_out
from flows.record import Run
from flows.words import word_decisions
from tasks.analysis import analyse, find_report, list_treble_batches, measure_treble, report
from tasks.collection import Listing
from tasks.page import render
from tasks.pictures import draw
from tasks.progress import Stage


@dataclass(frozen=True)
class Shown:
    """Pictures by name, the data report and the static page."""

    pictures: dict[str, PartRef]
    analysis: PartRef
    report: PartRef


def show_release(run: Run, listing: Listing, segments: Segments, heard: Heard) -> Shown:
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
        word_decisions(heard),
    )
    run.note(stage, ran=not (drawn.reused and page.reused))
    return Shown(pictures, analysis, page["report"])


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
