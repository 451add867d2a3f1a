"""Lessons: the batches of an endless, seeded stream of clips.

What belongs here: what a network is told about each clip, and files for people to hear. What does
not: which clips there are (`plans`), or how they are made.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from autogroove.config import Settings
from autogroove.model.teacher.idioms import IDIOMS
from autogroove.model.teacher.kernels import SAMPLE_RATE_HZ, Samples
from autogroove.model.teacher.kits import KITS
from autogroove.model.teacher.plans import LessonPlan, TeacherSettings, plan_lesson
from autogroove.segments import image_shape, make_images

_COLUMNS = (
    "file", "groove", "idiom", "differs_in", "tempo_bpm", "bar_beats", "bars", "swing",
    "first_downbeat_s", "kit", "sound", "partner",
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class Lesson:
    """A batch of n clips, by groove, then tempo, then sound.

    Numbers of grooves and sounds count within the batch. A partner is a clip with the same groove,
    tempo and phase, struck at the same times, in another sound; -1 where there is none.
    """

    images: NDArray[np.uint8]
    """(n, bins, frames): the groove preset's images."""
    grooves: NDArray[np.int64]
    sounds: NDArray[np.int64]
    tempi_bpm: NDArray[np.float32]
    """Felt beats a minute."""
    phases_s: NDArray[np.float32]
    """Time of the first downbeat in the clip."""
    bars_beats: NDArray[np.float32]
    """Felt beats in a bar."""
    idioms: NDArray[np.int64]
    """Places in `IDIOMS`."""
    kits: NDArray[np.int64]
    """Places in `KITS`."""
    partners: NDArray[np.int64]


def teach(seed: int, number: int, settings: TeacherSettings, *, num_grooves: int) -> Lesson:
    """The number-th batch of the stream of a seed.

    It depends on nothing but the arguments: batches may be made in any order, anywhere.

    Raises:
        SettingsError: an idiom or a kit that does not exist, or none left.
    """
    recipe = Settings.from_preset("groove").spectrogram
    plan = plan_lesson(seed, number, settings, num_grooves=num_grooves)
    images = np.empty((len(plan.clips), *image_shape(recipe)), np.uint8)
    for place, samples in render_lesson(plan, settings):
        images[place] = make_images(samples[None], SAMPLE_RATE_HZ, recipe)[0]
    return _tell(plan, images)


def render_lesson(plan: LessonPlan, settings: TeacherSettings) -> Iterator[tuple[int, Samples]]:
    """Each clip's place and samples, sound by sound, so that a kit is made once."""
    for number in range(len(plan.kits)):
        places = [k for k, clip in enumerate(plan.clips) if clip.sound == number]
        if places:
            sound = plan.draw_sound(number, settings.damage)
            for place in places:
                yield place, plan.render(place, sound)


def _tell(plan: LessonPlan, images: NDArray[np.uint8]) -> Lesson:
    clips = plan.clips
    grooves = [plan.grooves[clip.groove] for clip in clips]
    return Lesson(
        images=images,
        grooves=np.array([clip.groove for clip in clips], np.int64),
        sounds=np.array([clip.sound for clip in clips], np.int64),
        tempi_bpm=np.array([clip.tempo_bpm for clip in clips], np.float32),
        phases_s=np.array([clip.score.phase_s for clip in clips], np.float32),
        bars_beats=np.array([groove.beats_per_bar for groove in grooves], np.float32),
        idioms=np.array([groove.idiom for groove in grooves], np.int64),
        kits=np.array([plan.kits[clip.sound] for clip in clips], np.int64),
        partners=np.array([clip.partner for clip in clips], np.int64),
    )


def write_lessons(
    folder: Path,
    seed: int,
    count: int,
    settings: TeacherSettings | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Path:
    """Write clips of so many grooves as WAV files, with a table of what each is.

    Returns the table's path: tab-separated text, one line a file. `progress` is called with the
    clips that are written and their total.
    """
    chosen = settings or TeacherSettings()
    plan = plan_lesson(seed, 0, chosen, num_grooves=count)
    folder.mkdir(parents=True, exist_ok=True)
    names = [_name_clip(plan, place) for place in range(len(plan.clips))]
    for done, (place, samples) in enumerate(render_lesson(plan, chosen), 1):
        soundfile.write(folder / names[place], samples, SAMPLE_RATE_HZ)
        if progress:
            progress(done, len(names))
    table = folder / "lessons.tsv"
    rows = [_COLUMNS, *(_describe(plan, place, name) for place, name in enumerate(names))]
    table.write_text("".join("\t".join(row) + "\n" for row in rows), encoding="utf-8")
    return table


def _name_clip(plan: LessonPlan, place: int) -> str:
    clip = plan.clips[place]
    idiom = IDIOMS[plan.grooves[clip.groove].idiom]
    kit = KITS[plan.kits[clip.sound]]
    return f"{clip.groove:03d}_{idiom}_{clip.tempo_bpm:.0f}bpm_{kit}{clip.sound}_{place:04d}.wav"


def _describe(plan: LessonPlan, place: int, name: str) -> tuple[str, ...]:
    clip = plan.clips[place]
    groove = plan.grooves[clip.groove]
    return (
        name,
        str(clip.groove),
        IDIOMS[groove.idiom],
        plan.changes[clip.groove] or "-",
        f"{clip.tempo_bpm:.2f}",
        f"{groove.beats_per_bar:g}",
        str(groove.num_bars),
        f"{groove.swing:.3f}",
        f"{clip.score.phase_s:.3f}",
        KITS[plan.kits[clip.sound]],
        str(clip.sound),
        _name_clip(plan, clip.partner) if clip.partner >= 0 else "-",
    )
