"""The sliders: in a real browser, and what the API answers to them."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from browsing import choose, wait_ready, wait_until
from starlette.testclient import TestClient

from autogroove.listening.choosing import find_similar, make_playlist
from autogroove.listening.explorer.app import create_app
from autogroove.listening.library import open_collection
from autogroove.listening.paths import find_path
from autogroove.listening.rules import Rules
from autogroove.listening.weighing import Weighing
from autogroove.model.encoding_tables import write_track_encodings
from autogroove.releases.log import publish_release
from autogroove.releases.reading import open_release
from autogroove.store.artefacts import put_bytes, put_json
from autogroove.store.store import Store

pytestmark = pytest.mark.slow
PARTS = {"tempo": [0, 2], "rhythm": [2, 5], "sound": [5, 8]}
NEIGHBOURS = "[...document.querySelectorAll('#neighbours .name b')].map(b => b.textContent)"


@pytest.fixture(scope="module")
def weighable(tmp_path_factory: pytest.TempPathFactory, store: Store) -> Store:
    """The same tracks, encoded at random in tempo, rhythm and sound."""
    own = Store(shutil.copytree(store.url, tmp_path_factory.mktemp("weighable") / "store"))
    release = open_release(own, 2)
    parts, encodings = release.manifest.parts, np.random.default_rng(0).normal(size=(16, 8))
    table = write_track_encodings(release.track_ids, encodings.astype(np.float32))
    description = put_json(own, "models", {"model": {"kind": "groove"}, "parts": PARTS})
    model = parts.model.model_copy(update={"description": description})
    drawn = put_bytes(own, "track_encodings", ".parquet", table)
    publish_release(own, parts.model_copy(update={"model": model, "track_encodings": drawn}))
    return own


def names_of(store: Store, track: str, weighing: Weighing) -> list[str]:
    collection = open_collection(open_release(store))
    seed = next(
        int(collection.release.track_ids[at])
        for at in range(len(collection))
        if collection.song(at).title == track
    )
    return [s.song.title for s in find_similar(collection, seed, count=12, weighing=weighing)]


@pytest.mark.browser
def test_moving_a_slider_changes_what_is_near_and_the_playlist(
    open_page, serve, weighable: Store
) -> None:
    page = open_page(serve(create_app(weighable.url)))
    wait_ready(page)
    choose(page, "song 00")
    assert page.evaluate(NEIGHBOURS) == names_of(weighable, "Song 00", Weighing())
    page.locator("#panel-track input[name='weigh-sound']").fill("0")
    expected = names_of(weighable, "Song 00", Weighing(sound=0))
    assert expected != names_of(weighable, "Song 00", Weighing())
    wait_until(page, NEIGHBOURS, expected)
    page.click("#seed-track")
    page.wait_for_selector("#playlist li")
    collection = open_collection(open_release(weighable))
    seed = int(page.locator("#playlist li").first.get_attribute("data-id"))
    asked = make_playlist(collection, [seed], Rules(weighing=Weighing(sound=0)))
    assert page.locator("#playlist .name b").all_inner_texts() == [
        scored.song.title for scored in asked.tracks
    ]


@pytest.mark.browser
def test_one_gesture_is_same_sound_any_groove_on_a_phone_too(
    open_page, serve, weighable: Store, tmp_path: Path
) -> None:
    page = open_page(
        serve(create_app(weighable.url)),
        viewport={"width": 360, "height": 740},
        has_touch=True,
        is_mobile=True,
    )
    wait_ready(page)
    choose(page, "song 11")
    page.locator("#panel-track").get_by_role("button", name="Same sound").tap()
    wait_until(page, NEIGHBOURS, names_of(weighable, "Song 11", Weighing(0, 0, 1)))
    values = [page.input_value(f"#panel-track input[name='weigh-{name}']") for name in PARTS]
    assert values == ["0", "0", "1"]
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.focus("#panel-track input[name='weigh-sound']")
    page.keyboard.press("Home")  # everything at 0 would compare nothing
    assert float(page.input_value("#panel-track input[name='weigh-sound']")) > 0


@pytest.mark.browser
def test_a_release_without_parts_has_no_sliders(open_page) -> None:
    page = open_page()
    wait_ready(page)
    choose(page, "song 00")
    assert page.locator("input[type='range'][name^='weigh']").count() == 0


def test_the_api_weighs_and_avoids(weighable: Store) -> None:
    client = TestClient(create_app(weighable.url), base_url="http://127.0.0.1")
    at = "/api/releases/3"
    collection = open_collection(open_release(weighable))
    first, second, third = collection.release.track_ids[:3].tolist()
    assert client.get(at).json()["parts"] == sorted(PARTS)
    asked = {"weigh": "rhythm=2,sound=0", "not": [second]}
    weighing = Weighing(rhythm=2, sound=0)
    found = client.get(f"{at}/tracks/{first}/similar", params=asked).json()
    expected = find_similar(collection, first, count=12, weighing=weighing, avoid=[second])
    assert [each["track_id"] for each in found] == [each.song.track_id for each in expected]
    rules = Rules(weighing=weighing, avoid=(second,))
    body = {"seeds": [first], "weigh": "rhythm=2,sound=0", "avoid": [second]}
    listed = client.post(f"{at}/playlist", json=body).json()
    assert [each["track_id"] for each in listed["tracks"]] == list(
        make_playlist(collection, [first], rules).track_ids
    )
    way = client.get(f"{at}/path", params={"start": first, "goal": third, **asked}).json()
    assert [each["track_id"] for each in way["tracks"]] == list(
        find_path(collection, first, third, rules=rules).track_ids
    )


@pytest.mark.parametrize("text", ["beat=2", "sound=-1", "tempo=0,rhythm=0,sound=0"])
def test_the_api_says_what_cannot_be_weighed(client: TestClient, track_id: int, text: str) -> None:
    answer = client.get(f"/api/releases/2/tracks/{track_id}/similar", params={"weigh": text})
    assert answer.status_code == 400
    assert "Traceback" not in answer.text
    whole = client.get(f"/api/releases/2/tracks/{track_id}/similar", params={"weigh": "sound=2"})
    assert "no tempo, rhythm and sound to weigh" in whole.json()["detail"]


@pytest.mark.browser
def test_filters_keep_to_every_list_of_the_page(open_page) -> None:
    page = open_page()
    wait_ready(page)
    choose(page, "song 00")
    assert len(page.evaluate(NEIGHBOURS)) == 12
    page.locator("#panel-track .filters summary").click()
    page.fill("#panel-track input[name='filter-folder']", "g1, g2")
    page.fill("#panel-track input[name='filter-exclude_folder']", "g2/song 3*")
    expected = [f"Song {groove}{at}" for groove in (1, 2) for at in range(4)][:-1]
    wait_until(page, f"{NEIGHBOURS}.sort()", expected)
    page.click("#seed-track")
    page.wait_for_selector("#playlist li")
    names = page.locator("#playlist .name b").all_inner_texts()
    assert names[0] == "Song 00"
    assert set(names[1:]) <= set(expected)
    assert page.input_value("#panel-playlist input[name='filter-folder']") == "g1, g2"
    page.keyboard.press("/")
    page.keyboard.type("song 2")
    page.wait_for_selector("#found li[aria-selected='true']")
    wait_until(page, "document.querySelectorAll('#found li').length", 4)


def test_the_api_says_which_filter_is_none(client: TestClient, track_id: int) -> None:
    at = f"/api/releases/2/tracks/{track_id}/similar"
    assert "is no range" in client.get(at, params={"tempo": "fast"}).json()["detail"]
    body = {"seeds": [track_id], "filters": {"added_since": "once"}}
    assert "is no day" in client.post("/api/releases/2/playlist", json=body).json()["detail"]
    stations = client.get("/api/releases/2/stations", params={"folder": "g1"}).json()
    assert sum(station["size"] for station in stations) == 4
    (one, *_) = stations
    members = client.get(
        f"/api/releases/2/stations/{one['cluster']}", params={"folder": "g1"}
    ).json()["tracks"]
    assert {track["path"].split("/")[0] for track in members} == {"g1"}
    newer = client.get(at, params={"added_since": "1d"}).json()
    assert newer  # there was no release a day ago
    assert client.get(at, params={"added_since": "2999-01-01"}).json() == []
