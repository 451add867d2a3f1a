"""Pieces of the examples: a few tracks or a lesson each, made once and kept.

What belongs here: a piece's images in both presets' recipes, and its rows of the catalogue. What
does not: samples (`playing`).

A piece's rows are put last: a piece without them is made again.
"""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from autogroove.audio import DECODER_VERSION
from autogroove.config import Settings
from autogroove.evaluation.poster.playing import CLIP_SECONDS, Piece, Played
from autogroove.segments import (
    SegmentIndex,
    ShardWriter,
    StoredTrack,
    image_shape,
    make_images,
    make_recipe_key,
    segment_prefix,
)
from autogroove.source import read_catalogue, write_catalogue
from autogroove.store import Store, make_key

FORMAT = 1
"""Raised when a change of the code gives other clips."""


def make_piece(store: Store, piece: Piece, recipes: tuple[Settings, ...]) -> pd.DataFrame:
    """The rows of the catalogue of a piece, whose images are in the store afterwards.

    Its segment has the same key and the same clips in every recipe. A black clip, of silence, is
    left out.
    """
    key = make_key("poster piece", FORMAT, piece.facts)
    rows_key = f"cache/poster-pieces/{key}.parquet"
    if store.exists(rows_key):
        return read_catalogue(store.read(rows_key), store.locate(rows_key))
    played = list(piece.play())
    images = [[_draw(track, recipe) for recipe in recipes] for track in played]
    heard = [np.all([each.any(axis=(1, 2)) for each in of_track], axis=0) for of_track in images]
    for place, recipe in enumerate(recipes):
        parts = [of_track[place][kept] for of_track, kept in zip(images, heard, strict=True)]
        _write_segment(store, recipe, key, played, parts)
    rows = _list_rows(piece, key, played, [int(kept.sum()) for kept in heard])
    store.write(rows_key, write_catalogue(rows))
    return rows


def _draw(track: Played, recipe: Settings) -> NDArray[np.uint8]:
    return make_images(track.clips, track.sample_rate_hz, recipe.spectrogram)


def _write_segment(
    store: Store,
    recipe: Settings,
    key: str,
    played: list[Played],
    parts: list[NDArray[np.uint8]],
) -> None:
    recipe_key = make_recipe_key(recipe)
    prefix = segment_prefix(recipe_key, key)
    writer = ShardWriter(store, prefix, image_shape(recipe.spectrogram))
    tracks = []
    for number, (track, images) in enumerate(zip(played, parts, strict=True)):
        place = (make_key("poster clip", key, number), writer.num_clips, len(images))
        rate = track.sample_rate_hz
        tracks.append(StoredTrack(*place, CLIP_SECONDS, rate, 1, 0.0, 0.0))
        writer.append(images)
    writer.finish({})
    index = SegmentIndex(recipe_key, key, DECODER_VERSION, 0, tuple(tracks), (), writer.objects)
    store.write(f"{prefix}/index.json", index.to_bytes())


def _list_rows(piece: Piece, key: str, played: list[Played], clips: list[int]) -> pd.DataFrame:
    first = np.cumsum(clips) - clips
    rows = [
        {
            "track_id": number,
            "status": "stored",
            "fingerprint": make_key("poster clip", key, number),
            "split": piece.split,
            **track.facts,
            "segment": key,
            "first_clip": int(first[number]),
            "clips": clips[number],
        }
        for number, track in enumerate(played)
        if clips[number]
    ]
    return pd.DataFrame(rows)
