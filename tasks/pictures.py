"""Pictures of a release, in the store and in the Prefect UI.

What belongs here: choosing what is drawn, and showing it as artifacts. What does not: drawing
(`autogroove.pictures`).
"""

import numpy as np
import pandas as pd
from prefect import task
from prefect.artifacts import create_image_artifact

from autogroove.catalogue.table import load_catalogue
from autogroove.identity import make_key
from autogroove.memo import Made, make_once
from autogroove.model import load_model, reconstruct
from autogroove.model.stored import ModelSummary
from autogroove.pictures import (
    draw_cluster_map,
    draw_loss_curve,
    draw_reconstructions,
    png_data_uri,
    project_encodings,
)
from autogroove.releases import PartRef, put_bytes, read_part
from autogroove.releases.tables import read_clusters, read_track_encodings
from autogroove.segments import open_clips
from autogroove.storage import Store
from tasks.faults import retrying
from tasks.threads import computing_with

_FORMAT = 1
_NUM_RECONSTRUCTIONS = 6
_DESCRIPTIONS = {
    "loss-curve": "Loss of the model by epoch, on the tracks it learns from and on held-out ones",
    "reconstructions": "Spectrograms above, and below what the model made of their encodings",
    "cluster-map": "Tracks by their encodings' first two principal components, by cluster",
}


@task(
    name="draw-pictures",
    task_run_name="draw pictures",
    **retrying(),
)
def draw(
    store_url: str,
    catalogue_key: str,
    recipe_key: str,
    model: ModelSummary,
    track_encodings: PartRef,
    clusters: PartRef,
) -> Made:
    """Loss curve, reconstructions and cluster map as PNG, shown in the UI."""
    store = Store(store_url)

    def make() -> dict[str, PartRef]:
        catalogue = load_catalogue(store, catalogue_key)
        drawn = {
            "loss-curve": draw_loss_curve(model),
            "reconstructions": _draw_reconstructions(store, catalogue, recipe_key, model),
            "cluster-map": _draw_map(store, catalogue, track_encodings, clusters),
        }
        return {name: put_bytes(store, "pictures", ".png", png) for name, png in drawn.items()}

    inputs = [catalogue_key, model.weights_digest, track_encodings.sha256, clusters.sha256]
    with computing_with(1):
        made = make_once(store, "pictures", make_key("pictures", _FORMAT, inputs), make)
    for name, part in made.parts.items():
        uri = png_data_uri(read_part(store, part))
        create_image_artifact(image_url=uri, key=name, description=_DESCRIPTIONS[name])
    return made


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
