"""The card: describing sampled tracks, then measuring the release beside its baselines.

What belongs here: the tasks around `autogroove.evaluation.descriptors` and `autogroove.evaluation`.
What does not: any measure.
"""

from prefect import task

from autogroove.config import Settings
from autogroove.errors import AutogrooveError
from autogroove.evaluation import Card, evaluate_release_once, find_card
from autogroove.evaluation.descriptors import (
    DescriptionBatch,
    find_missing,
    plan_descriptions,
    write_descriptions,
)
from autogroove.model import ModelSummary, computing_with
from autogroove.releases import current_release
from autogroove.source import Source, load_catalogue
from autogroove.store import CachedParts, PartRef, Store, read_part
from tasks.execution import retrying
from tasks.progress import Stage


@task(
    name="plan-descriptions",
    task_run_name="plan descriptions",
    **retrying(),
)
def plan(
    store: Store,
    catalogue_key: str,
    settings: Settings,
    heard: tuple[ModelSummary, list[PartRef], PartRef] | None = None,
) -> tuple[list[str], list[DescriptionBatch]]:
    """Keys of all descriptions that a card needs, and the batches that are not in the store.

    Those there are read, and a damaged one counts as missing, but for a card that was measured
    before: `heard` says of which model, encodings and clusters.
    """
    batches = plan_descriptions(load_catalogue(store, catalogue_key), settings)
    keys = [batch.key for batch in batches]
    known = find_card(store, catalogue_key, settings, *heard, keys) if heard else None
    return keys, find_missing(store, batches, settings, read=known is None)


@task(
    name="describe-tracks",
    task_run_name="describe {position}",
    **retrying(hours=4),
)
def describe(
    store: Store, source: Source, batch: DescriptionBatch, settings: Settings, position: str
) -> int:
    """Describe rhythm and timbre of one batch of tracks; how many there are."""
    write_descriptions(batch, source, store, settings)
    return len(batch.members)


@task(
    name="evaluate-release",
    task_run_name="evaluate release",
    **retrying(hours=24),
)
def evaluate(
    store: Store,
    catalogue_key: str,
    settings: Settings,
    model: ModelSummary,
    encodings: list[PartRef],
    clusters: PartRef,
    description_keys: list[str],
) -> CachedParts:
    """Measure every row of the card; part `card`."""
    stage = Stage("evaluate")
    with computing_with(1):
        return evaluate_release_once(
            store,
            catalogue_key,
            settings,
            model,
            encodings,
            clusters,
            description_keys,
            progress=stage.show,
        )


def read_card(store: Store, part: PartRef) -> Card:
    """The card of a reference."""
    return Card.from_json(read_part(store, part))


def read_current_card(store: Store) -> Card | None:
    """The card of the current release, if there is one that this version can read."""
    current = current_release(store)
    if current is None:
        return None
    try:
        return read_card(store, current.parts.card)
    except AutogrooveError:
        return None
