"""Playlists that are kept: pushed once, left alone while nothing changes, back after a rollback."""

from pathlib import Path

import pytest
from synthetic import Collection, put_release

from autogroove.errors import SettingsError
from autogroove.listening.players.keeping import keep_playlists, list_pushed
from autogroove.listening.wishes import Wishes
from autogroove.releases.log import publish_release, rollback
from autogroove.releases.reading import open_release
from autogroove.store.store import Store

WISHES = """
target = "{folder}"
roots = ["{music}=/music"]
stations = {{prefix = "Ours", prune = true}}

[[playlist]]
name = "Evening"
seeds = ["Track 1"]
length = 6
"""


@pytest.fixture
def store(tmp_path: Path) -> Store:
    (tmp_path / "music").mkdir()
    place = Store(tmp_path / "store")
    publish(place, Collection())
    return place


def publish(store: Store, collection: Collection) -> None:
    music = {"source_url": str(Path(store.url).parent / "music")}
    publish_release(store, put_release(store, collection).model_copy(update=music))


def write_wishes(folder: Path) -> str:
    return WISHES.format(folder=folder / "lists", music=folder / "music")


@pytest.fixture
def wishes(tmp_path: Path) -> Wishes:
    file = tmp_path / "playlists.toml"
    file.write_text(write_wishes(tmp_path))
    return Wishes.read(file)


def read_lists(folder: Path) -> dict[str, tuple[str, int]]:
    return {file.stem: (file.read_text(), file.stat().st_mtime_ns) for file in folder.iterdir()}


def keep(store: Store, wishes: Wishes) -> list[str]:
    return [each.state for each in keep_playlists(open_release(store), wishes)]


def test_what_did_not_change_is_left_alone_and_a_rollback_brings_the_older_lists_back(
    store: Store, wishes: Wishes, tmp_path: Path
) -> None:
    lists = tmp_path / "lists"
    assert keep(store, wishes) == ["pushed"] * 5
    first = read_lists(lists)
    assert set(first) >= {"Evening"}
    assert "/music/" in first["Evening"][0]
    assert keep(store, wishes) == ["left alone"] * 5
    assert read_lists(lists) == first
    publish(store, Collection(track_ids=range(1, 20), num_clusters=3))
    states = keep(store, wishes)
    assert "removed" in states
    second = {name: text for name, (text, _) in read_lists(lists).items()}
    assert second != {name: text for name, (text, _) in first.items()}
    rollback(store, 1)
    keep(store, wishes)
    back = {name: text for name, (text, _) in read_lists(lists).items()}
    assert back["Evening"] == first["Evening"][0]
    assert sorted(back) == sorted(first)
    pushed = list_pushed(store)
    assert len(pushed) == 5
    assert {each["release"] for each in pushed} <= {1, 3}


def test_what_somebody_removed_from_the_player_comes_back(
    store: Store, wishes: Wishes, tmp_path: Path
) -> None:
    keep(store, wishes)
    for file in (tmp_path / "lists").glob("*e*.m3u8"):
        file.unlink()
    assert sorted(set(keep(store, wishes))) == ["left alone", "pushed"]
    assert keep(store, wishes) == ["left alone"] * 5


def test_a_list_that_cannot_be_made_stops_no_other(store: Store, tmp_path: Path) -> None:
    file = tmp_path / "playlists.toml"
    more = '[[playlist]]\nname = "Lost"\nseeds = ["nobody"]\n'
    file.write_text(write_wishes(tmp_path) + more)
    kept = keep_playlists(open_release(store), Wishes.read(file))
    (lost,) = [each for each in kept if each.state == "failed"]
    assert lost.name == "Lost"
    assert "nobody" in lost.why
    assert sum(each.state == "pushed" for each in kept) == 5


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("stations = true\n", "target"),
        ('target = "x"\nstation = true\n', "station"),
        ('target = "x"\n[[playlist]]\nname = "A"\nseeds = []\n', r"playlist\.0\.seeds"),
        (
            'target = "x"\n' + '[[playlist]]\nname = "A"\nseeds = [1]\n' * 2,
            "two playlists are called 'A'",
        ),
    ],
)
def test_what_is_no_wish_is_told(tmp_path: Path, text: str, told: str) -> None:
    file = tmp_path / "playlists.toml"
    file.write_text(text)
    with pytest.raises(SettingsError, match=told):
        Wishes.read(file)
