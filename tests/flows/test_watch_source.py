"""A watch tells of every difference, and of none twice."""

import shutil
import time
from pathlib import Path
from typing import Any

import httpx
import pytest

from autogroove.config.run import SourceSelection
from autogroove.runs import watching as announcements
from autogroove.store.store import Store
from flows.watch_source import EVENT, watch_source

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


def told(api: str, music: Path, at_least: int) -> list[dict[str, Any]]:
    """Payloads of the events on a collection, once there are so many; they arrive late."""
    deadline = time.monotonic() + 60
    wanted = {"event": {"name": [EVENT]}}
    while True:
        answer = httpx.post(f"{api}/events/filter", json={"filter": wanted, "limit": 50})
        events = answer.raise_for_status().json()["events"]
        found = [e["payload"] for e in events if e["payload"]["selection"]["source"] == str(music)]
        if len(found) >= at_least or time.monotonic() > deadline:
            return found
        time.sleep(0.5)


def test_the_same_difference_is_told_once_and_another_at_once(
    prefect_api: str, rendered: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    music = Path(shutil.copytree(rendered, tmp_path / "music"))
    selection, store = SourceSelection(source=str(music)), Store(tmp_path / "store")
    first = watch_source(selection, store.url)
    assert watch_source(selection, store.url) == first  # as while a long publish runs
    min(music.glob("fma_small/*/*.mp3")).unlink()
    assert watch_source(selection, store.url).new == first.new - 1
    assert [one["new"] for one in reversed(told(prefect_api, music, 2))] == [
        first.new,
        first.new - 1,
    ]
    monkeypatch.setattr(announcements, "_today", lambda: "2031-01-01")
    watch_source(selection, store.url)
    assert len(told(prefect_api, music, 3)) == 3  # once more on another day
    assert len(list(store.objects(announcements.FOLDER))) == 3
