"""Which of the examples are looked at, and reading their images.

What belongs here: the clips that PCA is fitted to, those that it and the network are measured on,
and those that are clustered. What does not: making them (`examples`).
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from autogroove.config import Settings
from autogroove.model.training import ClipLoader
from autogroove.segments import make_recipe_key
from autogroove.store import Store

FITTED, CHECKED = 3000, 1000
"""Training clips that PCA is fitted to, and others that are measured beside held-out ones."""
HEARD_LESSON_CLIPS = 720
HEARD_CLIPS_PER_TRACK = 3


@dataclass(frozen=True)
class Material:
    """Clips that are looked at: rows of their tracks, with the columns kind and clip."""

    fitted: pd.DataFrame
    checked: pd.DataFrame
    dev: pd.DataFrame
    heard: NDArray[np.int64]
    """Rows of `dev` that are clustered: of each track clips that overlap least, of the teacher
    its first lessons."""


def choose_material(catalogue: pd.DataFrame, seed: int) -> Material:
    """What to look at of all examples."""
    clips = _list_clips(catalogue)
    is_dev = (clips["split"] == "validation").to_numpy()
    order = np.random.default_rng(seed).permutation(np.flatnonzero(~is_dev))
    checked = min(CHECKED, len(order) // 4)
    fitted = order[checked : checked + FITTED]
    dev = clips[is_dev].reset_index(drop=True)
    return Material(
        clips.iloc[np.sort(fitted)].reset_index(drop=True),
        clips.iloc[np.sort(order[:checked])].reset_index(drop=True),
        dev,
        _choose_heard(dev),
    )


def read_images(store: Store, settings: Settings, clips: pd.DataFrame) -> NDArray[np.uint8]:
    """Images of clips in a preset's recipe, uint8 (n, bins, frames)."""
    tracks, place = np.unique(clips["fingerprint"].to_numpy(str), return_inverse=True)
    rows = clips.drop_duplicates("fingerprint").set_index("fingerprint").loc[tracks]
    # Nothing is kept in memory: a few clips of many are read once.
    loader = ClipLoader(store, make_recipe_key(settings), rows, resident_bytes=0)
    return loader.read(loader.starts[place] + clips["clip"].to_numpy(np.int64))


def _list_clips(catalogue: pd.DataFrame) -> pd.DataFrame:
    """A row a clip, by lesson and place where the teacher made it."""
    catalogue = catalogue.assign(kind=catalogue["path"].str.partition("/")[0])
    sizes = catalogue["clips"].to_numpy(np.int64)
    clips = catalogue.loc[catalogue.index.repeat(sizes)]
    number = np.arange(len(clips)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    clips = clips.assign(clip=number, lesson=_lesson_of(clips["path"]))
    return clips.sort_values(["kind", "lesson", "path", "clip"], ignore_index=True)


def _lesson_of(paths: pd.Series) -> pd.Series:
    """The number of a lesson, -1 where there is none."""
    found = paths.str.extract(r"^teacher/\d+\.(\d+)/", expand=False)
    return pd.to_numeric(found).fillna(-1).astype(np.int64)


def _choose_heard(dev: pd.DataFrame) -> NDArray[np.int64]:
    is_lesson = (dev["kind"] == "teacher").to_numpy()
    count = dev["clips"].to_numpy(np.int64)
    spread = [np.linspace(0, n - 1, min(n, HEARD_CLIPS_PER_TRACK)).round() for n in count]
    is_apart = np.array(
        [clip in places for clip, places in zip(dev["clip"], spread, strict=True)], bool
    )
    lessons = np.flatnonzero(is_lesson)[:HEARD_LESSON_CLIPS]
    return np.sort(np.concatenate([np.flatnonzero(~is_lesson & is_apart), lessons]))
