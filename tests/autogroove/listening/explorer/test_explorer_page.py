"""The page in a real browser: as a listener would use it, by mouse and by keyboard."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from browsing import ANSWERED, choose, wait_ready, wait_until

from autogroove.clustering.clusters import write_clusters
from autogroove.listening.explorer.app import create_app
from autogroove.model.encoding_tables import write_track_encodings
from autogroove.releases.log import publish_release
from autogroove.releases.parts import Counts, Coverage
from autogroove.releases.reading import open_release
from autogroove.source.table import write_catalogue
from autogroove.store.artefacts import put_bytes
from autogroove.store.store import Store

pytestmark = [pytest.mark.slow, pytest.mark.browser]


def test_search_play_neighbours_playlist_export(open_page, music: Path, tmp_path: Path) -> None:
    page = open_page()
    wait_ready(page)
    assert page.get_attribute("#map", "data-points") == "16"
    choose(page, "song 00")
    assert page.inner_text("#track-title") == "Song 00"
    page.click("#play-track")
    wait_until(page, "document.getElementById('audio').currentTime > 0.05")
    assert page.inner_text("#playing") == "Artist 0 – Song 00"
    assert page.locator("#neighbours li").count() == 12
    shown = (
        "[...document.querySelectorAll('.pictures img')]"
        ".filter(i => i.complete && i.naturalWidth).length"
    )
    wait_until(page, shown, 1)
    page.click("#show-kept")
    wait_until(page, shown, 2)
    page.locator("#neighbours .match").first.click()
    wait_until(page, "document.getElementById('audio').src.includes('/audio')")
    page.click("#seed-track")
    page.wait_for_selector("#playlist li")
    rows = page.locator("#playlist .name b").all_inner_texts()
    assert rows[0] == "Song 00"
    page.select_option("#format", "m3u8")
    with page.expect_download() as saved:
        page.click("#export")
    target = tmp_path / "list.m3u8"
    saved.value.save_as(target)
    files = [line for line in target.read_text().splitlines() if not line.startswith("#")]
    assert len(files) == len(rows)
    assert all((music / Path(name).relative_to(music)).is_file() for name in files)


def test_a_point_of_the_map_is_picked_by_mouse_and_drawn_by_webgl(open_page) -> None:
    page = open_page(viewport={"width": 1200, "height": 800})
    wait_ready(page)
    colours = page.evaluate(
        """() => new Promise((done) => requestAnimationFrame(() => {
          const canvas = document.getElementById('points');
          const flat = document.createElement('canvas');
          [flat.width, flat.height] = [canvas.width, canvas.height];
          const ground = flat.getContext('2d');
          document.getElementById('zoom-all').click();
          requestAnimationFrame(() => {
            ground.drawImage(canvas, 0, 0);
            const data = ground.getImageData(0, 0, flat.width, flat.height).data;
            const spots = [];
            for (let i = 0; i < data.length; i += 4) if (data[i + 3] > 200) spots.push(i / 4);
            done({ width: flat.width, spots });
          });
        }))"""
    )
    assert colours["spots"], "nothing was drawn"
    box = page.locator("#map").bounding_box()
    ratio = colours["width"] / box["width"]
    spot = colours["spots"][len(colours["spots"]) // 2]
    x, y = spot % colours["width"] / ratio, spot // colours["width"] / ratio
    page.mouse.move(box["x"] + x, box["y"] + y)
    page.wait_for_selector("#tip:not([hidden])")
    page.mouse.click(box["x"] + x, box["y"] + y)
    page.wait_for_selector("#neighbours li")
    assert page.inner_text("#track-title").strip()


def test_everything_is_reached_by_keyboard(open_page) -> None:
    page = open_page()
    wait_ready(page)
    choose(page, "song 11")
    page.focus("#seed-track")
    page.keyboard.press("Enter")
    page.wait_for_selector("#playlist li")
    before = page.locator("#playlist .name b").all_inner_texts()
    page.locator("#playlist .handle").nth(0).focus()
    page.keyboard.press("ArrowDown")
    after = page.locator("#playlist .name b").all_inner_texts()
    assert after[:2] == before[1::-1]
    assert after[2:] == before[2:]
    assert "number 2 of" in page.inner_text("#live")
    focused = "document.activeElement.closest('li').querySelector('b').textContent"
    assert page.evaluate(focused) == before[0]
    page.focus("#tab-playlist")
    page.keyboard.press("ArrowRight")
    assert page.get_attribute("#tab-stations", "aria-selected") == "true"
    page.focus("#map")
    page.keyboard.press("+")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("0")
    page.keyboard.press("Enter")
    page.wait_for_selector("#neighbours li")


def test_enter_takes_the_answer_to_all_that_was_typed(open_page) -> None:
    page = open_page()
    wait_ready(page)
    page.keyboard.press("/")
    page.keyboard.type("song 2")
    page.wait_for_selector(f"{ANSWERED} li[aria-selected='true']")
    assert page.locator("#found li").count() > 1
    page.keyboard.type("3")
    page.keyboard.press("Enter")
    wait_until(page, "document.getElementById('track-title')?.innerText", "Song 23")


def test_rows_are_dragged_into_another_order(open_page) -> None:
    page = open_page()
    wait_ready(page)
    choose(page, "song 20")
    page.click("#seed-track")
    page.wait_for_selector("#playlist li")
    before = page.locator("#playlist .name b").all_inner_texts()
    start = page.locator("#playlist .handle").nth(0).bounding_box()
    goal = page.locator("#playlist li").nth(2).bounding_box()
    page.mouse.move(start["x"] + 8, start["y"] + 8)
    page.mouse.down()
    page.mouse.move(goal["x"] + 20, goal["y"] + goal["height"] / 2, steps=6)
    page.mouse.up()
    after = page.locator("#playlist .name b").all_inner_texts()
    assert after[:3] == [before[1], before[2], before[0]]


def test_a_path_is_walked_and_extended(open_page) -> None:
    page = open_page()
    wait_ready(page)
    choose(page, "song 01")
    page.get_by_role("button", name="+ Add", exact=True).click()
    choose(page, "song 23")
    page.get_by_role("button", name="Path to here").click()
    wait_until(page, "document.querySelectorAll('#playlist li').length >= 2")
    names = page.locator("#playlist .name b").all_inner_texts()
    assert (names[0], names[-1]) == ("Song 01", "Song 23")


def test_hostile_tags_are_only_text(open_page, hostile_titles: list[str]) -> None:
    page = open_page()
    wait_ready(page)
    for title in hostile_titles:
        shown = title.replace("\u202e", "")
        choose(page, shown.split()[-1] if "script" not in title else "<script>window.pwned")
        assert page.inner_text("#track-title").replace("\u202e", "") == shown
        page.click("#seed-track")
        page.wait_for_selector("#playlist li")
        for tab in ("stations", "release", "track"):
            page.click(f"#tab-{tab}")
        page.check("input[value='genre']", force=True)
    assert page.evaluate("window.pwned") is None
    assert page.locator("main script, main img[src='x']").count() == 0
    direction = page.locator("#legend bdi").first
    assert direction.get_attribute("dir") == "auto"


def test_the_release_is_switched_and_its_changes_are_told(open_page) -> None:
    page = open_page()
    wait_ready(page)
    page.click("#tab-release")
    page.get_by_text("2 added, 1 removed").wait_for()
    page.select_option("#release", "1")
    page.wait_for_selector("body[data-ready='1']")
    assert page.get_attribute("#map", "data-points") == "15"
    choose(page, "gone")
    assert page.inner_text("#track-title") == "Gone"
    page.click("#tab-release")
    page.get_by_text("This is the first release.").wait_for()


def test_stations_are_opened_and_shown_on_the_map(open_page) -> None:
    page = open_page()
    wait_ready(page)
    page.click("#tab-stations")
    page.locator(".station > button").first.click()
    page.wait_for_selector(".station .song")
    page.wait_for_selector("#legend button")
    page.get_by_role("button", name="▶ Tune in").click()
    wait_until(page, "document.getElementById('audio').currentTime > 0.05")


def test_a_phone_shows_everything_without_sideways_scrolling(open_page) -> None:
    page = open_page(viewport={"width": 360, "height": 740}, has_touch=True, is_mobile=True)
    wait_ready(page)
    choose(page, "song 00")
    page.tap("#seed-track")
    page.wait_for_selector("#playlist li")
    for tab in ("track", "playlist", "stations", "release"):
        page.tap(f"#tab-{tab}")
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        wide = f"(p => p.scrollWidth <= p.clientWidth + 1)(document.getElementById('panel-{tab}'))"
        assert page.evaluate(wide), tab
    small = page.evaluate(
        """[...document.querySelectorAll('button')].filter(b => b.offsetParent)
           .map(b => b.getBoundingClientRect()).filter(b => b.height < 24 || b.width < 20).length"""
    )
    assert small == 0


def test_a_store_without_a_release_says_what_to_do(open_page, serve, tmp_path: Path) -> None:
    page = open_page(serve(create_app(str(tmp_path / "nothing"))))
    page.get_by_text("holds no release yet").first.wait_for()


def test_a_release_without_a_track_is_a_page_too(
    open_page, serve, store: Store, tmp_path: Path
) -> None:
    shutil.copytree(store.url, tmp_path / "store")
    store = Store(tmp_path / "store")
    parts = open_release(store, 2).manifest.parts
    catalogue = open_release(store, 2).catalogue.assign(
        status="quarantined", reason="silent", segment=None, clips=0
    )
    nobody = np.empty(0, np.int64)
    empty = parts.model_copy(
        update={
            "catalogue": put_bytes(store, "catalogues", ".parquet", write_catalogue(catalogue)),
            "track_encodings": put_bytes(
                store,
                "track_encodings",
                ".parquet",
                write_track_encodings(nobody, np.empty((0, 8), np.float32)),
            ),
            "clusters": put_bytes(
                store, "clusters", ".parquet", write_clusters(nobody, nobody, nobody)
            ),
            "coverage": Coverage(source=16, stored=0, quarantined=16, excluded=0),
            "counts": Counts(tracks=0, clips=0, clusters=0),
        }
    )
    number = publish_release(store, empty).number
    page = open_page(serve(create_app(store.url, release=number)))
    wait_ready(page)
    assert page.get_attribute("#map", "data-points") == "0"
    page.get_by_text("holds no tracks").wait_for()
    page.click("#tab-release")
    page.get_by_text("16 quarantined").wait_for()
