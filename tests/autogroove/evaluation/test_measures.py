"""Laws of the card's rows: perfect encodings, random ones, and traps."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import skew
from sklearn.metrics import adjusted_rand_score
from sklearn.neighbors import KNeighborsClassifier

from autogroove.config.settings import EvaluationSettings
from autogroove.evaluation import agreement, clusters, hubness, probes
from autogroove.evaluation import agreement as retrieval
from autogroove.evaluation.card import NotMeasurable
from autogroove.evaluation.descriptors.clips import TrackRhythms
from autogroove.evaluation.tracks import EvaluatedTracks, match_tempi
from autogroove.evaluation.view import Encoded, EncoderView

NUM_ARTISTS, PER_ARTIST, CLIPS = 40, 4, 3
NUM = NUM_ARTISTS * PER_ARTIST


def normal(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


def collect(tempo: np.ndarray | None = None, rhythm: np.ndarray | None = None, **columns):
    """A collection of known tempi and rhythms; four tracks an artist, three clips a track."""
    table = pd.DataFrame({"artist_id": np.repeat(np.arange(NUM_ARTISTS), PER_ARTIST), **columns})
    collection = EvaluatedTracks(table, np.repeat(np.arange(NUM), CLIPS))
    if tempo is not None:
        given = np.ones((NUM, 1), np.float32) if rhythm is None else rhythm
        rhythms = TrackRhythms(tempo.astype(float), given, given, given)
        # What would be measured from audio is put where the measurement is kept.
        collection.__dict__["rhythms"] = rhythms
    return collection


def hear(
    collection: EvaluatedTracks, tracks: np.ndarray, noise: float = 0.0, **extra
) -> EncoderView:
    clips = np.repeat(tracks, CLIPS, axis=0) + noise * normal(NUM * CLIPS, tracks.shape[1], seed=9)
    encoded = Encoded(clips.astype(np.float32), tracks=tracks.astype(np.float32))
    return EncoderView(collection, encoded, EvaluationSettings(num_bootstrap=100), **extra)


class TestRetrieval:
    def test_perfect_is_one(self) -> None:
        view = hear(collect(), normal(NUM, 16), noise=0.01)
        for score in (retrieval.recall_at(1), retrieval.recall_at(10), retrieval.average_precision):
            assert retrieval.retrieve_plain(score)(view).value == 1

    def test_random_is_chance(self) -> None:
        view = hear(collect(), np.zeros((NUM, 8)), noise=1)
        figure = retrieval.retrieve_plain(retrieval.recall_at(10))(view)
        gallery = NUM * CLIPS - 1
        chance = 1 - (1 - 10 / gallery) * (1 - 10 / (gallery - 1))
        assert figure.value == pytest.approx(chance, abs=0.03)

    def test_held_out_asks_only_held_out_tracks(self) -> None:
        """Half of the tracks are known by heart, the held-out half is noise."""
        tracks = np.concatenate([normal(NUM // 2, 16) * 50, np.zeros((NUM // 2, 16))])
        collection = collect()
        held_out = EvaluatedTracks(
            collection.tracks, collection.clip_tracks, held_out=np.arange(NUM) >= NUM // 2
        )
        first = retrieval.recall_at(1)
        assert retrieval.retrieve_held_out(first)(hear(held_out, tracks, 1)).value < 0.1
        assert 0.5 < retrieval.retrieve_plain(first)(hear(held_out, tracks, 1)).value < 0.6

    def test_average_precision_by_hand(self) -> None:
        assert retrieval.average_precision(np.array([0.0, 3.0])) == pytest.approx((1 + 2 / 4) / 2)

    def test_says_why_not(self) -> None:
        with pytest.raises(NotMeasurable, match="disguised"):
            retrieval.retrieve_augmented(retrieval.recall_at(1))(hear(collect(), normal(NUM, 4)))


class TestTempo:
    @pytest.mark.parametrize(
        ("one", "other", "agrees"),
        [(120, 124, True), (120, 126, False), (60, 121, True), (180, 91, True), (120, 180, False)],
    )
    def test_octave_tolerance(self, one: float, other: float, agrees: bool) -> None:
        assert match_tempi(np.array([one]), np.array([other]))[0] == agrees

    def test_silence_agrees_with_nothing(self) -> None:
        assert not match_tempi(np.array([np.nan]), np.array([np.nan]))[0]

    def test_perfect_is_one_and_random_lifts_nothing(self) -> None:
        tempo = np.random.default_rng(0).choice([70.0, 82, 95, 110, 128], NUM)
        collection = collect(tempo)
        share = agreement.measure_agreement(agreement.pair_tempo)
        lift = agreement.measure_lift(agreement.pair_tempo)
        knows = hear(collection, np.log(tempo)[:, None])
        assert share(knows).value == 1
        assert lift(knows).value == pytest.approx(1 / 0.2, rel=0.15)
        chance = lift(hear(collection, normal(NUM, 8)))
        assert chance.low is not None and chance.high is not None
        assert chance.low < 1 < chance.high

    def test_artist_filter_springs_the_trap(self) -> None:
        """Artists keep one tempo, encodings know the artist alone: no lift may come of it."""
        artists = np.repeat(np.arange(NUM_ARTISTS), PER_ARTIST)
        tempo = np.random.default_rng(1).uniform(70, 139, NUM_ARTISTS)[artists]
        view = hear(collect(tempo), normal(NUM_ARTISTS, 8)[artists])
        assert agreement.measure_lift(agreement.pair_tempo)(view).value < 1.6
        assert match_tempi(tempo[:, None], tempo)[artists[:, None] == artists].all()

    def test_estimates_are_checked_against_the_catalogue(self) -> None:
        tempo = np.full(NUM, 100.0)
        told = np.where(np.arange(NUM) % 4 == 0, 130.0, 200.0)
        told[: NUM // 2] = np.nan
        figure = agreement.check_tempo(hear(collect(tempo, tempo_bpm=told), normal(NUM, 2)))
        assert (figure.value, figure.num_items) == (0.75, NUM // 2)

    def test_unknown_tempi_are_left_out(self) -> None:
        tempo = np.where(np.arange(NUM) % 2, 120.0, np.nan)
        figure = agreement.measure_agreement(agreement.pair_tempo)(
            hear(collect(tempo), normal(NUM, 4))
        )
        assert (figure.value, figure.num_items) == (1.0, NUM // 2)


class TestGroove:
    def labels(self) -> tuple[np.ndarray, np.ndarray]:
        rng = np.random.default_rng(5)
        genre = np.repeat(rng.integers(0, 4, NUM_ARTISTS), PER_ARTIST)
        return rng.integers(0, 5, NUM), genre

    def test_perfect_and_random(self) -> None:
        groove, genre = self.labels()
        collection = collect(groove=groove, genre=genre)
        assert agreement.measure_groove(hear(collection, np.eye(5)[groove])).value == 1
        chance = agreement.measure_groove(hear(collection, normal(NUM, 8))).value
        assert chance == pytest.approx(0.2, abs=0.1)

    def test_genre_is_no_way_to_groove(self) -> None:
        """Within a genre all share a groove, and encodings know the genre: no help across."""
        genre = np.repeat(np.arange(NUM_ARTISTS) % 5, PER_ARTIST)
        view = hear(collect(groove=genre, genre=genre), np.eye(5)[genre])
        assert agreement.measure_groove(view).value == 0

    def test_vote_prefers_the_commonest_then_the_nearest(self) -> None:
        labels = np.array([7, 8, 8, 9])
        votes = agreement.vote(np.array([[0, 1, 2], [3, 0, -1], [-1, -1, -1]]), labels)
        assert votes.tolist() == [8, 9, -1]

    def test_cross_genre_lift_looks_at_other_genres_only(self) -> None:
        genre = np.repeat(np.arange(NUM_ARTISTS) % 2, PER_ARTIST)
        tempo = np.where(genre == 0, 100.0, 127.0)
        view = hear(collect(tempo, genre=genre), normal(NUM, 8))
        with pytest.raises(NotMeasurable, match="by chance"):
            agreement.measure_lift(agreement.pair_tempo, different_genre=True)(view)

    def test_says_what_is_missing(self) -> None:
        with pytest.raises(NotMeasurable, match="groove labels"):
            agreement.measure_groove(hear(collect(genre=np.arange(NUM)), normal(NUM, 4)))
        with pytest.raises(NotMeasurable, match="genres"):
            agreement.measure_groove(hear(collect(groove=np.arange(NUM)), normal(NUM, 4)))


class TestProbes:
    def test_linear_target_is_found_and_noise_is_not(self) -> None:
        encodings = normal(NUM, 6)
        target = encodings @ np.arange(1, 7) + 3
        noise = np.random.default_rng(3).normal(size=NUM)
        view = hear(collect(energy=target, valence=noise), encodings)
        assert probes.probe_fit("energy")(view).value > 0.99
        assert probes.probe_order("energy")(view).value > 0.99
        assert probes.probe_fit("valence")(view).value < 0.1
        assert abs(probes.probe_order("valence")(view).value) < 0.3

    def test_knowing_the_artist_does_not_help(self) -> None:
        artists = np.repeat(np.arange(NUM_ARTISTS), PER_ARTIST)
        target = np.random.default_rng(4).normal(size=NUM_ARTISTS)[artists]
        view = hear(collect(energy=target), np.eye(NUM_ARTISTS)[artists])
        assert probes.probe_fit("energy")(view).value < 0.05

    def test_few_covered_tracks_are_too_few(self) -> None:
        target = np.where(np.arange(NUM) < 10, 0.5, np.nan)
        with pytest.raises(NotMeasurable, match="known of 10 tracks"):
            probes.probe_fit("energy")(hear(collect(energy=target), normal(NUM, 4)))

    def test_genre_follows_the_official_split(self) -> None:
        """Test labels are wrong on purpose: only a reader that saw them could be right."""
        split = np.where(np.arange(NUM) < NUM // 2, "training", "test")
        split[NUM // 2 : NUM // 2 + 4] = "validation"
        code = np.random.default_rng(0).integers(0, 3, NUM)
        genre = np.where(split == "training", code, (code + 1) % 3)
        view = hear(collect(genre=genre, split=split), np.eye(3)[code] + 0.01 * normal(NUM, 3))
        for measure in (probes.classify_linear, probes.classify_by_neighbours):
            figure = measure(view)
            assert (figure.value, figure.num_items) == (0, NUM // 2 - 4)

    def test_neighbours_agree_with_scikit_learn(self) -> None:
        split = np.where(np.arange(NUM) % 8 < 4, "training", "test")
        genre = np.random.default_rng(0).integers(0, 2, NUM)
        encodings = normal(NUM, 4) + genre[:, None]
        train, test = split == "training", split == "test"
        expected = KNeighborsClassifier(9).fit(encodings[train], genre[train])
        settings = EvaluationSettings(neighbours=9)
        collection = collect(genre=genre, split=split)
        view = EncoderView(collection, hear(collection, encodings).encoded, settings)
        figure = probes.classify_by_neighbours(view)
        assert figure.value == pytest.approx(expected.score(encodings[test], genre[test]))

    def test_without_a_split_artists_are_kept_apart(self) -> None:
        collection = collect(genre=np.random.default_rng(0).integers(0, 2, NUM))
        folds = probes.split_by_genre(collection)
        for train, test in folds:
            assert not set(collection.artists[train]) & set(collection.artists[test])
        assert sorted(np.concatenate([test for _, test in folds])) == list(range(NUM))


class TestClusters:
    def test_spread_of_random_clusters_is_one_and_of_perfect_ones_nought(self) -> None:
        tempo = np.random.default_rng(0).choice([70.0, 85, 100, 120], NUM)
        collection = collect(tempo)
        spread = clusters.measure_spread(clusters.differ_in_tempo)
        perfect = hear(
            collection, normal(NUM, 4), given_labels=np.unique(tempo, return_inverse=True)[1]
        )
        assert spread(perfect).value == pytest.approx(0, abs=1e-6)
        labels = np.random.default_rng(1).integers(0, 6, NUM)
        assert spread(hear(collection, normal(NUM, 4), given_labels=labels)).value == pytest.approx(
            1, abs=0.1
        )

    def test_chance_is_the_mean_over_permutations(self) -> None:
        tempo = np.random.default_rng(0).uniform(60, 200, NUM)
        collection = collect(tempo)
        labels = np.random.default_rng(1).integers(0, 9, NUM)
        spread = clusters.measure_spread(clusters.differ_in_tempo)
        shuffled = [
            spread(
                hear(
                    collection,
                    normal(NUM, 4),
                    given_labels=np.random.default_rng(seed).permutation(labels),
                )
            ).value
            for seed in range(60)
        ]
        assert np.mean(shuffled) == pytest.approx(1, abs=0.02)

    def test_octaves_do_not_spread(self) -> None:
        tempo = np.where(np.arange(NUM) % 2, 70.0, 140.0)
        tempo[0] = 100
        difference, _ = clusters.differ_in_tempo(collect(tempo))
        assert difference[1, 2] == 0 and difference[0, 1] == pytest.approx(np.log2(140 / 100), 1e-5)

    def test_separated_blobs_are_stable_and_agree_between_clips(self) -> None:
        blob = np.arange(NUM) % 5
        view = hear(collect(), np.eye(5)[blob] * 100, noise=0.1, cluster=lambda x: x.argmax(axis=1))
        assert clusters.measure_stability(view).value == 1
        assert clusters.compare_clip_clusters(view).value == 1

    def test_first_and_last_clip_are_compared(self) -> None:
        view = hear(collect(), np.zeros((NUM, 5)), noise=1, cluster=lambda x: x.argmax(axis=1))
        clips = view.encoded.clips
        expected = adjusted_rand_score(clips[0::3].argmax(axis=1), clips[2::3].argmax(axis=1))
        assert clusters.compare_clip_clusters(view).value == pytest.approx(expected)

    def test_genre_in_clusters(self) -> None:
        genre = np.random.default_rng(0).integers(0, 4, NUM)
        known = hear(collect(genre=genre), normal(NUM, 4), given_labels=genre)
        assert clusters.share_with_genre(known).value == pytest.approx(1)
        other = np.random.default_rng(1).integers(0, 4, NUM)
        unrelated = hear(collect(genre=genre), normal(NUM, 4), given_labels=other)
        assert abs(clusters.share_with_genre(unrelated).value) < 0.05


class TestHubness:
    def test_a_planted_hub_is_seen(self) -> None:
        """On a sphere without hubs, a track at the centre is everybody's neighbour."""
        sphere = normal(NUM, 64)
        sphere /= np.linalg.norm(sphere, axis=1, keepdims=True)
        planted = sphere.copy()
        planted[7] = 0
        times = hubness.count_occurrences(hear(collect(), planted).neighbours)
        assert times.argmax() == 7 and times[7] == NUM - PER_ARTIST
        calm, hubby = (hubness.measure_skewness(hear(collect(), x)) for x in (sphere, planted))
        assert hubby.value > calm.value + 3

    def test_skewness_is_that_of_scipy(self) -> None:
        view = hear(collect(), normal(NUM, 8))
        expected = skew(hubness.count_occurrences(view.neighbours))
        assert hubness.measure_skewness(view).value == pytest.approx(expected)

    def test_occurrences_count_every_neighbour(self) -> None:
        view = hear(collect(), normal(NUM, 8))
        times = hubness.count_occurrences(view.neighbours)
        assert times.sum() == NUM * 10
        assert hubness.measure_antihubs(view).value == np.mean(times == 0)

    def test_two_islands_connect_half(self) -> None:
        island = np.repeat(np.arange(NUM_ARTISTS) % 2, PER_ARTIST) * 1000.0
        view = hear(collect(), normal(NUM, 8) + island[:, None])
        assert hubness.measure_connection(view).value == 0.5
