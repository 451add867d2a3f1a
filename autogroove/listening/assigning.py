"""Where files that are not in a release would belong.

What belongs here: encoding a file by a release's own recipe and model, and its neighbours there.
What does not: adding it; that is a new release.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from autogroove.audio import AudioFault, open_path
from autogroove.config import Settings
from autogroove.listening.library import TrackLibrary, open_collection
from autogroove.listening.lists import Scored
from autogroove.model import encode_clips
from autogroove.segments import draw_track
from autogroove.source import Reason

if TYPE_CHECKING:
    from autogroove.releases import Release


@dataclass(frozen=True)
class FilePlacement:
    """Where one file belongs, or why it cannot be used.

    `cluster` is that of the nearest exemplar. `neighbours` are scored by mutual proximity.
    """

    path: str
    cluster: int | None = None
    exemplar: int | None = None
    neighbours: tuple[Scored, ...] = ()
    clips: int = 0
    reason: str | None = None
    detail: str | None = None

    def as_json(self) -> dict[str, Any]:
        """One object a file."""
        return {
            "path": self.path,
            "cluster": self.cluster,
            "exemplar": self.exemplar,
            "clips": self.clips,
            "reason": self.reason,
            "detail": self.detail,
            "neighbours": [scored.as_json() for scored in self.neighbours],
        }


def assign_files(
    release: "Release", paths: Sequence[str | PathLike[str]], *, count: int = 10
) -> list[FilePlacement]:
    """Encode files and say to which cluster of a release each belongs and what it is near.

    A file that cannot be used has a reason instead; it never stops the others.
    """
    collection = open_collection(release)
    settings = Settings.model_validate(release.settings)
    return [_assign(release, collection, settings, Path(path), count) for path in paths]


def _assign(
    release: "Release", collection: TrackLibrary, settings: Settings, path: Path, count: int
) -> FilePlacement:
    try:
        images = draw_track(open_path(path), settings).images
    except AudioFault as fault:
        return FilePlacement(str(path), reason=fault.reason.value, detail=fault.detail)
    except OSError as error:
        return FilePlacement(str(path), reason=Reason.unreadable.value, detail=error.strerror)
    encoding = encode_clips(release.model, images).mean(axis=0, dtype=np.float64)
    return _place(collection, str(path), encoding.astype(np.float32), len(images), count)


def _place(
    collection: TrackLibrary, path: str, encoding: NDArray[np.float32], clips: int, count: int
) -> FilePlacement:
    scores = collection.proximity.of_vector(encoding)
    order = np.argsort(-scores, kind="stable")[:count]
    songs = [collection.song(int(at)) for at in order]
    exemplars = np.flatnonzero(collection.is_exemplar)
    away = collection.proximity.distances_to(encoding)[exemplars]
    nearest = int(exemplars[np.argmin(away)]) if len(exemplars) else None
    song = None if nearest is None else collection.song(nearest)
    return FilePlacement(
        path,
        cluster=song.cluster if song else None,
        exemplar=song.track_id if song else None,
        neighbours=tuple(
            Scored(each, float(scores[at])) for each, at in zip(songs, order, strict=True)
        ),
        clips=clips,
    )
