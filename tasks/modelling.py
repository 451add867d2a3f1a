"""Training a model and encoding with it.

What belongs here: the tasks around training and encoding, and what they show.
What does not: networks and losses.
"""

import json
import os
from dataclasses import replace

from prefect import task

from autogroove.config import RunPolicy, Settings
from autogroove.evaluation import Card
from autogroove.model import (
    ModelSummary,
    computing_with,
    encode_segment,
    find_encodings,
    read_summary,
    record_training_tracks,
)
from autogroove.model.training import train_model
from autogroove.releases import current_release, known_parts, list_releases, open_release
from autogroove.runs import ModelDecision, decide_model, decide_promotion
from autogroove.source import load_catalogue
from autogroove.store import PartRef, Store, refer_to
from tasks.execution import retrying
from tasks.progress import Stage


@task(name="decide-model", task_run_name="decide model", **retrying())
def decide(
    store: Store, catalogue_key: str, recipe_key: str, settings: Settings, policy: RunPolicy
) -> ModelDecision:
    """Whether the current model is kept, and why."""
    catalogue = load_catalogue(store, catalogue_key)
    return decide_model(store, current_release(store), catalogue, recipe_key, settings, policy)


@task(name="judge-model", task_run_name="judge model", **retrying())
def judge(store: Store, decision: ModelDecision, card: Card) -> ModelDecision:
    """Whether a trained model is promoted over that of the current release, if there is one."""
    incumbent = None
    if decision.incumbent is not None:
        incumbent = Card.from_json(json.dumps(open_release(store).card))
    return decide_promotion(decision, card, incumbent)


def summarise(store: Store, model_key: str) -> ModelSummary:
    """The facts of a model that is kept."""
    return replace(read_summary(store, model_key), reused=True)


@task(
    name="train-model",
    task_run_name="train model",
    **retrying(hours=168),
)
def train(
    store: Store,
    catalogue_key: str,
    settings: Settings,
    device: str,
    start_from: str | None = None,
) -> ModelSummary:
    """Train the autoencoder, from new weights or a model's, or resume from its last checkpoint."""
    stage = Stage("train")
    catalogue = load_catalogue(store, catalogue_key)
    # Dask gives a worker one thread; a training has the machine to itself.
    with computing_with(os.cpu_count() or 1):
        summary = train_model(
            store,
            catalogue,
            settings,
            device=device,
            progress=stage.show,
            start_from=start_from,
        )
    record_training_tracks(store, summary.model_key, catalogue)
    return summary


@task(
    name="encode-segment",
    task_run_name="encode {position}",
    **retrying(hours=4),
)
def encode(
    store: Store, recipe_key: str, segment_key: str, model_key: str, device: str, position: str
) -> PartRef:
    """Encode every clip of one segment."""
    with computing_with(1):
        key = encode_segment(store, recipe_key, segment_key, model_key, device=device)
    return refer_to(store, key)


@task(
    name="find-encodings",
    task_run_name="find encodings",
    **retrying(),
)
def find_made(store: Store, segment_keys: list[str], model_key: str) -> dict[str, PartRef]:
    """The encodings that this model has made already, by segment; damaged ones are set aside."""
    known = {key: part.sha256 for key, (part, _) in known_parts(list_releases(store)).items()}
    return find_encodings(store, segment_keys, model_key, known)
