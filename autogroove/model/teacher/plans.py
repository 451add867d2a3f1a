"""Plans of lessons: which grooves are played at which tempi in which sounds.

What belongs here: the teacher's settings and every draw that families of positives and hard
negatives come from. What does not: samples, or images (`lessons`).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from autogroove.config import Section, Settings
from autogroove.errors import SettingsError
from autogroove.model.teacher.grooves import Groove, draw_groove, share_grid
from autogroove.model.teacher.guard import plays_demo
from autogroove.model.teacher.idioms import IDIOMS, LANES, find_idiom
from autogroove.model.teacher.kernels import Samples
from autogroove.model.teacher.kits import KITS
from autogroove.model.teacher.performing import Score, perform
from autogroove.model.teacher.rendering import render_clip
from autogroove.model.teacher.siblings import CHANGES, alter_groove, tell_apart
from autogroove.model.teacher.sounds import Sound, draw_sound

_LEAST_ONSETS_PER_BEAT = 0.75
_LEAST_DIFFERENCE = 0.08
_SLOWEST_BPM, _FASTEST_BPM = 38.0, 260.0
_LIKE_TEMPO = 1.35
"""A groove takes the tempi of another only if it would be this close by itself."""


class TeacherSettings(Section):
    """What the teacher plays."""

    tempi_per_groove: int = Field(3, ge=1, le=8, description="Tempi of each groove.")
    sounds_per_tempo: int = Field(2, ge=1, le=8, description="Sounds of each groove and tempo.")
    tempo_spread: tuple[float, float] = Field(
        (0.10, 0.35), description="Least and largest change from the groove's first tempo."
    )
    clips_per_sound: int = Field(6, ge=1, description="Clips of a batch that share a sound.")
    sibling_share: float = Field(
        0.35, ge=0, le=1, description="Grooves that differ in one thing from the one before."
    )
    same_tempo_share: float = Field(
        0.3, ge=0, le=1, description="Other grooves that take the tempi of the one before."
    )
    same_sound_share: float = Field(
        0.5, ge=0, le=1, description="Siblings that are played in the sounds of their original."
    )
    free_share: float = Field(
        0.15, ge=0, le=1, description="Grooves drawn by rule: euclidean, or by chance."
    )
    mixed_share: float = Field(
        0.3, ge=0, le=1, description="Other grooves whose rows come from two idioms."
    )
    drums_share: float = Field(0.4, ge=0, le=1, description="Grooves for drums alone.")
    unsteadiness_ms: float = Field(9.0, ge=0, le=50, description="Of the least steady hands.")
    damage: float = Field(0.15, ge=0, le=1, description="Share of sounds with each harm.")
    only_idioms: tuple[str, ...] = Field((), description="Idioms that are drawn; none: all.")
    exclude_idioms: tuple[str, ...] = Field((), description="Idioms that are held out.")
    only_kits: tuple[str, ...] = Field((), description="Families of kits; none: all.")
    exclude_kits: tuple[str, ...] = Field((), description="Families of kits that are held out.")

    def idioms(self) -> list[int]:
        """Places of the idioms that may be drawn."""
        return _choose(IDIOMS, self.only_idioms, self.exclude_idioms)

    def kits(self) -> list[int]:
        """Places of the families of kits that may be drawn."""
        return _choose(KITS, self.only_kits, self.exclude_kits)


def _choose(names: tuple[str, ...], only: tuple[str, ...], without: tuple[str, ...]) -> list[int]:
    unknown = sorted({*only, *without} - set(names))
    if unknown:
        known = ", ".join(names)
        raise SettingsError(f"The teacher does not know {', '.join(unknown)}. It knows: {known}.")
    chosen = [
        k for k, name in enumerate(names) if (not only or name in only) and name not in without
    ]
    if not chosen:
        raise SettingsError("Nothing is left that the teacher may play.")
    return chosen


@dataclass(frozen=True, eq=False)
class PlannedClip:
    """One clip before it is rendered."""

    groove: int
    sound: int
    tempo_bpm: float
    score: Score
    partner: int
    seed: int


@dataclass(frozen=True, eq=False)
class LessonPlan:
    """A batch before it is rendered: much cheaper than the lesson, and all of its truth."""

    grooves: tuple[Groove, ...]
    changes: tuple[str, ...]
    """In what each groove differs from the one before; empty where it is its own."""
    kits: tuple[int, ...]
    clips: tuple[PlannedClip, ...]
    seed: np.random.SeedSequence

    def draw_sound(self, place: int, damage: float) -> Sound:
        """A sound of the batch: slow, and always the same."""
        sequence = np.random.SeedSequence(
            self.seed.entropy, spawn_key=(*self.seed.spawn_key, 1, place)
        )
        return draw_sound(self.kits[place], np.random.default_rng(sequence), damage=damage)

    def render(self, place: int, sound: Sound) -> Samples:
        """The samples of one clip: float32 (m,) at 22,050 Hz."""
        clip = self.clips[place]
        return render_clip(clip.score, sound, np.random.default_rng(clip.seed))


def plan_lesson(
    seed: int, number: int, settings: TeacherSettings, *, num_grooves: int
) -> LessonPlan:
    """Everything about a batch but its sound: see `teach`."""
    sequence = np.random.SeedSequence([seed, number])
    rng = np.random.default_rng(sequence)
    grooves, changes = _draw_grooves(settings, num_grooves, rng)
    per_groove = settings.tempi_per_groove * settings.sounds_per_tempo
    num_sounds = max(
        2 * settings.sounds_per_tempo, -(-num_grooves * per_groove // settings.clips_per_sound)
    )
    kits = _draw_kits(num_sounds, settings, rng)
    clips: list[PlannedClip] = []
    tempi, sounds = np.empty(0), np.empty((0, 0), np.int64)
    for place, groove in enumerate(grooves):
        follows = bool(changes[place])
        shares = place > 0 and rng.random() < settings.same_tempo_share
        if not (follows or (shares and _is_like(tempi[0], groove.tempo_bpm))):
            tempi = _draw_tempi(groove.tempo_bpm, settings, rng)
        if not (follows and rng.random() < settings.same_sound_share):
            sounds = _draw_sounds(num_sounds, settings, rng)
        for tempo, chosen in zip(tempi, sounds, strict=True):
            clips += _plan_clips(place, groove, float(tempo), chosen, len(clips), settings, rng)
    return LessonPlan(tuple(grooves), tuple(changes), kits, tuple(clips), sequence)


def _draw_kits(
    num_sounds: int, settings: TeacherSettings, rng: np.random.Generator
) -> tuple[int, ...]:
    """Families of kits, as evenly as they come."""
    kits = np.array(settings.kits())
    rounds = [rng.permutation(kits) for _ in range(-(-num_sounds // len(kits)))]
    return tuple(int(kit) for kit in np.concatenate(rounds)[:num_sounds])


def _is_like(first_bpm: float, second_bpm: float) -> bool:
    return 1 / _LIKE_TEMPO < first_bpm / second_bpm < _LIKE_TEMPO


def _draw_grooves(
    settings: TeacherSettings, count: int, rng: np.random.Generator
) -> tuple[list[Groove], list[str]]:
    """Grooves that all sound different, none the demo's; and in what siblings differ."""
    grooves: list[Groove] = []
    changes: list[str] = []
    while len(grooves) < count:
        change = ""
        if grooves and rng.random() < settings.sibling_share:
            change = CHANGES[int(rng.integers(len(CHANGES)))]
            groove = alter_groove(grooves[-1], change, rng)
        else:
            groove = _draw_original(settings, rng)
        if is_admitted(groove) and all(
            tell_apart(groove, other) > _LEAST_DIFFERENCE for other in grooves
        ):
            grooves.append(groove)
            changes.append(change)
    return grooves, changes


def is_admitted(groove: Groove) -> bool:
    """Whether a groove may be taught: enough happens to hear a rhythm, and it is not the demo's."""
    onsets = (groove.hits > 0).any(axis=0).sum()
    beats = groove.num_bars * groove.beats_per_bar
    drums = (groove.hits[: len(LANES)] > 0).any(axis=1).sum()
    busy = onsets >= _LEAST_ONSETS_PER_BEAT * beats and (drums != 1 or onsets > 2 * beats)
    return bool(busy) and not plays_demo(groove)


def _draw_original(settings: TeacherSettings, rng: np.random.Generator) -> Groove:
    places = settings.idioms()
    by_rule = [place for place in places if not find_idiom(place).patterns]
    written = [place for place in places if find_idiom(place).patterns]
    drawn_by_rule = rng.random() < settings.free_share
    place = int(rng.choice(by_rule if by_rule and (drawn_by_rule or not written) else written))
    mixed_with = None
    if rng.random() < settings.mixed_share:
        idiom = find_idiom(place)
        others = [k for k in written if k != place and share_grid(idiom, find_idiom(k))]
        mixed_with = int(rng.choice(others)) if others else None
    return draw_groove(place, _draw_kind(place, settings, rng), rng, mixed_with)


def _draw_kind(place: int, settings: TeacherSettings, rng: np.random.Generator) -> str:
    idiom = find_idiom(place)
    if idiom.has_tune and rng.random() < idiom.tune:
        return "tune"
    return "drums" if rng.random() < settings.drums_share else "band"


def _draw_tempi(
    first_bpm: float, settings: TeacherSettings, rng: np.random.Generator
) -> NDArray[np.float64]:
    """The first tempo, then in turn slower and faster ones, each apart from the others."""
    low, high = settings.tempo_spread
    count = settings.tempi_per_groove
    # Beyond the second pair the spread is used up: go on in smaller strata of it.
    strata = np.linspace(low, high, -(-max(count - 1, 1) // 2) + 1)
    factors = [1.0]
    side = 1 if rng.random() < 0.5 else -1
    for k in range(count - 1):
        share = rng.uniform(strata[k // 2], strata[k // 2 + 1])
        factors.append(1 + share if side > 0 else 1 / (1 + share))
        side = -side
    tempi = first_bpm * np.array(factors)
    # All of them together, so that they stay as far apart.
    tempi *= min(1.0, _FASTEST_BPM / tempi.max())
    return np.asarray(tempi * max(1.0, _SLOWEST_BPM / tempi.min()))


def _draw_sounds(
    num_sounds: int, settings: TeacherSettings, rng: np.random.Generator
) -> NDArray[np.int64]:
    """Different sounds for each tempo: (tempi, sounds a tempo)."""
    return np.stack([
        rng.choice(num_sounds, settings.sounds_per_tempo, replace=False)
        for _ in range(settings.tempi_per_groove)
    ])  # fmt: skip


def _plan_clips(
    place: int,
    groove: Groove,
    tempo_bpm: float,
    sounds: NDArray[np.int64],
    first: int,
    settings: TeacherSettings,
    rng: np.random.Generator,
) -> list[PlannedClip]:
    """The clips of a groove at a tempo: pairs of sounds share a performance, others have one."""
    clips = []
    count, score = len(sounds), None
    for k, sound in enumerate(sounds):
        if k % 2 == 0 or score is None:
            score = perform(
                groove,
                tempo_bpm,
                float(rng.random()),
                rng,
                seconds=Settings.from_preset("groove").clip.clip_seconds,
                unsteadiness_s=float(rng.uniform(0, settings.unsteadiness_ms / 1000)),
            )
        other = k + 1 if k % 2 == 0 else k - 1
        partner = first + other if other < count else -1
        seed = int(rng.integers(2**62))
        clips.append(PlannedClip(place, int(sound), tempo_bpm, score, partner, seed))
    return clips
