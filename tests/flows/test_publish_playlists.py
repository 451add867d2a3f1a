"""The flow that keeps a player's playlists: what it does, and when it fails."""

from pathlib import Path

import pytest
from synthetic import SMALL, put_release

from autogroove.errors import PlayerError
from autogroove.releases.log import publish_release
from autogroove.store.store import Store

pytestmark = pytest.mark.slow


def test_lists_are_pushed_once_and_one_that_fails_is_told_at_the_end(
    prefect_api: str, tmp_path: Path
) -> None:
    from flows.publish_playlists import publish_playlists

    music, lists, file = tmp_path / "music", tmp_path / "lists", tmp_path / "playlists.toml"
    music.mkdir()
    store = Store(tmp_path / "store")
    parts = put_release(store, SMALL).model_copy(update={"source_url": str(music)})
    publish_release(store, parts)
    wishes = f'target = "{lists}"\nroots = ["{music}=/music"]\nstations = true\n'
    file.write_text(wishes)
    assert {each.state for each in publish_playlists(store.url, str(file))} == {"pushed"}
    assert {each.state for each in publish_playlists(store.url, str(file))} == {"left alone"}
    assert len(list(lists.glob("*.m3u8"))) == 2
    file.write_text(wishes + '[[playlist]]\nname = "Lost"\nseeds = ["nobody"]\n')
    with pytest.raises(PlayerError, match=r"1 of 3 lists failed\. Lost: No track"):
        publish_playlists(store.url, str(file))
    assert publish_playlists(store.url) == []
