import io
import warnings
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from autogroove.figures.canvas import clean_text, png_data_uri
from autogroove.figures.clusters import draw_cluster_map, project_encodings
from autogroove.figures.gallery import draw_gallery, draw_reconstructions
from autogroove.figures.search import draw_search
from autogroove.figures.training import draw_loss_curve
from autogroove.figures.unexplained import draw_unexplained

HOSTILE = [
    "$\\frac{1}{$ and $x^$",
    "<script>alert('x')</script>",
    "line\nbreak\x00\x1b[31m and \u202ereversed",
    "日本語のタイトル \U0001f941",
    "long " * 500,
    "",
]


def pixels(png: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(png)).convert("RGB")).astype(int)


@pytest.fixture(autouse=True)
def _no_warning_of_any_library():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


def test_hostile_titles_are_drawn_literally():
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (6, 256, 256), dtype=np.uint8)
    points, labels = rng.normal(size=(60, 2)), np.arange(60) % 6
    assert (
        len(draw_reconstructions(images, images / 255.0, HOSTILE)) < 150_000
    )  # noise: the worst there is
    assert len(draw_cluster_map(points, labels, range(6), HOSTILE)) < 100_000


def test_clean_text_is_one_bounded_line_without_control_signs():
    for text in HOSTILE:
        cleaned = clean_text(text, 30)
        assert len(cleaned) <= 30
        assert cleaned.isprintable()
    assert clean_text("Megtört  Álom") == "Megtört Álom"


def test_loss_curve_survives_every_history():
    histories = [([], []), ([0.1], [float("nan")]), ([0.3, 0.2, 0.1], [0.4, 0.2, 0.3])]
    drawn = [
        draw_loss_curve(SimpleNamespace(train_loss=train, dev_loss=dev)) for train, dev in histories
    ]
    assert len({pixels(png).tobytes() for png in drawn}) == 3
    assert all(len(png) < 100_000 for png in drawn)


def test_equal_input_gives_equal_bytes():
    history = SimpleNamespace(train_loss=(0.3, 0.2), dev_loss=(0.4, 0.3))
    assert draw_loss_curve(history) == draw_loss_curve(history)


def test_reconstructions_show_image_above_and_low_frequencies_below():
    image = np.zeros((1, 64, 64), np.uint8)
    image[0, :16] = 255
    picture = pixels(draw_reconstructions(image, np.zeros((1, 64, 64)))).sum(axis=2)
    column = picture[:, picture.shape[1] // 2 + 15]
    inside = np.flatnonzero(column < 100)
    bright = np.flatnonzero((column > 500) & (column < 745))
    assert len(inside) and len(bright)
    top, bottom = inside[0], inside[-1]
    assert top < bright.min(), "low frequencies belong below the dark treble"
    assert bright.max() < (top + bottom) / 2 + 10, "the image belongs above its reconstruction"


def test_projection_agrees_with_scikit_learn_and_has_a_fixed_sign():
    from sklearn.decomposition import PCA

    rng = np.random.default_rng(1)
    encodings = (rng.normal(size=(200, 12)) * np.linspace(3, 0.2, 12)).astype(np.float32)
    ours, theirs = project_encodings(encodings), PCA(2).fit_transform(encodings.astype(float))
    for axis in range(2):
        assert abs(np.corrcoef(ours[:, axis], theirs[:, axis])[0, 1]) > 1 - 1e-9
    order = rng.permutation(200)
    np.testing.assert_allclose(project_encodings(encodings[order]), ours[order], atol=1e-6)


@pytest.mark.parametrize("shape", [(1, 5), (2, 1), (3, 2)])
def test_few_tracks_and_short_encodings_still_give_a_map(shape):
    points = project_encodings(np.ones(shape, np.float32))
    assert points.shape == (shape[0], 2)
    assert draw_cluster_map(points, np.zeros(shape[0], int), [0], ["only"]).startswith(b"\x89PNG")


def test_data_uri_holds_the_picture():
    import base64

    uri = png_data_uri(b"\x89PNG...")
    assert base64.b64decode(uri.removeprefix("data:image/png;base64,")) == b"\x89PNG..."


def test_a_search_is_drawn_whatever_became_of_its_trials():
    values = {"model.channels": "[8, 16, 32, 32, 64, 64]", "training.rate": 1e-3, "a": HOSTILE[0]}
    trials = [
        SimpleNamespace(number=0, state="complete", rungs={0: 0.1, 2: 0.4}, values=values),
        SimpleNamespace(number=1, state="pruned", rungs={0: 0.05}, values=values),
        SimpleNamespace(number=2, state="failed", rungs={}, values=values),
    ]
    drawn = draw_search(trials, {0: [0.5, 0.6]})
    assert drawn == draw_search(trials, {0: [0.5, 0.6]})
    assert drawn != draw_search(trials, {})
    for few in (trials[2:], trials[1:2], trials[:1]):
        assert pixels(draw_search(few, {})).shape[1] == 960


def test_a_gallery_has_rows_of_any_length_and_hostile_titles():
    images = np.random.default_rng(0).random((8, 64, 256))
    whole = pixels(draw_gallery((images, images[:1]), ("many", "one"), (HOSTILE, ["$x^$"])))
    none = pixels(draw_gallery((images[:0],), ("nothing",)))
    assert whole.shape[1] > none.shape[1]
    right = whole[whole.shape[0] // 2 + 20 :, whole.shape[1] // 2 :]
    assert right.min() > 250  # beside a short row is nothing


def test_a_level_is_drawn_where_it_is_and_named():
    history = SimpleNamespace(train_loss=(0.3, 0.2), dev_loss=(0.4, 0.3))
    plain, level = draw_loss_curve(history), draw_loss_curve(history, {"$mean$ image": 0.5})
    assert plain != level
    assert pixels(plain).shape == pixels(level).shape


def test_unexplained_variance_survives_a_network_that_is_worse_than_the_mean():
    curve, rows = np.linspace(1, 0.2, 9), np.linspace(0.5, 1.5, 16)
    hertz = np.linspace(0, 2700, 16)
    pictures = {
        draw_unexplained(curve, (numbers, share), hertz, {"network": rows, "PCA": rows / 2})
        for numbers, share in ((4, 0.5), (64, 1.4))
    }
    assert len(pictures) == 2
