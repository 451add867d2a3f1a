"""From encodings to a card, all in memory.

What belongs here: taking every measure of the model and of its baselines.
What does not: reading a store (`card_inputs`), making baselines from images (`baselines`).

A first look at a model, without a store:

    from autogroove.evaluation.descriptors import describe_clips
    from autogroove.evaluation import evaluate_encodings, render_text

    card = evaluate_encodings(encodings, clip_tracks, tracks, describe_clips(clips, 22050))
    print(render_text(card))
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from autogroove.config import EvaluationSettings
from autogroove.evaluation.baselines import describe_baselines
from autogroove.evaluation.card import EXPLAINING, Card, CardRow, Figure, NotMeasurable
from autogroove.evaluation.descriptors.clips import ClipDescriptions
from autogroove.evaluation.measures import MEASURES, Measure
from autogroove.evaluation.tracks import EvaluatedTracks
from autogroove.evaluation.view import Clusterer, Encoded, EncoderView

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class EvaluationInputs:
    """Everything that a card is measured from.

    Attributes:
        collection: tracks, clips and descriptors.
        encoded: what the model of the release made of the clips.
        baselines: the same from other encoders, by name.
        labels: (n,) int64 the release's cluster of each track, or None.
        cluster: clusters encodings in the release's way; for baselines and stability.
    """

    collection: EvaluatedTracks
    encoded: Encoded
    baselines: Mapping[str, Encoded] = field(default_factory=dict)
    labels: NDArray[np.int64] | None = None
    cluster: Clusterer | None = None


def evaluate_release(
    inputs: EvaluationInputs, settings: EvaluationSettings, progress: Progress | None = None
) -> Card:
    """Measure every row of the card for the model and for each baseline.

    A row that this collection does not allow has no value and a note that says why; it never
    ends the evaluation.
    """
    hearings = {
        name: EncoderView(inputs.collection, encoded, settings, cluster=inputs.cluster)
        for name, encoded in inputs.baselines.items()
    }
    model = EncoderView(inputs.collection, inputs.encoded, settings, inputs.labels, inputs.cluster)
    rows = []
    for done, measure in enumerate(MEASURES):
        if progress:
            progress(done, len(MEASURES))
        rows.append(_take_row(measure, model, hearings))
    if progress:
        progress(len(MEASURES), len(MEASURES))
    artists = inputs.collection.artists
    return Card(
        rows=tuple(rows),
        num_tracks=len(inputs.collection),
        num_clips=len(inputs.collection.clip_tracks),
        num_artists=len(np.unique(artists)),
    )


def evaluate_encodings(
    clip_encodings: NDArray[np.float32],
    clip_tracks: NDArray[np.int64],
    tracks: pd.DataFrame,
    descriptions: ClipDescriptions | None = None,
    *,
    augmented: tuple[NDArray[np.float32], NDArray[np.int64]] | None = None,
    baselines: Mapping[str, Encoded] | None = None,
    labels: NDArray[np.int64] | None = None,
    cluster: Clusterer | None = None,
    settings: EvaluationSettings | None = None,
) -> Card:
    """A card from arrays, with the baselines that need no images.

    Args:
        clip_encodings: (num_clips, d) float32.
        clip_tracks: (num_clips,) the row in `tracks` of each clip.
        tracks: one row a track, any of the catalogue's columns (artist_id, genre, split, groove…).
        descriptions: of the same clips, in the same order.
        augmented: encodings (m, d) of augmented clips, and (m,) the clip that each was made from.
        baselines: further encoders by name (see `baselines.make_image_baselines`).
        labels: (n,) cluster of each track.
        cluster: makes clusters of encodings.
        settings: of the evaluation.
    """
    sources = None if augmented is None else augmented[1]
    collection = EvaluatedTracks(tracks, clip_tracks, descriptions, sources)
    simple = describe_baselines(collection, code_size=clip_encodings.shape[1])
    encoded = Encoded(clip_encodings, None if augmented is None else augmented[0])
    inputs = EvaluationInputs(collection, encoded, {**simple, **(baselines or {})}, labels, cluster)
    return evaluate_release(inputs, settings or EvaluationSettings())


def _take_row(
    measure: Measure, model: EncoderView, baselines: Mapping[str, EncoderView]
) -> CardRow:
    figure, note = _try(measure, model)
    rivals = baselines if measure.of_encoder else {}
    if measure.costly:
        rivals = {name: view for name, view in rivals.items() if name not in EXPLAINING}
    others = {name: _try(measure, view)[0] for name, view in rivals.items()}
    return CardRow(
        key=measure.key,
        name=measure.name,
        better=measure.better,
        value=figure.value if figure else None,
        low=figure.low if figure else None,
        high=figure.high if figure else None,
        num_items=figure.num_items if figure else 0,
        baselines={name: other for name, other in others.items() if other is not None},
        note=note if figure is None else measure.note,
    )


def _try(measure: Measure, view: EncoderView) -> tuple[Figure | None, str]:
    try:
        return measure.take(view), ""
    except NotMeasurable as reason:
        return None, str(reason)
