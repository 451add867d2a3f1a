"""Which ten seconds matched.

What belongs here: comparing the clips of two tracks.
What does not: comparing tracks (`proximity`).
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from autogroove.config import ClipSettings
from autogroove.listening.choosing import find_position
from autogroove.listening.library import TrackLibrary, open_collection
from autogroove.listening.listened import ListenedRelease
from autogroove.listening.weighing import USUAL, Weighing
from autogroove.releases import Release
from autogroove.store import Store


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


def match_clips(
    release: ListenedRelease | TrackLibrary, seed: int, other: int, weighing: Weighing = USUAL
) -> ClipMatch:
    """The best matching pair of clips of two tracks.

    Raises:
        NotFoundError: a track has no clips in the release.
        SettingsError: the release cannot be weighed.
    """
    collection = open_collection(release)
    proximity = collection.weigh(weighing)
    first = np.asarray(collection.release.clip_encodings(seed), dtype=np.float64)
    second = np.asarray(collection.release.clip_encodings(other), dtype=np.float64)
    factors = weighing.spread(collection.release.encoding_parts, first.shape[1])
    first, second = first * factors, second * factors
    distances = np.sqrt(((first[:, None, :] - second[None, :, :]) ** 2).sum(axis=-1))
    seed_clip, other_clip = np.unravel_index(np.argmin(distances), distances.shape)
    best = float(distances[seed_clip, other_clip])
    starts = find_clip_starts(collection, seed), find_clip_starts(collection, other)
    return ClipMatch(
        int(seed_clip),
        int(other_clip),
        best,
        best / proximity.scale,
        starts[0][seed_clip] if starts[0] else None,
        starts[1][other_clip] if starts[1] else None,
    )


def find_clip_starts(collection: TrackLibrary, track_id: int) -> list[float]:
    """Where the clips of a track begin, in seconds; empty where that is not known."""
    from autogroove.audio import place_clips

    position = find_position(collection, track_id)
    song = collection.song(position)
    settings = collection.release.settings.get("clip")
    seconds = _find_audio_seconds(collection, position) or song.duration_seconds
    if settings is None or seconds is None:
        return []
    rate = 1000
    starts = place_clips(round(seconds * rate), rate, ClipSettings.model_validate(settings))
    return [start / rate for start in starts] if len(starts) == song.clips else []


def _find_audio_seconds(collection: TrackLibrary, position: int) -> float | None:
    """How long the decoded file was. Metadata may tell the length of the song it was cut from."""
    release = collection.release
    if not isinstance(release, Release):
        return None
    segment = str(collection.rows["segment"].iloc[position])
    recipes = [s.recipe_key for s in release.manifest.parts.segments if s.segment_key == segment]
    if not recipes:
        return None
    lengths = _read_lengths(release.store, recipes[0], segment)
    return lengths.get(str(collection.rows["fingerprint"].iloc[position]))


@lru_cache(maxsize=512)
def _read_lengths(store: Store, recipe_key: str, segment_key: str) -> dict[str, float]:
    from autogroove.segments import read_segment_index

    index = read_segment_index(store, recipe_key, segment_key)
    return {row.fingerprint: row.duration_seconds for row in index.rows}
