"""Encoding every clip in batch on Dask, pooling tracks, and clustering them."""

from autogroove.runs import Clusters, Encodings, Model, Segments
from flows.record import Run
from flows.runtime.fan_out import Tally, fan_out
from tasks.clustering import cluster, decide, pool
from tasks.modelling import encode, find_encodings
from tasks.progress import Stage


def encode_tracks(run: Run, segments: Segments, model: Model) -> Encodings:
    """Encode the segments that this model has not encoded yet, and pool them by track."""
    stage = Stage("encode")
    model_key = model.summary.model_key
    known = find_encodings(run.store, segments.segment_keys, model_key)
    missing = [key for key in segments.segment_keys if key not in known]
    device = run.circumstances.device
    made = fan_out(
        stage,
        missing,
        lambda segment, name: encode.submit(
            run.store, segments.recipe_key, segment, model_key, device, name
        ),
        count=Tally(lambda part: {"kB": part.size_bytes // 1024}),
    )
    clips = {**known, **dict(zip(missing, made, strict=True))}
    ordered = [clips[key] for key in segments.segment_keys]
    pooled = pool(run.store, segments.catalogue_key, ordered)
    run.note(stage, ran=bool(made), segments_encoded=len(made), segments_reused=len(known))
    return Encodings(ordered, pooled["track_encodings"])


def cluster_tracks(run: Run, encodings: Encodings, model: Model) -> Clusters:
    """The clusters of this run: kept, grown or found anew."""
    stage = Stage("cluster")
    decision, kept = decide(
        run.store,
        encodings.tracks,
        model.decision.action == "kept",
        run.settings.clustering,
        run.policy.recluster_fraction,
    )
    made = kept or cluster(run.store, encodings.tracks, decision, run.settings.clustering)
    run.note(stage, ran=not made.reused, decision=decision.action, why=decision.why)
    return Clusters(made, decision)
