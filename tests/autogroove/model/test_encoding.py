"""Laws of encoding: by segment or clip by clip, each once, pooled by track."""

import numpy as np
import pytest
from stored_clips import draw_track, store_clips, tiny_settings

from autogroove.errors import StoreError
from autogroove.model.encoding import encode_clips, encode_segment, pool_tracks, read_encodings
from autogroove.model.storing import load_model
from autogroove.model.training.train import train_model
from autogroove.segments.index import make_recipe_key


@pytest.fixture
def trained(local_store):
    settings = tiny_settings()
    catalogue = store_clips(local_store, settings)
    model_key = train_model(local_store, catalogue, settings).model_key
    return local_store, make_recipe_key(settings), catalogue, model_key


def encode_all(store, recipe_key, catalogue, model_key, **options):
    segments = sorted(set(catalogue["segment"]))
    return [encode_segment(store, recipe_key, s, model_key, **options) for s in segments]


def test_each_clip_has_its_own_encoding(trained):
    store, recipe_key, catalogue, model_key = trained
    found = read_encodings(store, encode_all(store, recipe_key, catalogue, model_key))
    model = load_model(store, model_key)
    names = dict(zip(catalogue["fingerprint"], catalogue["track_id"], strict=True))
    assert len(found.encodings) == 36
    for name, clip, encoding in zip(found.fingerprints, found.clips, found.encodings, strict=True):
        image = draw_track(names[name], 3, (32, 32))[clip : clip + 1]
        np.testing.assert_allclose(encode_clips(model, image)[0], encoding, atol=1e-5)


def test_a_segment_is_encoded_once(trained):
    store, recipe_key, catalogue, model_key = trained
    keys = encode_all(store, recipe_key, catalogue, model_key)
    before = [(found.key, found.modified) for found in store.objects("encodings")]
    assert encode_all(store, recipe_key, catalogue, model_key) == keys
    assert [(found.key, found.modified) for found in store.objects("encodings")] == before
    lost = store.read(keys[0])
    store.delete(keys[0])
    assert encode_all(store, recipe_key, catalogue, model_key) == keys
    assert store.read(keys[0]) == lost


def test_tracks_are_the_means_of_their_clips(trained):
    store, recipe_key, catalogue, model_key = trained
    found = read_encodings(store, encode_all(store, recipe_key, catalogue, model_key))
    catalogue.loc[3, "status"] = "excluded"
    track_ids, encodings = pool_tracks(catalogue, found)
    assert list(track_ids) == [n for n in range(12) if n != 3]
    for track_id, encoding in zip(track_ids, encodings, strict=True):
        own = found.fingerprints == catalogue["fingerprint"][track_id]
        np.testing.assert_allclose(encoding, found.encodings[own].mean(axis=0), rtol=1e-5)


def test_a_track_without_encodings_is_told(trained):
    store, recipe_key, catalogue, model_key = trained
    key = encode_all(store, recipe_key, catalogue, model_key)[0]
    with pytest.raises(StoreError, match="4 stored tracks"):
        pool_tracks(catalogue, read_encodings(store, [key]))
