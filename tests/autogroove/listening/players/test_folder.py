"""A folder of m3u8 files is a player."""

from pathlib import Path

import numpy as np
import pytest

from autogroove.errors import PlayerError
from autogroove.listening import Locations, make_playlist, make_stations, open_collection
from autogroove.listening.players import deliver, deliver_stations, open_player
from autogroove.listening.roots import Root


@pytest.fixture
def library(make_release, tmp_path):
    """Four tracks, of which the last is not on the disk, and a player beside them."""
    collection = open_collection(make_release(np.eye(4), clusters=[0, 0, 7, 7]))
    for at in range(3):
        path = tmp_path / f"music/{at:03d}/song {at}.mp3"
        path.parent.mkdir(parents=True)
        path.write_bytes(b"x")
    return collection


def open_folder(tmp_path: Path, *roots: str):
    locations = Locations.of_source(str(tmp_path / "music"), roots=[Root.parse(r) for r in roots])
    return open_player(str(tmp_path / "lists"), locations, {"AUTOGROOVE_PLAYERS": "/nowhere"})


def paths_of(file: Path) -> list[str]:
    return [line for line in file.read_text().splitlines() if not line.startswith("#")]


def test_paths_lead_from_the_folder_to_what_is_there(library, tmp_path) -> None:
    player, located = open_folder(tmp_path)
    done = deliver(player, make_playlist(library, [10]), library, located, "AC/DC: now?")
    assert [song.track_id for song in done.missing] == [19]
    (file,) = (tmp_path / "lists").iterdir()
    assert file.name == "AC-DC- now-.m3u8"
    assert len(paths_of(file)) == 3
    assert all((file.parent / path).exists() for path in paths_of(file))


def test_a_root_writes_paths_of_another_machine_unasked(library, tmp_path) -> None:
    player, located = open_folder(tmp_path, f"{tmp_path / 'music'}=D:\\Music")
    done = deliver(player, make_playlist(library, [10]), library, located, "Car")
    assert done.missing == ()
    assert "D:\\Music\\000\\song 0.mp3" in paths_of(tmp_path / "lists" / "Car.m3u8")


def test_lists_are_replaced_and_others_are_left_alone(library, tmp_path) -> None:
    (tmp_path / "lists").mkdir()
    (tmp_path / "lists" / "Mine.m3u8").write_text("mine")
    player, located = open_folder(tmp_path)
    assert not deliver(player, make_playlist(library, [10]), library, located, "A").replaced
    assert deliver(player, make_playlist(library, [13]), library, located, "A").replaced
    assert (tmp_path / "lists" / "Mine.m3u8").read_text() == "mine"
    assert len(list((tmp_path / "lists").iterdir())) == 2


def test_stations_keep_their_file_names(library, tmp_path) -> None:
    player, located = open_folder(tmp_path)
    made, _ = deliver_stations(player, make_stations(library), library, located)
    names = sorted(delivery.name for delivery in made)
    assert names == ["Autogroove 0 · Title 0", "Autogroove 7 · Title 2"]
    other = [type(s)(s.cluster, "New", s.playlist) for s in make_stations(library)]
    deliver_stations(player, other, library, located)
    assert sorted(file.stem for file in (tmp_path / "lists").iterdir()) == names


def test_a_folder_that_cannot_be_written_is_named(library, tmp_path) -> None:
    (tmp_path / "lists").write_text("a file")
    player, located = open_folder(tmp_path)
    with pytest.raises(PlayerError, match="Cannot write"):
        deliver(player, make_playlist(library, [10]), library, located, "A")
