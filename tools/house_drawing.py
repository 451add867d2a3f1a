"""The house as an SVG: rooms as boxes on floors, arrows downwards.

What belongs here: where boxes and lines go. What does not: what they are (`house_imports.py`).

An arrow that other arrows say already is left out (transitive reduction). An arrow across several
floors passes each of them through a gap of its own; rooms are sorted so that few arrows cross.
"""

import textwrap
from html import escape
from itertools import pairwise
from statistics import mean

from house_imports import Arrow, House, find_heights, find_reach, find_rising, room_of

WIDTH, HEIGHT, GAP, CORRIDOR, FLOOR = 200, 82, 18, 14, 134
MARGIN = 20
SWEEPS = 40
WITHOUT_FACE = {
    "benchmarks": "Speed and quality as ratios, each script alone.",
    "deployments": "What runs where, when, on which event.",
    "tools": "What measures and draws the house.",
}
STYLE = """
text { font: 11px system-ui, sans-serif; fill: #333; }
.name { font-weight: 600; font-size: 13px; fill: #111; }
.count { fill: #777; font-size: 10px; }
rect { fill: #f6f8fa; stroke: #8a99a8; rx: 5px; }
.outside { fill: #fff7e8; }
.down { fill: none; stroke: #7a8ea3; stroke-width: 1.2; }
.up { fill: none; stroke: #c0392b; stroke-width: 2; }
"""
Stop = tuple[str, str, int]  # a room, "", its floor; or an arrow on a floor that it passes


def draw_house(house: House) -> str:
    """The SVG of a house's rooms, with the number of their files and lines."""
    rooms, arrows = house.rooms(), house.arrows()
    rising = find_rising(rooms, arrows)
    falling = reduce_arrows(rooms, arrows - rising)
    heights = find_heights(rooms, arrows - rising)
    top = max(heights.values())
    for room in set(rooms) - {end for arrow in arrows for end in arrow}:
        heights[room] = top  # neither imports nor is imported: beside what starts everything
    floors = _arrange(heights, falling)
    places, width = _place(floors)
    height = top * FLOOR + HEIGHT + 2 * MARGIN
    drawn = [_draw_arrow(arrow, heights, places, "down") for arrow in sorted(falling)]
    drawn += [_draw_arrow(arrow, heights, places, "up") for arrow in sorted(rising)]
    drawn += [_draw_room(house, room, *places[room, "", heights[room]]) for room in rooms]
    return "\n".join(
        [
            '<svg xmlns="http://www.w3.org/2000/svg" role="img"',
            f' viewBox="0 0 {width:.0f} {height}">',
            "<title>The rooms of Autogroove and what imports what</title>",
            f"<style>{STYLE}</style>",
            *(_marker(name, colour) for name, colour in [("down", "#7a8ea3"), ("up", "#c0392b")]),
            f'<rect width="{width:.0f}" height="{height}" style="fill:#fff;stroke:none;rx:0"/>',
            *drawn,
            "</svg>\n",
        ]
    )


def reduce_arrows(rooms: list[str], arrows: set[Arrow]) -> set[Arrow]:
    """The arrows of an acyclic house that no chain of others replaces."""
    reach = find_reach(rooms, arrows)
    return {
        (upper, lower)
        for upper, lower in arrows
        if not any(lower in reach[middle] for above, middle in arrows if above == upper)
    }


def _arrange(heights: dict[str, int], arrows: set[Arrow]) -> list[list[Stop]]:
    """Each floor's stops from left to right, near the middle of what they are tied to."""
    floors: list[list[Stop]] = [[] for _ in range(max(heights.values()) + 1)]
    for room, floor in sorted(heights.items()):
        floors[floor].append((room, "", floor))
    tied: dict[Stop, list[Stop]] = {stop: [] for stops in floors for stop in stops}
    for upper, lower in sorted(arrows):
        chain = _chain((upper, lower), heights)
        for stop in chain[1:-1]:
            floors[stop[2]].append(stop)
            tied[stop] = []
        for one, other in pairwise(chain):
            tied[one].append(other)
            tied[other].append(one)
    for sweep in range(SWEEPS):
        places, _ = _place(floors)
        step = 1 if sweep % 2 else -1  # from the top floor down, then up again
        for floor in range(len(floors))[::step]:
            wanted = {
                stop: mean(
                    [places[o][0] for o in tied[stop] if o[2] == floor - step] or [places[stop][0]]
                )
                for stop in floors[floor]
            }
            floors[floor].sort(key=lambda stop: (wanted[stop], stop))
            places, _ = _place(floors)
    return floors


def _chain(arrow: Arrow, heights: dict[str, int]) -> list[Stop]:
    upper, lower = arrow
    passed = [(upper, lower, floor) for floor in range(heights[upper] - 1, heights[lower], -1)]
    return [(upper, "", heights[upper]), *passed, (lower, "", heights[lower])]


def _place(floors: list[list[Stop]]) -> tuple[dict[Stop, tuple[float, float]], float]:
    """The middle of each stop's upper edge, and the width of the widest floor."""
    sizes = [[CORRIDOR if stop[1] else WIDTH for stop in stops] for stops in floors]
    widths = [sum(row) + GAP * (len(row) - 1) for row in sizes]
    width = max(widths) + 2 * MARGIN
    places: dict[Stop, tuple[float, float]] = {}
    for floor, stops in enumerate(floors):
        left = (width - widths[floor]) / 2
        for stop, size in zip(stops, sizes[floor], strict=True):
            places[stop] = (left + size / 2, MARGIN + (len(floors) - 1 - floor) * FLOOR)
            left += size + GAP
    return places, width


def _draw_arrow(
    arrow: Arrow, heights: dict[str, int], places: dict[Stop, tuple[float, float]], kind: str
) -> str:
    if kind == "up":
        (x, y), (end_x, end_y) = (places[room, "", heights[room]] for room in arrow)
        path = f"M{x + 8:.0f},{y:.0f}L{end_x + 8:.0f},{end_y + HEIGHT:.0f}"
    else:
        stops = [places[stop] for stop in _chain(arrow, heights)]
        path = f"M{stops[0][0]:.0f},{stops[0][1] + HEIGHT:.0f}"
        for (x, y), (end_x, end_y) in pairwise(stops):
            bend = (FLOOR - HEIGHT) / 2
            path += f"C{x:.0f},{y + HEIGHT + bend:.0f} {end_x:.0f},{end_y - bend:.0f} "
            path += f"{end_x:.0f},{end_y:.0f}"
            if end_y != stops[-1][1]:
                path += f"V{end_y + HEIGHT:.0f}"
    return f'<path class="{kind}" marker-end="url(#{kind})" d="{path}"/>'


def _draw_room(house: House, room: str, x: float, y: float) -> str:
    files = [module for name, module in house.modules.items() if room_of(name) == room]
    counted = f"{sum(m.lines for m in files):,} lines"
    counted += f" in {len(files)} files" if len(files) > 1 else ""
    said = house.modules[room].summary if room in house.modules else WITHOUT_FACE.get(room, "")
    name = room.removeprefix("autogroove.") + ("" if len(files) == 1 else "/")
    outside = "" if room.startswith("autogroove") else ' class="outside"'
    left = x - WIDTH / 2
    texts = [("name", name, 17), ("count", counted, 30)]
    wrapped = textwrap.wrap(said.replace("`", ""), 30, max_lines=3, placeholder=" …")
    texts += [("said", line, 45 + 13 * index) for index, line in enumerate(wrapped)]
    return (
        f'<rect{outside} x="{left:.0f}" y="{y:.0f}" width="{WIDTH}" height="{HEIGHT}"/>'
        + "".join(
            f'<text class="{kind}" x="{left + 8:.0f}" y="{y + down:.0f}">{escape(text)}</text>'
            for kind, text, down in texts
        )
    )


def _marker(name: str, colour: str) -> str:
    return (
        f'<marker id="{name}" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7"'
        f' orient="auto"><path d="M0,1L8,4L0,7z" fill="{colour}"/></marker>'
    )
