"""The rhythms of the groovebox: what each lane plays in a bar.

What belongs here: the patterns, their metre, swing, micro-timing and range of tempi.
What does not: how a lane sounds (`palettes`), or which chords are played (`harmony`).

A pattern is one text a bar, one sign a step. Drums: `x` a hit, `X` an accent, `o` a ghost note,
`.` nothing. Chords: `x` short, `L` held until the next chord sign. Bass: a degree of the chord
(`1`, `3`, `5`, `6`, `8`), or `a`, a semitone below the next root. Spaces are for the eye.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

Bars = tuple[str, ...]


@dataclass(frozen=True)
class Groove:
    """A rhythm: patterns of whole bars for drums, bass and chords.

    `swing` is where the second of two subdivisions falls (0.5 straight, 0.667 triplet), for
    subdivisions of `swing_steps` steps. `late_seconds` lays a lane behind (positive) the beat.
    Lanes with several bars cycle through them; `fills` replaces the last beats of a phrase.
    """

    name: str
    tempo_bpm: tuple[float, float]
    drums: Mapping[str, Bars]
    bass: Bars
    chords: Bars
    fills: Bars
    beats_per_bar: int = 4
    steps_per_beat: int = 4
    swing: float = 0.5
    swing_steps: int = 1
    late_seconds: Mapping[str, float] = field(default_factory=dict)
    danceability: float = 0.6

    @property
    def steps_per_bar(self) -> int:
        """Steps of a bar, the length of every pattern."""
        return self.beats_per_bar * self.steps_per_beat


FOUR_ON_THE_FLOOR = Groove(
    "four_on_the_floor",
    (100.0, 136.0),
    drums={
        "kick": ("X...x...X...x...", "X...x...X...x..o"),
        "snare": ("....x.......x...",),
        "open_hat": ("..x...x...x...x.",),
        "hat": ("o.oxo.oxo.oxo.ox",),
        "percussion": ("...x..o....x..x.", "......o..x....x."),
    },
    bass=("..1...1...1...8.", "..11..1...5...8."),
    chords=("..x...x...x...x.", "..x..x....x..x.."),
    fills=("........xxoxxxXX", "............oxxX"),
    danceability=0.85,
)
BACKBEAT_ROCK = Groove(
    "backbeat_rock",
    (94.0, 146.0),
    drums={
        "kick": ("X.....x.x.......", "X.....x.x.x.....", "X......xx......."),
        "snare": ("....X.......X...", "....X.......X..o"),
        "hat": ("x.o.x.o.x.o.x.o.",),
    },
    bass=("1.1.1.1.1.1.1.1.", "1.1.1.1.1.1.5.a."),
    chords=("L.......L.......", "L.....x.L.....x."),
    fills=("........x.x.xxxx", "............xxxX"),
    danceability=0.55,
)
BOOM_BAP = Groove(
    "boom_bap",
    (80.0, 114.0),
    drums={
        "kick": ("X......x..x.....", "X..x......xx...."),
        "snare": ("....X..o....X...", "....X.......X.o."),
        "hat": ("x.x.x.x.x.x.x.x.", "x.x.x.xox.x.x.xo"),
        "percussion": ("..............x.", "................"),
    },
    bass=("1......1..5.....", "1..1......8...a."),
    chords=("L.....x.........", "L.........x....."),
    fills=("..........x.ox.x", "............x.xx"),
    swing=0.61,
    late_seconds={"snare": 0.014, "hat": 0.004},
    danceability=0.75,
)
BOSSA = Groove(
    "bossa",
    (104.0, 152.0),
    drums={
        "kick": ("x.....o.x.....o.",),
        "rim": ("x.....x.....x...", "....x.....x....."),
        "hat": ("xoxoxoxoxoxoxoxo", "xoxoxoxoxoxoxox."),
        "percussion": ("..o...x...o...x.", "..o...x.o.o...x."),
    },
    bass=("1.....5.5.....1.", "1.....5.8.....a."),
    chords=("x.....x.....x...", "..x...x...x....."),
    fills=("..........x.x.o.", "............o.x."),
    danceability=0.65,
)
WALTZ = Groove(
    "waltz",
    (94.0, 152.0),
    drums={
        "kick": ("X...........", "X.........o."),
        "snare": ("....o...o...", "....o...x..."),
        "ride": ("x...x...x...", "x...x.o.x..."),
        "hat": ("....x...x...",),
    },
    bass=("1...........", "1.......5..."),
    chords=("....x...x...", "....x...x.x."),
    fills=("......x.x.x.", "........xxx."),
    beats_per_bar=3,
    danceability=0.4,
)
REGGAE_ONE_DROP = Groove(
    "reggae_one_drop",
    (78.0, 128.0),
    drums={
        "kick": ("........X.......",),
        "rim": ("........X.......", "........X.....o."),
        "hat": ("x.o.x.o.x.o.x.o.", "x.o.x.oox.o.x.o."),
        "percussion": ("..o...o...o...o.",),
    },
    bass=("1..1..5...1.3...", "1.....5.3.1....."),
    chords=("....x.......x...", "....x.o.....x.o."),
    fills=("........x.xx.x..", "............xx.x"),
    swing=0.57,
    late_seconds={"rim": 0.006, "chords": 0.004},
    danceability=0.75,
)
DRUM_AND_BASS = Groove(
    "drum_and_bass",
    (128.0, 174.0),
    drums={
        "kick": ("X.........X.....", "X.........x..x.."),
        "snare": ("....X..o.o..X...", "....X..o....X..o"),
        "hat": ("x.x.x.x.x.x.x.x.",),
        "ride": ("................", "..x...x...x...x."),
    },
    bass=("1.........5.....", "1.....8.......a."),
    chords=("L...............", "L.........x....."),
    fills=("........x.xoxoxX", "..........xoxxXX"),
    danceability=0.6,
)
SWING = Groove(
    "swing",
    (104.0, 172.0),
    drums={
        "ride": ("x..X.xx..X.x", "x..X.xx..X.."),
        "hat": ("...x.....x..",),
        "kick": ("o..o..o..o..",),
        "snare": (".....o......", "........o..o", "..o........."),
    },
    bass=("1..3..5..6..", "1..5..8..a.."),
    chords=("x....x......", "...x....x...", "x....x......", ".....x.....x"),
    fills=("......x.xx.x", ".........xxx"),
    steps_per_beat=3,
    danceability=0.55,
)

GROOVES: tuple[Groove, ...] = (
    FOUR_ON_THE_FLOOR,
    BACKBEAT_ROCK,
    BOOM_BAP,
    BOSSA,
    WALTZ,
    REGGAE_ONE_DROP,
    DRUM_AND_BASS,
    SWING,
)
"""Every groove, in the order of the factorial design."""
