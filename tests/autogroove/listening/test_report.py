"""The report: whole, self-contained, the same each time, and deaf to what tags say."""

import base64
import re
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pandas as pd
import pytest

from autogroove.listening.report.charts import MOST_POINTS, lay_strip, place_dots, trace_losses
from autogroove.listening.report.page import ReportInputs, render_report

HOSTILE = "</title><script>alert(1)</script><img src=x onerror='alert(2)'>\u202e\"&"
PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
ROW = {
    "key": "groove",
    "name": "groove@5",
    "better": "higher",
    "value": 0.7,
    "low": 0.6,
    "high": 0.8,
    "num_items": 9,
    "baselines": {"mfcc": {"value": 0.5, "low": None, "high": None, "num_items": 9}},
    "note": "",
}


def make_inputs(num: int = 12, text: str = "Plain") -> ReportInputs:
    ids = np.arange(num) + 5
    catalogue = pd.DataFrame(
        {
            "track_id": [*ids, 900],
            "path": [*(f"{at}.mp3" for at in ids), f"bad {text}.mp3"],
            "status": ["stored"] * num + ["quarantined"],
            "reason": [None] * num + ["silent"],
            "fingerprint": [f"{at:064x}" for at in range(num + 1)],
            "title": [f"{text} {at}" for at in range(num + 1)],
            "artist": text,
            "album": text,
            "genre": text,
            "licence": text,
            "url": text,
            "duration_seconds": 30.0,
            "tempo_bpm": 120.0,
            "clips": [3] * num + [0],
        }
    )
    labels = np.arange(num) % 3
    return ReportInputs(
        catalogue=catalogue,
        track_ids=ids,
        encodings=np.random.default_rng(0).normal(size=(num, 4)).astype(np.float32),
        clusters=pd.DataFrame(
            {"track_id": ids, "cluster": labels, "exemplar": np.arange(num) < min(num, 3)}
        ),
        card={"rows": [ROW, {**ROW, "value": None, "name": "unknown", "note": text}]},
        settings={"preset": "poster", "clip": {"clip_seconds": 10.0, "note": text}},
        source_url=f"/music/{text}",
        train_loss=[1.0, 0.5, 0.25],
        dev_loss=[1.1, 0.7, 0.6],
        notes=[text],
        pictures={f"loss {text}": PNG},
        release=7,
    )


class Reader(HTMLParser):
    """Collects tags and checks that they nest."""

    VOID = frozenset({"meta", "img", "br", "link"})

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        while self.open and self.open[-1] in ("p", "li", "td", "th", "tr", "dt", "dd"):
            if self.open[-1] == tag:
                break
            self.open.pop()
        assert self.open, f"</{tag}> closes nothing"
        assert self.open.pop() == tag


def read(text: str) -> Reader:
    reader = Reader()
    reader.feed(text)
    assert reader.open == []
    return reader


def test_it_shows_every_part() -> None:
    text = render_report(make_inputs())
    reader = read(text)
    sections = {about.get("id") for tag, about in reader.tags if tag == "section"}
    assert sections >= {"card", "map", "stations", "training", "pictures", "left-out", "settings"}
    assert sum(tag == "circle" for tag, _ in reader.tags) == 12
    assert "Release 7" in text
    assert "groove@5" in text
    assert "silent" in text
    assert "1.00000 → 0.25000" in text


def test_it_needs_nothing_else() -> None:
    reader = read(render_report(make_inputs()))
    assert not [tag for tag, _ in reader.tags if tag in ("script", "link", "iframe", "object")]
    (picture,) = [about["src"] for tag, about in reader.tags if tag == "img"]
    assert picture is not None
    assert base64.b64decode(picture.removeprefix("data:image/png;base64,")) == PNG


def test_tags_stay_text() -> None:
    text = render_report(make_inputs(text=HOSTILE))
    reader = read(text)
    assert "script" not in {tag for tag, _ in reader.tags}
    assert not any(name.startswith("on") for _, about in reader.tags for name in about)
    assert all(
        (about["src"] or "").startswith("data:") for tag, about in reader.tags if tag == "img"
    )


def test_equal_inputs_give_equal_text() -> None:
    assert render_report(make_inputs()) == render_report(make_inputs())


@pytest.mark.parametrize("num", [0, 1, 2])
def test_a_release_of_almost_nothing_has_a_report(num: int) -> None:
    inputs = replace(make_inputs(num), card={}, train_loss=(), dev_loss=(), release=None)
    text = render_report(inputs)
    read(text)
    assert "No row of the card could be measured" in text
    assert 'id="training"' not in text


def test_a_large_map_is_a_sample_with_every_exemplar() -> None:
    num = 3 * MOST_POINTS
    exemplars = np.arange(num) % 100 == 0
    places = np.zeros((num, 2), np.float32)
    dots = place_dots(places, np.zeros(num, np.int64), exemplars, ["x"] * num)
    assert len(dots) == MOST_POINTS
    assert sum(dot.exemplar for dot in dots) == exemplars.sum()


def test_a_strip_keeps_order_and_says_what_is_beaten() -> None:
    strip = lay_strip(ROW)
    assert strip.beats
    assert strip.baselines[0].at < strip.value.at
    assert strip.span is not None
    assert strip.span[0] < strip.value.at < strip.span[1]
    assert not lay_strip({**ROW, "better": "lower"}).beats
    assert not lay_strip({**ROW, "better": "report"}).beats
    assert 0 <= lay_strip({**ROW, "value": -2.0}).value.at <= 100


def test_losses_fall_down_the_page_and_gaps_are_left_out() -> None:
    (curve,) = trace_losses({"training": [2.0, float("nan"), 1.0]})
    heights = [float(each.split(",")[1]) for each in re.findall(r"\S+", curve.points)]
    assert len(heights) == 2
    assert heights[0] < heights[1]
    assert trace_losses({"training": []}) == []
