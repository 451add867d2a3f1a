"""What `benchmarks/hearing.py` measures on: lessons that training did not have, and stores.

What belongs here: images with what is known about them. What does not: figures.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from autogroove import open_release
from autogroove.config import Settings
from autogroove.evaluation import match_clips, read_clip_codes
from autogroove.evaluation.descriptors import (
    ClipDescriptions,
    describe_clips,
    plan_descriptions,
    read_descriptions,
)
from autogroove.model.teacher import (
    SAMPLE_RATE_HZ,
    Lesson,
    TeacherSettings,
    plan_lesson,
    render_lesson,
    teach,
)
from autogroove.model.training import HELD_OUT, ClipLoader, choose_members
from autogroove.segments import image_shape, make_recipe_key

Images = NDArray[np.uint8]
NUM_GROOVES = 24


@dataclass(frozen=True)
class Families:
    """Clips of held-out lessons; numbers of grooves and sounds count through all of them."""

    images: Images
    grooves: NDArray[np.int64]
    sounds: NDArray[np.int64]
    tempi_bpm: NDArray[np.float32]
    partners: NDArray[np.int64]
    described: ClipDescriptions


@dataclass(frozen=True)
class Music:
    """Clips of a release's sampled tracks, the disguised ones, and what its model made of them."""

    images: Images
    owner: NDArray[np.int64]
    disguised: Images
    disguised_clips: NDArray[np.int64]
    artists: NDArray[np.object_]
    genres: NDArray[np.object_]
    grooves: NDArray[np.object_] | None
    training: NDArray[np.bool_]
    described: ClipDescriptions
    disguised_described: ClipDescriptions
    released: NDArray[np.float32]


def teach_lessons(seed: int, count: int) -> list[Lesson]:
    """Lessons of what training may have."""
    settings = TeacherSettings(exclude_idioms=HELD_OUT.idioms, exclude_kits=HELD_OUT.kits)
    return [teach(seed, k, settings, num_grooves=NUM_GROOVES) for k in range(count)]


def teach_families(seed: int, count: int) -> Families:
    """Lessons of idioms and kits that training did not have."""
    settings = TeacherSettings(only_idioms=HELD_OUT.idioms, only_kits=HELD_OUT.kits)
    lessons = [teach(seed, k, settings, num_grooves=NUM_GROOVES) for k in range(count)]
    described = []
    for number in range(count):
        plan = plan_lesson(seed, number, settings, num_grooves=NUM_GROOVES)
        samples = [clip for _, clip in sorted(render_lesson(plan, settings), key=lambda x: x[0])]
        described.append(describe_clips(samples, SAMPLE_RATE_HZ))
    starts = np.cumsum([0, *(len(lesson.images) for lesson in lessons)])
    partners = [
        np.where(lesson.partners >= 0, lesson.partners + start, -1)
        for lesson, start in zip(lessons, starts, strict=False)
    ]
    return Families(
        np.concatenate([lesson.images for lesson in lessons]),
        np.concatenate([lesson.grooves + 1000 * k for k, lesson in enumerate(lessons)]),
        np.concatenate([lesson.sounds + 1000 * k for k, lesson in enumerate(lessons)]),
        np.concatenate([lesson.tempi_bpm for lesson in lessons]),
        np.concatenate(partners),
        join(described),
    )


def read_music(store: str) -> Music:
    """The tracks of a store's current release that its card sampled."""
    release = open_release(store)
    settings = Settings.model_validate(release.settings)
    recipe = make_recipe_key(settings)
    stored = release.catalogue[release.catalogue["status"] == "stored"]
    stored = stored.drop_duplicates("fingerprint")
    keys = [batch.key for batch in plan_descriptions(release.catalogue, settings)]
    described = read_descriptions(release.store, keys, image_shape(settings.spectrogram))
    clips = match_clips(stored, described)
    tracks = clips.tracks
    train = set(choose_members(release.catalogue, settings.training).train["fingerprint"])
    parts = [part.key for part in release.manifest.parts.encodings]
    disguised = np.flatnonzero(described.table["disguised"])
    return Music(
        ClipLoader(release.store, recipe, tracks[["segment", "first_clip", "clips"]]).read_all(),
        clips.clip_tracks,
        np.ascontiguousarray(described.images[clips.augmentations]),
        clips.augmented,
        tracks["artist_id"].astype(str).to_numpy(object),
        tracks["genre"].astype(str).to_numpy(object),
        None if tracks["groove"].isna().all() else tracks["groove"].astype(str).to_numpy(object),
        tracks["fingerprint"].isin(train).to_numpy(),
        described.clips.take(clips.described),
        described.clips.take(disguised[clips.augmentations]),
        read_clip_codes(release.store, parts, clips),
    )


def join(parts: list[ClipDescriptions]) -> ClipDescriptions:
    return ClipDescriptions(
        np.concatenate([part.periodicity for part in parts]),
        np.concatenate([part.timbre for part in parts]),
    )
