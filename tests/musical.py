"""Releases with audio: a small music folder, and the whole line without the orchestrator.

What belongs here: rendering a few seconds of tagged MP3s, and publishing a release of them.
What does not: tests, or releases that nobody listens to (`synthetic`).
"""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import mutagen.id3
import numpy as np
import soundfile

from autogroove.clustering.affinity import cluster_encodings
from autogroove.clustering.clusters import write_clusters
from autogroove.config.settings import Settings
from autogroove.model.encoding import (
    encode_segment,
    pool_tracks,
    read_encodings,
)
from autogroove.model.encoding_tables import write_track_encodings
from autogroove.model.storing import model_folder
from autogroove.model.training.train import train_model
from autogroove.releases.log import PublishOutcome, publish_release
from autogroove.releases.parts import Counts, Coverage, ModelPart, ReleaseParts, SegmentPart
from autogroove.segments.coverage import complete_catalogue
from autogroove.segments.index import read_segment_indexes
from autogroove.segments.planning import plan_segments
from autogroove.segments.writing import write_segment
from autogroove.source.scan import scan_source
from autogroove.source.sources import open_source
from autogroove.source.table import write_catalogue
from autogroove.store.artefacts import put_bytes, put_json, refer_to
from autogroove.store.store import Store

RATE_HZ = 22050

SMALL = Settings().with_overrides(
    {
        "clip.clip_seconds": 2.0,
        "spectrogram.num_bins": 64,
        "spectrogram.num_frames": 64,
        "spectrogram.hop_samples": 600,
        "model.channels": (4, 4, 4, 4, 4, 4),
        "model.code_size": 8,
        "training.epochs": 1,
        "training.batch_size": 8,
    }
)
"""The poster's recipe in small: a release in a few seconds."""


@dataclass(frozen=True)
class TrackView:
    """One file to render. Equal grooves sound alike."""

    path: str
    title: str
    artist: str
    groove: int
    album: str = "Demo"
    genre: str = "Electronic"
    licence: str = "CC-BY-4.0"
    seconds: float = 6.0


def render_song(song: TrackView, seed: int) -> np.ndarray:
    """Clicks at the groove's tempo over the groove's chord, and a melody of the song's own; mono
    float64."""
    draw = np.random.default_rng(seed)
    time = np.arange(int(song.seconds * RATE_HZ)) / RATE_HZ
    beat = 60 / (80 + 25 * song.groove)
    envelope = np.exp(-((time % beat) / 0.06))
    sound = 0.5 * envelope * draw.normal(size=len(time))
    for harmonic in (1, 1.5, 2):
        sound += 0.1 * np.sin(2 * np.pi * 110 * 1.26**song.groove * harmonic * time)
    notes = 220 * 2 ** (draw.integers(0, 36, len(time) * 8 // RATE_HZ + 1) / 12)
    sound += 0.15 * np.sin(2 * np.pi * notes[(8 * time).astype(int)] * time)
    return np.asarray(0.5 * sound / np.abs(sound).max())


def write_songs(folder: Path, songs: Sequence[TrackView]) -> None:
    """MP3 files with ID3 tags."""
    for seed, song in enumerate(songs):
        buffer = io.BytesIO()
        soundfile.write(buffer, render_song(song, seed), RATE_HZ, format="MP3")
        tags = mutagen.id3.ID3()
        for frame, text in {
            "TIT2": song.title,
            "TPE1": song.artist,
            "TALB": song.album,
            "TCON": song.genre,
            "TCOP": song.licence,
        }.items():
            tags.add(getattr(mutagen.id3, frame)(encoding=3, text=text))
        target = folder / song.path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(buffer.getvalue())
        tags.save(target)


def publish_folder(
    store: Store, folder: Path, settings: Settings = SMALL, card: dict | None = None
) -> PublishOutcome:
    """Scan, draw, train, encode, cluster, publish."""
    source = open_source(str(folder), store=store)
    catalogue = scan_source(source, store).catalogue
    plan = plan_segments(catalogue, store, settings)
    for batch in plan.batches:
        write_segment(batch, source, store, settings)
    recipe_key = plan.recipe_key
    needed = set(plan.segment_keys)
    indexes = [i for i in read_segment_indexes(store, recipe_key) if i.segment_key in needed]
    catalogue = complete_catalogue(catalogue, indexes)
    summary = train_model(store, catalogue, settings, device="cpu")
    keys = [
        encode_segment(store, recipe_key, key, summary.model_key, device="cpu")
        for key in plan.segment_keys
    ]
    ids, encodings = pool_tracks(catalogue, read_encodings(store, keys))
    clustering = cluster_encodings(encodings, settings.clustering)
    exemplars = np.zeros(len(ids), dtype=bool)
    exemplars[clustering.exemplars] = True
    counts = catalogue["status"].value_counts()
    place = model_folder(summary.model_key)
    parts = ReleaseParts(
        catalogue=put_bytes(store, "catalogues", ".parquet", write_catalogue(catalogue)),
        segments=tuple(
            SegmentPart(
                recipe_key=recipe_key,
                segment_key=index.segment_key,
                digest=refer_to(
                    store, f"segments/{recipe_key}/{index.segment_key}/index.json"
                ).sha256,
                num_clips=index.num_clips,
            )
            for index in indexes
        ),
        model=ModelPart(
            model_key=summary.model_key,
            weights=refer_to(store, f"{place}/weights.safetensors"),
            description=refer_to(store, f"{place}/model.json"),
        ),
        encodings=tuple(refer_to(store, key) for key in keys),
        track_encodings=put_bytes(
            store, "track_encodings", ".parquet", write_track_encodings(ids, encodings)
        ),
        clusters=put_bytes(
            store, "clusters", ".parquet", write_clusters(ids, clustering.labels, exemplars)
        ),
        cluster_report=put_json(store, "clusters", {"converged": clustering.converged}),
        card=put_json(store, "cards", card or CARD),
        settings=settings.model_dump(mode="json"),
        source_kind=source.kind,
        source_url=source.url,
        coverage=Coverage(
            source=len(catalogue),
            stored=int(counts.get("stored", 0)),
            quarantined=int(counts.get("quarantined", 0)),
            excluded=int(counts.get("excluded", 0)),
        ),
        counts=Counts(
            tracks=len(ids),
            clips=sum(index.num_clips for index in indexes),
            clusters=len(clustering.exemplars),
        ),
        next_cluster=len(clustering.exemplars),
    )
    return publish_release(store, parts)


CARD = {
    "version": 1,
    "num_tracks": 14,
    "num_clips": 42,
    "num_artists": 7,
    "rows": [
        {
            "key": "same_track_r1",
            "name": "finds another clip of the track",
            "better": "higher",
            "value": 0.71,
            "low": 0.62,
            "high": 0.8,
            "num_items": 42,
            "baselines": {
                "chance": {"value": 0.05, "low": None, "high": None, "num_items": 42},
                "mfcc": {"value": 0.66, "low": 0.6, "high": 0.73, "num_items": 42},
            },
            "note": "",
        },
        {
            "key": "groove_accuracy",
            "name": "groove by nearest neighbours",
            "better": "higher",
            "value": None,
            "low": None,
            "high": None,
            "num_items": 0,
            "baselines": {},
            "note": "no groove is known in this collection",
        },
    ],
}
