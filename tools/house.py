"""Measure the house, and draw it: rooms, floors and arrows, from the imports alone.

    python tools/house.py [TREE]                     # a table of one tree, of this one by default
    python tools/house.py --before TREE --after TREE # two trees side by side
    python tools/house.py --list [TREE]              # name what the table only counts
    python tools/house.py --draw docs/pictures/house.svg [TREE]

A *room* is a child of `autogroove/`, or one of the folders beside it. The *product* is what the
wheel holds: `autogroove`, `tasks` and `flows`. A *face* is a package's `__init__`, with its stub
if its names are lazy. An *arrow* leads from a room to a room that it imports; *floors* are the
longest chain of arrows, rooms on a circle counted as one. Needs nothing but Python.
"""

import argparse
import re
import statistics
import sys
from pathlib import Path

from house_drawing import draw_house
from house_imports import (
    FOLDERS,
    PRODUCT,
    House,
    find_circles,
    find_heights,
    find_rising,
    read_house,
    room_of,
)

HERE = Path(__file__).parents[1]
SHORT = 40
Row = tuple[str, str]


def measure_house(house: House) -> list[Row]:
    """The rows of the table: what is counted, and the count as text."""
    product = [module for name, module in house.modules.items() if _is_product(name)]
    lines = [module.lines for module in product]
    short = [m for m in product if m.lines < SHORT and not m.is_face]
    rooms, arrows = house.rooms(), house.arrows()
    heights = find_heights(rooms, arrows)
    crossing = {pair for pair in find_crossings(house) if _is_product(pair[0])}
    beside = find_crossings(house) - crossing
    past = find_past_faces(house)
    return [
        ("product modules (autogroove, tasks, flows)", str(len(product))),
        ("median lines of a module", f"{statistics.median(lines):g}"),
        (f"files under {SHORT} lines, faces apart", str(len(short))),
        ("entries at the top of autogroove/", str(len(find_entries(house.tree)))),
        ("rooms", str(len(rooms))),
        ("floors", str(max(heights.values()) + 1)),
        ("arrows", str(len(arrows))),
        ("arrows that run up", str(len(find_rising(rooms, arrows)))),
        ("circles of rooms", str(len(find_circles(rooms, arrows)))),
        ("modules that only one other uses", str(len(find_single_use(house)))),
        ("cross-package imports in the product", str(len(crossing))),
        ("of these past a face", str(len(crossing & past))),
        ("cross-package imports in benchmarks, deployments, tools", str(len(beside))),
        ("of these past a face ", str(len(beside & past))),
        ("product lines", f"{sum(lines):,}"),
        ("test modules", str(len(find_tests(house.tree)))),
        ("test modules without a matching module or room", str(len(find_unmatched(house)))),
    ]


def _is_product(module: str) -> bool:
    return module.split(".")[0] in PRODUCT


def find_entries(tree: Path) -> list[str]:
    """The children of `autogroove/` that a reader sees."""
    hidden = {"py.typed", "__pycache__"}
    return sorted(path.name for path in (tree / "autogroove").iterdir() if path.name not in hidden)


def find_crossings(house: House) -> set[tuple[str, str]]:
    """Pairs of a module and a module in another room of the library that it imports."""
    pairs = {(importer, target) for importer, target, _ in house.imports}
    return {
        (importer, target)
        for importer, target in pairs
        if target.split(".")[0] == "autogroove" and room_of(importer) != room_of(target)
    }


def find_past_faces(house: House) -> set[tuple[str, str]]:
    """Crossings that name a module inside a room instead of the room or a package in it."""
    return {
        (importer, target)
        for importer, target in find_crossings(house)
        if target != room_of(target) and not house.modules[target].is_face
    }


def find_single_use(house: House) -> list[str]:
    """Modules of the product, faces apart, that one other uses, directly or through a face."""
    users: dict[str, set[str]] = {}
    for importer, _, home in house.imports:
        if not (house.modules[importer].is_face or house.modules[home].is_face):
            users.setdefault(home, set()).add(importer)
    return sorted(name for name in users if _is_product(name) and len(users[name]) == 1)


def find_tests(tree: Path) -> list[Path]:
    """The modules of tests, below `tests/`."""
    return sorted(path.relative_to(tree / "tests") for path in (tree / "tests").rglob("test_*.py"))


def find_unmatched(house: House) -> list[str]:
    """Test modules whose name is that of no module, package or file of `deployments/`.

    `tests/autogroove/audio/test_clips.py` and `tests/autogroove/test_audio_clips.py` both match
    `autogroove/audio/clips.py`; `autogroove` may be left out of the path. An aspect may follow the
    name: `test_clips_padded.py` stands beside `test_clips.py`.
    """
    names = {_slug(name.split(".")) for name in house.modules} | set(FOLDERS)
    for path in (house.tree / "deployments").glob("*"):
        names |= {_slug(["deployments", path.stem]), _slug(["deployments", path.name])}
    return [str(path) for path in find_tests(house.tree) if not _candidates(path) & names]


def _candidates(test: Path) -> set[str]:
    """What a test module may be named for: its whole name, or the name without an aspect."""
    words = test.stem.removeprefix("test_").split("_")
    starts = ["_".join(words[:count]) for count in range(1, len(words) + 1)]
    return {_slug([*test.parent.parts, start]) for start in starts}


def _slug(parts: list[str]) -> str:
    """Join the parts of a path to one name: `audio_clips` of autogroove/audio/clips."""
    rest = parts[1:] if parts[0] == "autogroove" and len(parts) > 1 else parts
    words = re.split(r"[-._]+", "_".join(rest).strip("_"))
    return "_".join(
        word for word, before in zip(words, ["", *words], strict=False) if word != before
    )


def render_table(columns: dict[str, list[Row]]) -> str:
    """A Markdown table with a column of counts for each tree."""
    titles = "".join(f" {title} |" for title in columns)
    rows = [f"| |{titles}", "|---|" + "---:|" * len(columns)]
    for same in zip(*columns.values(), strict=True):
        rows.append(f"| {same[0][0].strip()} |" + "".join(f" {count} |" for _, count in same))
    return "\n".join(rows)


def list_findings(house: House) -> str:
    """What the table counts and somebody may want to mend, by name."""
    rising = find_rising(house.rooms(), house.arrows())
    findings = {
        "Arrows that run up": [" -> ".join(arrow) for arrow in sorted(rising)],
        "Imports past a face": [" -> ".join(pair) for pair in sorted(find_past_faces(house))],
        "Modules that only one other uses": find_single_use(house),
        "Test modules without a matching module or room": find_unmatched(house),
    }
    return "\n\n".join("\n  ".join([f"{title}:", *names]) for title, names in findings.items())


def main(arguments: list[str]) -> None:
    """Print the table or the findings, or write the picture."""
    parser = argparse.ArgumentParser(description="Measure the house, or draw it.")
    parser.add_argument("tree", nargs="?", type=Path, default=HERE)
    parser.add_argument("--before", type=Path, help="an older tree, for a second column")
    parser.add_argument("--after", type=Path, help="the newer tree; this one by default")
    parser.add_argument("--list", action="store_true", help="name what the table counts")
    parser.add_argument("--draw", type=Path, metavar="FILE", help="write the house as an SVG")
    options = parser.parse_args(arguments)
    house = read_house(options.after or options.tree)
    if options.draw:
        options.draw.write_text(draw_house(house), "utf-8")
    elif options.list:
        print(list_findings(house))
    elif options.before:
        before = measure_house(read_house(options.before))
        print(render_table({"before": before, "after": measure_house(house)}))
    else:
        print(render_table({"now": measure_house(house)}))


if __name__ == "__main__":
    main(sys.argv[1:])
