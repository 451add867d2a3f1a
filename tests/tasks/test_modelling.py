"""The tasks of one model, called without Prefect on a temporary store: thin, idempotent, keyed."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from stored_clips import store_clips, tiny_settings

from autogroove.clustering import read_clusters
from autogroove.config import RunPolicy, Settings
from autogroove.model import (
    ModelSummary,
    find_encodings,
    read_track_encodings,
    read_training_tracks,
)
from autogroove.segments import make_recipe_key
from autogroove.source import put_catalogue
from autogroove.store import PartRef, Store, is_leftover, read_part
from tasks.clustering import cluster, decide, pool
from tasks.modelling import decide as decide_model
from tasks.modelling import encode, find_made, summarise, train

SETTINGS = tiny_settings()


@pytest.fixture
def catalogue(local_store: Store) -> pd.DataFrame:
    table = store_clips(local_store, SETTINGS)
    table["track_id"] = np.arange(len(table), dtype=np.int64)
    return table


@pytest.fixture
def catalogue_key(local_store: Store, catalogue: pd.DataFrame) -> str:
    return put_catalogue(local_store, catalogue)


def test_without_a_release_a_model_is_trained(local_store: Store, catalogue_key: str) -> None:
    recipe = make_recipe_key(SETTINGS)
    decision = decide_model.fn(local_store, catalogue_key, recipe, SETTINGS, RunPolicy())
    assert (decision.action, decision.start_from) == ("trained", None)


def test_a_model_is_trained_once_and_its_tracks_are_recorded(
    local_store: Store, catalogue: pd.DataFrame, catalogue_key: str
) -> None:
    first = train.fn(local_store, catalogue_key, SETTINGS, "cpu")
    again = train.fn(local_store, catalogue_key, SETTINGS, "cpu")
    assert (first.reused, again.reused) == (False, True)
    assert first.weights_digest == again.weights_digest
    assert summarise(local_store, first.model_key) == replace(first, seconds=0.0, reused=True)
    assert read_training_tracks(local_store, first.model_key) == frozenset(catalogue["fingerprint"])


def encode_all(
    store: Store, catalogue: pd.DataFrame, model: ModelSummary, settings: Settings
) -> list[PartRef]:
    recipe, segments = make_recipe_key(settings), sorted(set(catalogue["segment"]))
    return [encode.fn(store, recipe, s, model.model_key, "cpu", "1/1") for s in segments]


def test_encodings_are_found_pooled_and_clustered_once(
    local_store: Store, catalogue: pd.DataFrame, catalogue_key: str
) -> None:
    model = train.fn(local_store, catalogue_key, SETTINGS, "cpu")
    segments = sorted(set(catalogue["segment"]))
    assert find_made.fn(local_store, segments, model.model_key) == {}
    clips = encode_all(local_store, catalogue, model, SETTINGS)
    found = find_made.fn(local_store, segments, model.model_key)
    assert list(found.values()) == clips == encode_all(local_store, catalogue, model, SETTINGS)
    pooled, again = (pool.fn(local_store, catalogue_key, clips) for _ in range(2))
    assert (pooled.reused, again.reused) == (False, True)
    assert pooled.parts == again.parts
    track_ids, encodings = read_track_encodings(read_part(local_store, pooled["track_encodings"]))
    assert track_ids.tolist() == catalogue["track_id"].tolist()
    assert encodings.shape == (len(catalogue), SETTINGS.model.code_size)

    tracks = pooled["track_encodings"]
    decision, kept = decide.fn(local_store, tracks, False, SETTINGS.clustering, 0.05)
    assert (decision.action, kept) == ("clustered", None)
    made = cluster.fn(local_store, tracks, decision, SETTINGS.clustering)
    assert not made.reused
    assert cluster.fn(local_store, tracks, decision, SETTINGS.clustering).reused
    table = read_clusters(read_part(local_store, made["clusters"]))
    assert table["track_id"].tolist() == track_ids.tolist()
    assert table.loc[table["exemplar"], "cluster"].nunique() == table["cluster"].nunique()


def test_damaged_encodings_are_set_aside_and_made_again(
    local_store: Store, catalogue: pd.DataFrame, catalogue_key: str
) -> None:
    model = train.fn(local_store, catalogue_key, SETTINGS, "cpu")
    clips = encode_all(local_store, catalogue, model, SETTINGS)
    segments = sorted(set(catalogue["segment"]))
    whole = local_store.read(clips[0].key)
    flipped = bytes([whole[0] ^ 1]) + whole[1:]
    local_store.delete_all([clips[0].key])
    local_store.write(clips[0].key, flipped)
    known = {part.key: part.sha256 for part in clips}
    found = find_encodings(local_store, segments, model.model_key, known)
    assert list(found.values()) == clips[1:]
    (aside,) = (o.key for o in local_store.objects(leftovers=True) if is_leftover(o.key))
    assert aside.startswith(f"{clips[0].key}.damaged-")
    assert local_store.read(aside) == flipped
    assert encode_all(local_store, catalogue, model, SETTINGS) == clips
    assert local_store.read(clips[0].key) == whole
