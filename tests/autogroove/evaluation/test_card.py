"""Laws of the whole card, its baselines and its forms."""

import json

import numpy as np
import pandas as pd
import pytest
from sklearn.decomposition import PCA

from autogroove.config.settings import EvaluationSettings
from autogroove.errors import AutogrooveError
from autogroove.evaluation.baselines import (
    SampledImages,
    fit_components,
    make_image_baselines,
)
from autogroove.evaluation.card import HEADLINES, ORACLE, Card, CardRow, Figure
from autogroove.evaluation.descriptors.clips import ClipDescriptions
from autogroove.evaluation.evaluate import evaluate_encodings
from autogroove.evaluation.measures import MEASURES
from autogroove.evaluation.rendering import beats_baselines, render_markdown, render_text
from autogroove.evaluation.view import Encoded
from autogroove.runs.retraining import (
    ModelDecision,
    decide_promotion,
    find_doubts,
    is_not_worse,
)

QUICK = EvaluationSettings(num_bootstrap=50, stability_seeds=2)


def cluster(encodings: np.ndarray) -> np.ndarray:
    return (encodings[:, 0] > np.median(encodings[:, 0])).astype(np.int64)


def describe(num: int, seed: int = 0) -> ClipDescriptions:
    rng = np.random.default_rng(seed)
    return ClipDescriptions(
        rng.random((num, 3, 416)).astype(np.float32), rng.normal(size=(num, 60)).astype(np.float32)
    )


def make_card(order: np.ndarray, num: int = 60) -> Card:
    """A card of `num` tracks whose rows come in another order."""
    rng = np.random.default_rng(1)
    table = pd.DataFrame(
        {
            "artist_id": np.arange(num) // 3,
            "genre": rng.choice(["a", "b", "c"], num),
            "groove": rng.choice(["x", "y"], num),
            "energy": rng.random(num),
            "split": np.where(np.arange(num) // 3 % 4 == 0, "test", "training"),
        }
    )
    clips, described = rng.normal(size=(num, 2, 6)).astype(np.float32), describe(2 * num)
    rows = (order[:, None] * 2 + np.arange(2)).ravel()
    return evaluate_encodings(
        clips[order].reshape(-1, 6),
        np.repeat(np.arange(num), 2),
        table.iloc[order],
        ClipDescriptions(described.periodicity[rows], described.timbre[rows]),
        labels=np.arange(num)[order] % 7,
        settings=QUICK,
    )


def test_order_of_the_tracks_does_not_matter() -> None:
    straight = make_card(np.arange(60))
    shuffled = make_card(np.random.default_rng(5).permutation(60))
    for one, other in zip(straight.rows, shuffled.rows, strict=True):
        assert (one.value is None) == (other.value is None)
        if one.value is None:
            continue
        assert one.value == pytest.approx(other.value, rel=1e-4, abs=1e-6), one.key
        for name in set(one.baselines) - {"random"}:
            assert one.baselines[name].value == pytest.approx(
                other.baselines[name].value, rel=1e-4, abs=1e-6
            ), (one.key, name)


@pytest.mark.parametrize("num", [1, 2, 3, 12])
def test_a_tiny_folder_without_tags_has_a_card(num: int) -> None:
    encodings = np.random.default_rng(0).normal(size=(2 * num, 8)).astype(np.float32)
    card = evaluate_encodings(
        encodings,
        np.repeat(np.arange(num), 2),
        pd.DataFrame({"track_id": np.arange(num)}),
        describe(2 * num),
        cluster=cluster,
        settings=QUICK,
    )
    assert [row.key for row in card.rows] == [measure.key for measure in MEASURES]
    assert all(row.value is not None or row.note for row in card.rows)
    assert card.row("genre_linear").value is None
    assert Card.from_json(card.to_json()) == card
    assert "Not measured" in render_text(card)
    if num == 12:
        assert card.row("same_track_r1").value is not None
        assert card.row("tempo_lift").value is not None
        assert card.row("cluster_stability").value is not None


def test_one_artist_has_no_strangers() -> None:
    card = evaluate_encodings(
        np.random.default_rng(0).normal(size=(24, 8)).astype(np.float32),
        np.repeat(np.arange(12), 2),
        pd.DataFrame({"artist": ["Only One"] * 12}),
        describe(24),
        settings=QUICK,
    )
    assert card.num_artists == 1
    assert card.row("tempo_lift").value is None and "neighbour" in card.row("tempo_lift").note
    assert card.row("same_track_r1").value is not None and card.row("same_track_r1").low is None


def test_json_has_no_nan_and_reads_back() -> None:
    card = make_card(np.arange(60))
    assert Card.from_json(card.to_json().encode()) == card
    json.loads(card.to_json(), parse_constant=lambda name: pytest.fail(name))
    assert set(card.headline()) == set(HEADLINES) <= {measure.key for measure in MEASURES}
    with pytest.raises(AutogrooveError, match="not an evaluation card"):
        Card.from_json("{}")
    with pytest.raises(AutogrooveError, match="version 99"):
        Card.from_json(card.to_json().replace('"version": 1', '"version": 99'))


def row(key: str, value: float | None, half: float = 0.02, **changes) -> CardRow:
    limits = (None, None) if value is None else (value - half, value + half)
    fields = {"better": "higher", "num_items": 9, "baselines": {}, **changes}
    return CardRow(key=key, name=key.title(), value=value, low=limits[0], high=limits[1], **fields)


def card_of(*rows: CardRow) -> Card:
    return Card(rows, 9, 27, 3)


class TestPromotion:
    @pytest.mark.parametrize(
        ("old", "new", "fine"), [(0.8, 0.9, True), (0.8, 0.78, True), (0.8, 0.7, False)]
    )
    def test_only_a_fall_beyond_noise_forbids(self, old: float, new: float, fine: bool) -> None:
        verdict, reasons = is_not_worse(
            card_of(row("tempo_lift", new)), card_of(row("tempo_lift", old))
        )
        assert verdict == fine and len(reasons) == (not fine)
        assert fine or "0.800 to 0.700" in reasons[0]

    def test_lower_may_be_better(self) -> None:
        up, down = (card_of(row("hub_skewness", x, better="lower")) for x in (2.0, 1.0))
        assert is_not_worse(down, up)[0] and not is_not_worse(up, down)[0]

    def test_rows_that_say_nothing_decide_nothing(self) -> None:
        assert is_not_worse(
            card_of(row("tempo_lift", None), row("unexplained", 0.1)),
            card_of(row("tempo_lift", 9.0), row("unexplained", 0.9), row("rhythm_ratio", 1.0)),
        )[0]

    @pytest.mark.parametrize(
        ("value", "beginning", "doubted"),
        [(0.9, 0.7, False), (0.8, 0.79, True), (0.7, 0.9, True), (0.8, 0.8, False)],
    )
    @pytest.mark.parametrize("name", ["untrained", "pretrained"])
    def test_a_training_must_lead_its_beginning_beyond_noise(
        self, name: str, value: float, beginning: float, doubted: bool
    ) -> None:
        own = row("same_track_r1", value, baselines={name: Figure(beginning, None, None)})
        doubts = find_doubts(card_of(own, row("unexplained", 0.1)))
        assert len(doubts) == doubted
        assert all(name.removeprefix("un") in doubt for doubt in doubts)

    def test_a_doubtful_model_is_published_only_where_there_is_no_other(self) -> None:
        level = card_of(row("same_track_r1", 0.8, baselines={"untrained": Figure(0.79)}))
        trained = ModelDecision(action="trained", why="asked for", incumbent="old")
        refused = decide_promotion(trained, level, level)
        assert (refused.action, refused.incumbent) == ("kept", "old")
        assert "no better than its untrained copy" in refused.why
        first = ModelDecision(action="trained", why="there is no release yet")
        published = decide_promotion(first, level, None)
        assert published.action == "trained"
        assert "no better than its untrained copy" in published.why


class TestRendering:
    card = card_of(
        row("good", 0.9, baselines={ORACLE: Figure(0.99), "mfcc": Figure(0.2)}),
        row("bad", 0.1, baselines={"mfcc": Figure(0.2)}),
        row("unknown", None, note="a | b"),
    )

    def test_text_shows_values_intervals_and_reasons(self) -> None:
        text = render_text(self.card)
        assert ".880 – .920" in text and "Unknown: a | b" in text
        header = next(line for line in text.splitlines() if "release" in line)
        assert header.index("mfcc") < header.index(ORACLE)

    def test_markdown_marks_what_beats_every_baseline(self) -> None:
        text = render_markdown(self.card)
        assert "**.900**" in text and "**.100**" not in text and "- Unknown: a | b" in text
        assert [beats_baselines(r) for r in self.card.rows] == [True, False, False]

    def test_markdown_shows_the_change_since_another_card(self) -> None:
        text = render_markdown(self.card, card_of(row("good", 0.7), row("bad", None)))
        (good,) = (line for line in text.splitlines() if line.startswith("| Good"))
        (bad,) = (line for line in text.splitlines() if line.startswith("| Bad"))
        assert good.endswith("| .700 | +0.200 |")
        assert bad.endswith("|  |  |")


class TestImageBaselines:
    def images(self, num: int = 40) -> np.ndarray:
        rng = np.random.default_rng(0)
        parts = rng.normal(size=(num, 3)) @ rng.normal(size=(3, 12 * 20)) * 25
        return (128 + parts).clip(0, 255).astype(np.uint8).reshape(num, 12, 20)

    def test_components_are_those_of_scikit_learn(self) -> None:
        images = self.images()
        flat = images.reshape(40, -1) / 255
        expected = PCA(5, svd_solver="full").fit(flat)
        heard = fit_components(images, 5).hear(images, None)
        np.testing.assert_allclose(np.abs(heard.clips), np.abs(expected.transform(flat)), atol=1e-3)
        rebuilt = expected.inverse_transform(expected.transform(flat))
        np.testing.assert_allclose(
            heard.squared_errors, ((rebuilt - flat) ** 2).mean(axis=1), atol=1e-6
        )

    def test_code_has_the_size_asked_for_even_of_few_images(self) -> None:
        images = self.images(4)
        sampled = SampledImages(images, images[:2], images[2:], np.ones(4, bool))
        baselines = make_image_baselines(sampled, 16)
        assert baselines["pca"].clips.shape == (4, 16)
        assert baselines["pca"].augmented.shape == (2, 16)
        assert baselines["pca"].stretched.shape == (2, 16)

    def test_fitted_to_training_clips_alone(self) -> None:
        images = self.images()
        training = np.arange(40) < 20
        changed = images.copy()
        changed[30:] = 255 - changed[30:]
        one, other = (
            make_image_baselines(SampledImages(x, x[:0], x[:0], training), 4)["pca"]
            for x in (images, changed)
        )
        np.testing.assert_array_equal(one.clips[:30], other.clips[:30])

    def test_mean_image_explains_nothing(self) -> None:
        images = self.images()
        heard = fit_components(images, 3).hear(images, None)
        flat = images.reshape(40, -1) / 255
        mean_only = ((flat - flat.mean(axis=0)) ** 2).mean(axis=1)
        codes = np.zeros((40, 3), np.float32)
        card = evaluate_encodings(
            codes,
            np.arange(40),
            pd.DataFrame({"artist_id": np.arange(40)}),
            baselines={
                "mean": Encoded(codes, squared_errors=mean_only, mean_errors=mean_only),
                "pca": heard,
            },
            settings=QUICK,
        )
        figures = card.row("unexplained").baselines
        assert figures["mean"].value == pytest.approx(1)
        assert figures["pca"].value == pytest.approx(0, abs=0.02), "the images have three parts"
