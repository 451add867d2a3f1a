"""When a model is kept, trained, promoted."""

import pandas as pd
import pytest
from synthetic import Collection, put_release

from autogroove.config import RunPolicy, Settings
from autogroove.errors import SettingsError
from autogroove.evaluation import Card, CardRow
from autogroove.policy import (
    ModelDecision,
    decide_model,
    decide_promotion,
    measure_change,
    remember_training,
)
from autogroove.releases import Manifest, current_release, publish_release
from autogroove.storage import Store

SETTINGS = Settings()
COLLECTION = Collection(track_ids=range(20), settings=SETTINGS.model_dump(mode="json"))


def catalogue_of(collection: Collection, track_ids: range) -> pd.DataFrame:
    prints = [collection.fingerprint(i) for i in track_ids]
    return pd.DataFrame({"fingerprint": prints, "status": "stored"})


@pytest.fixture
def current(local_store: Store) -> Manifest:
    publish_release(local_store, put_release(local_store, COLLECTION))
    found = current_release(local_store)
    assert found is not None
    remember_training(local_store, found.parts.model.model_key, catalogue_of(COLLECTION, range(20)))
    return found


def decide(
    store: Store,
    current: Manifest | None,
    num_tracks: int,
    settings: Settings = SETTINGS,
    **policy: object,
) -> ModelDecision:
    recipe = current.parts.segments[0].recipe_key if current else "recipe"
    catalogue = catalogue_of(COLLECTION, range(num_tracks))
    return decide_model(
        store, current, catalogue, recipe, settings, RunPolicy.model_validate(policy)
    )


def test_change_counts_what_came_and_what_went() -> None:
    now = pd.DataFrame({"fingerprint": ["a", "b", "d"], "status": ["stored", "stored", "stored"]})
    assert measure_change(frozenset("abc"), now) == pytest.approx(2 / 3)
    assert measure_change(frozenset("abd"), now) == 0


@pytest.mark.parametrize(("num_tracks", "action"), [(20, "kept"), (24, "kept"), (25, "trained")])
def test_auto_keeps_the_model_up_to_the_threshold(
    local_store: Store, current: Manifest, num_tracks: int, action: str
) -> None:
    found = decide(local_store, current, num_tracks)
    assert found.action == action
    assert found.incumbent == current.parts.model.model_key


def test_change_is_measured_from_the_training_and_not_from_the_last_release(
    local_store: Store, current: Manifest
) -> None:
    # Small steps add up: the release now holds 24 tracks, the model knew 20.
    grown = Collection(track_ids=range(24), settings=COLLECTION.settings)
    publish_release(local_store, put_release(local_store, grown))
    second = current_release(local_store)
    assert decide(local_store, second, 28).action == "trained"


def test_always_trains_and_never_keeps(local_store: Store, current: Manifest) -> None:
    assert decide(local_store, current, 20, retrain="always").action == "trained"
    assert decide(local_store, current, 40, retrain="never").action == "kept"
    with pytest.raises(SettingsError, match="never"):
        decide(local_store, None, 20, retrain="never")


def test_other_settings_need_another_model(local_store: Store, current: Manifest) -> None:
    other = SETTINGS.with_overrides({"training.epochs": 3})
    found = decide(local_store, current, 20, other)
    assert (found.action, found.incumbent) == ("trained", None)


def make_card(value: float) -> Card:
    row = CardRow("tempo_lift", "tempo lift", "higher", value, value - 0.05, value + 0.05, 9, {})
    return Card((row,), 9, 27, 3)


@pytest.mark.parametrize(("value", "action"), [(1.5, "trained"), (0.99, "trained"), (0.5, "kept")])
def test_only_a_model_that_hears_no_worse_is_promoted(value: float, action: str) -> None:
    decision = ModelDecision("trained", "asked for", "old model")
    judged = decide_promotion(decision, make_card(value), make_card(1.0))
    assert judged.action == action
    assert (judged.why == "asked for") == (action == "trained")
