"""Rooms, faces and arrows of the house, read from the imports of a tree.

What belongs here: reading modules and imports, and what follows from the arrows between rooms.
What does not: the table (`house.py`) and the picture (`house_drawing.py`).
"""

import ast
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

PRODUCT = ("autogroove", "tasks", "flows")
FOLDERS = (*PRODUCT, "benchmarks", "deployments", "tools")
Arrow = tuple[str, str]


@dataclass(frozen=True)
class Module:
    """A file of Python: its dotted name, whether it is a package's face, its source and stub."""

    name: str
    is_face: bool
    source: str
    stub: str

    @property
    def lines(self) -> int:
        """The number of lines of the file, without those of its stub."""
        return len(self.source.splitlines())

    @property
    def summary(self) -> str:
        """The first line of the docstring, or nothing."""
        return (ast.get_docstring(ast.parse(self.source)) or "").partition("\n")[0]


@dataclass(frozen=True)
class House:
    """The modules of a tree by name, and who imports whom: (importer, imported, home of it)."""

    tree: Path
    modules: dict[str, Module]
    imports: set[tuple[str, str, str]]

    def rooms(self) -> list[str]:
        """The rooms of this tree in alphabetical order."""
        return sorted({room_of(name) for name in self.modules})

    def arrows(self) -> set[Arrow]:
        """Pairs of different rooms of which the first imports the second."""
        pairs = {(room_of(importer), room_of(target)) for importer, target, _ in self.imports}
        return {(upper, lower) for upper, lower in pairs if upper != lower}


def room_of(module: str) -> str:
    """The room of a module: `autogroove.audio` of `autogroove.audio.clips`."""
    parts = module.split(".")
    return ".".join(parts[: 2 if parts[0] == "autogroove" else 1])


def read_house(tree: Path) -> House:
    """Read every module of a tree and resolve its imports, those through faces included."""
    modules = {}
    for path in sorted(path for folder in FOLDERS for path in (tree / folder).rglob("*.py")):
        parts = path.relative_to(tree).with_suffix("").parts
        is_face = parts[-1] == "__init__"
        name = ".".join(parts[:-1] if is_face else parts)
        stub = path.with_suffix(".pyi")
        text = stub.read_text("utf-8") if stub.exists() else ""
        modules[name] = Module(name, is_face, path.read_text("utf-8"), text)
    found = {name: list(_read_imports(module, modules)) for name, module in modules.items()}
    offered = {
        f"{face}.{alias}": f"{home}.{name}"
        for face in modules
        if modules[face].is_face
        for home, name, alias in found[face]
        if name
    }
    imports = set()
    for importer, names in found.items():
        for target, name, _ in names:
            home = f"{target}.{name}"
            seen: set[str] = set()
            while home in offered and home not in seen:
                seen.add(home)
                home = offered[home]
            imports.add((importer, target, _longest_module(home, modules) or target))
    return House(tree, modules, {row for row in imports if row[0] != row[1]})


def _read_imports(module: Module, modules: dict[str, Module]) -> Iterator[tuple[str, str, str]]:
    """Yield (module of this house, name in it or "", name here) for each imported name."""
    for source in (module.source, module.stub):
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.Import):
                wanted = [(alias.name, "", "") for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                start = _absolute(module, node)
                wanted = [(start, alias.name, alias.asname or alias.name) for alias in node.names]
            else:
                continue
            for start, name, here in wanted:
                if f"{start}.{name}" in modules:
                    yield f"{start}.{name}", "", here
                elif target := _longest_module(start, modules):
                    yield target, name, here


def _absolute(module: Module, node: ast.ImportFrom) -> str:
    if not node.level:
        return node.module or ""
    parts = module.name.split(".")
    package = parts[: len(parts) - node.level + module.is_face]
    return ".".join([*package, node.module] if node.module else package)


def _longest_module(name: str, modules: dict[str, Module]) -> str:
    while name and name not in modules:
        name = name.rpartition(".")[0]
    return name


def find_reach(rooms: list[str], arrows: set[Arrow]) -> dict[str, set[str]]:
    """For each room, the rooms that some chain of arrows leads to."""
    reach = {room: {lower for upper, lower in arrows if upper == room} for room in rooms}
    for through in rooms:
        for room in rooms:
            if through in reach[room]:
                reach[room] |= reach[through]
    return reach


def find_circles(rooms: list[str], arrows: set[Arrow]) -> list[frozenset[str]]:
    """Sets of two or more rooms that reach each other."""
    reach = find_reach(rooms, arrows)
    circles = {
        frozenset(other for other in reach[room] if room in reach[other])
        for room in rooms
        if room in reach[room]
    }
    return sorted(circles, key=sorted)


def find_heights(rooms: list[str], arrows: set[Arrow]) -> dict[str, int]:
    """The floor of each room, 0 for those that import none; a circle is on one floor."""
    reach = find_reach(rooms, arrows)
    heights: dict[str, int] = {}
    for room in sorted(rooms, key=lambda room: len(reach[room] | {room})):
        below = [heights[lower] for lower in reach[room] if room not in reach[lower]]
        heights[room] = max(below, default=-1) + 1
    return heights


def find_rising(rooms: list[str], arrows: set[Arrow]) -> set[Arrow]:
    """Of the arrows on a circle, few whose removal leaves none (Eades, Lin and Smyth 1993)."""
    rising: set[Arrow] = set()
    for circle in find_circles(rooms, arrows):
        left, upper, lower = set(circle), list[str](), list[str]()
        while left:
            inside = {arrow for arrow in arrows if left.issuperset(arrow)}
            out = Counter(above for above, _ in inside)
            into = Counter(below for _, below in inside)
            if sinks := sorted(room for room in left if not out[room]):
                lower.insert(0, sinks[0])
                left.remove(sinks[0])
            else:
                first = max(sorted(left), key=lambda room: out[room] - into[room])
                upper.append(first)
                left.remove(first)
        place = {room: index for index, room in enumerate(upper + lower)}
        inside = {arrow for arrow in arrows if circle.issuperset(arrow)}
        rising |= {(above, below) for above, below in inside if place[above] > place[below]}
    return rising
