"""Releases without audio: real parts in the real layout, quickly made.

What belongs here: putting a whole release of made-up tracks into a store.
What does not: tests.
"""

import io
import json
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import zarr
from zarr.abc.buffer import Buffer
from zarr.codecs import Crc32cCodec
from zarr.storage import MemoryStore

from autogroove.clustering.clusters import write_clusters
from autogroove.model.encoding_tables import write_track_encodings
from autogroove.releases.parts import (
    Counts,
    Coverage,
    Decision,
    ModelPart,
    ReleaseParts,
    SegmentPart,
)
from autogroove.segments.index import SegmentIndex, StoredTrack
from autogroove.source.table import write_catalogue
from autogroove.store.artefacts import PartRef, put_bytes, put_json, refer_to
from autogroove.store.keys import canonical_json, digest_bytes, make_key
from autogroove.store.store import Store

CODE_SIZE = 8
CLIPS = 3
SHAPE = (16, 16)
RECIPE = make_key("recipe", "synthetic")


@dataclass(frozen=True)
class Collection:
    """What a made-up source holds. Equal collections give equal releases.

    `changed` are tracks whose audio differs from that of the plain collection.
    """

    track_ids: Sequence[int] = range(24)
    num_clusters: int = 4
    changed: frozenset[int] = frozenset()
    settings: dict[str, object] = field(default_factory=lambda: {"clip": {"clip_seconds": 10.0}})
    model: str = "first"
    tracks_per_segment: int = 8

    def fingerprint(self, track_id: int) -> str:
        return make_key("track", track_id, track_id in self.changed) * 2

    def images(self, track_id: int) -> np.ndarray:
        seed = int(self.fingerprint(track_id)[:8], 16)
        return np.random.default_rng(seed).integers(0, 255, (CLIPS, *SHAPE), np.uint8)


SMALL = Collection(track_ids=range(6), num_clusters=2)
"""Enough for tests that ask a server many times."""


def put_release(store: Store, collection: Collection | None = None) -> ReleaseParts:
    """Write every part of a release into a store; publishing is left to the caller."""
    source = collection or Collection()
    ids = list(source.track_ids)
    batches = [
        ids[start : start + source.tracks_per_segment]
        for start in range(0, len(ids), source.tracks_per_segment)
    ]
    segments = [put_segment(store, source, batch) for batch in batches]
    places = {
        t: (s.segment_key, CLIPS * row)
        for s, b in zip(segments, batches, strict=True)
        for row, t in enumerate(b)
    }
    model_key = make_key("model", source.model)
    codes = {t: source.images(t).reshape(CLIPS, -1)[:, :CODE_SIZE] / np.float32(255) for t in ids}
    pooled = np.stack([codes[t].mean(axis=0) for t in ids])
    labels = np.arange(len(ids)) % source.num_clusters
    tables = [
        put_encodings(store, source, model_key, s.segment_key, batch, codes)
        for s, batch in zip(segments, batches, strict=True)
    ]
    return ReleaseParts(
        catalogue=put_catalogue(store, source, places),
        segments=tuple(segments),
        model=put_model(store, model_key),
        encodings=tuple(tables),
        track_encodings=put_bytes(
            store, "track_encodings", ".parquet", write_track_encodings(ids, pooled)
        ),
        clusters=put_bytes(
            store,
            "clusters",
            ".parquet",
            write_clusters(ids, labels, np.arange(len(ids)) < source.num_clusters),
        ),
        cluster_report=put_json(store, "clusters", {"converged": True, "iterations": 41}),
        card=put_json(store, "cards", {"rows": [{"key": "groove", "value": len(ids) / 100}]}),
        pictures={"loss": put_bytes(store, "pictures", ".png", b"\x89PNG not really")},
        gc_roots=(),
        settings=source.settings,
        source_kind="folder",
        source_url="s3://made-up/music",
        coverage=Coverage(source=len(ids), stored=len(ids), quarantined=0, excluded=0),
        counts=Counts(tracks=len(ids), clips=CLIPS * len(ids), clusters=source.num_clusters),
        policy={"model": Decision(decision="trained", why="there is no release yet")},
        timings={"spectrograms": 1.5},
        next_cluster=source.num_clusters,
    )


def put_segment(store: Store, source: Collection, ids: Sequence[int]) -> SegmentPart:
    """A Zarr group with the array `clips`, and last its index."""
    prints = [source.fingerprint(t) for t in ids]
    key = make_key("segment", RECIPE, prints)
    prefix = f"segments/{RECIPE}/{key}"
    images = np.concatenate([source.images(t) for t in ids])
    objects = {}
    for name, data in encode_group(images, prints).items():
        store.write(f"{prefix}/{name}", data)
        objects[name] = (digest_bytes(data), len(data))
    rows = (
        StoredTrack(fingerprint, CLIPS * row, CLIPS, 30.0, 44100, 2, 0.0, 0.0)
        for row, fingerprint in enumerate(prints)
    )
    index = SegmentIndex(RECIPE, key, "none", 0, tuple(rows), (), objects).to_bytes()
    store.write(f"{prefix}/index.json", index)
    return SegmentPart(
        recipe_key=RECIPE, segment_key=key, digest=digest_bytes(index), num_clips=len(images)
    )


def encode_group(images: np.ndarray, fingerprints: list[str]) -> dict[str, bytes]:
    """The objects of a Zarr group, whole, as the real writer puts them too."""
    objects: dict[str, Buffer] = {}
    group = zarr.create_group(MemoryStore(objects), attributes={"fingerprints": fingerprints})
    group.create_array(
        "clips",
        data=images,
        chunks=(4, *SHAPE),
        shards=(16, *SHAPE),
        compressors=Crc32cCodec(),
        config={"write_empty_chunks": True},
    )
    return {name: bytes(data.to_bytes()) for name, data in sorted(objects.items())}


def put_catalogue(store: Store, source: Collection, places: dict[int, tuple[str, int]]) -> PartRef:
    rows = [
        {
            "track_id": t,
            "path": f"{t // 1000:03d}/{t:06d}.mp3",
            "status": "stored",
            "fingerprint": source.fingerprint(t),
            "size_bytes": 1000 + t,
            "title": f"Track {t}",
            "artist": f"Artist {t % 7}",
            "segment": places[t][0],
            "first_clip": places[t][1],
            "clips": CLIPS,
        }
        for t in source.track_ids
    ]
    return put_bytes(store, "catalogues", ".parquet", write_catalogue(pd.DataFrame(rows)))


def put_model(store: Store, model_key: str) -> ModelPart:
    folder = f"models/{model_key}"
    store.write(f"{folder}/weights.safetensors", canonical_json(["weights", model_key]))
    store.write(
        f"{folder}/model.json", json.dumps({"model": {"kind": "poster"}, "key": model_key}).encode()
    )
    return ModelPart(
        model_key=model_key,
        weights=refer_to(store, f"{folder}/weights.safetensors"),
        description=refer_to(store, f"{folder}/model.json"),
    )


def put_encodings(
    store: Store,
    source: Collection,
    model_key: str,
    segment_key: str,
    ids: Sequence[int],
    codes: dict[int, np.ndarray],
) -> PartRef:
    matrix = np.concatenate([codes[t] for t in ids]).astype(np.float32)
    table = pa.table(
        {
            "fingerprint": pa.array([source.fingerprint(t) for t in ids for _ in range(CLIPS)]),
            "clip": pa.array(list(range(CLIPS)) * len(ids), pa.int64()),
            "encoding": pa.FixedSizeListArray.from_arrays(pa.array(matrix.reshape(-1)), CODE_SIZE),
        }
    )
    buffer = io.BytesIO()
    pq.write_table(table, buffer)
    key = f"encodings/{make_key('encoder', model_key)}/{segment_key}.parquet"
    store.write(key, buffer.getvalue())
    return refer_to(store, key)
