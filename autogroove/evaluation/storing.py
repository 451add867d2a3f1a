"""The card of a release, measured from what is in the store and kept there."""

from collections.abc import Callable, Mapping

import pandas as pd

from autogroove.clustering import read_clusters
from autogroove.config import Settings
from autogroove.evaluation.card import CARD_VERSION
from autogroove.evaluation.card_inputs import gather_inputs
from autogroove.evaluation.evaluate import evaluate_release
from autogroove.evaluation.rivals import Rival, find_rivals
from autogroove.model import ModelSummary, read_training_tracks
from autogroove.model.training import choose_members
from autogroove.source import load_catalogue
from autogroove.store import (
    CachedParts,
    PartRef,
    Store,
    make_key,
    make_once,
    put_bytes,
    read_cached,
    read_part,
)


def find_card(
    store: Store,
    catalogue_key: str,
    settings: Settings,
    model: ModelSummary,
    encodings: list[PartRef],
    clusters: PartRef,
    description_keys: list[str],
) -> CachedParts | None:
    """The card of a release, where it was measured before."""
    told = (catalogue_key, settings, model, encodings, clusters, description_keys)
    key = _make_card_key(find_rivals(store, settings), *told)
    return read_cached(store, "card", key, {"card"})


def evaluate_release_once(
    store: Store,
    catalogue_key: str,
    settings: Settings,
    model: ModelSummary,
    encodings: list[PartRef],
    clusters: PartRef,
    description_keys: list[str],
    *,
    progress: Callable[[int, int], None] | None = None,
) -> CachedParts:
    """Measure every row of the card; part `card`."""
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
        card = evaluate_release(inputs, settings.evaluation, progress=progress)
        return {"card": put_bytes(store, "cards", ".json", card.to_json().encode())}

    told = (catalogue_key, settings, model, encodings, clusters, description_keys)
    key = _make_card_key(rivals, *told)
    return make_once(store, "card", key, make, names={"card"})


def _make_card_key(
    rivals: Mapping[str, Rival],
    catalogue_key: str,
    settings: Settings,
    model: ModelSummary,
    encodings: list[PartRef],
    clusters: PartRef,
    description_keys: list[str],
) -> str:
    return make_key(
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


def _find_trained(
    store: Store, catalogue: pd.DataFrame, settings: Settings, model_key: str
) -> frozenset[str]:
    """The tracks that the model learned from: it may be older than some of the catalogue."""
    learned = frozenset(choose_members(catalogue, settings.training).train["fingerprint"])
    known = read_training_tracks(store, model_key)
    return learned if known is None else learned & known
