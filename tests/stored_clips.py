"""Small collections of clips in a store, made without audio.

Each track has a picture of its own, and its clips are that picture with noise.
"""

import hashlib

import numpy as np
import pandas as pd

from autogroove.config.settings import Settings
from autogroove.segments.index import SegmentIndex, StoredTrack, make_recipe_key, segment_prefix
from autogroove.segments.shards import ShardWriter
from autogroove.store.store import Store


def tiny_settings(preset="poster", shape=None, **overrides):
    """Settings for images small enough to train on in a second."""
    # A tempo needs a second and a half of music.
    shape = shape or ((32, 96) if preset == "groove" else (32, 32))
    small = {
        "spectrogram.num_bins": shape[0],
        "spectrogram.num_frames": shape[1],
        "model.code_size": 8,
        "training.epochs": 3,
        "training.batch_size": 8,
    }
    named = {name.replace("__", "."): value for name, value in overrides.items()}
    return Settings.from_preset(preset).with_overrides(small | named)


def store_clips(
    store: Store,
    settings: Settings,
    num_tracks: int = 12,
    clips: int = 3,
    tracks_per_segment: int = 8,
) -> pd.DataFrame:
    """Write segments of synthetic clips; the complete catalogue of their tracks."""
    rows = []
    for start in range(0, num_tracks, tracks_per_segment):
        numbers = range(start, min(start + tracks_per_segment, num_tracks))
        rows += _store_segment(store, settings, f"segment{start:04d}", numbers, clips)
    return pd.DataFrame(rows)


def _store_segment(store, settings, segment, numbers, clips):
    recipe = make_recipe_key(settings)
    prefix = segment_prefix(recipe, segment)
    shape = (settings.spectrogram.num_bins, settings.spectrogram.num_frames)
    writer = ShardWriter(store, prefix, shape)
    stored, rows = [], []
    for place, number in enumerate(numbers):
        writer.append(draw_track(number, clips, shape))
        fingerprint = hashlib.sha256(str(number).encode()).hexdigest()
        stored.append(StoredTrack(fingerprint, place * clips, clips, 30.0, 44100, 2, 0.0, 0.0))
        rows.append(
            {
                "track_id": number,
                "status": "stored",
                "fingerprint": fingerprint,
                "artist": f"artist {number // 2}",
                "artist_id": None,
                "split": None,
                "segment": segment,
                "first_clip": place * clips,
                "clips": clips,
            }
        )
    writer.finish({})
    index = SegmentIndex(recipe, segment, "none", 0, tuple(stored), (), writer.objects)
    store.write(f"{prefix}/index.json", index.to_bytes())
    return rows


def draw_track(number: int, clips: int, shape: tuple[int, int]) -> np.ndarray:
    """uint8 (clips, *shape): blocks that belong to the track, and noise that does not."""
    random = np.random.default_rng(number)
    height, width = shape[0] // 8, shape[1] // 8
    own = np.kron(random.random((height, width)), np.ones((8, 8)))
    noise = random.random((clips, *shape))
    return (255 * np.clip(0.8 * own + 0.1 * noise, 0, 1)).astype(np.uint8)
