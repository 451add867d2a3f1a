"""Similar as a listener means it: parts weighed, and tracks to keep away from."""

import numpy as np
import pytest

from autogroove.errors import SettingsError
from autogroove.listening.choosing import find_similar, make_playlist
from autogroove.listening.library import open_collection
from autogroove.listening.matching import match_clips
from autogroove.listening.paths import find_path
from autogroove.listening.proximity import Proximity
from autogroove.listening.rules import Rules
from autogroove.listening.weighing import Weighing

PARTS = {"tempo": slice(0, 2), "rhythm": slice(2, 6), "sound": slice(6, 10)}
GROOVE_ONLY, SOUND_ONLY = Weighing(sound=0), Weighing(tempo=0, rhythm=0)


def gaussian(num: int, size: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(num, size)).astype(np.float32)


@pytest.fixture
def crossed(make_release):
    """40 tracks, each of one of four rhythms and, in another order, of four sounds."""
    encodings = 0.1 * gaussian(40, 10)
    encodings[:, PARTS["rhythm"]] += 3 * np.eye(4, dtype=np.float32)[np.arange(40) % 4]
    encodings[:, PARTS["sound"]] += 3 * np.eye(4, dtype=np.float32)[np.arange(40) // 10]
    release = make_release(encodings)
    release.encoding_parts = PARTS
    return release


def position_of(track_id: int) -> int:
    return (track_id - 10) // 3


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("rhythm=2,sound=0", Weighing(1, 2, 0)),
        (" tempo = 0.5 ", Weighing(0.5, 1, 1)),
        ("sound=1,tempo=0,rhythm=0", SOUND_ONLY),
    ],
)
def test_what_is_typed_is_read(text: str, expected: Weighing) -> None:
    assert Weighing.parse(text) == expected


@pytest.mark.parametrize(
    "text",
    ["", "rhythm", "rhythm=", "beat=1", "rhythm=1,rhythm=2", "sound=nan", "rhythm=2;sound=0"],
)
def test_what_is_no_weighing_is_told(text: str) -> None:
    with pytest.raises(SettingsError, match="write it as rhythm=2,sound=0"):
        Weighing.parse(text)


@pytest.mark.parametrize("text", ["sound=-1", "sound=101", "tempo=inf", "tempo=0,rhythm=0,sound=0"])
def test_what_cannot_count_is_told(text: str) -> None:
    with pytest.raises(SettingsError, match=r"counts from 0 to 100|nothing is left"):
        Weighing.parse(text)


def test_equal_weights_are_the_usual_answer_itself(crossed) -> None:
    collection = open_collection(crossed)
    assert collection.weigh(Weighing(2, 2, 2)) is collection.proximity
    assert collection.weigh(Weighing(1, 2, 0)) is collection.weigh(Weighing(1, 2, 0))
    ones = collection.proximity.weighed(np.ones(10, dtype=np.float32))
    np.testing.assert_array_equal(ones.to_all(3), collection.proximity.to_all(3))


@pytest.mark.parametrize(
    "weighing", [GROOVE_ONLY, SOUND_ONLY, Weighing(0.5, 2, 1), Weighing(3, 0, 1)]
)
def test_it_is_the_proximity_of_columns_multiplied(weighing: Weighing) -> None:
    points = gaussian(300, 10) + 2
    factors = weighing.spread(PARTS, 10)
    weighed, plain = Proximity(points).weighed(factors), Proximity(points * factors)
    assert weighed.scale == pytest.approx(plain.scale, rel=1e-4)
    every = np.arange(300)
    np.testing.assert_allclose(
        weighed.between(every, every), plain.between(every, every), atol=2e-4
    )
    for at in range(0, 300, 60):
        np.testing.assert_allclose(weighed.to_all(at), plain.to_all(at), atol=2e-4)
        found, shown = weighed.find_nearest(at, 12)
        expected, scores = plain.find_nearest(at, 12)
        np.testing.assert_array_equal(found, expected)
        np.testing.assert_allclose(shown, scores, atol=2e-4)
    outside = gaussian(1, 10, seed=7)[0]
    np.testing.assert_allclose(
        weighed.of_vector(outside), plain.of_vector(outside * factors), atol=2e-4
    )


def test_a_weighing_leaves_the_usual_answer_as_it_was(crossed) -> None:
    collection = open_collection(crossed)
    before = collection.proximity.to_all(5)
    collection.weigh(SOUND_ONLY)
    np.testing.assert_array_equal(collection.proximity.to_all(5), before)


def test_the_same_groove_in_any_sound_and_the_same_sound_in_any_groove(crossed) -> None:
    collection = open_collection(crossed)
    for seed in crossed.track_ids[::7].tolist():
        for weighing, kind in ((GROOVE_ONLY, lambda at: at % 4), (SOUND_ONLY, lambda at: at // 10)):
            similar = find_similar(collection, seed, count=8, weighing=weighing)
            rules = Rules(length=9, weighing=weighing, variety=0)
            listed = make_playlist(collection, [seed], rules).track_ids
            for track_id in [*listed, *(scored.song.track_id for scored in similar)]:
                assert kind(position_of(track_id)) == kind(position_of(seed))


def test_a_path_keeps_to_what_counts(crossed) -> None:
    start, goal = 10, 10 + 3 * 36  # the same rhythm, another sound
    heard = find_path(crossed, start, goal, 6, rules=Rules(weighing=GROOVE_ONLY)).track_ids
    assert {position_of(track_id) % 4 for track_id in heard} == {0}


def test_the_clips_that_matched_are_weighed_too(crossed) -> None:
    first = gaussian(2, 10)
    second = np.stack([first[0], first[1]])
    second[0, PARTS["sound"]] += 5
    second[1, PARTS["rhythm"]] += 5
    crossed.clip_vectors = {10: first, 13: second}
    by_groove = match_clips(crossed, 10, 13, GROOVE_ONLY)
    by_sound = match_clips(crossed, 10, 13, SOUND_ONLY)
    assert (by_groove.seed_clip, by_groove.other_clip) == (0, 0)
    assert (by_sound.seed_clip, by_sound.other_clip) == (1, 1)


def test_a_release_without_parts_says_so_in_every_answer(make_release) -> None:
    release = make_release(gaussian(20, 8))
    rules = Rules(weighing=SOUND_ONLY)
    for ask in (
        lambda: find_similar(release, 10, weighing=SOUND_ONLY),
        lambda: make_playlist(release, [10], rules),
        lambda: find_path(release, 10, 13, rules=rules),
    ):
        with pytest.raises(SettingsError, match="no tempo, rhythm and sound to weigh"):
            ask()
    assert find_similar(release, 10, weighing=Weighing(2, 2, 2)) == find_similar(release, 10)


def test_what_is_avoided_takes_its_neighbours_along(crossed) -> None:
    collection = open_collection(crossed)
    near = collection.proximity
    avoided = 10 + 3 * 4
    expected = near.to_all(0) * (1 - near.to_all(4))
    found = find_similar(collection, 10, count=38, avoid=[avoided])
    assert avoided not in [scored.song.track_id for scored in found]
    assert len(found) == 38
    for scored in found:
        at = position_of(scored.song.track_id)
        assert scored.score == pytest.approx(float(expected[at]), abs=1e-6)
    scores = [scored.score for scored in found]
    assert scores == sorted(scores, reverse=True)


def test_a_list_and_a_path_keep_away_from_what_is_avoided(make_release) -> None:
    crowd = np.repeat([0, 1], 20)
    points = gaussian(40, 6) + 6 * crowd[:, None]
    points[10:20, 0] += 5  # in the seed's half, on one side
    release = make_release(points)
    avoided = (10 + 3 * 15,)
    listed = make_playlist(release, [10], Rules(length=8, avoid=avoided)).track_ids
    assert not {position_of(each) for each in listed} & set(range(10, 20))
    way = find_path(release, 10, 10 + 3 * 39, 8, rules=Rules(avoid=avoided)).track_ids
    usual = find_path(release, 10, 10 + 3 * 39, 8).track_ids
    assert avoided[0] not in way

    def nearness(path: tuple[int, ...]) -> float:
        at = np.asarray([position_of(each) for each in path[1:-1]])
        return float(open_collection(release).proximity.between(at, np.asarray([15])).sum())

    assert nearness(way) <= nearness(usual)


def test_what_is_asked_for_cannot_be_avoided(crossed) -> None:
    for ask in (
        lambda: find_similar(crossed, 10, avoid=[10]),
        lambda: make_playlist(crossed, [10], Rules(avoid=(10,))),
        lambda: find_path(crossed, 10, 13, rules=Rules(avoid=(13,))),
    ):
        with pytest.raises(SettingsError, match="to be kept away from"):
            ask()
