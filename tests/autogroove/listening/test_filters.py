"""Filters: what each keeps, that none is eased, and that every answer keeps to them."""

from datetime import date

import numpy as np
import pytest

from autogroove.errors import SettingsError
from autogroove.listening.choosing import find_similar, make_playlist
from autogroove.listening.clusters import describe_cluster_views
from autogroove.listening.filters import Filters, Span, parse_day, select_tracks
from autogroove.listening.library import open_collection
from autogroove.listening.paths import find_path
from autogroove.listening.resolving import search_tracks
from autogroove.listening.rules import Rules
from autogroove.listening.stations import make_stations

NUM = 60


@pytest.fixture
def collection(make_release):
    at = np.arange(NUM)
    release = make_release(
        np.random.default_rng(0).normal(size=(NUM, 6)),
        clusters=[each % 3 for each in range(NUM)],
        path=[f"{('Jazz', 'Audiobooks', 'Rock')[n % 3]}/Set {n % 5}/{n}.mp3" for n in at],
        genre=[("Acid Jazz", "Speech", None)[n % 3] for n in at],
        licence=["CC-BY-4.0" if n % 2 else None for n in at],
        year=[1980 + n if n % 4 else None for n in at],
        tempo_bpm=[60.0 + n if n % 5 else None for n in at],
        duration_seconds=[100.0 + n if n % 7 else None for n in at],
    )
    release.earlier = {int(each) for each in release.track_ids[:30]}
    return open_collection(release)


@pytest.mark.parametrize(
    ("asked", "keeps"),
    [
        ({"folders": ["jazz"]}, lambda n: n % 3 == 0),
        (
            {"folders": ["Jazz/Set 1", "*/Set 2/*"]},
            lambda n: (n % 3, n % 5) == (0, 1) or n % 5 == 2,
        ),
        ({"exclude_folders": ["Audiobooks/*"]}, lambda n: n % 3 != 1),
        ({"folders": ["azz"]}, lambda n: False),
        ({"genres": ["ACID", "speech"]}, lambda n: n % 3 != 2),
        ({"licences": ["cc-by"]}, lambda n: n % 2 == 1),
        ({"years": "1990-1999"}, lambda n: n % 4 and 10 <= n <= 19),
        ({"years": "2030-"}, lambda n: n % 4 and n >= 50),
        ({"tempo": "-80"}, lambda n: n % 5 and n <= 20),
        ({"lengths": "1:50-2:00"}, lambda n: n % 7 and 10 <= n <= 20),
        ({"added_since": "2026-11-01"}, lambda n: n >= 30),
        ({"genres": ["jazz"], "years": "2000-"}, lambda n: n % 3 == 0 and n % 4 and n >= 20),
    ],
)
def test_each_filter_keeps_what_it_says_and_nothing_that_does_not_tell(
    collection, asked: dict, keeps
) -> None:
    kept = select_tracks(collection, Filters.parse(**asked))
    assert np.flatnonzero(kept).tolist() == [n for n in range(NUM) if keeps(n)]


@pytest.mark.parametrize("filters", [
    Filters(genres=("jazz",)),
    Filters(tempo_bpm=Span(70, 100)),
    Filters(exclude_folders=("Audiobooks",), seconds=Span(100, 150)),
])  # fmt: skip
def test_every_answer_keeps_to_the_filters(collection, filters: Filters) -> None:
    ids = collection.release.track_ids
    kept = set(ids[select_tracks(collection, filters)].tolist())
    seed, goal = 10 + 3 * 59, 10 + 3 * 2
    near = [
        scored.song.track_id for scored in find_similar(collection, seed, count=50, filters=filters)
    ]
    assert set(near) == kept - {seed}
    usual = [s.song.track_id for s in find_similar(collection, seed, count=NUM)]
    assert near == [each for each in usual if each in kept]
    rules = Rules(length=60, filters=filters, tracks_per_artist=None, tracks_per_album=None)
    assert set(make_playlist(collection, [seed], rules).track_ids) <= kept | {seed}
    assert set(find_path(collection, seed, goal, 6, rules=rules).track_ids) <= kept | {seed, goal}
    stations = make_stations(collection, filters=filters)
    assert {each for station in stations for each in station.playlist.track_ids} == kept
    views = describe_cluster_views(collection, filters)
    assert {each for view in views for each in view.track_ids} == kept
    found = search_tracks(collection, "title", limit=100, filters=filters)
    assert {song.track_id for song in found} == kept


def test_a_station_keeps_its_name_whatever_is_filtered(collection) -> None:
    names = {each.cluster: each.name for each in make_stations(collection)}
    for station in make_stations(collection, filters=Filters(years=Span(2000, 2040))):
        assert station.name == names[station.cluster]


def test_a_tempo_that_no_tag_tells_is_heard(collection) -> None:
    release = collection.release
    release.settings = {"spectrogram": {"sample_rate_hz": 22050, "hop_samples": 429}}
    clicks = np.zeros((1, 8, 512), dtype=np.uint8)
    clicks[:, :, :: round(51.4 / 2)] = 255  # 120 bpm
    release.images = {int(each): clicks for each in release.track_ids}
    kept = select_tracks(collection, Filters(tempo_bpm=Span(115, 125)))
    assert np.flatnonzero(kept).tolist() == [n for n in range(NUM) if n % 5 == 0 or n >= 56]


@pytest.mark.parametrize("text", ["", "-", "fast", "120-90", "1-2-3", "1:2:3"])
def test_what_is_no_range_is_told(text: str) -> None:
    with pytest.raises(SettingsError, match="is no range"):
        Span.parse(text)


def test_days_are_read() -> None:
    assert parse_day("2026-11-28") == date(2026, 11, 28)
    assert parse_day("30d", today=date(2026, 11, 28)) == date(2026, 10, 29)
    with pytest.raises(SettingsError, match="is no day"):
        parse_day("yesterday")
