"""A release made of arrays: the listener's protocol with nothing behind it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import numpy as np
import pandas as pd
import pytest


@dataclass
class ArrayRelease:
    """What `autogroove.listening.listened.ListenedRelease` asks for."""

    catalogue: pd.DataFrame
    track_ids: np.ndarray
    encodings: np.ndarray
    clusters: pd.DataFrame
    encoding_parts: dict[str, slice] = field(default_factory=dict)
    number: int = 3
    source_url: str = "/music"
    settings: dict[str, Any] = field(default_factory=dict)
    images: dict[int, np.ndarray] = field(default_factory=dict)
    earlier: set[int] = field(default_factory=set)
    clip_vectors: dict[int, np.ndarray] = field(default_factory=dict)

    def tracks_before(self, when: datetime) -> frozenset[int]:
        return frozenset(self.earlier)

    def clips(self, track_id: int) -> np.ndarray:
        return self.images[track_id]

    def clip_encodings(self, track_id: int) -> np.ndarray:
        return self.clip_vectors[track_id]


MakeRelease = Callable[..., ArrayRelease]


@pytest.fixture
def make_release() -> MakeRelease:
    def make(encodings: np.ndarray, clusters: list[int] | None = None, **columns: Any):
        num = len(encodings)
        ids = np.arange(num) * 3 + 10
        table: dict[str, Any] = {
            "track_id": ids,
            "path": [f"{at:03d}/song {at}.mp3" for at in range(num)],
            "status": ["stored"] * num,
            "reason": [None] * num,
            "fingerprint": [f"{at:064x}" for at in range(num)],
            "title": [f"Title {at}" for at in range(num)],
            "artist": [f"Artist {at}" for at in range(num)],
            "album": [f"Album {at}" for at in range(num)],
            "genre": ["Rock"] * num,
            "licence": ["CC-BY-4.0"] * num,
            "url": [None] * num,
            "duration_seconds": [30.0] * num,
            "tempo_bpm": [120.0] * num,
            "clips": [3] * num,
        }
        labels = clusters if clusters is not None else [0] * num
        first = [labels.index(label) == at for at, label in enumerate(labels)]
        return ArrayRelease(
            catalogue=pd.DataFrame(table | columns),
            track_ids=ids,
            encodings=np.asarray(encodings, dtype=np.float32),
            clusters=pd.DataFrame({"track_id": ids, "cluster": labels, "exemplar": first}),
        )

    return make
