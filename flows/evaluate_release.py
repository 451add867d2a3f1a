"""The evaluation stage: descriptors of sampled tracks on Dask, then the card.

What belongs here: the fan-out. What does not: what the card measures.
"""

from autogroove.runs import Clusters, Encodings, Evaluation, Listing, Model, Segments
from flows.record import Run
from flows.runtime.fan_out import Tally, fan_out
from tasks.evaluation import describe, evaluate, plan, read_card
from tasks.progress import Stage


def evaluate_release(
    run: Run,
    listing: Listing,
    segments: Segments,
    model: Model,
    encodings: Encodings,
    clusters: Clusters,
) -> Evaluation:
    """Measure what this release hears, beside its baselines."""
    describing = Stage("describe")
    keys, missing = plan(
        run.store,
        segments.catalogue_key,
        run.settings,
        (model.summary, encodings.clips, clusters.parts["clusters"]),
    )
    described = fan_out(
        describing,
        missing,
        lambda batch, name: describe.submit(run.store, listing.source, batch, run.settings, name),
        count=Tally(lambda tracks: {"tracks": tracks}),
    )
    run.log.note(describing, ran=bool(described), tracks=sum(described))
    stage = Stage("evaluate")
    made = evaluate(
        run.store,
        segments.catalogue_key,
        run.settings,
        model.summary,
        encodings.clips,
        clusters.parts["clusters"],
        keys,
    )
    run.log.note(stage, ran=not made.reused)
    return Evaluation(made["card"], read_card(run.store, made["card"]))
