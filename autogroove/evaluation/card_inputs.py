"""From a store to the inputs of a card.

What belongs here: picking the sampled tracks' descriptors, encodings, images and clusters, and
letting the model and the baselines encode what they have to.
What does not: measuring (`evaluate`).
"""

import logging
from collections.abc import Collection as Names
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from autogroove.clustering import cluster_encodings
from autogroove.config import ClusteringSettings, Settings
from autogroove.evaluation.baselines import (
    SampledImages,
    describe_baselines,
    make_image_baselines,
)
from autogroove.evaluation.descriptors.sampling import sample_tracks
from autogroove.evaluation.descriptors.storing import Descriptions, read_descriptions
from autogroove.evaluation.evaluate import EvaluationInputs
from autogroove.evaluation.explaining import explain_model
from autogroove.evaluation.rivals import Rival, hear_rivals, make_untrained, measure_errors
from autogroove.evaluation.sampled import SampledClips, match_clips, read_clip_codes
from autogroove.evaluation.tracks import EvaluatedTracks
from autogroove.evaluation.view import Clusterer, Encoded
from autogroove.model import Autoencoder, encode_images, encodings_key, load_model, make_encoder_key
from autogroove.model.training import choose_members
from autogroove.segments import make_recipe_key, open_clips
from autogroove.store import Store

SETTLING_CLIPS = 1024

_affinity_log = logging.getLogger("autogroove.clustering.affinity")


def gather_inputs(
    store: Store,
    catalogue: pd.DataFrame,
    settings: Settings,
    model_key: str,
    description_keys: Sequence[str],
    clusters: pd.DataFrame | None = None,
    *,
    trained: Names[str] | None = None,
    rivals: Mapping[str, Rival] | None = None,
    baselines: bool = True,
) -> EvaluationInputs:
    """Read what a card is measured from.

    Args:
        store: with segments, model, encodings and descriptions of the release to be.
        catalogue: complete.
        settings: of the run.
        model_key: of the model; every sampled segment has been encoded by it.
        description_keys: what `write_descriptions` returned for each planned batch.
        clusters: columns track_id and cluster; None leaves the clusters' rows to a clustering of
            the sample.
        trained: fingerprints that the model was trained on; None means those that this catalogue
            and these settings give.
        rivals: other models of the same clips by name; one that lacks a sampled clip is left out.
        baselines: whether to make baselines too (PCA and untrained encoder take the most time).

    Raises:
        MissingObject: something is not in the store.
        AutogrooveError: no sampled track has descriptors.
    """
    model = load_model(store, model_key)
    described = read_descriptions(store, description_keys, model.image_shape)
    clips = match_clips(sample_tracks(catalogue, settings.evaluation), described)
    if trained is None:
        trained = set(choose_members(catalogue, settings.training).train["fingerprint"])
    collection = _collect(clips, described, trained)
    images = SampledImages(
        _read_images(store, make_recipe_key(settings), clips.tracks),
        np.ascontiguousarray(described.images[clips.augmentations]),
        np.ascontiguousarray(described.stretched_images[clips.augmentations]),
        _may_train(collection),
    )
    plain = read_clip_codes(store, _own_encodings(store, model_key, clips), clips)
    heard = _hear_model(model, plain, images)
    others = hear_rivals(store, rivals or {}, catalogue, settings, clips)
    if baselines:
        others |= _make_baselines(settings, model, collection, images, described, clips)
        others |= explain_model(settings, model, heard, images, clips.clip_tracks)
    return EvaluationInputs(
        collection,
        heard,
        others,
        None if clusters is None else _look_up_clusters(clusters, clips.tracks),
        make_clusterer(settings.clustering),
    )


def make_clusterer(settings: ClusteringSettings) -> Clusterer:
    """Clusters in the way of the release, without its warnings.

    Baselines and parts of a collection often do not settle. That is their row's business, and
    would look like trouble with the release.
    """

    def cluster(encodings: NDArray[np.float32]) -> NDArray[np.int64]:
        level = _affinity_log.level
        _affinity_log.setLevel(logging.ERROR)
        try:
            return cluster_encodings(encodings, settings).labels
        finally:
            _affinity_log.setLevel(level)

    return cluster


def _collect(clips: SampledClips, described: Descriptions, trained: Names[str]) -> EvaluatedTracks:
    held_out = ~clips.tracks["fingerprint"].isin(list(trained)).to_numpy(dtype=bool)
    own = described.clips.take(clips.described)
    return EvaluatedTracks(clips.tracks, clips.clip_tracks, own, clips.augmented, held_out)


def _may_train(collection: EvaluatedTracks) -> NDArray[np.bool_]:
    """(num_clips,) what baselines are fitted to: what the model was, or all if that is none."""
    held_out = np.asarray(collection.held_out)
    return np.asarray((held_out if held_out.all() else ~held_out)[collection.clip_tracks])


def _hear_model(model: Autoencoder, plain: NDArray[np.float32], images: SampledImages) -> Encoded:
    errors, mean_errors = measure_errors(model, images.plain, images.training)
    has_others = len(images.augmented) > 0
    return Encoded(
        plain,
        encode_images(model, images.augmented) if has_others else None,
        squared_errors=errors,
        mean_errors=mean_errors,
        stretched=encode_images(model, images.stretched) if has_others else None,
    )


def _make_baselines(
    settings: Settings,
    model: Autoencoder,
    collection: EvaluatedTracks,
    images: SampledImages,
    described: Descriptions,
    clips: SampledClips,
) -> dict[str, Encoded]:
    augmented, stretched = (
        described.clips.take(rows[clips.augmentations])
        for rows in (described.augmented_rows, described.stretched_rows)
    )
    untrained = make_untrained(settings, images.plain[images.training][:SETTLING_CLIPS])
    return {
        **describe_baselines(collection, model.code_size, augmented, stretched),
        **make_image_baselines(images, model.num_drawn, untrained),
    }


def _read_images(store: Store, recipe_key: str, tracks: pd.DataFrame) -> NDArray[np.uint8]:
    """(num_clips, num_bins, num_frames) in the order of the sampled clips."""
    parts: dict[int, NDArray[np.uint8]] = {}
    for segment, members in tracks.groupby("segment", sort=True):
        stored = open_clips(store, recipe_key, str(segment))
        # Much of it is read at once: single tracks would unpack each chunk many times.
        dense = 2 * int(members["clips"].sum()) > stored.shape[0]
        array: Any = np.asarray(stored[:]) if dense else stored
        columns = zip(members.index, members["first_clip"], members["clips"], strict=True)
        for row, first, count in columns:
            parts[int(row)] = np.asarray(array[int(first) : int(first) + int(count)])
    return np.concatenate([parts[row] for row in range(len(tracks))])


def _own_encodings(store: Store, model_key: str, clips: SampledClips) -> list[str]:
    encoder_key = make_encoder_key(store, model_key)
    segments = sorted({str(segment) for segment in clips.tracks["segment"]})
    return [encodings_key(encoder_key, segment) for segment in segments]


def _look_up_clusters(clusters: pd.DataFrame, tracks: pd.DataFrame) -> NDArray[np.int64]:
    by_track = clusters.set_index("track_id")["cluster"]
    return by_track.loc[tracks["track_id"]].to_numpy(dtype=np.int64)
