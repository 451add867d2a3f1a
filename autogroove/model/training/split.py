"""Who is trained on and who is held out.

What belongs here: the train and dev members of a training, chosen by artist.
What does not: reading clips (`autogroove.model.training.clips`).
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from autogroove.config import TrainingSettings
from autogroove.errors import SourceError
from autogroove.source import without_useless_split
from autogroove.store import make_key

_HASH_RANGE = float(2**64)


@dataclass(frozen=True)
class Members:
    """Stored tracks that a training sees, one row a fingerprint, sorted by fingerprint.

    Both tables have the columns fingerprint, segment, first_clip and clips.
    """

    train: pd.DataFrame
    dev: pd.DataFrame

    @property
    def key(self) -> str:
        """Changes with any member or with the side that it is on."""
        return make_key("members", *(list(side["fingerprint"]) for side in (self.train, self.dev)))


def choose_members(catalogue: pd.DataFrame, settings: TrainingSettings) -> Members:
    """Train and dev tracks of a complete catalogue.

    Where a track carries an official split, `validation` is dev and `test` is left out. Other
    tracks follow a hash of their artist, so that no artist is on both sides and a growing
    collection never moves a track from one side to the other. A split that leaves nothing to
    train on is no guide: then all tracks follow their artists.

    Raises:
        SourceError: fewer than two stored tracks may be trained on.
    """
    stored = catalogue[catalogue["status"] == "stored"].drop_duplicates("fingerprint")
    stored = without_useless_split(stored)
    stored = stored[stored["split"] != "test"].sort_values("fingerprint", ignore_index=True)
    if len(stored) < 2:
        raise SourceError(
            f"{len(stored)} of {len(catalogue)} tracks can be trained on; at least 2 are needed. "
            "Look at `autogroove tracks --quarantined` for the reasons."
        )
    is_dev = _choose_dev(stored, settings.dev_fraction)
    columns = ["fingerprint", "segment", "first_clip", "clips"]
    train = _limit_clips(stored.loc[~is_dev, columns], settings.max_clips)
    return Members(train.reset_index(drop=True), stored.loc[is_dev, columns].reset_index(drop=True))


def _choose_dev(stored: pd.DataFrame, fraction: float) -> NDArray[np.bool_]:
    places = place_artists(stored)
    split = stored["split"].to_numpy(dtype=object)
    is_dev = np.where(pd.notna(split), split == "validation", places < fraction).astype(bool)
    if is_dev.any() and not is_dev.all():
        return is_dev
    return _first_artist(places)


def place_artists(tracks: pd.DataFrame) -> NDArray[np.float64]:
    """(n,) a place in [0, 1) for each track, the same for all tracks of an artist, now and ever."""
    columns = [name for name in ("artist_id", "artist", "fingerprint") if name in tracks]
    return np.array([_hash_artist(row) for row in tracks[columns].to_dict("records")])


def _first_artist(places: NDArray[np.float64]) -> NDArray[np.bool_]:
    """For tiny collections: the artist that hashes lowest; of a single artist, one track."""
    is_dev: NDArray[np.bool_] = places == places.min()
    if is_dev.all():
        is_dev[1:] = False
    return is_dev


def _hash_artist(row: Mapping[Any, Any]) -> float:
    """A place in [0, 1) that is the artist's own; a track without an artist has its own place."""
    named = (row.get(column) for column in ("artist_id", "artist", "fingerprint"))
    name = next(str(value) for value in named if pd.notna(value))
    digest = hashlib.blake2b(name.encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") / _HASH_RANGE


def _limit_clips(train: pd.DataFrame, max_clips: int | None) -> pd.DataFrame:
    if max_clips is None:
        return train
    return train[train["clips"].astype(int).cumsum() <= max(max_clips, int(train["clips"].iloc[0]))]
