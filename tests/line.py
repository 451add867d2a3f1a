"""The whole line in this process, without a server or a cluster: what a run does, in a second.

What belongs here: calling every stage's task in the order of `flows.publish_release`.
What does not: tests, or what only fills Prefect's page.
"""

from collections.abc import Iterator
from pathlib import Path

import sounds

from autogroove.config.run import RunPolicy, SourceSelection
from autogroove.config.settings import Settings
from autogroove.evaluation.data_report.storing import find_data_report, make_data_report_once
from autogroove.listening.report.page import render_page_once
from autogroove.listening.report.pictures import draw_pictures_once
from autogroove.releases.log import PublishOutcome
from autogroove.runs.outcomes import (
    Clusters,
    Encodings,
    Evaluation,
    Listing,
    Model,
    ModelOutputs,
    ReleasePages,
    Segments,
)
from autogroove.store.artefacts import PartRef
from autogroove.store.store import Store
from tasks import clustering, collection, evaluation, modelling, publishing, repairing, reports
from tasks import spectrograms as images

TRACKS = 10
TRACKS_PER_SEGMENT = 5


def write_music(folder: Path, tracks: int = TRACKS) -> Path:
    """A folder of short tracks, each another melody."""
    for number in range(tracks):
        sounds.write_audio(folder / f"{number}.wav", sounds.play_music(6.5, 22050, 1, seed=number))
    return folder


def run_line(
    source: Path, store: Store, settings: Settings, *, verify: bool = False
) -> PublishOutcome:
    """One run, to its release."""
    mend_store(store, verify)
    listing = collection.scan.fn(store, SourceSelection(source=str(source)), False)
    segments = _build_spectrograms(store, listing, settings)
    policy = RunPolicy(verify=verify)
    decision = modelling.decide.fn(
        store, segments.catalogue_key, segments.recipe_key, settings, policy
    )
    if decision.action == "kept":
        summary = modelling.summarise(store, str(decision.incumbent))
    else:
        summary = modelling.train.fn(
            store, segments.catalogue_key, settings, "cpu", decision.start_from
        )
    heard = _hear(store, listing, segments, settings, Model(summary, decision))
    pages = _show(store, listing, segments, settings, heard)
    parts = publishing.assemble.fn(store, listing, settings, segments, heard, pages, {})
    return publishing.publish.fn(store, parts)


def mend_store(store: Store, verify: bool) -> None:
    """The first look, as `flows.mend_store` has it."""
    found = repairing.inspect.fn(store, verify)
    if not found.missing:
        return
    lesson = repairing.find_lost_lesson(store)
    if lesson:
        modelling.train.fn(store, lesson.catalogue_key, lesson.settings, "cpu", lesson.start_from)
        repairing.keep_only_same_model(store)
    repairing.mend.fn(store, found.missing)


def _build_spectrograms(store: Store, listing: Listing, settings: Settings) -> Segments:
    planned = images.plan.fn(store, listing.catalogue_key, settings, TRACKS_PER_SEGMENT, False)
    written = [
        images.write.fn(store, listing.source, batch, settings, "1/1") for batch in planned.batches
    ]
    new = {done.segment_key for done in written if done.segment_key is not None}
    keys = sorted({*planned.reused, *planned.standing, *new})
    done = images.complete.fn(store, listing.catalogue_key, planned.recipe_key, keys)
    return Segments(done.catalogue_key, planned.recipe_key, done.segment_keys)


def _hear(
    store: Store, listing: Listing, segments: Segments, settings: Settings, model: Model
) -> ModelOutputs:
    clips = list(_encode(store, segments, model))
    tracks = clustering.pool.fn(store, segments.catalogue_key, clips)["track_encodings"]
    decision, kept = clustering.decide.fn(
        store, tracks, model.decision.action == "kept", settings.clustering, 0.05
    )
    clusters = kept or clustering.cluster.fn(store, tracks, decision, settings.clustering)
    keys, missing = evaluation.plan.fn(
        store, segments.catalogue_key, settings, (model.summary, clips, clusters["clusters"])
    )
    for batch in missing:
        evaluation.describe.fn(store, listing.source, batch, settings, "1/1")
    part = evaluation.evaluate.fn(
        store,
        segments.catalogue_key,
        settings,
        model.summary,
        clips,
        clusters["clusters"],
        keys,
    )["card"]
    card = Evaluation(part, evaluation.read_card(store, part))
    return ModelOutputs(model, Encodings(clips, tracks), Clusters(clusters, decision), card)


def _encode(store: Store, segments: Segments, model: Model) -> Iterator[PartRef]:
    model_key = model.summary.model_key
    known = modelling.find_made.fn(store, segments.segment_keys, model_key)
    for key in segments.segment_keys:
        yield known.get(key) or modelling.encode.fn(
            store, segments.recipe_key, key, model_key, "cpu", "1/1"
        )


def _show(
    store: Store, listing: Listing, segments: Segments, settings: Settings, heard: ModelOutputs
) -> ReleasePages:
    made = find_data_report(store, segments.catalogue_key, settings)
    if made is None:
        counted = [
            reports.analyse.fn(store, segments.catalogue_key, segments.recipe_key, key, "1/1")
            for key in segments.segment_keys
        ]
        treble = [
            reports.measure_treble.fn(store, listing.source, batch, "1/1")
            for batch in reports.list_treble_batches(store, segments.catalogue_key)
        ]
        made = make_data_report_once(store, segments.catalogue_key, settings, counted, treble)
    drawn = draw_pictures_once(
        store,
        segments.catalogue_key,
        segments.recipe_key,
        heard.model.summary,
        heard.encodings.tracks,
        heard.clusters.parts["clusters"],
    )
    pictures = {**drawn.parts, **made.parts}
    analysis = pictures.pop("analysis")
    page = render_page_once(
        store,
        segments.catalogue_key,
        settings,
        heard.model.summary,
        heard.encodings.tracks,
        heard.clusters.parts,
        heard.evaluation.part,
        pictures,
        notes=[f"{name} {decision}" for name, decision in heard.decisions.items()],
        source=(listing.kind, listing.url),
    )
    return ReleasePages(pictures, analysis, page["report"])
