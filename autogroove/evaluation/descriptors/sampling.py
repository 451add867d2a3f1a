"""Which tracks a card is measured on.

What belongs here: the bounded, steady sample of a catalogue. What does not: measuring.

Whole artists are kept or left out, by a hash of their name, at a share that is a power of one
half. So a growing collection keeps its sample until it has doubled, and descriptors that were
paid for stay in use.
"""

import hashlib

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from autogroove.config import EvaluationSettings

_HASH_RANGE = float(2**64)


def sample_tracks(catalogue: pd.DataFrame, settings: EvaluationSettings) -> pd.DataFrame:
    """The stored tracks that the card asks about.

    Args:
        catalogue: complete, as a release keeps it.
        settings: `max_tracks`, `disguised_tracks` and `seed` decide.

    Returns:
        Rows of the catalogue, one a fingerprint, sorted by track_id, at most `max_tracks`, with a
        further column `disguised` (bool): whether one clip of the track is disguised.
    """
    stored = catalogue[catalogue["status"] == "stored"].drop_duplicates("fingerprint")
    stored = stored.sort_values("track_id", ignore_index=True)
    by_artist = np.array([_place(settings.seed, _name_artist(row)) for row in _rows(stored)])
    kept = _halve_until(by_artist, settings.max_tracks)
    if 4 * kept.sum() < min(settings.max_tracks, len(stored)):
        # A few artists own the collection: sample their tracks instead.
        by_track = _places(stored, settings.seed, "track")
        kept = _halve_until(by_track, settings.max_tracks)
    sample = stored[kept].reset_index(drop=True)
    places = _places(sample, settings.seed, "disguised")
    return sample.assign(disguised=_halve_until(places, settings.disguised_tracks))


def _halve_until(places: NDArray[np.float64], limit: int) -> NDArray[np.bool_]:
    """Keep what lies below 1, ½, ¼… until no more than `limit` are left."""
    share = 1.0
    while np.count_nonzero(places < share) > limit:
        share /= 2
    return places < share


def _rows(tracks: pd.DataFrame) -> list[dict[str, object]]:
    columns = [name for name in ("artist_id", "artist", "fingerprint") if name in tracks]
    return [
        {str(key): value for key, value in row.items()}
        for row in tracks[columns].to_dict("records")
    ]


def _name_artist(row: dict[str, object]) -> str:
    """The artist, or the track itself where no artist is known."""
    named = (row.get(column) for column in ("artist_id", "artist", "fingerprint"))
    return next(str(value) for value in named if not _is_missing(value))


def _is_missing(value: object) -> bool:
    return value is None or value is pd.NA or value != value


def _places(tracks: pd.DataFrame, seed: int, purpose: str) -> NDArray[np.float64]:
    return np.array([_place(seed, purpose, str(name)) for name in tracks["fingerprint"]])


def _place(seed: int, *names: str) -> float:
    """A place in [0, 1) that belongs to the names."""
    text = "\0".join((str(seed), *names)).encode()
    return int.from_bytes(hashlib.blake2b(text, digest_size=8).digest(), "big") / _HASH_RANGE
