"""Which ten seconds matched.

What belongs here: comparing the clips of two tracks.
What does not: comparing tracks (`proximity`).
"""

from dataclasses import dataclass

import numpy as np

from autogroove.config import ClipSettings
from autogroove.playlists.choosing import find_position
from autogroove.playlists.collection import Collection, ListenedRelease, open_collection


@dataclass(frozen=True)
class ClipMatch:
    """The two clips of two tracks that are nearest to each other; clips count from 0.

    Starts are seconds into each track, None where its length or the recipe is not known.
    `distance` is Euclidean between the clips' encodings; `relative` is that in units of the mean
    distance between tracks of the release, so that well under 1 is a match.
    """

    seed_clip: int
    other_clip: int
    distance: float
    relative: float
    seed_start_seconds: float | None = None
    other_start_seconds: float | None = None


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
    starts = find_clip_starts(collection, seed), find_clip_starts(collection, other)
    return ClipMatch(
        int(seed_clip),
        int(other_clip),
        best,
        best / collection.proximity.scale,
        starts[0][seed_clip] if starts[0] else None,
        starts[1][other_clip] if starts[1] else None,
    )


def find_clip_starts(collection: Collection, track_id: int) -> list[float]:
    """Where the clips of a track begin, in seconds; empty where that is not known."""
    from autogroove.audio.clips import place_clips  # compiles kernels: slow to import

    song = collection.song(find_position(collection, track_id))
    settings = collection.release.settings.get("clip")
    if settings is None or song.duration_seconds is None:
        return []
    rate = 1000
    num_samples = round(song.duration_seconds * rate)
    starts = place_clips(num_samples, rate, ClipSettings.model_validate(settings))
    return [start / rate for start in starts] if len(starts) == song.clips else []
