"""Which ten seconds matched.

What belongs here: comparing the clips of two tracks.
What does not: comparing tracks (`proximity`).
"""

from dataclasses import dataclass

import numpy as np

from autogroove.playlists.collection import Collection, ListenedRelease, open_collection


@dataclass(frozen=True)
class ClipMatch:
    """The two clips of two tracks that are nearest to each other; clips count from 0.

    `distance` is Euclidean between the clips' encodings; `relative` is that in units of the mean
    distance between tracks of the release, so that well under 1 is a match.
    """

    seed_clip: int
    other_clip: int
    distance: float
    relative: float


def match_clips(release: ListenedRelease | Collection, seed: int, other: int) -> ClipMatch:
    """The best matching pair of clips of two tracks.

    Raises:
        ReleaseError: a track has no clips in the release.
    """
    collection = open_collection(release)
    first = np.asarray(collection.release.clip_encodings(seed), dtype=np.float64)
    second = np.asarray(collection.release.clip_encodings(other), dtype=np.float64)
    distances = np.sqrt(((first[:, None, :] - second[None, :, :]) ** 2).sum(axis=-1))
    seed_clip, other_clip = np.unravel_index(np.argmin(distances), distances.shape)
    best = float(distances[seed_clip, other_clip])
    return ClipMatch(int(seed_clip), int(other_clip), best, best / collection.proximity.scale)
