"""The card of a small release, from real audio through a real store."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import pytest
import soundfile
from synthetic import put_release

from autogroove.clustering.affinity import cluster_encodings
from autogroove.config.settings import Settings
from autogroove.evaluation.card import Card
from autogroove.evaluation.card_inputs import gather_inputs
from autogroove.evaluation.descriptors.storing import (
    find_missing,
    plan_descriptions,
    read_descriptions,
    write_descriptions,
)
from autogroove.evaluation.evaluate import evaluate_release
from autogroove.evaluation.rivals import Rival, find_rivals
from autogroove.model.encoding import encode_segment, pool_tracks, read_encodings
from autogroove.model.storing import model_folder
from autogroove.model.training.train import train_model
from autogroove.releases.log import publish_release
from autogroove.releases.parts import ModelPart
from autogroove.segments.coverage import complete_catalogue
from autogroove.segments.planning import plan_segments
from autogroove.segments.spectrogram import image_shape
from autogroove.segments.writing import write_segment
from autogroove.source.scan import scan_source
from autogroove.source.sources import open_source
from autogroove.source.tracks import Source
from autogroove.store.artefacts import refer_to
from autogroove.store.store import Store

RATE = 22050
SETTINGS = Settings().with_overrides(
    {
        "clip.clip_seconds": 2,
        "clip.clips_per_track": 2,
        "spectrogram.num_bins": 32,
        "spectrogram.num_frames": 32,
        "model.channels": (4, 4, 4, 4, 4, 4),
        "model.code_size": 8,
        "training.epochs": 1,
        "evaluation.num_bootstrap": 50,
        "evaluation.disguised_tracks": 6,
    }
)


class CachedParts(NamedTuple):
    source: Source
    store: Store
    catalogue: pd.DataFrame
    model_key: str
    clusters: pd.DataFrame
    encodings: list[str]


def record(path: Path, seed: int) -> None:
    """Four and a half seconds of clicks in noise, of an artist of two tracks."""
    rng = np.random.default_rng(seed)
    samples = rng.normal(0, 0.01, int(4.5 * RATE))
    samples[:: int(RATE * 60 / rng.uniform(80, 160))] = 0.9
    path.parent.mkdir(exist_ok=True)
    soundfile.write(path, samples, RATE)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CachedParts]:
    folder = tmp_path_factory.mktemp("music")
    for seed in range(12):
        record(folder / f"artist{seed // 2}" / f"{seed}.wav", seed)
    store = Store(tmp_path_factory.mktemp("store"))
    source = open_source(str(folder), store=store)
    scan = scan_source(source, store)
    plan = plan_segments(scan.catalogue, store, SETTINGS, tracks_per_segment=5)
    indexes = [write_segment(batch, source, store, SETTINGS) for batch in plan.batches]
    catalogue = complete_catalogue(scan.catalogue, indexes)
    model_key = train_model(store, catalogue, SETTINGS, device="cpu").model_key
    keys = [
        encode_segment(store, plan.recipe_key, key, model_key, device="cpu")
        for key in plan.segment_keys
    ]
    ids, encodings = pool_tracks(catalogue, read_encodings(store, keys))
    labels = cluster_encodings(encodings, SETTINGS.clustering).labels
    clusters = pd.DataFrame({"track_id": ids, "cluster": labels})
    yield CachedParts(source, store, catalogue, model_key, clusters, keys)


def describe(made: CachedParts) -> list[str]:
    batches = plan_descriptions(made.catalogue, SETTINGS)
    return [write_descriptions(batch, made.source, made.store, SETTINGS) for batch in batches]


def evaluate(made: CachedParts, keys: list[str], rivals: dict[str, Rival] | None = None) -> Card:
    inputs = gather_inputs(
        *(made.store, made.catalogue, SETTINGS, made.model_key, keys, made.clusters), rivals=rivals
    )
    return evaluate_release(inputs, SETTINGS.evaluation)


def test_twelve_tracks_have_a_card(made: CachedParts) -> None:
    card = evaluate(made, describe(made))
    assert (card.num_tracks, card.num_clips) == (12, 24)
    for key in ("same_track_r1", "disguised_r1", "held_out_r1", "tempo_lift", "unexplained"):
        assert card.row(key).value is not None, (key, card.row(key).note)
    assert set(card.row("disguised_r1").baselines) == {
        *("random", "mfcc", "tempogram", "yardstick", "pca", "untrained")
    }
    assert card.row("unexplained").baselines.keys() == {"pca"}
    assert card.row("genre_linear").note
    assert evaluate(made, describe(made)).to_json() == card.to_json(), "the same card again"


def test_describing_again_writes_nothing_and_a_lost_object_comes_back(made: CachedParts) -> None:
    keys = describe(made)
    assert len(keys) == 1, "segments of so few tracks share a batch"
    before = {stored.key: stored.modified for stored in made.store.objects("descriptors")}
    describe(made)
    assert {stored.key: stored.modified for stored in made.store.objects("descriptors")} == before
    lost = made.store.read(keys[0])
    made.store.delete(keys[0])
    describe(made)
    assert made.store.read(keys[0]) == lost


def test_one_changed_track_is_described_alone_and_the_bytes_are_as_if_all_were(
    made: CachedParts, tmp_path: Path
) -> None:
    describe(made)
    catalogue = made.catalogue.drop(index=3)
    (whole,) = plan_descriptions(catalogue, SETTINGS)
    (batch,) = find_missing(made.store, [whole], SETTINGS)
    assert batch.earlier
    (missing,) = find_missing(Store(tmp_path), [whole], SETTINGS)
    assert missing.earlier == ()
    silent = open_source(str(Path(made.source.url)), store=made.store)
    unreadable = [replace(member, path="gone.wav") for member in batch.members]
    copied = replace(batch, members=tuple(unreadable))
    write_descriptions(copied, silent, made.store, SETTINGS)
    write_descriptions(whole, made.source, Store(tmp_path), SETTINGS)
    assert made.store.read(batch.key) == Store(tmp_path).read(batch.key)
    made.store.delete(batch.key)


def test_descriptions_cover_the_plan(made: CachedParts) -> None:
    described = read_descriptions(made.store, describe(made), image_shape(SETTINGS.spectrogram))
    table = described.table
    assert len(table) == len(described.clips.timbre) == 24 + 2 * len(described.images)
    assert described.images.shape == described.stretched_images.shape
    assert len(described.augmented_rows) == len(described.stretched_rows) == len(described.images)
    assert not (described.images == described.stretched_images).all()
    plain = table[~table["disguised"]]
    assert {tuple(clips) for _, clips in plain.groupby("fingerprint")["clip"]} == {(0, 1)}
    assert 2 <= len(described.images) <= 6


def test_a_file_that_has_gone_is_left_out(made: CachedParts) -> None:
    """The segments have it, its audio is no longer there: the card goes on without it."""
    keys = describe(made)
    gone = made.catalogue["path"].iloc[0]
    catalogue = made.catalogue.assign(
        path=made.catalogue["path"].replace({gone: "artist0/no longer here.wav"})
    )
    store = made.store
    for key in keys:
        store.delete(key)
    lacking = [
        write_descriptions(batch, made.source, store, SETTINGS)
        for batch in plan_descriptions(catalogue, SETTINGS)
    ]
    card = evaluate(made._replace(catalogue=catalogue), lacking)
    assert card.num_tracks == 11
    for key in lacking:
        store.delete(key)


def publish(made: CachedParts, settings: Settings) -> None:
    """A release of other parts whose model and encodings are those that were made."""
    folder = model_folder(made.model_key)
    model = ModelPart(
        model_key=made.model_key,
        weights=refer_to(made.store, f"{folder}/weights.safetensors"),
        description=refer_to(made.store, f"{folder}/model.json"),
    )
    own = {
        "model": model,
        "encodings": tuple(refer_to(made.store, key) for key in made.encodings),
        "settings": settings.model_dump(mode="json"),
    }
    publish_release(made.store, put_release(made.store).model_copy(update=own), force=True)


def test_a_release_of_the_poster_is_measured_beside_another_model(
    made: CachedParts, caplog: pytest.LogCaptureFixture
) -> None:
    keys = describe(made)
    other = Settings.model_validate({**SETTINGS.model_dump(), "preset": "groove"})
    assert find_rivals(made.store, other) == {}
    publish(made, SETTINGS)
    publish(made, other)
    assert find_rivals(made.store, SETTINGS) == {}, "the poster is not its own rival"
    assert find_rivals(made.store, other.with_overrides({"clip.clip_seconds": 1})) == {}
    rivals = find_rivals(made.store, other)
    card = evaluate(made, keys, rivals)
    for key in ("same_track_r1", "disguised_map", "tempo_lift", "hub_skewness"):
        row = card.row(key)
        assert row.baselines["poster"].value == row.value, "it is the same model"
    assert "poster" not in card.row("unexplained").baselines
    part = rivals["poster"].encodings[:1]
    lacking = {"poster": Rival(made.model_key, SETTINGS, part)}
    assert "poster" not in evaluate(made, keys, lacking).row("tempo_lift").baselines
    assert "goes without poster" in caplog.text
