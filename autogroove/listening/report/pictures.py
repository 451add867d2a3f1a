"""The pictures of a release: loss curve, reconstructions and cluster map."""

import numpy as np
import pandas as pd

from autogroove.clustering import read_clusters
from autogroove.figures import (
    draw_cluster_map,
    draw_loss_curve,
    draw_reconstructions,
    project_encodings,
)
from autogroove.model import ModelSummary, load_model, read_track_encodings, reconstruct
from autogroove.segments import open_clips
from autogroove.source import load_catalogue
from autogroove.store import CachedParts, PartRef, Store, make_key, make_once, put_bytes, read_part

_FORMAT = 1
PICTURES = ("loss-curve", "reconstructions", "cluster-map")
"""What the pictures are called, in the order that they are drawn in."""
_NUM_RECONSTRUCTIONS = 6


def draw_pictures_once(
    store: Store,
    catalogue_key: str,
    recipe_key: str,
    model: ModelSummary,
    track_encodings: PartRef,
    clusters: PartRef,
) -> CachedParts:
    """Loss curve, reconstructions and cluster map as PNG, a part each."""

    def make() -> dict[str, PartRef]:
        catalogue = load_catalogue(store, catalogue_key)
        drawn = {
            "loss-curve": draw_loss_curve(model),
            "reconstructions": _draw_reconstructions(store, catalogue, recipe_key, model),
            "cluster-map": _draw_map(store, catalogue, track_encodings, clusters),
        }
        return {name: put_bytes(store, "pictures", ".png", png) for name, png in drawn.items()}

    inputs = [catalogue_key, model.weights_digest, track_encodings.sha256, clusters.sha256]
    key = make_key("pictures", _FORMAT, inputs)
    return make_once(store, "pictures", key, make, names=PICTURES)


def _draw_reconstructions(
    store: Store, catalogue: pd.DataFrame, recipe_key: str, model: ModelSummary
) -> bytes:
    """Clips that the model was not trained on, where the collection says which those are."""
    stored = catalogue[catalogue["status"] == "stored"]
    held_out = stored[stored["split"] == "validation"]
    rows = (held_out if len(held_out) else stored).head(_NUM_RECONSTRUCTIONS)
    places = zip(rows["segment"], rows["first_clip"], strict=True)
    images = np.stack([open_clips(store, recipe_key, str(s))[int(first)] for s, first in places])
    remade = reconstruct(load_model(store, model.model_key), images)
    return draw_reconstructions(images, remade, [str(t) for t in rows["title"].fillna("")])


def _draw_map(
    store: Store, catalogue: pd.DataFrame, track_encodings: PartRef, clusters: PartRef
) -> bytes:
    track_ids, encodings = read_track_encodings(read_part(store, track_encodings))
    table = read_clusters(read_part(store, clusters)).set_index("track_id").loc[track_ids]
    titles = catalogue.set_index("track_id").loc[track_ids, "title"].fillna("").astype(str)
    exemplars = np.flatnonzero(table["exemplar"].to_numpy())
    return draw_cluster_map(
        project_encodings(encodings),
        table["cluster"].to_numpy(),
        exemplars.tolist(),
        titles.iloc[exemplars].tolist(),
    )
