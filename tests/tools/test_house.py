"""The house is measured and drawn from a small tree whose figures can be counted by hand."""

import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest
from places import ROOT

sys.path.insert(0, str(ROOT / "tools"))

import house
import house_imports
from house_drawing import draw_house, reduce_arrows
from house_imports import PRODUCT

FILES = {
    "autogroove/__init__.py": '"""A small house."""\n',
    "autogroove/py.typed": "",
    "autogroove/errors.py": '"""Errors <for> people."""\n',
    "autogroove/store/__init__.py": '"""Where bytes live."""\n__getattr__ = attach(__file__)\n',
    "autogroove/store/__init__.pyi": "from .objects import Store as Store\n",
    "autogroove/store/objects.py": "from autogroove.errors import Fault\n" + "\n" * 59,
    "autogroove/audio/__init__.py": "from autogroove.audio.clips import cut_clips\n",
    "autogroove/audio/clips.py": "from autogroove.store import Store\n" + "\n" * 79,
    "autogroove/audio/layer3/__init__.py": "from ..clips import cut_clips\n",
    "tasks/__init__.py": "",
    "tasks/cut.py": "from autogroove.audio.clips import cut_clips\nfrom autogroove import audio\n",
    "flows/__init__.py": "",
    "flows/run.py": "import tasks.cut\nfrom autogroove.audio.layer3 import decode\nimport os\n",
    "deployments/all.yaml": "",
    "benchmarks/speed.py": "from autogroove.store.objects import Store\n",
    "tests/autogroove/audio/test_clips.py": "",
    "tests/autogroove/test_store_objects.py": "",
    "tests/autogroove/test_audio.py": "",
    "tests/deployments/test_all_yaml.py": "",
    "tests/flows/test_something_else.py": "",
}


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path


def add_line(tree: Path, name: str, line: str) -> None:
    with (tree / name).open("a") as file:
        file.write(line + "\n")


def test_the_figures_are_those_that_one_counts_by_hand(tree: Path) -> None:
    assert dict(house.measure_house(house_imports.read_house(tree))) == {
        "product modules (autogroove, tasks, flows)": "11",
        "median lines of a module": "1",
        "files under 40 lines, faces apart": "3",
        "entries at the top of autogroove/": "4",
        "rooms": "7",
        "floors": "5",
        "arrows": "6",
        "arrows that run up": "0",
        "circles of rooms": "0",
        "modules that only one other uses": "3",
        "cross-package imports in the product": "5",
        "of these past a face": "1",
        "cross-package imports in benchmarks, deployments, tools": "1",
        "of these past a face ": "1",
        "product lines": "151",
        "test modules": "5",
        "test modules without a matching module or room": "1",
    }


def test_a_name_is_followed_through_the_stub_of_a_lazy_face_to_its_home(tree: Path) -> None:
    imports = house_imports.read_house(tree).imports
    assert ("autogroove.audio.clips", "autogroove.store", "autogroove.store.objects") in imports


def test_an_import_that_closes_a_circle_is_said_to_run_up(tree: Path) -> None:
    add_line(tree, "autogroove/errors.py", "from autogroove import store")
    rows = dict(house.measure_house(house_imports.read_house(tree)))
    assert (rows["arrows that run up"], rows["circles of rooms"], rows["floors"]) == ("1", "1", "4")
    named = house.list_findings(house_imports.read_house(tree)).splitlines()[1]
    assert sorted(named.split()) == ["->", "autogroove.errors", "autogroove.store"]


def test_only_arrows_that_no_chain_replaces_are_kept() -> None:
    arrows = {("a", "b"), ("b", "c"), ("a", "c"), ("c", "d"), ("a", "d")}
    assert reduce_arrows(["a", "b", "c", "d"], arrows) == {("a", "b"), ("b", "c"), ("c", "d")}


def test_the_picture_has_each_room_once_above_what_it_imports(tree: Path) -> None:
    drawn = draw_house(house_imports.read_house(tree))
    svg = ElementTree.fromstring(drawn)
    names = {
        text.text: float(text.attrib["y"])
        for text in svg.iter("{http://www.w3.org/2000/svg}text")
        if text.attrib["class"] == "name"
    }
    assert sorted(names) == sorted(
        ["audio/", "autogroove", "benchmarks", "errors", "flows/", "store/", "tasks/"]
    )
    assert names["flows/"] < names["tasks/"] < names["audio/"] < names["store/"] < names["errors"]
    assert "Errors &lt;for&gt; people." in drawn


def test_the_command_sets_two_trees_side_by_side(
    tree: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    house.main(["--before", str(tree), "--after", str(tree)])
    printed = capsys.readouterr().out
    assert printed.startswith("| | before | after |\n|---|---:|---:|\n")
    assert "| product lines | 151 | 151 |" in printed


def test_this_tree_has_every_import_resolved_to_a_module_that_exists() -> None:
    read = house_imports.read_house(house.HERE)
    assert {home for _, _, home in read.imports} <= set(read.modules)
    assert ("flows.publish_release", "flows") not in read.arrows()


def test_this_house_keeps_its_walls() -> None:
    whole = house_imports.read_house(ROOT)
    rooms, arrows = whole.rooms(), whole.arrows()
    past = {pair for pair in house.find_past_faces(whole) if pair[0].split(".")[0] in PRODUCT}
    assert past == set(), "import from a room's face, not from its insides"
    assert not house_imports.find_circles(rooms, arrows)
    assert not house_imports.find_rising(rooms, arrows)
    assert not house.find_unmatched(whole)
    assert len(house.find_entries(ROOT)) <= 14
    assert len(rooms) <= 20
    assert max(house_imports.find_heights(rooms, arrows).values()) < 12
