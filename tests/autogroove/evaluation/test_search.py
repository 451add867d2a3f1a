"""Laws of a search, on clips made without audio: what is kept, what is asked next, who wins."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from stored_clips import draw_track, store_clips, tiny_settings

from autogroove.config.run import read_settings
from autogroove.config.settings import Settings
from autogroove.errors import SettingsError, SourceError
from autogroove.evaluation.search.material import FEWEST_TRACKS, Material, choose_sides, take_side
from autogroove.evaluation.search.objective import (
    GROUPS,
    WORST,
    choose_finalists,
    combine,
    is_finding,
    rank_finalists,
)
from autogroove.evaluation.search.records import begin_search
from autogroove.evaluation.search.report import SearchReport, to_toml
from autogroove.evaluation.search.rungs import run_trial
from autogroove.evaluation.search.settings import SearchSettings, apply_values, read_values
from autogroove.evaluation.search.trials import Final, Trial
from autogroove.evaluation.tracks import EvaluatedTracks
from autogroove.store.store import Store

SPACE = {
    "model.code_size": [8, 12],
    "training.learning_rate": {"low": 1e-4, "high": 1e-2, "log": True},
}
SHORT = {"space": SPACE, "rungs": [0, 1, 2], "random_trials": 2, "spared_trials": 1}


class Killed(Exception):
    pass


class Ground:
    """A tiny collection in a store of its own, with a search on it."""

    def __init__(self, folder: Path, settings: Settings | None = None, **about) -> None:
        self.settings = settings or tiny_settings(evaluation__neighbours=3)
        self.store = Store(folder)
        self.sided = choose_sides(store_clips(self.store, self.settings, num_tracks=40))
        dev = take_side(self.sided, "validation")
        images = np.concatenate([draw_track(int(n), 3, (32, 32)) for n in dev["track_id"]])
        rows = np.repeat(np.arange(len(dev)), 3)
        clips = np.arange(0, len(images), 3)
        collection = EvaluatedTracks(dev, rows, augmented_clips=clips)
        darker = (0.8 * images[clips]).astype(np.uint8)
        self.material = Material(collection, images, darker, self.settings)
        self.search = begin_search(
            self.store,
            self.sided,
            SearchSettings.from_tree({**SHORT, **about}, self.settings),
            self.settings,
        )

    def run(self, num_trials: int, kill_in: int | None = None) -> list[Trial]:
        """Trials one after the other, as one worker makes them."""

        def progress(done: int, total: int) -> None:
            if asked.number == kill_in:
                raise Killed

        while (asked := self.search.next(num_trials, self.search.trials())) is not None:
            made = run_trial(
                self.store,
                self.sided,
                self.search.search,
                asked,
                self.search.settings_of(asked),
                self.material,
                device="cpu",
                progress=progress,
            )
            self.search.keep(made)
        return self.search.trials()


@pytest.fixture
def ground(tmp_path):
    return Ground(tmp_path / "store")


@pytest.fixture(scope="module")
def searched(tmp_path_factory):
    """Six trials, made without interruption. Only read."""
    ground = Ground(tmp_path_factory.mktemp("searched"))
    return ground, ground.run(6)


def objects(store: Store, prefix: str) -> dict[str, bytes]:
    return {each.key: store.read(each.key) for each in store.objects(prefix)}


def test_trial_0_is_what_the_search_began_with_and_others_are_of_the_space(searched):
    ground, trials = searched
    assert [trial.number for trial in trials] == list(range(6))
    assert ground.search.settings_of(trials[0]) == ground.settings
    for trial in trials[1:]:
        assert trial.values["model.code_size"] in ("8", "12")
        assert 1e-4 <= trial.values["training.learning_rate"] <= 1e-2
    assert len({json.dumps(trial.values) for trial in trials}) == 6


def test_a_killed_search_loses_only_the_trial_in_flight_and_ends_the_same(searched, ground):
    whole, trials = searched
    with pytest.raises(Killed):
        ground.run(6, kill_in=3)
    assert [trial.number for trial in ground.search.trials()] == [0, 1, 2]
    kept = objects(ground.store, ground.search.folder)
    assert ground.run(6) == trials
    after = objects(ground.store, ground.search.folder)
    assert after == objects(whole.store, whole.search.folder)
    assert {key: after[key] for key in kept} == kept


def test_more_trials_go_on_where_a_search_ended(searched, ground):
    whole, trials = searched
    assert ground.run(2) == trials[:2]
    assert ground.run(6) == trials
    assert whole.search.next(6, trials) is None


def test_a_trial_that_was_lost_is_asked_again_under_its_number(searched):
    ground, trials = searched
    lost = [trial for trial in trials if trial.number != 5]
    asked = ground.search.next(6, lost)
    assert (asked.number, asked.values) == (5, trials[5].values)


def test_trials_at_the_same_time_differ(searched):
    ground, trials = searched
    first = ground.search.next(9, trials)
    second = ground.search.next(9, trials, [first])
    assert (first.number, second.number) == (6, 7)
    assert first.values != second.values


def test_trials_behind_the_median_are_given_up_and_kept(searched):
    _, trials = searched
    pruned = [trial for trial in trials if trial.state == "pruned"]
    assert pruned, "none of six is behind: choose another seed"
    for trial in pruned:
        assert trial.objective is None
        assert 0 < len(trial.rungs) < 3
        done = [t for t in trials[: trial.number] if t.state == "complete"]
        last = max(trial.rungs)
        assert max(trial.rungs.values()) <= np.median([t.rungs[last] for t in done])
    assert not {trial.number for trial in choose_finalists(trials, 6)} & {
        trial.number for trial in pruned
    }


def test_what_cannot_be_trained_fails_and_the_search_goes_on(tmp_path):
    settings = tiny_settings(training__objective="pairs")
    cold = {"training.temperature": [0.2, 1e-40]}  # similarities overflow, the loss is no number
    ground = Ground(tmp_path / "cold", settings, space=cold)
    trials = ground.run(6)
    assert {trial.state for trial in trials if trial.values["training.temperature"] == "1e-40"} == {
        "failed"
    }
    assert trials[0].state == "complete"
    failed = next(trial for trial in trials if trial.state == "failed")
    assert "training.learning_rate" in failed.reason
    assert failed.objective is None


def test_the_objective_is_of_the_card_and_the_squared_error_is_not_in_it(searched):
    ground, trials = searched
    known = {key for keys, _ in GROUPS for key in keys}
    assert "unexplained" not in known
    for trial in trials:
        assert set(trial.rows) == {"disguised_r1", "hub_skewness"}, "what these clips allow"
        assert trial.rungs[trial.epochs] == pytest.approx(combine(trial.rows, {}))
    view = ground.material.hear(_untrained(ground.settings))
    assert view.encoded.squared_errors is None
    assert view.encoded.mean_errors is None


def _untrained(settings: Settings):
    from autogroove.model.storing import build_autoencoder

    return build_autoencoder(settings.model, (32, 32), 0.04)


def test_scores_are_0_at_chance_and_grow_with_what_is_heard():
    chance = {"foreign_tempo_lift": 1.0, "foreign_rhythm_ratio": 1.0}
    assert combine(chance, {"foreign_rhythm_ratio": 1.4}) == 0
    better = {"foreign_tempo_lift": 2.0, "foreign_rhythm_ratio": 1.4}
    assert combine(better, {"foreign_rhythm_ratio": 1.4}) == pytest.approx((0.5 + 1) / 2)
    assert combine({"hub_skewness": 0.0}, {}) > combine({"hub_skewness": 2.0}, {})
    assert combine({"disguised_r1": None}, {}) == WORST


def test_no_artist_is_on_two_sides_and_trials_are_blind_to_the_test(ground):
    sides = ground.sided.groupby("split")["artist"].agg(set)
    assert set(sides.index) == {"training", "validation", "test"}
    assert len(set.union(*sides)) == sum(map(len, sides))
    other = ground.sided.assign(
        artist=ground.sided["artist"].where(ground.sided["split"] != "test", "nobody")
    )
    assert ground.run(1) == [
        run_trial(
            ground.store,
            other[other["split"] != "test"],
            ground.search.search,
            ground.search.next(1, []),
            ground.settings,
            ground.material,
            device="cpu",
        )
    ]


def test_the_official_split_stays(ground):
    split = ["test", "training", "validation", None] * 10
    catalogue = ground.sided.sort_values("track_id").assign(split=split)
    sided = choose_sides(catalogue)
    named = catalogue["split"].notna().to_numpy()
    assert list(sided["split"][named]) == [name for name in split if name]
    assert sided["split"].notna().all()


def test_too_little_music_says_so(ground):
    with pytest.raises(SourceError, match=f"needs {FEWEST_TRACKS}"):
        choose_sides(ground.sided.head(6))


def test_the_same_question_has_the_same_key_and_another_question_another(ground):
    def key(sided=ground.sided, settings=ground.settings, **about):
        search = SearchSettings.from_tree({**SHORT, **about}, settings)
        return begin_search(ground.store, sided, search, settings).key

    assert key() == key(ground.sided.sample(frac=1, random_state=1)) == ground.search.key
    assert key(settings=ground.settings.with_overrides({"clustering.damping": 0.9})) == key()
    others = {
        key(seed=1),
        key(rungs=[0, 2]),
        key(sided=ground.sided.iloc[1:]),
        key(settings=ground.settings.with_overrides({"training.weight_decay": 0.5})),
    }
    assert len(others - {key()}) == 4


@pytest.mark.parametrize(
    ("about", "says"),
    [
        ({"space": {"model.colour": [1]}}, "model.colour"),
        ({"space": {"model": {"code_size": [1, 64]}}}, "code_size"),
        ({"space": {"model.code_size": {"low": 8, "high": 64}}}, "code_size"),
        ({"space": {"model.part_weights.3": [1.0]}}, "part_weights"),
        ({"space": {"training.epochs": [1, 2]}}, "rungs"),
        ({"space": {"clip.clip_seconds": [5, 10]}}, "clip.clip_seconds"),
        ({"space": {"training.temperature": {"low": 2, "high": 1}}}, "below high"),
        ({"space": [1]}, "table"),
        ({"rungs": [2, 1]}, "rise"),
        ({"rugs": [1, 2]}, "rugs"),
    ],
)
def test_a_space_that_cannot_be_searched_says_why(about, says):
    with pytest.raises(SettingsError, match=says):
        SearchSettings.from_tree(about, Settings.from_preset("groove"))


@pytest.mark.parametrize("preset", ["poster", "groove"])
def test_the_default_spaces_hold_their_preset(preset):
    settings = Settings.from_preset(preset)
    space = SearchSettings.from_tree({}, settings).space
    values = read_values(settings, space)
    assert all(about.contains(values[name]) for name, about in space.items())
    assert apply_values(settings, values) == settings


def test_a_place_in_a_list_can_be_searched():
    settings = Settings.from_preset("groove")
    weights = settings.model.part_weights
    changed = apply_values(settings, {"model.part_weights.1": 0.9, "model.part_weights.2": 0.1})
    assert changed.model.part_weights == (weights[0], 0.9, 0.1)


def finals(number: int, *values: float) -> list[Final]:
    return [Final(number, seed, "validation", v, {}, "") for seed, v in enumerate(values)]


def test_what_seeds_could_have_done_is_no_finding(ground):
    noise = finals(0, 0.5, 0.6, 0.7) + finals(3, 0.55, 0.65, 0.75)
    clear = finals(0, 0.50, 0.51, 0.52) + finals(3, 0.60, 0.61, 0.62)
    assert [each.number for each in rank_finalists(noise)] == [3, 0]
    assert not is_finding(rank_finalists(noise))
    assert is_finding(rank_finalists(clear))
    trials = (Trial(0, {}, "complete"), Trial(3, {}, "complete"))
    verdicts = [SearchReport(ground.search, trials, tuple(each)) for each in (noise, clear)]
    assert [report.winner.number for report in verdicts] == [0, 3]
    assert "no finding" in verdicts[0].verdict()


def test_finalists_are_shown_with_what_each_of_them_was(ground):
    values = {"model.code_size": "8", "training.learning_rate": 0.00156161}
    trials = (Trial(0, {**values, "model.code_size": "12"}, "complete"), Trial(3, values, "x"))
    report = SearchReport(ground.search, trials, tuple(finals(0, 0.5) + finals(3, 0.6)))
    assert report.setting_rows() == [
        {"setting": "code_size", "trial 3": "8", "trial 0": "12"},
        {"setting": "learning_rate", "trial 3": "0.00156", "trial 0": "0.00156"},
    ]


def test_trial_0_is_always_a_finalist():
    trials = [Trial(n, {}, "complete", {2: n / 10}) for n in range(5)]
    assert [trial.number for trial in choose_finalists(trials, 3)] == [4, 3, 0]
    assert [t.number for t in choose_finalists([replace(trials[0], state="failed")], 3)] == []


def test_the_file_of_the_best_settings_gives_them_back(tmp_path):
    settings = Settings.from_preset("groove").with_overrides(
        {"model.channels": [4, 4, 8, 8, 8, 8], "training.patience": 5, "clip.clip_seconds": 5}
    )
    for given in (settings, settings.with_overrides({"clustering.preference": None})):
        path = tmp_path / "best.toml"
        path.write_text(to_toml(given))
        assert read_settings(None, path, []) == given
