"""When a model is kept, trained, promoted."""

import pandas as pd
import pytest
from synthetic import Collection, put_release

from autogroove.config.run import RunPolicy
from autogroove.config.settings import Settings
from autogroove.errors import SettingsError
from autogroove.evaluation.card import Card, CardRow
from autogroove.model.storing import record_training_tracks
from autogroove.releases.log import current_release, publish_release
from autogroove.releases.manifest import Manifest
from autogroove.runs.retraining import (
    ModelDecision,
    decide_model,
    decide_promotion,
    describe_settings,
    measure_change,
)
from autogroove.store.store import Store

SETTINGS = Settings()
COLLECTION = Collection(track_ids=range(20), settings=SETTINGS.model_dump(mode="json"))


def catalogue_of(collection: Collection, track_ids: range) -> pd.DataFrame:
    prints = [collection.fingerprint(i) for i in track_ids]
    return pd.DataFrame({"fingerprint": prints, "status": "stored"})


@pytest.fixture
def current(store: Store) -> Manifest:
    publish_release(store, put_release(store, COLLECTION))
    found = current_release(store)
    assert found is not None
    record_training_tracks(store, found.parts.model.model_key, catalogue_of(COLLECTION, range(20)))
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


@pytest.mark.parametrize(
    ("num_tracks", "action", "says"),
    [
        (20, "kept", "0.0%"),
        (24, "kept", "20.0%"),
        (
            25,
            "warm_started",
            "25.0% of tracks changed since the model was trained (kept up to",
        ),
        (30, "warm_started", "50.0%"),
        (31, "trained", "its weights serve up to 50%"),
    ],
)
def test_auto_keeps_the_model_or_goes_on_from_it_or_begins_anew_as_more_changes(
    store: Store, current: Manifest, num_tracks: int, action: str, says: str
) -> None:
    model_key = current.parts.model.model_key
    found = decide(store, current, num_tracks)
    assert found.action == action
    assert found.incumbent == model_key
    assert found.start_from == (model_key if action == "warm_started" else None)
    assert says in found.why


def test_both_thresholds_are_settings(store: Store, current: Manifest) -> None:
    assert decide(store, current, 21, retrain_fraction=0, fresh_fraction=0.01).action == "trained"
    assert decide(store, current, 21, retrain_fraction=0).action == "warm_started"
    assert decide(store, current, 40, retrain_fraction=1).action == "kept"


def test_change_is_measured_from_the_training_and_not_from_the_last_release(
    store: Store, current: Manifest
) -> None:
    # Small steps add up: the release now holds 24 tracks, the model knew 20.
    grown = Collection(track_ids=range(24), settings=COLLECTION.settings)
    publish_release(store, put_release(store, grown))
    second = current_release(store)
    assert decide(store, second, 28).action == "warm_started"


def test_always_trains_and_never_keeps(store: Store, current: Manifest) -> None:
    assert decide(store, current, 20, retrain="always").action == "trained"
    assert decide(store, current, 40, retrain="never").action == "kept"
    with pytest.raises(SettingsError, match="never"):
        decide(store, None, 20, retrain="never")


def test_other_settings_need_another_model(store: Store, current: Manifest) -> None:
    other = SETTINGS.with_overrides({"training.epochs": 3})
    found = decide(store, current, 20, other)
    assert (found.action, found.start_from) == ("trained", None)
    assert found.incumbent == current.parts.model.model_key
    with pytest.raises(SettingsError, match="the training settings changed"):
        decide(store, current, 20, other, retrain="never")


def test_another_recipe_leaves_no_model_to_keep(store: Store, current: Manifest) -> None:
    catalogue = catalogue_of(COLLECTION, range(20))
    found = decide_model(store, current, catalogue, "another", SETTINGS, RunPolicy())
    assert (found.action, found.incumbent) == ("trained", None)


def test_a_release_tells_the_settings_of_the_model_that_it_has(
    store: Store, current: Manifest
) -> None:
    other = SETTINGS.with_overrides({"training.epochs": 3, "clustering.damping": 0.9})
    kept = describe_settings(current, current.parts.model.model_key, other)
    assert kept["training"] == SETTINGS.training.model_dump(mode="json")
    assert kept["clustering"]["damping"] == 0.9
    assert describe_settings(current, "another", other) == other.model_dump(mode="json")
    assert describe_settings(None, "first", other) == other.model_dump(mode="json")


def make_card(value: float) -> Card:
    row = CardRow("tempo_lift", "tempo lift", "higher", value, value - 0.05, value + 0.05, 9, {})
    return Card((row,), 9, 27, 3)


@pytest.mark.parametrize(("value", "action"), [(1.5, "trained"), (0.99, "trained"), (0.5, "kept")])
def test_only_a_model_that_hears_no_worse_is_promoted(value: float, action: str) -> None:
    decision = ModelDecision(action="trained", why="asked for", incumbent="old model")
    judged = decide_promotion(decision, make_card(value), make_card(1.0))
    assert judged.action == action
    assert (judged.why == "asked for") == (action == "trained")
