"""Laws of the bounded sample."""

import pandas as pd
import pytest

from autogroove.config.settings import EvaluationSettings, Settings
from autogroove.evaluation.descriptors.sampling import sample_tracks
from autogroove.evaluation.descriptors.storing import DescriptionBatch, plan_descriptions


def make_catalogue(num: int, per_artist: int = 4, **columns) -> pd.DataFrame:
    ids = range(num)
    return pd.DataFrame(
        {
            "track_id": ids,
            "status": "stored",
            "fingerprint": [f"f{i}" for i in ids],
            "artist_id": pd.array([i // per_artist for i in ids], dtype="Int64"),
            "artist": [f"artist {i // per_artist}" for i in ids],
            **columns,
        }
    )


SMALL = EvaluationSettings(max_tracks=100, disguised_tracks=20)


def test_a_small_collection_is_taken_whole() -> None:
    sample = sample_tracks(make_catalogue(80), SMALL)
    assert list(sample["track_id"]) == list(range(80))
    assert 5 <= sample["disguised"].sum() <= 20


def test_a_large_one_is_bounded_and_keeps_artists_whole() -> None:
    sample = sample_tracks(make_catalogue(1000), SMALL)
    assert 40 <= len(sample) <= 100
    assert (sample.groupby("artist_id").size() == 4).all()


def test_growth_moves_nobody_in_or_out_until_it_doubles() -> None:
    before, after = (sample_tracks(make_catalogue(num), SMALL) for num in (600, 640))
    shares = {len(frame) / num > 1 / 9 for frame, num in ((before, 600), (after, 640))}
    assert len(shares) == 1, "the two collections are sampled at the same share"
    known = after[after["track_id"] < 600]
    assert set(known["track_id"]) == set(before["track_id"])


def test_order_of_the_catalogue_does_not_matter() -> None:
    catalogue = make_catalogue(500)
    shuffled = catalogue.sample(frac=1, random_state=1)
    pd.testing.assert_frame_equal(sample_tracks(catalogue, SMALL), sample_tracks(shuffled, SMALL))


def plan(num: int, per_segment: int) -> list[DescriptionBatch]:
    segments = [f"segment{i // per_segment:04d}" for i in range(num)]
    catalogue = make_catalogue(num, segment=segments, path="x.mp3", size_bytes=1)
    return list(plan_descriptions(catalogue, Settings()))


def test_a_batch_is_a_segment() -> None:
    before, after = plan(256, 128), plan(260, 128)
    assert [len(batch.members) for batch in before] == [128, 128]
    assert after[:2] == before and len(after[2].members) == 4, "only the new one is new"


def test_segments_with_few_sampled_tracks_share_batches() -> None:
    batches = plan(800, 4)
    assert sum(len(batch.members) for batch in batches) == 800
    assert 8 <= len(batches) <= 16
    grown = {batch.key for batch in plan(804, 4)}
    assert len(grown - {batch.key for batch in batches}) == 1, "a new segment changes one batch"


def test_one_artist_is_sampled_by_track() -> None:
    sample = sample_tracks(make_catalogue(1000, per_artist=1000), SMALL)
    assert 40 <= len(sample) <= 100


@pytest.mark.parametrize("missing", [None, pd.NA])
def test_tracks_without_an_artist_stand_alone(missing: object) -> None:
    catalogue = make_catalogue(400).assign(
        artist=None, artist_id=pd.array([missing] * 400, "Int64")
    )
    assert 40 <= len(sample_tracks(catalogue, SMALL)) <= 100


def test_only_stored_contents_and_each_once() -> None:
    catalogue = make_catalogue(50)
    catalogue.loc[3, "status"] = "quarantined"
    catalogue.loc[9, "fingerprint"] = "f8"
    assert set(range(50)) - set(sample_tracks(catalogue, SMALL)["track_id"]) == {3, 9}
