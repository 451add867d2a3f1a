"""Keys, chord progressions and voicings: what is played, never when or by which sound.

What belongs here: pitches as MIDI numbers (69 is A at 440 Hz).
What does not: rhythm (`grooves`) or sound (`palettes`). Progressions are drawn independently of
both, so that harmony tells nothing about either.
"""

from dataclasses import dataclass

_MAJOR = (0, 2, 4, 5, 7, 9, 11)
_MINOR = (0, 2, 3, 5, 7, 8, 10)
_BASS_LOW, _CHORD_LOW, _LEAD_LOW = 28, 52, 69


@dataclass(frozen=True)
class Progression:
    """Chord degrees (0 is the tonic), one a bar, of a major or minor scale."""

    name: str
    minor: bool
    degrees: tuple[int, ...]

    @property
    def scale(self) -> tuple[int, ...]:
        """Semitones of the seven degrees above the tonic."""
        return _MINOR if self.minor else _MAJOR


PROGRESSIONS: tuple[Progression, ...] = (
    Progression("I-V-vi-IV", False, (0, 4, 5, 3)),
    Progression("I-vi-IV-V", False, (0, 5, 3, 4)),
    Progression("ii-V-I-vi", False, (1, 4, 0, 5)),
    Progression("I-IV-I-V", False, (0, 3, 0, 4)),
    Progression("IV-V-iii-vi", False, (3, 4, 2, 5)),
    Progression("i-VII-VI-VII", True, (0, 6, 5, 6)),
    Progression("i-VI-III-VII", True, (0, 5, 2, 6)),
    Progression("i-iv-VII-III", True, (0, 3, 6, 2)),
    Progression("i-i-iv-v", True, (0, 0, 3, 4)),
)


def pitch_of_degree(progression: Progression, tonic: int, degree: int) -> int:
    """The pitch class and octave of a scale degree above a tonic, degrees beyond 6 included."""
    octave, step = divmod(degree, 7)
    return tonic + 12 * octave + progression.scale[step]


def voice_chord(progression: Progression, tonic: int, degree: int, num_voices: int) -> list[int]:
    """A close voicing in the octave above E3, so that successive chords move little."""
    pitches = [pitch_of_degree(progression, tonic, degree + 2 * i) for i in range(num_voices)]
    return sorted(_lift(pitch, _CHORD_LOW) for pitch in pitches)


def bass_pitch(
    progression: Progression, tonic: int, degree: int, next_degree: int, sign: str
) -> int:
    """The bass note of a pattern sign: a chord degree, or `a`, a semitone below the next root."""
    if sign == "a":
        return _lift(pitch_of_degree(progression, tonic, next_degree) - 1, _BASS_LOW)
    root = _lift(pitch_of_degree(progression, tonic, degree), _BASS_LOW)
    if sign == "8":
        return root + 12
    above = pitch_of_degree(progression, tonic, degree + int(sign) - 1)
    return root + above - pitch_of_degree(progression, tonic, degree)


def lead_pitch(progression: Progression, tonic: int, position: int) -> int:
    """A note of the key's pentatonic scale above A4, counted in scale positions."""
    octave, step = divmod(position, 5)
    degrees = (0, 2, 3, 4, 6) if progression.minor else (0, 1, 2, 4, 5)
    low = _lift(tonic, _LEAD_LOW - 7)
    return low + 12 * octave + progression.scale[degrees[step]]


def _lift(pitch: int, low: int) -> int:
    """The same pitch class in the octave from `low` upward."""
    return low + (pitch - low) % 12
