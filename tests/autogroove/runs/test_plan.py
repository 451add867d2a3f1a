"""A plan says what the run after it decides."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from mutagen.id3 import TIT2
from mutagen.wave import WAVE
from sounds import play_music, write_audio
from synthetic import put_model

from autogroove.clustering.clusters import make_clusters, read_clusters
from autogroove.clustering.numbering import first_free_id
from autogroove.config.run import RunPolicy, SourceSelection
from autogroove.config.settings import Settings
from autogroove.model.encoding_tables import write_track_encodings
from autogroove.model.storing import record_training_tracks
from autogroove.releases.log import current_release, publish_release
from autogroove.releases.parts import Counts, Coverage, ReleaseParts, SegmentPart
from autogroove.releases.reading import open_release
from autogroove.runs.plan import RunPlan, plan_run
from autogroove.runs.reclustering import ClusterDecision, compare_encodings, decide_clusters
from autogroove.runs.retraining import ModelDecision, decide_model
from autogroove.runs.watching import compare_source
from autogroove.segments.coverage import complete_catalogue
from autogroove.segments.index import open_clips, read_segment_indexes
from autogroove.segments.planning import plan_segments
from autogroove.segments.writing import write_segment
from autogroove.source.scan import scan_source
from autogroove.source.sources import open_source
from autogroove.source.table import write_catalogue
from autogroove.store.artefacts import put_bytes, put_json
from autogroove.store.keys import make_key
from autogroove.store.store import Store

NUM_TRACKS = 20
SETTINGS = Settings().with_overrides(
    {"clip.clip_seconds": 1, "spectrogram.num_bins": 16, "spectrogram.num_frames": 16}
)
BAD = "bad.wav"


@dataclass(frozen=True)
class Outcome:
    """What a run decided, and whether it published."""

    model: ModelDecision
    clusters: ClusterDecision
    published: bool


def run(store: Store, folder: Path, settings: Settings, policy: RunPolicy) -> Outcome:
    """The steps of a run, without the training: a model's encodings are some grey levels."""
    source = open_source(str(folder), store=store)
    before = current_release(store)
    before_url = before.parts.source_url if before else None
    listed = scan_source(source, store, before_url=before_url).catalogue
    plan = plan_segments(listed, store, settings)
    for batch in plan.batches:
        write_segment(batch, source, store, settings)
    indexes = read_segment_indexes(store, plan.recipe_key, plan.segment_keys)
    catalogue = complete_catalogue(listed, indexes)
    current = current_release(store)
    model = decide_model(store, current, catalogue, plan.recipe_key, settings, policy)
    prints = sorted(catalogue["fingerprint"].dropna())
    kept = model.incumbent if model.action == "kept" else None
    model_key = kept or make_key("model", settings.training, plan.recipe_key, prints)
    if not kept:
        record_training_tracks(store, model_key, catalogue)
    stored = catalogue[catalogue["status"] == "stored"]
    offset = int(model_key[:4], 16)
    encodings = np.stack(
        [
            open_clips(store, plan.recipe_key, row.segment)[int(row.first_clip)].reshape(-1)[::16]
            / np.float32(255)
            + np.float32(offset)
            for row in stored.itertuples()
        ]
    )
    ids = stored["track_id"].to_numpy(np.int64)
    pooled = put_bytes(store, "track_encodings", ".parquet", write_track_encodings(ids, encodings))
    changes = compare_encodings(store, current, pooled, bool(kept)) if current else None
    clusters = decide_clusters(current, changes, settings.clustering, policy.recluster_fraction)
    if current and clusters.action == "kept":
        made = {"clusters": current.parts.clusters, "report": current.parts.cluster_report}
    else:
        made = make_clusters(
            store,
            ids,
            encodings,
            settings.clustering,
            previous=clusters.previous,
            assign=clusters.action == "assigned",
            first_new=clusters.first_new,
        )
    table = read_clusters(store.read(made["clusters"].key))
    for index in indexes:
        store.write(f"encodings/{model_key}/{index.segment_key}.parquet", b"encodings")
    status = catalogue["status"].value_counts()
    parts = ReleaseParts(
        catalogue=put_bytes(store, "catalogues", ".parquet", write_catalogue(catalogue)),
        segments=tuple(
            SegmentPart(
                recipe_key=plan.recipe_key,
                segment_key=index.segment_key,
                digest=index.digest,
                num_clips=index.num_clips,
            )
            for index in indexes
        ),
        model=put_model(store, model_key),
        encodings=(put_bytes(store, f"encodings/{model_key}", ".parquet", b"encodings"),),
        track_encodings=pooled,
        clusters=made["clusters"],
        cluster_report=made["report"],
        card=put_json(store, "cards", settings.evaluation),
        settings=settings.model_dump(mode="json"),
        source_kind="folder",
        source_url=str(folder),
        coverage=Coverage(
            source=len(catalogue),
            **{name: int(status.get(name, 0)) for name in ("stored", "quarantined", "excluded")},
        ),
        counts=Counts(tracks=len(stored), clips=len(stored), clusters=table["cluster"].nunique()),
        policy={"model": model, "clusters": clusters},
        next_cluster=first_free_id(clusters.first_new, table),
    )
    return Outcome(model, clusters, publish_release(store, parts).published)


@pytest.fixture(scope="module")
def tracks() -> list[np.ndarray]:
    return [play_music(1.2, 22050, channels=1, seed=seed) for seed in range(NUM_TRACKS + 1)]


@pytest.fixture
def folder(tmp_path: Path, tracks: list[np.ndarray]) -> Path:
    """Twenty tracks, and a file that is no audio."""
    music = tmp_path / "music"
    for number, samples in enumerate(tracks[:NUM_TRACKS]):
        write_audio(music / f"{number:02}.wav", samples, 22050)
    (music / BAD).write_bytes(b"<!DOCTYPE html><html>" * 50)
    return music


def foresee(store: Store, folder: Path, settings: Settings, policy: RunPolicy) -> RunPlan:
    return plan_run(store.url, SourceSelection(source=str(folder)), settings, policy)


def find_tracks(store: Store, *, exemplars: bool) -> list[str]:
    """Files of the current release that are exemplars, or that are none."""
    release = open_release(store)
    chosen = release.clusters.loc[release.clusters["exemplar"] == exemplars, "track_id"]
    return release.catalogue.set_index("track_id").loc[chosen, "path"].tolist()


def leave(store: Store, folder: Path) -> None:
    """Change nothing."""


def remove_exemplar(store: Store, folder: Path) -> None:
    (folder / find_tracks(store, exemplars=True)[0]).unlink()


def remove_one(store: Store, folder: Path) -> None:
    (folder / find_tracks(store, exemplars=False)[0]).unlink()


def remove_two(store: Store, folder: Path) -> None:
    for name in find_tracks(store, exemplars=False)[:2]:
        (folder / name).unlink()


def remove_bad(store: Store, folder: Path) -> None:
    (folder / BAD).unlink()


def tag_five(store: Store, folder: Path) -> None:
    """A quarter of the tracks, their sound untouched."""
    for number in range(5):
        tags = WAVE(folder / f"{number:02}.wav")
        tags.add_tags()
        tags.tags.add(TIT2(encoding=3, text=f"Corrected {number}"))
        tags.save()


def move_five(store: Store, folder: Path) -> None:
    """A quarter of the tracks, none of them an exemplar."""
    (folder / "Sorted").mkdir()
    for name in find_tracks(store, exemplars=False)[:5]:
        shutil.move(folder / name, folder / "Sorted")


def add_one(store: Store, folder: Path) -> None:
    write_audio(folder / "99.wav", play_music(1.2, 22050, channels=1, seed=99), 22050)


Change = Callable[[Store, Path], None]


@pytest.mark.parametrize(
    ("change", "overrides", "policy", "model", "clusters", "why"),
    [
        (leave, {}, {}, "kept", "kept", "no encoding changed"),
        (leave, {"evaluation.seed": 1}, {}, "kept", "kept", "no encoding changed"),
        *(
            (leave, {name: value}, {}, "kept", "clustered", "the clustering settings changed")
            for name, value in {"clustering.damping": 0.9, "clustering.preference": -9}.items()
        ),
        (remove_exemplar, {}, {}, "kept", "clustered", "1 exemplars went or changed"),
        (remove_one, {}, {}, "kept", "assigned", "5.0% of tracks came, went or changed"),
        (remove_two, {}, {}, "kept", "clustered", "10.0% of tracks came, went or changed (limit 5"),
        (remove_bad, {}, {}, "kept", "kept", "no encoding changed"),
        (tag_five, {}, {}, "kept", "kept", "no encoding changed"),
        (move_five, {}, {}, "kept", "clustered", "25.0% of tracks came, went or changed"),
        (add_one, {}, {}, "kept", "assigned", "5.0% of tracks came, went or changed"),
        (add_one, {}, {"recluster_fraction": 0}, "kept", "clustered", "(limit 0%)"),
        (add_one, {}, {"retrain_fraction": 0}, "warm_started", "clustered", "the model changed"),
        (leave, {"training.epochs": 5}, {}, "trained", "clustered", "the model changed"),
        (leave, {"spectrogram.gain": 9}, {}, "trained", "clustered", "the model changed"),
    ],
)
def test_a_plan_says_what_the_next_run_decides(
    local_store: Store,
    folder: Path,
    change: Change,
    overrides: dict[str, object],
    policy: dict[str, object],
    model: str,
    clusters: str,
    why: str,
) -> None:
    run(local_store, folder, SETTINGS, RunPolicy())
    change(local_store, folder)
    settings, rules = SETTINGS.with_overrides(overrides), RunPolicy.model_validate(policy)
    plan = foresee(local_store, folder, settings, rules)
    outcome = run(local_store, folder, settings, rules)
    assert (plan.stages["train"]["decision"], plan.stages["cluster"]["decision"]) == (
        *(model, clusters),
    )
    assert why in plan.stages["cluster"]["why"]
    for stage, decision in (("train", outcome.model), ("cluster", outcome.clusters)):
        told = {name: plan.stages[stage][name] for name in ("decision", "why")}
        assert told == decision.model_dump()
        assert plan.stages[stage]["status"] == ("reused" if decision.action == "kept" else "ran")
    # What runs again may come to the same content; what is said to be reused publishes nothing.
    assert plan.stages["publish"]["status"] == "ran" or not outcome.published
    if change is leave and not overrides and not policy:
        assert plan.stages["publish"]["status"] == "reused"


@pytest.mark.parametrize(("change", "what"), [(tag_five, "retagged"), (move_five, "moved")])
def test_what_moved_or_has_other_tags_is_counted_once_and_not_decoded(
    local_store: Store, folder: Path, change: Change, what: str
) -> None:
    run(local_store, folder, SETTINGS, RunPolicy())
    change(local_store, folder)
    plan = foresee(local_store, folder, SETTINGS, RunPolicy())
    told = (plan.new, plan.changed, plan.removed, plan.moved, plan.retagged)
    assert told == ((0, 0, 0, 5, 0) if what == "moved" else (0, 0, 0, 0, 5))
    assert plan.stages["spectrograms"]["tracks_to_decode"] == 0
    assert plan.stages["encode"]["segments_to_encode"] == 0
    assert plan.stages["train"]["why"].startswith("0.0%")
    assert plan.stops is None
    segments = sorted(found.key for found in local_store.objects("segments"))
    assert run(local_store, folder, SETTINGS, RunPolicy()).published
    assert sorted(found.key for found in local_store.objects("segments")) == segments
    assert foresee(local_store, folder, SETTINGS, RunPolicy()).stages["publish"]["status"] == (
        "reused"
    )


def test_a_library_at_another_root_is_another_release_and_nothing_is_decoded(
    local_store: Store, folder: Path, tmp_path: Path
) -> None:
    run(local_store, folder, SETTINGS, RunPolicy())
    there = Path(shutil.move(folder, tmp_path / "elsewhere"))
    plan = foresee(local_store, there, SETTINGS, RunPolicy())
    assert (plan.moved, plan.new, plan.removed) == (NUM_TRACKS + 1, 0, 0)
    assert plan.stages["spectrograms"]["tracks_to_decode"] == 0
    assert plan.stages["publish"]["why"] == "tracks moved"
    assert compare_source(local_store, SourceSelection(source=str(there))).moved == NUM_TRACKS + 1
    segments = sorted(found.key for found in local_store.objects("segments"))
    assert run(local_store, there, SETTINGS, RunPolicy()).published
    assert open_release(local_store).source_url == str(there)
    assert sorted(found.key for found in local_store.objects("segments")) == segments
    assert not run(local_store, there, SETTINGS, RunPolicy()).published


def test_a_plan_tells_that_a_run_would_stop(local_store: Store, folder: Path) -> None:
    run(local_store, folder, SETTINGS, RunPolicy())
    for number in range(12):
        (folder / f"{number:02}.wav").unlink()
    plan = foresee(local_store, folder, SETTINGS, RunPolicy())
    assert plan.stops is not None and plan.stops.startswith(
        "12 of the 20 tracks of release 1 (60%)"
    )
    assert foresee(local_store, folder, SETTINGS, RunPolicy(allow_removed=True)).stops is None


def test_a_first_plan_foresees_everything(local_store: Store, folder: Path) -> None:
    plan = foresee(local_store, folder, SETTINGS, RunPolicy())
    assert (plan.tracks, plan.new, plan.quarantined) == (NUM_TRACKS + 1, NUM_TRACKS + 1, 0)
    whys = {plan.stages[name]["why"] for name in ("train", "cluster", "publish")}
    assert whys == {"there is no release yet"}
    assert {stage["status"] for stage in plan.stages.values()} == {"ran"}
    assert not list(local_store.objects())


def test_segments_that_a_broken_off_run_left_are_to_be_encoded(
    local_store: Store, folder: Path
) -> None:
    run(local_store, folder, SETTINGS, RunPolicy())
    quiet = foresee(local_store, folder, SETTINGS, RunPolicy())
    assert quiet.stages["encode"] == {"status": "reused", "segments_to_encode": 0}
    assert quiet.quarantined == 1
    for found in list(local_store.objects("encodings")):
        local_store.delete(found.key)
    plan = foresee(local_store, folder, SETTINGS, RunPolicy())
    assert plan.stages["encode"] == {"status": "ran", "segments_to_encode": 1}
    assert plan.stages["publish"]["status"] == "reused"
