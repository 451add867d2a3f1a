"""Names of the demo's artists, albums and tracks: invented, unique, and free of any meaning.

What belongs here: word lists and the one way to combine them.
What does not: anything that tells the groove or the palette of a track. A title that did would
let a search by words look like hearing.
"""

_COLOURS = (
    "Amber", "Cobalt", "Copper", "Crimson", "Ivory", "Jade", "Lilac", "Marble", "Ochre", "Opal",
    "Pewter", "Russet", "Saffron", "Silver", "Teal", "Umber", "Violet", "Walnut",
)  # fmt: skip
_THINGS = (
    "Anchor", "Balcony", "Bridge", "Canyon", "Compass", "Corner", "Ember", "Ferry", "Garden",
    "Harbour", "Island", "Kite", "Lantern", "Meadow", "Mirror", "Orchard", "Paper", "Quarry",
    "River", "Signal", "Staircase", "Tunnel", "Valley", "Window",
)  # fmt: skip
_BANDS = (
    "Almanacs", "Cartographers", "Ferrymen", "Gardeners", "Lamplighters", "Neighbours",
    "Optimists", "Postcards", "Seafarers", "Sleepwalkers", "Travellers", "Weathervanes",
)  # fmt: skip


def name_track(position: int) -> str:
    """The title of the track at a position of the design; unique up to 432 tracks, then numbered.

    >>> name_track(0)
    'Amber Anchor'
    """
    size = len(_COLOURS) * len(_THINGS)
    turn, rest = divmod(position, size)
    colour, shift = rest % len(_COLOURS), rest // len(_COLOURS)
    title = f"{_COLOURS[colour]} {_THINGS[(rest + 5 * shift) % len(_THINGS)]}"
    return title if turn == 0 else f"{title} {turn + 1}"


def name_artist(artist_id: int) -> tuple[str, str]:
    """Name and album of an artist; names are unique up to 216 artists, then numbered.

    >>> name_artist(1)
    ('The Cobalt Cartographers', 'Window Sessions')
    """
    turn, rest = divmod(artist_id, len(_COLOURS) * len(_BANDS))
    colour, band = rest % len(_COLOURS), (rest + rest // len(_COLOURS)) % len(_BANDS)
    name = f"The {_COLOURS[colour]} {_BANDS[band]}" + (f" {turn + 1}" if turn else "")
    return name, f"{_THINGS[(7 * artist_id + 16) % len(_THINGS)]} Sessions"
