"""The card: describing sampled tracks, then measuring the release beside its baselines.

What belongs here: the tasks around `autogroove.evaluation.descriptors` and `autogroove.evaluation`.
What does not: any measure.
"""

import pandas as pd
from prefect import task

from autogroove.clustering import read_clusters
from autogroove.config import Settings
from autogroove.errors import AutogrooveError
from autogroove.evaluation import CARD_VERSION, Card, evaluate_release, find_rivals, gather_inputs
from autogroove.evaluation.descriptors import (
    DescriptionBatch,
    find_missing,
    plan_descriptions,
    write_descriptions,
)
from autogroove.model import ModelSummary
from autogroove.model.training import choose_members
from autogroove.releases import current_release
from autogroove.runs import recall_training
from autogroove.source import Source, load_catalogue
from autogroove.store import CachedParts, PartRef, Store, make_key, make_once, put_bytes, read_part
from tasks.execution import computing_with, retrying
from tasks.progress import Stage


@task(
    name="plan-descriptions",
    task_run_name="plan descriptions",
    **retrying(),
)
def plan(
    store_url: str, catalogue_key: str, settings: Settings
) -> tuple[list[str], list[DescriptionBatch]]:
    """Keys of all descriptions that a card needs, and the batches that are not in the store."""
    store = Store(store_url)
    batches = plan_descriptions(load_catalogue(store, catalogue_key), settings)
    return [batch.key for batch in batches], find_missing(store, batches, settings)


@task(
    name="describe-tracks",
    task_run_name="describe {position}",
    **retrying(hours=4),
)
def describe(
    store_url: str, source: Source, batch: DescriptionBatch, settings: Settings, position: str
) -> int:
    """Describe rhythm and timbre of one batch of tracks; how many there are."""
    write_descriptions(batch, source, Store(store_url), settings)
    return len(batch.members)


@task(
    name="evaluate-release",
    task_run_name="evaluate release",
    **retrying(hours=24),
)
def evaluate(
    store_url: str,
    catalogue_key: str,
    settings: Settings,
    model: ModelSummary,
    encodings: list[PartRef],
    clusters: PartRef,
    description_keys: list[str],
) -> CachedParts:
    """Measure every row of the card; part `card`."""
    store, stage = Store(store_url), Stage("evaluate")
    rivals = find_rivals(store, settings)

    def make() -> dict[str, PartRef]:
        catalogue = load_catalogue(store, catalogue_key)
        inputs = gather_inputs(
            store,
            catalogue,
            settings,
            model.model_key,
            description_keys,
            read_clusters(read_part(store, clusters)),
            trained=_find_trained(store, catalogue, settings, model.model_key),
            rivals=rivals,
        )
        card = evaluate_release(inputs, settings.evaluation, progress=stage.show)
        return {"card": put_bytes(store, "cards", ".json", card.to_json().encode())}

    key = make_key(
        "card",
        CARD_VERSION,
        catalogue_key,
        model.weights_digest,
        sorted(part.sha256 for part in encodings),
        clusters.sha256,
        description_keys,
        settings.evaluation,
        settings.clustering,
        {name: sorted(part.sha256 for part in rival.encodings) for name, rival in rivals.items()},
    )
    with computing_with(1):
        return make_once(store, "card", key, make)


def read_card(store_url: str, part: PartRef) -> Card:
    """The card of a reference."""
    return Card.from_json(read_part(Store(store_url), part))


def read_current_card(store_url: str) -> Card | None:
    """The card of the current release, if there is one that this version can read."""
    current = current_release(Store(store_url))
    if current is None:
        return None
    try:
        return read_card(store_url, current.parts.card)
    except AutogrooveError:
        return None


def _find_trained(
    store: Store, catalogue: pd.DataFrame, settings: Settings, model_key: str
) -> frozenset[str]:
    """The tracks that the model learned from: it may be older than some of the catalogue."""
    learned = frozenset(choose_members(catalogue, settings.training).train["fingerprint"])
    known = recall_training(store, model_key)
    return learned if known is None else learned & known
