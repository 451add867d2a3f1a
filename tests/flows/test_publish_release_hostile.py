"""A collection of everything that can be wrong with one, through the whole pipeline.

One run on a real server and a real cluster; afterwards each input is a test of its own.
"""

import json
import os
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import fma_layout
import httpx
import numpy as np
import pandas as pd
import pytest
from hostile import BAD, GOOD, NOISE, TAG, wav_of
from pipelines import Publisher, short_settings
from sounds import encode_mp3, play_music
from starlette.testclient import TestClient

from autogroove.config.run import RunPolicy, SourceSelection
from autogroove.listening.explorer.app import create_app
from autogroove.releases.log import list_releases
from autogroove.releases.reading import Release, open_release
from autogroove.releases.verification import verify_release
from autogroove.runs.plan import RunPlan, plan_run
from autogroove.source.scan import scan_source
from autogroove.source.sources import open_source
from autogroove.store.artefacts import read_part
from autogroove.store.store import Store
from flows.record import RunSummary

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

NUM_FINE = 8
SCRIPT = "<script>alert('pwned')</script>"
FIRST_HOSTILE_ID = 200
NO_FILE = 158
TRACKS_PER_BATCH = 12
"""So few that a batch holds nothing but what is bad."""
REPLACED = "page.mp3"
NUM_OF_THE_MOMENT = 2
NUM_FORESEEN = NUM_OF_THE_MOMENT + 1
"""A plan reads nothing: it counts the file that no scan could read among those to decode."""
"""Faults that are tried again at each run: files that are there and cannot be read as scanned."""


# What only a folder can do wrong: path, status, reason.
ODD_PLACES = {
    "zero bytes": ("fma_small/000/000150.mp3", "quarantined", "empty"),
    "folder named like a track": ("fma_small/000/000123.mp3", "quarantined", "unreadable"),
    "link to itself": ("fma_small/000/000151.mp3", "quarantined", "unreadable"),
    "link to nowhere": ("fma_small/000/000152.mp3", "quarantined", "unreadable"),
    "pipe": ("fma_small/000/000153.mp3", "quarantined", "unreadable"),
    "no permission": ("fma_small/000/000154.mp3", "quarantined", "unreadable"),
    "no permission after the scan": ("fma_small/000/000155.mp3", "quarantined", "unreadable"),
    "changed after the scan": ("fma_small/000/000156.wav", "quarantined", "changed_while_reading"),
    "tag of 100 MB": ("fma_small/000/000157.mp3", "stored", None),
    "file without a row": ("fma_small/000/000159.mp3", "stored", None),
    "same bytes as track 101": ("fma_small/000/000160.mp3", "excluded", "duplicate_content"),
    "same id as track 102": ("fma_small/more/000/000102.mp3", "excluded", "duplicate_id"),
    "name that is not UTF-8": ("fma_small/caf\\xe9.mp3", "stored", None),
    "name of two lines": ("fma_small/two\\x0alines.mp3", "stored", None),
    "name that is a script": ("fma_small/<script>alert(1)<script>.mp3", "stored", None),
}
FILES = {
    f"fma_small/000/{number:06d}{Path(name).suffix}": (name, content)
    for number, (name, content) in enumerate(
        {**GOOD, **{name: content for name, (content, _) in BAD.items()}}.items(), FIRST_HOSTILE_ID
    )
}
PATHS = {name: path for path, (name, _) in FILES.items()}


def song(seed: int) -> bytes:
    return encode_mp3(play_music(6, seed=seed))


CLOSED = Path("/sys/bus/platform/drivers_probe")
"""A file of 4096 bytes that nobody may read: its mode is 0200, and sysfs makes no exception of
root."""


def lay_out_music(root: Path) -> None:
    """FMA's layout with good tracks, and everything that can be wrong with one."""
    folder = "fma_small/000"
    fine = range(101, 101 + NUM_FINE)
    for track_id in fine:
        fma_layout.write_file(root, fma_layout.fma_path(track_id), song(track_id))
    for path, (_, content) in FILES.items():
        fma_layout.write_file(root, path, content)
    (root / folder / "000123.mp3").mkdir()
    (root / folder / "000151.mp3").symlink_to("000151.mp3")
    (root / folder / "000152.mp3").symlink_to("nowhere.mp3")
    (root / "fma_small/loop").symlink_to(root)
    os.mkfifo(root / folder / "000153.mp3")
    (root / folder / "000154.mp3").symlink_to(CLOSED)
    with (root / folder / "000157.mp3").open("wb") as tagged:  # the tag is a hole in the file
        length = 100 << 20
        tagged.write(TAG + bytes((length >> s) & 127 for s in (21, 14, 7, 0)))
        tagged.seek(length, os.SEEK_CUR)
        tagged.write(song(157))
    others = {"000159": song(159), "000160": song(101), "000155": NOISE[:4096]}
    for name, content in {"000150": b"", **others}.items():
        fma_layout.write_file(root, f"{folder}/{name}.mp3", content)
    times = CLOSED.stat()
    os.utime(root / folder / "000155.mp3", ns=(times.st_atime_ns, times.st_mtime_ns))
    fma_layout.write_file(root, f"{folder}/000156.wav", wav_of(play_music(6, seed=156)))
    fma_layout.write_file(root, "fma_small/more/000/000102.mp3", song(1102))
    for seed, name in enumerate((b"caf\xe9", b"two\nlines", b"<script>alert(1)<script>"), 1):
        path = os.fsencode(root) + b"/fma_small/" + name + b".mp3"
        Path(os.fsdecode(path)).write_bytes(song(2000 + seed))
    numbered = [int(Path(path).stem) for path in FILES]
    named = {("track", "title"): SCRIPT, ("artist", "name"): "<b>Nobody</b>\nat all"}
    rows = {key: {} for key in [*fine, 123, *range(150, 158), NO_FILE, 160, *numbered]}
    fma_layout.write_tracks_csv(root, {**rows, 101: named})


def change_behind_the_scan(root: Path, store: Store) -> None:
    """Let the scan know two files, then change them under the same size and time."""
    scan_source(open_source(str(root), store=store), store)
    wav, closed = root / "fma_small/000/000156.wav", root / "fma_small/000/000155.mp3"
    before, content = wav.stat(), bytearray(wav.read_bytes())
    content[-10] ^= 1
    wav.write_bytes(content)
    os.utime(wav, ns=(before.st_atime_ns, before.st_mtime_ns))
    closed.unlink()
    closed.symlink_to(CLOSED)


@dataclass(frozen=True)
class Story:
    """One run, then another, one that tries the bad again, and one that reads all files again
    after one of them was replaced by a good one."""

    music: Path
    store: Store
    first: RunSummary
    again: RunSummary
    retried: RunSummary
    replaced: RunSummary
    plans: dict[str, RunPlan]

    @cached_property
    def release(self) -> Release:
        return open_release(self.store, 1)

    @property
    def catalogue(self) -> pd.DataFrame:
        return self.release.catalogue


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory, publish: Publisher) -> Story:
    """The collection, published; what the next runs do."""
    if not CLOSED.is_file():
        pytest.skip(f"{CLOSED} is not there, and nothing else is unreadable to root")
    home = tmp_path_factory.mktemp("hostile")
    music, store = home / "music", Store(home / "store")
    held = os.open(CLOSED, os.O_PATH)  # sysfs gives a file another time once it forgot it
    lay_out_music(music)
    change_behind_the_scan(music, store)
    plans = {}

    def plan(name: str, **policy: bool) -> None:
        selection = SourceSelection(source=str(music))
        plans[name] = plan_run(store.url, selection, short_settings(), RunPolicy(**policy))

    def run(**policy: bool) -> RunSummary:
        return publish(
            music,
            store.url,
            settings=short_settings(),
            tracks_per_segment=TRACKS_PER_BATCH,
            **policy,
        )

    first = run()
    plan("again")
    again = run()
    plan("retried", retry_quarantined=True)
    retried = run(retry_quarantined=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("autogroove.segments.planning.DECODER_VERSION", "another")
        plan("another decoder")
    (music / PATHS[REPLACED]).write_bytes(song(3000))
    plan("replaced")
    replaced = run(rehash=True)
    os.close(held)
    return Story(music, store, first, again, retried, replaced, plans)


def look_up(story: Story, path: str) -> dict[str, Any]:
    (row,) = story.catalogue[story.catalogue["path"] == path].to_dict("records")
    return {name: None if pd.isna(value) else value for name, value in row.items()}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_file_is_quarantined_with_its_reason(story: Story, name: str) -> None:
    row = look_up(story, PATHS[name])
    assert (row["status"], row["reason"]) == ("quarantined", BAD[name][1]), row["detail"]


@pytest.mark.parametrize("name", GOOD)
def test_an_odd_file_is_stored(story: Story, name: str) -> None:
    row = look_up(story, PATHS[name])
    assert (row["status"], row["clips"]) == ("stored", 3), row["reason"]
    images = story.release.clips(row["track_id"])
    assert np.all(images.reshape(3, -1).max(axis=1) > 100)


@pytest.mark.parametrize("what", ODD_PLACES)
def test_what_only_a_folder_can_do_wrong(story: Story, what: str) -> None:
    path, status, reason = ODD_PLACES[what]
    row = look_up(story, path)
    assert (row["status"], row["reason"]) == (status, reason), row["detail"]


def test_a_row_without_a_file_is_excluded(story: Story) -> None:
    row = story.catalogue.set_index("track_id").loc[NO_FILE]
    assert (row["status"], row["reason"]) == ("excluded", "missing_file")
    assert pd.isna(row["path"])


def test_a_loop_of_links_adds_nothing(story: Story) -> None:
    assert not story.catalogue["path"].str.contains("loop", na=False).any()


def test_the_coverage_balances_and_the_release_is_whole(story: Story) -> None:
    coverage = story.first.coverage
    assert coverage["source"] == len(story.catalogue) == NUM_FINE + len(FILES) + len(ODD_PLACES) + 1
    assert coverage["source"] == sum(coverage[k] for k in ("stored", "quarantined", "excluded"))
    assert dict(story.catalogue["status"].value_counts()) == {
        name: coverage[name] for name in ("stored", "quarantined", "excluded")
    }
    assert verify_release(story.store, story.release.number).faults == ()
    assert np.isfinite(story.release.encodings).all()
    assert len(story.release.encodings) == coverage["stored"]


def test_the_known_bad_are_not_decoded_again(story: Story) -> None:
    """But for faults of the moment; and as those are the same, nothing new is published."""
    plan = story.plans["again"]
    assert plan.stages["spectrograms"]["tracks_to_decode"] == NUM_FORESEEN
    assert (plan.new, plan.changed, plan.removed) == (0, 0, 0)
    stage = story.again.stages["spectrograms"]
    assert (stage["tracks"], stage["segments_written"]) == (NUM_OF_THE_MOMENT, 0)
    assert (story.again.published, story.again.release) == (False, 1)
    assert story.again.stages["scan"]["audio_bytes_read"] == 0


def test_they_are_when_a_person_asks_or_the_decoder_is_another(story: Story) -> None:
    expected = len(BAD) + NUM_OF_THE_MOMENT
    for name in ("retried", "another decoder"):
        assert story.plans[name].stages["spectrograms"]["tracks_to_decode"] == expected + 1
    stage = story.retried.stages["spectrograms"]
    assert (stage["tracks"], stage["segments_written"]) == (expected, 0)
    assert not story.retried.published


def test_a_replaced_file_and_one_that_changed_in_secret_are_stored(story: Story) -> None:
    """The plan knows of the file that was replaced; reading all files finds the other too."""
    plan = story.plans["replaced"]
    assert (plan.new, plan.changed, plan.removed) == (0, 1, 0)
    assert plan.stages["spectrograms"]["tracks_to_decode"] == 1 + NUM_FORESEEN
    assert (story.replaced.published, story.replaced.release) == (True, 2)
    assert story.replaced.coverage["stored"] == story.first.coverage["stored"] + 2
    after = open_release(story.store, 2).catalogue.set_index("path")
    for path in (PATHS[REPLACED], ODD_PLACES["changed after the scan"][0]):
        assert after.loc[path, "status"] == "stored"
    assert verify_release(story.store, 2).faults == ()
    assert [release.release for release in list_releases(story.store)] == [1, 2]


def test_names_reach_people_as_text(story: Story, prefect_api: str) -> None:
    report = story.release.manifest.parts.report
    assert report is not None
    page = read_part(story.store, report).decode()
    assert "&lt;script&gt;alert" in page
    assert "<script>alert" not in page
    assert ">None<" not in page  # a reason whose example has no file
    client = TestClient(create_app(story.store.url, 1), base_url="http://127.0.0.1")
    found = client.get("/api/releases/1/search", params={"q": "pwned"})
    assert found.headers["content-type"] == "application/json"
    assert "nosniff" in found.headers["x-content-type-options"]
    assert SCRIPT in json.dumps(found.json())
    answer = httpx.post(f"{prefect_api}/artifacts/latest/filter", json={"limit": 200}, timeout=30)
    texts = [row["data"] for row in answer.json() if row["type"] == "markdown"]
    assert texts
    assert not any("<script>" in text for text in texts)
