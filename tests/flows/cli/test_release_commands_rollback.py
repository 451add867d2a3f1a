"""Going back to an older release and forward again, as a listener sees it."""

import shutil
from pathlib import Path
from typing import Any

import pytest
from pipelines import Published, Publisher, autogroove, autogroove_json

from autogroove.releases.log import list_releases
from autogroove.store.store import Store

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


def test_a_rollback_brings_the_older_playlists_back_and_another_the_newer(
    published: Published, publish: Publisher, tmp_path: Path
) -> None:
    own = published.copy_to(tmp_path)
    music = Path(shutil.copytree(published.music, tmp_path / "music"))
    *_, seed, gone = sorted(music.glob("fma_small/*/*.mp3"))
    gone.unlink()
    assert publish(music, own.store).release == 2
    store = ["--store", str(own.store), "--json"]

    def listen() -> list[Any]:
        return [row["track_id"] for row in autogroove_json("playlist", str(int(seed.stem)), *store)]

    newer = listen()
    assert int(gone.stem) not in newer
    refused = autogroove("playlist", str(int(gone.stem)), *store)
    assert refused.returncode == 1
    assert autogroove_json("releases", "rollback", *store) == {"release": 3, "published": True}
    older = listen()
    assert int(gone.stem) in older
    assert autogroove_json("releases", "rollback", *store) == {"release": 4, "published": True}
    assert listen() == newer
    log = autogroove_json("releases", "list", *store)
    assert [row["release"] for row in log] == [1, 2, 3, 4]
    assert [row["rolled_back_from"] for row in log] == [None, None, 2, 3]
    first, second, third, fourth = (m.content_digest for m in list_releases(Store(own.store)))
    assert first == third != second == fourth
