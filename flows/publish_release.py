"""The whole pipeline, from audio to a published release, on one screen.

What belongs here: which stage follows which, and what each hands to the next.
What does not: what a stage does (the other modules of this folder, and `tasks`).

Every stage reads immutable inputs and writes immutable, content-addressed outputs. So a run that
was interrupted is resumed by running it again, and a run that finds nothing new makes nothing.
"""

from dataclasses import replace

from prefect import flow

from autogroove.config import Circumstances, RunPolicy, Settings, SourceSelection
from autogroove.runs import Listing, Model, ModelOutputs, Segments
from flows.build_spectrograms import build_spectrograms
from flows.encode_and_cluster import cluster_tracks, encode_tracks
from flows.evaluate_release import evaluate_release
from flows.finish_release import finish_release, show_release
from flows.mend_store import mend_store
from flows.record import Run, RunSummary, enter_queue
from flows.runtime.runners import make_task_runner_from_environment
from flows.scan_source import render_demo, scan_source
from flows.train_model import promote_model, train_model

_WEEK_SECONDS = 7 * 24 * 3600


@flow(
    name="publish-release",
    flow_run_name="release of {selection.source}",
    task_runner=make_task_runner_from_environment(),
    timeout_seconds=2 * _WEEK_SECONDS,
)
def publish_release(
    selection: SourceSelection = SourceSelection(),  # noqa: B008 - frozen, shown as a form
    settings: Settings = Settings.from_preset(),  # noqa: B008
    policy: RunPolicy = RunPolicy(),  # noqa: B008
    circumstances: Circumstances = Circumstances(),  # noqa: B008
) -> RunSummary:
    """Turn a source of audio into a published release of playlists that share a groove."""
    run = Run(selection, settings, policy, circumstances)
    with enter_queue(run):  # one publish of a store at a time, and no sweep meanwhile
        mend_store(run)  # what is about to be reused is what it was, or is not there
        render_demo(run)
        listing = scan_source(run)
        segments = build_spectrograms(run, listing)
        model = train_model(run, segments)
        heard = hear_tracks(run, listing, segments, model)
        promoted = promote_model(run, model, heard.evaluation.card)
        if promoted.summary is not model.summary:
            heard = hear_tracks(run, listing, segments, promoted)
        heard = replace(heard, model=promoted)
        shown = show_release(run, listing, segments, heard)
        return finish_release(run, listing, segments, heard, shown)


def hear_tracks(run: Run, listing: Listing, segments: Segments, model: Model) -> ModelOutputs:
    """What a model hears in the tracks: their encodings, their clusters, and how well."""
    encodings = encode_tracks(run, segments, model)
    clusters = cluster_tracks(run, encodings, model)
    evaluation = evaluate_release(run, listing, segments, model, encodings, clusters)
    return ModelOutputs(model, encodings, clusters, evaluation)
