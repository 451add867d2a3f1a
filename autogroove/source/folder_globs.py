"""Folders by pattern: `Audiobooks/*`, `*/Podcasts`, as both a run and a listener name them.

What belongs here: whether a path is in a folder that a pattern names. What does not: what follows.
"""

import fnmatch
import re
import unicodedata
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from autogroove.source.files import to_real_path


def match_folders(paths: Iterable[object], patterns: Iterable[str]) -> NDArray[np.bool_]:
    """Which paths of a source lie in a folder that some pattern names, or fit it themselves.

    `*` stands for anything, also for folders in between. Case does not matter.
    """
    found = _compile(patterns)
    fits = [
        isinstance(path, str) and found.fullmatch(_fold(to_real_path(path))) is not None
        for path in paths
    ]
    return np.asarray(fits, dtype=np.bool_)


def _compile(patterns: Iterable[str]) -> re.Pattern[str]:
    plain = [_fold(each).removeprefix("./").strip("/") for each in patterns]
    whole = [form for each in plain if each for form in (each, f"{each}/*")]
    return re.compile("|".join(map(fnmatch.translate, whole)) if whole else r"(?!)")


def _fold(text: str) -> str:
    return unicodedata.normalize("NFC", text).casefold()
