"""Who is trained on, who is asked, and who is asked only at the end.

What belongs here: the three sides of a collection, and hearing one of them with a model.
What does not: the objective (`objective`), or training (`rungs`).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from autogroove.config import Settings
from autogroove.errors import SourceError
from autogroove.evaluation.descriptors.sampling import sample_tracks
from autogroove.evaluation.descriptors.storing import read_descriptions
from autogroove.evaluation.sampled import match_clips
from autogroove.evaluation.search.trials import Side
from autogroove.evaluation.tracks import EvaluatedTracks
from autogroove.evaluation.view import Encoded, EncoderView
from autogroove.model import Autoencoder, encode_images
from autogroove.model.training import ClipLoader, place_artists
from autogroove.segments import image_shape, make_recipe_key
from autogroove.source import without_useless_split
from autogroove.store import Store

TEST_FRACTION = 0.2
DEV_FRACTION = 0.25
FEWEST_TRACKS = 4
"""Of a side: fewer have no neighbours to speak of."""


def choose_sides(catalogue: pd.DataFrame) -> pd.DataFrame:
    """The stored tracks of a complete catalogue, each `training`, `validation` or `test`.

    The official split stays if it leaves anything to train on; others are divided in the order of
    a hash of their artist, so that no artist is on two sides. Only validation tracks judge trials;
    test tracks are asked once, about the winner.

    Raises:
        SourceError: a side would have too few stored tracks.
    """
    stored = catalogue[catalogue["status"] == "stored"].drop_duplicates("fingerprint")
    stored = without_useless_split(stored)
    places = place_artists(stored)
    ranks = np.searchsorted(np.sort(places), places) / max(1, len(places))
    own = np.select(
        [ranks < TEST_FRACTION, ranks < TEST_FRACTION + DEV_FRACTION],
        ["test", "validation"],
        "training",
    )
    sided = stored.assign(split=stored["split"].where(stored["split"].notna(), own))
    counts = sided["split"].value_counts()
    for side in ("training", "validation", "test"):
        if counts.get(side, 0) < FEWEST_TRACKS:
            raise SourceError(
                f"Only {counts.get(side, 0)} {side} tracks: a search needs {FEWEST_TRACKS} for "
                "training, for judging trials and for a last test. Give it more music."
            )
    return sided


def take_side(sided: pd.DataFrame, side: Side) -> pd.DataFrame:
    """The tracks of one side alone."""
    return sided[sided["split"] == side].reset_index(drop=True)


@dataclass(frozen=True)
class Material:
    """The clips and descriptors of one side, in memory, ready to be heard by many models."""

    collection: EvaluatedTracks
    images: NDArray[np.uint8]
    augmented: NDArray[np.uint8]
    settings: Settings

    def hear(self, model: Autoencoder) -> EncoderView:
        """What a model makes of it. Nothing is reconstructed."""
        encoded = Encoded(
            encode_images(model, self.images),
            encode_images(model, self.augmented) if len(self.augmented) else None,
        )
        return EncoderView(self.collection, encoded, self.settings.evaluation)


def read_material(
    store: Store, tracks: pd.DataFrame, settings: Settings, description_keys: Sequence[str]
) -> Material:
    """One side of a collection: uint8 images (clips, bins, frames), plain and augmented.

    Args:
        store: with the segments and the descriptions.
        tracks: of the side, as `take_side` gives them.
        settings: whose recipe made both.
        description_keys: what `plan_descriptions` says of `tracks`.
    """
    described = read_descriptions(store, description_keys, image_shape(settings.spectrogram))
    clips = match_clips(sample_tracks(tracks, settings.evaluation), described)
    loader = ClipLoader(store, make_recipe_key(settings), clips.tracks)
    own = described.clips.take(clips.described)
    collection = EvaluatedTracks(clips.tracks, clips.clip_tracks, own, clips.augmented)
    return Material(collection, loader.read_all(), described.images[clips.augmentations], settings)
