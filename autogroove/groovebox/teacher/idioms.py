"""The idioms of the teacher: what a family of grooves tends to play.

What belongs here: metre, range of tempi and swing, and loose patterns, as data.
What does not: how a groove is drawn from them (`grooves`).

A pattern is one text a bar, one sign a step, from which each lane takes one at random. `X` an
accent, `x` a hit, `o` a ghost note; `?` a hit and `,` a ghost note in half of the grooves; `L`
a note held to the next; a digit, a note in so many of ten grooves. Spaces are for the eye.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

LANES = (
    "kick", "snare", "rim", "hat", "open", "ride", "low", "high", "shaker", "tom", "crash",
)  # fmt: skip
PARTS = ("bass", "chords", "melody")
ROWS = LANES + PARTS

SIGNS: Mapping[str, tuple[float, float]] = {
    "X": (1.0, 1.0), "x": (1.0, 0.75), "o": (1.0, 0.35), "L": (1.0, 0.8),
    "?": (0.5, 0.75), ",": (0.5, 0.35),
    **{str(k): (k / 10, 0.5 + k / 20) for k in range(1, 10)},
}  # fmt: skip
"""Sign to probability and velocity."""

Bars = tuple[str, ...]


@dataclass(frozen=True)
class Idiom:
    """A family of grooves. Patterns without drums make it one of tunes only.

    `beats` are felt beats a bar; three and a half is a bar of seven eighths.
    """

    name: str
    tempo_bpm: tuple[float, float]
    patterns: Mapping[str, Bars] = field(default_factory=dict)
    beats: float = 4.0
    steps_per_beat: int = 4
    swing: tuple[float, float] = (0.5, 0.5)
    swing_steps: int = 1
    late: float = 0.0
    """Typical lateness of a lane, in beats."""
    tune: float = 0.1
    """Share of grooves that are a tune without drums."""

    @property
    def steps_per_bar(self) -> int:
        """Length of a pattern."""
        return round(self.beats * self.steps_per_beat)


def _of(**patterns: str) -> dict[str, Bars]:
    """Alternatives are divided by a bar line."""
    return {
        row: tuple(bar.replace(" ", "") for bar in text.split("|"))
        for row, text in patterns.items()
    }


_EIGHTHS = "x.o.x.o.x.o.x.o. | x.x.x.x.x.x.x.x. | x.x.x.x?x.x.x.x? | x...x...x...x..."
_SIXTEENTHS = "xoxoxoxoxoxoxoxo | xooxxooxxooxxoox | x,xox,xox,xox,xo"
_FOUR = "X...X...X...X..."
_BACKBEAT = "....X.......X... | ....X..,....X..,"
_LINE = "9.5.7.5.8.5.7.5. | 9..7..5.9...7... | 5.7.9..75.7.9..5 | 9...7...8...7.5."

_TABLE: tuple[Idiom, ...] = (
    Idiom("rock", (88, 160), _of(
        kick="X.....?.x.?..... | X..?....x.x..... | X.....x.?.x...?. | X...?.x..?x...?.",
        snare=_BACKBEAT, hat=_EIGHTHS, open="..............?. | ................", ride=_EIGHTHS,
        bass="x.x.x.x.x.x.x.x. | x.....x.x...?... | x..x..x.x..x..x.",
        chords="L.......L....... | L.....x.L.....x. | x.x.x.x.x.x.x.x. | L..x..L...x.....",
        melody=_LINE)),
    Idiom("house", (112, 134), _of(
        kick=_FOUR, snare="....x.......x... | ................", rim="...?..?....?..?. | ....x.......x...",
        hat="..x...x...x...x. | x.x.x.x.x.x.x.x. | oox,oox,oox,oox,", open="..X...X...X...X.",
        shaker=_SIXTEENTHS, high="...?..?..?..?..? | x..?..x..?..x...",
        bass="..x...x...x...x. | x..x..x...x..x.. | ..xx..x?..xx..x?",
        chords="..x..x....x..x.. | x..x..x..x..x... | ...x..x....x..x.", melody=_LINE)),
    Idiom("techno", (122, 145), _of(
        kick=_FOUR, snare="............?... | ....?.......?...", hat="..x...x...x...x. | xxxxxxxxxxxxxxxx",
        open="..x...x...x...x.", high="?..?..?..?..?.?. | ..?.....?..?....", low="...?...?.......? | .x.....x..?.....",
        bass=".xxx.xxx.xxx.xxx | ..x...x...x...x. | .x.x.x.x.x.x.x.x", chords="x......x......?. | ...x.....x......",
        melody="7..7..7..7..7.7.")),
    Idiom("disco", (108, 130), _of(
        kick=_FOUR, snare="....X.......X...", hat="x.,xx.,xx.,xx.,x | xo.oxo.oxo.oxo.o", open="..X...X...X...X.",
        shaker=_SIXTEENTHS, high="x.xx.x.xx.x.xx.x | ..x...x...x..xx.",
        bass="x.x.x.x.x.x.x.x. | x..xx.x.x..xx.x. | ..x.x.x...x.x.x.",
        chords="..x...x...x...x. | x.xx.xxx.xx.xxx. | ..xx..x...xx..x.", melody=_LINE)),
    Idiom("breakbeat", (96, 142), _of(
        kick="X.x.......x?.... | X.........x..x.. | X.x...x...x..... | X..?..x...xx....",
        snare="....X..o.o..X..o | ....X..,.o.,..X. | ....X....o..X.o.", hat="x.x.x.x.x.x.x.x. | x.x.x.xxx.x.x.xx",
        ride="x.x.x.x.x.x.x.x.", open="..........?..... | ......?.........", bass="x..x......x..... | x.....x...x..x..",
        chords="L............... | ..x..x....x..x..", melody=_LINE), swing=(0.5, 0.58)),
    Idiom("funk", (88, 122), _of(
        kick="X.?...?..?x..?.. | X..x......x..x.. | X.....?x.?x..... | X.x....x..x..?..",
        snare="....X..o.o.oX..o | ....X..,o..,X.,o | ....X..o.,..X,.o", hat=f"{_SIXTEENTHS} | x.x.x.x.x.x.x.x.",
        open=".......?......x. | ......?.........", high="................ | x..x..x...x.x...",
        bass="X..x..?x..?.x.x. | X.x..x.?..x..x.? | X......x..xx.?x.",
        chords="..x..x..x.x..x.. | x..x..x..x..x.x. | .x.x..x..x.x..x.", melody=_LINE), swing=(0.5, 0.57)),
    Idiom("hip_hop", (76, 104), _of(
        kick="X..?....?.x?.... | X......x.?x..... | X.?....x..x..?.. | X.....?.x.?..x..", snare=_BACKBEAT,
        hat="x.x.x.x.x.x.x.x. | x.xxx.x.x.xxx.x. | x.xox.xox.xox.xo", open="..............x. | ................",
        rim="..........?..?..", high="................ | ...?......?.....", bass="x......x..x..... | x..x......x...?.",
        chords="L............... | L.....x.L....... | ...x......x.....", melody=_LINE),
        swing=(0.5, 0.64), late=0.03),
    Idiom("trap", (62, 84), _of(
        kick="X.......?......?....X......?.... | X.....?.....?...x.........?..... | X..?..x.........?...x...........",
        snare="........X...............X.......", hat="x.x.x.x.x.x.x.x.x.x.x.x.x.x.x.x. | x.x.x.xxx.x.x.x.x.xxx.x.x.x.xxxx | x...x...x.x.x...x...xxxxx...x...",
        open="..............?................. | ................................", rim="...............?.........?......",
        high="......?...............?.........", bass="L...................L........... | L.....?.........L.........?.....",
        chords="L...............L...............", melody="9.....5.7.......9...5.....7..... "),
        steps_per_beat=8),
    Idiom("dnb", (158, 180), _of(
        kick="X.........x.?... | X.........x..x.. | X.x.......x..... | X..?......?x....",
        snare="....X..,.?..X..o | ....X..o.o..X... | ....X....,..X.,.", hat="x.x.x.x.x.x.x.x. | xxx.xxxoxxx.xxxo",
        ride="..x...x...x...x. | x...x...x...x...", shaker=_SIXTEENTHS, bass="L.........L..... | x..x....x.x.....",
        chords="L............... | L.........x.....", melody=_LINE)),
    Idiom("halftime", (64, 152), _of(
        kick="X.....?...?..... | X..x.......?.... | X.?.........?.x. | X.......?.?...?.",
        snare="........X....... | ........X.....,.", hat=f"{_EIGHTHS} | x..x..x..x..x.x.", ride=_EIGHTHS,
        low="................ | ...?.....?..?...", bass="L.........x..... | x.....x.........", chords="L............... | L.......L.......",
        melody=_LINE)),
    Idiom("ballad", (56, 84), _of(
        kick="X.......x.?..... | X......?x....... | X.......x.....?.", snare="................ | ....x.......x...",
        rim="....x.......x...", hat="x.o.x.o.x.o.x.o. | x...x...x...x...", ride="x.o.x.o.x.o.x.o.", shaker="o.o.o.o.o.o.o.o.",
        bass="L.......L.....x. | L.....x.L.......", chords="L.......L....... | x.x.x.x.x.x.x.x. | L...L...L...L...",
        melody="9...5.7.9.....5. | 5.7.9...5.7.9...")),
    Idiom("compound_ballad", (42, 72), _of(
        kick="X.....?..... | X....xx..... | X..........?", snare="...X.....X.. | ......X.....", hat="xooxooxooxoo | x.xx.xx.xx.x",
        ride="x.xx.xx.xx.x", bass="L.....L..... | L....xL..x..", chords="L.....L..... | xxxxxxxxxxxx", melody="9.57.59.57.5"),
        steps_per_beat=3),
    Idiom("one_drop", (66, 92), _of(
        kick="........X....... | ........X......?", rim="........X....... | ........x..?....", snare="................ | .......o........",
        hat="x.o.x.o.x.o.x.o. | x.oox.oox.oox.oo | ..x...x...x...x.", open="......?.........", high="...?......?..?.. ",
        low="..............?. | ............x.x.", bass="x..x..x...x.x... | ..x.x.....x.x.x. | x.....x.x..x....",
        chords="....x.......x... | ....x..o....x..o | ..x...x...x...x.", melody=_LINE),
        swing=(0.5, 0.62), late=0.02),
    Idiom("steppers", (68, 92), _of(
        kick=_FOUR, rim="........x....... | ........x..?..?.", snare="................ | ...............o", hat="..x...x...x...x. | x.oox.oox.oox.oo",
        high="...?..?....?....", bass="x..x..x.x..x..x. | ..x.x.x...x.x...", chords="....x.......x... | ..x...x...x...x. | oxoxoxoxoxoxoxox",
        melody=_LINE), swing=(0.5, 0.6)),
    Idiom("ska", (118, 165), _of(
        kick="....x.......x... | X.......x....... | x...x...x...x...", snare="....X.......X...", hat="..x...x...x...x. | x.x.x.x.x.x.x.x.",
        bass="x...x...x...x... | x.x.x.x.x.x.x.x.", chords="..X...X...X...X. | ..X...X...X..xX.", melody=_LINE)),
    Idiom("dembow", (82, 106), _of(
        kick="X...X...X...X... | X...x...X...x..?", snare="...X..X....X..X. | ...X..x....X..x.", hat="x.x.x.x.x.x.x.x. | ..x...x...x...x. | xxxxxxxxxxxxxxxx",
        rim="...x..x....x..x. | ......?.......?.", high="...?..?.?..?..?.", bass="X..x..x.X..x..x. | L.......L.......",
        chords="x..x..x.x..x..x. | ..x...x...x...x.", melody=_LINE)),
    Idiom("bossa_nova", (58, 84), _of(
        kick="x..ox..ox..ox..o | x......x.......?", rim="x..x..x...x..x.. | x..x...x..x..x.. | ..x..x..x..x..x.",
        hat="xoxoxoxoxoxoxoxo | ....x.......x...", shaker="xoxoxoxoxoxoxoxo | xooxxooxxooxxoox", low="...?...?...?..xx",
        bass="x..xx..xx..xx..x | x......xx......x", chords="x..x..x...x..x.. | ..x..x..x..x..x. | x..x.x..x..x.x..", melody=_LINE)),
    Idiom("samba", (84, 122), _of(
        kick="x..ox..ox..ox..o", low="o...X...o...X... | o...X.,.o...X..x", snare="xoox.ooxxoox.oox | xoxxoxxoxoxxoxxo", shaker="xooxxooxxooxxoox",
        high="x.x.xx.x.x.x.xx. | x.x.x.xx.x.x.xx. | .x.x.x..x.x.x.xx", bass="x..xx..xx..xx..x | ....X.......X...",
        chords="x.x.xx.x.x.x.xx. | x..x..x..x..x.x.", melody=_LINE)),
    Idiom("son_clave", (78, 112), _of(
        high="x..x..x...x.x... | ..x.x...x..x..x.", rim="x...x.x.x...x.x. | x...xxx.x.x.xxx.", low="..o.x...o.o.xx.. | ..x...xx..x...xx", kick="......x.....x... | ................",
        shaker="x.ox.ox.x.ox.oxx | x.x.x.x.x.x.x.x.", bass="......x.....x... | ...x..x....x..x.", chords="x.xx.xx.xx.xx.x. | x..x..x...x.x...",
        melody=_LINE)),
    Idiom("rumba", (72, 112), _of(
        high="x..x...x..x.x... | ..x.x...x..x...x", rim="x.xx.x.xx.x.xx.x | x.x.xx.x.xx.x.x.", low="...x..x....x..xx | ..ox...x..ox..xx", shaker="x...x...x...x... | x..xx..xx..xx..x",
        bass="...x..x....x..x.", chords="x..x...x..x.x...", melody=_LINE)),
    Idiom("cumbia", (80, 108), _of(
        kick="x.......x....... | x...x...x...x...", shaker="x.oox.oox.oox.oo | ..xx..xx..xx..xx", low="..x...x...x..xx. | ..x.o.x...x.o.xx", high="x...x...x...x... | ....x.......x...",
        bass="x...x.x.x...x.x. | x.....x.x.....x.", chords="..x...x...x...x. | ..xx..x...xx..x.", melody=_LINE)),
    Idiom("merengue", (116, 156), _of(
        kick=_FOUR, low="x...x.x.x...xxxx | ..x.xxxx..x.xxxx", shaker="x.xxx.xxx.xxx.xx", rim="x...x.x.x.x.x.x.", bass="x...x...x...x... | x.....x.x.....x.",
        chords="x.x.xx.xx.x.xx.x", melody="9797979797979797")),
    Idiom("soca", (108, 160), _of(
        kick=_FOUR, snare="...x..x....x..x. | ...x..x....x..xx", hat="..x...x...x...x.", high="x..x..x.x..x..x.", bass="x..x..x.x..x..x.",
        chords="..x...x...x...x.", melody=_LINE)),
    Idiom("afrobeat", (96, 128), _of(
        kick="X..x..x.X..x..x. | X.....x...x..... | x..x..x...x.x...", snare="....x..o.o..x..o | ..,.x.,o..,.x.,o", hat="x.oox.oox.oox.oo | ..x...x...x...x.",
        high="x.x.x.xx.x.x.xx. | x..x..x...x.x...", shaker=_SIXTEENTHS, low="......x.......xx", bass="x..x..xx..x..x.. | ..x.x..x..x.x..x",
        chords="..x.x..x..x.x..x | x.xx..x.x.xx..x.", melody=_LINE)),
    Idiom("bell_twelve_eight", (84, 144), _of(
        high="x.x.xx.x.x.x | x.xx.x.xx.x. | x..x.x.x..x.", kick="x..x..x..x.. | x.....x.....", low="..xx....xx.. | .x.xx..x.xx. | x..o.xx..o.x",
        shaker="x.xx.xx.xx.x | x..x..x..x..", hat="x..x..x..x..", bass="x..x.x.x..x. | x.....x..x..", chords="..x..x..x..x | x.x.xx.x.x.x", melody="957957957957"),
        steps_per_beat=3),
    Idiom("waltz_time", (84, 190), _of(
        kick="X........... | X.......?...", snare="....x...x... | ....o...x.o.", hat="....x...x... | x.x.x.x.x.x.", ride="x...x...x... | x...x.x.x...",
        bass="x........... | x.......x...", chords="....x...x... | L...........", melody="9...5...7... | 9.5.7.5.7.5. | 9.....5.7..."),
        beats=3, tune=0.4),
    Idiom("jazz_waltz", (96, 180), _of(
        ride="x..x.xx.. | x..x.xx.x | x.xx.xx..", hat="...x..... | ...x..x..", kick="o...?.... | o........", snare="..,..,..? | ....o...,", bass="x..x..x.. | L........",
        chords="...x....x | x....x...", melody="9..7.57.5"), beats=3, steps_per_beat=3),
    Idiom("jazz_ride", (96, 220), _of(
        ride="x..x.xx..x.x | x..x..x..x.. | x.xx.xx.xx.x | x..x.xx..x..", hat="...x.....x..", kick="o..o..o..o.. | ............ | .....,..,...",
        snare=".....,..,..? | ..,.....?... | ........o..,", rim=".........x.. | ............", bass="x..x..x..x.. | x..x..x..x.x",
        chords="x....x...... | ..x.....x... | ...x.....x.. | .....x.....x", melody="9.57.58.57.5 | ..79.5..79.5"),
        steps_per_beat=3),
    Idiom("shuffle", (84, 172), _of(
        kick="x..?.xx..?.. | x.....x..... | x....xx....x", snare="...X.....X.. | ...X..,..X.,", hat="x.xx.xx.xx.x", ride="x.xx.xx.xx.x | x..x..x..x..",
        bass="x..x..x..x.. | x.xx.xx.xx.x", chords="...x.....x.. | x.xx.xx.xx.x | L.....L.....", melody="9.57.58.57.5"),
        steps_per_beat=3),
    Idiom("six_eight", (48, 84), _of(
        kick="X.....?..... | X.........?. | X...?.x...?.", snare="......X..... | ......X...,.", hat="x.x.x.x.x.x. | xoxoxoxoxoxo", ride="x...x.x...x.", low="..........?? ",
        bass="L.....L..... | x...x.x.....", chords="x.x.x.x.x.x. | L.....L.....", melody="9.5.7.8.5.7. | 9...7.8...7."),
        beats=2, steps_per_beat=6),
    Idiom("march", (92, 132), _of(
        kick="x...x...", snare="x.xxx.xx | x.oox.oo | xooxxooX | x...xxx.", crash="x....... | ........", hat="..x...x.", bass="x...x...", chords="..x...x.",
        melody="9..79.7. | 9.7.9.7. | 9...7.77"), beats=2, tune=0.2),
    Idiom("polka", (96, 140), _of(
        kick="x...x...", snare="..x...x.", hat="..x...x. | x.x.x.x.", bass="x...x...", chords="..x...x.", melody="9.779.7. | 9.7.9.77 | 97979.7."),
        beats=2, tune=0.6),
    Idiom("reel", (88, 122), _of(
        low="X.oxx.ox | x.o.x.oo", kick="x...x...", snare="..x...x.", hat="..x...x.", bass="x...x...", chords="..x...x. | x.xxx.xx | x.x.x.x.",
        melody="98989898 | 97879787 | 9.879787 | 9797989."), beats=2, swing=(0.5, 0.57), tune=0.7),
    Idiom("hornpipe", (70, 98), _of(
        low="x.x.x.x. | x.oxx.ox", snare="..x...x.", bass="x...x...", chords="..x...x. | x.x.x.x.", melody="98989898 | 97979.9. | 9.9.9797"),
        beats=2, swing=(0.58, 0.7), tune=0.7),
    Idiom("strathspey", (100, 136), _of(
        low="x...x...x...x...", kick="x.......x.......", snare="....x.......x...", bass="x.......x.......", chords="....x.......x... | x...x...x...x...",
        melody="9..99..999..9..9 | 99..9..99..99... | 9..99..99..99..9"), tune=0.7),
    Idiom("jig", (96, 138), _of(
        low="x.ox.o | xooxoo | X..x..", kick="x..x..", snare="...x.. | ..x..x", shaker="x.xx.x", bass="x..x..", chords="..x..x | x.xx.x | x..x..",
        melody="979979 | 9.7979 | 9799.7 | 9.79.7"), beats=2, steps_per_beat=3, tune=0.7),
    Idiom("slip_jig", (96, 136), _of(
        low="x.ox.ox.o | x..x..x..", kick="x........", snare="...x..x..", bass="x..x..x..", chords="..x..x..x | x.xx.xx.x", melody="979979979 | 9.797997. | 9.79.7979"),
        beats=3, steps_per_beat=3, tune=0.7),
    Idiom("slide", (110, 150), _of(
        low="x..x.xx..x.x", bass="x..x..x..x..", chords="...x.....x.. | x.xx.xx.xx.x", melody="9.79.79799.. | 9.79799.79.7 | 9797999.79.7"),
        steps_per_beat=3, tune=0.7),
    Idiom("mazurka", (110, 160), _of(
        kick="x..... | x...x.", snare="..X.x. | ..x.X.", low="x.X.x.", bass="x.....", chords="..x.x.", melody="9797.7 | 9.97.7 | 977.9."),
        beats=3, steps_per_beat=2, swing=(0.5, 0.62), tune=0.5),
    Idiom("tango", (54, 72), _of(
        kick="X..xX.x. | X...x...", snare="..,...x. | .....,,X", low="X..xX.x.", rim="x..xx.x. | ...x..x.", bass="X..xX.x. | X.x.X.x. | X...x.x.", chords="x.x.x.x. | X..xX.x. | ..x...x.",
        melody="9.7797.7 | .7979.7. | 9..79.7."), beats=2, tune=0.3),
    Idiom("train_beat", (88, 132), _of(
        kick="x...x...x...x... | x.......x.......", snare="ooXoooXoooXoooXo | oxoXoxoXoxoXoxoX | o.XoooXoo.XoooXo", hat="..x...x...x...x.",
        bass="x.......x....... | x...x...x...x...", chords="....x.......x... | ..x...x...x...x.", melody=_LINE)),
    Idiom("motown", (100, 168), _of(
        kick="X.....x.x...?... | X..?..x.X.....x. | X...x.x.x...?...", snare="X...X...X...X... | x...X...x...X...", hat="x...x...x...x... | x.x.x.x.x.x.x.x.", shaker="x.x.X.x.x.x.X.x.",
        bass="X..x..x.x..x.xx. | X.....x.x.x.x.x.", chords="....x.......x... | ..x...x...x...x.", melody=_LINE)),
    Idiom("second_line", (84, 110), _of(
        kick="X..x..X..?..X... | X..x..x.....X...", snare="x.oxx.xoox?xx.xo | xooxooxoxooxxoxo", rim="................ | x..x..x...x.x...", hat="....x.......x...", crash="............?...",
        high="x..x..x...x.x... | ................", bass="x..x..x...x.x... | x.....x.x...x...", chords="..x..x....x..x.. | x..x..x...x.....", melody=_LINE),
        swing=(0.5, 0.6)),
    Idiom("two_step_garage", (126, 138), _of(
        kick="X.........x..... | X......?..x..... | X.........?..x..", snare="....X.......X... | ....X..,....X.,.", hat="..x...xo..x..ox. | x.xxx.xxx.xxx.xx | ..xo..x.o.x..ox.", open="..x.......x.....",
        rim=".......?.....?..", shaker=_SIXTEENTHS, bass="x..x......x..x.. | ...x..x....x..x.", chords="..x..x....x..... | x..x......x..x..", melody=_LINE),
        swing=(0.54, 0.66)),
    Idiom("juke", (74, 84), _of(
        kick="X..X..X.X..X..X. | X..x..x...X..x.. | X..x..x..x..x.x.", snare="............X... | ....X.......X...", rim="..x..x....x..x..", hat="..x...x...x...x. | xx.xx.xx.xx.xx.x", low="...x..x..x...x.x",
        bass="X..X..X.X..X..X.", chords="x..x..x...x..x..", melody=_LINE)),
    Idiom("go_go", (84, 108), _of(
        kick="X..x......x..x.. | X......x..x.....", snare="....X..o....X..o", hat="x.xxx.xxx.xxx.xx", low="x..xx.x.o.x.xx.x | ..xx..x...xx.xx.", high="x.x..x.xx.x..x.. | x..x.xx...x.x...", bass="x..x..x...x..x..",
        chords="..x..x....x..x..", melody=_LINE), swing=(0.58, 0.68), late=0.02),
    Idiom("blast", (100, 132), _of(
        kick="X.x.X.x.X.x.X.x. | x.x.x.x.x.x.x.x. | xxxxxxxxxxxxxxxx", snare=".x.x.x.x.x.x.x.x | ..X...X...X...X. | x.x.x.x.x.x.x.x.", ride="x.x.x.x.x.x.x.x. | x...x...x...x...", hat="x...x...x...x...",
        bass="xxxxxxxxxxxxxxxx | x.x.x.x.x.x.x.x.", chords="xxxxxxxxxxxxxxxx | x.x.x.x.x.x.x.x.", melody="7...7...7...7...")),
    Idiom("five_four", (92, 180), _of(
        kick="X.....?.....x....... | X...........x....... | X.......?...x...?...", snare="........X.......X... | ....x...........X... | ........x...........", hat="x.x.x.x.x.x.x.x.x.x. | x...x...x...x...x...", ride="x...x.x.x...x.x.x...",
        bass="x.....x.....x...x... | L...........L.......", chords="x.....x.....x...x... | L.....x.....L.......", melody="9...5.7.8.5.9...7.5."),
        beats=5),
    Idiom("seven_eight", (96, 180), _of(
        kick="X...?...X..... | X.......x..... | X.....X...?...", snare="....X.......X. | ....x.....x... | ........X.....", hat="x.x.x.x.x.x.x. | x...x...x.x.x. | x...x...x.....", ride="x...x...x..... | x.x.x.x.x.x.x.", low="x..xx..xx.x.x. | X...x...x.o.x.",
        high="x...x...x.....", bass="x...x...x..... | x.......x.....", chords="..x...x...x.x. | x...x...x.....", melody="9.7.9.7.9.7.7. | 97979797979797"),
        beats=3.5, tune=0.3),
    Idiom("nine_eight", (96, 190), _of(
        low="X.x.x.x.. | X.o.X.x.o", kick="X...x...?", snare="..x...x.. | ......X..", hat="xxxxxxxxx | x.x.x.x..", high="x.x.x.xx.", bass="x.x.x.x..", chords="x.x.x.x.. | .x.x.x.xx", melody="979797977 | 9.9.9.977"),
        beats=4.5, steps_per_beat=2, tune=0.3),
    Idiom("maqsum", (84, 126), _of(
        low="X...x.x. | Xx.xX.x. | X...X..x", high=".x.xo.xo | .xo..xox | ooxooxox", shaker="x.x.x.x. | xoxoxoxo", kick="X...x...", bass="X...x...", chords="..x...x. | .x.x..x.", melody="97779777 | 9.779777"), beats=2, tune=0.2),
    Idiom("euclid", (72, 168)),
    Idiom("chance", (72, 168)),
)  # fmt: skip

IDIOMS: tuple[str, ...] = tuple(idiom.name for idiom in _TABLE)
"""Names of the idioms; a lesson gives each clip's place in them."""


def find_idiom(place: int) -> Idiom:
    """The idiom at a place of `IDIOMS`."""
    return _TABLE[place]
