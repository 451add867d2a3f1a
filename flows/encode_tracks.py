"""The encoding stage: every clip in batch on Dask, then one encoding a track.

What belongs here: the fan-out over segments. What does not: encoding or pooling.
"""

from dataclasses import dataclass

from autogroove.releases import PartRef
from flows.build_spectrograms import Segments
from flows.fan_out import Tally, fan_out
from flows.record import Run
from flows.train_model import Model
from tasks.clustering import pool
from tasks.modelling import encode, find_encodings
from tasks.progress import Stage


@dataclass(frozen=True)
class Encodings:
    """References to the encodings of clips, one a segment, and of tracks."""

    clips: list[PartRef]
    tracks: PartRef


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
