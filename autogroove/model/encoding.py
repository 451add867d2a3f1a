"""From clips to encodings, one segment at a time, and from clip encodings to track encodings.

What belongs here: encoding a stored segment once, reading encodings, pooling them by track.
What does not: the model (`autogroove.model`) or distances between encodings.
"""

import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from autogroove.errors import StoreError
from autogroove.model.autoencoder import Autoencoder, encode_images
from autogroove.model.encoding_tables import write_track_encodings
from autogroove.model.storing import load_model, read_summary
from autogroove.model.training.devices import choose_machine
from autogroove.segments import SegmentIndex, open_clips, read_segment_index
from autogroove.source import load_catalogue
from autogroove.store import (
    CachedParts,
    PartRef,
    Store,
    has_whole,
    make_key,
    make_once,
    parse_table,
    put_bytes,
    read_part,
    refer_to,
    set_aside,
    write_noted,
)

FORMAT = 1
"""Raised when a change of the code gives other encodings from the same model."""

BATCH_SIZE = 64

READ_CLIPS = 1024
"""Clips read from a segment at once."""


@dataclass(frozen=True)
class ClipEncodings:
    """Encodings of clips, row by row.

    `fingerprints` is object (n,) of text; `clips` int64 (n,), 0 for a track's first clip;
    `encodings` float32 (n, code_size).
    """

    fingerprints: NDArray[np.object_]
    clips: NDArray[np.int64]
    encodings: NDArray[np.float32]


def make_encoder_key(store: Store, model_key: str) -> str:
    """The key of an encoder: the weights themselves, not how they were asked for."""
    return make_key("encoder", FORMAT, model_key, read_summary(store, model_key).weights_digest)


def encodings_key(encoder_key: str, segment_key: str) -> str:
    """The object that holds the encodings of one segment by one encoder."""
    return f"encodings/{encoder_key}/{segment_key}.parquet"


def encode_segment(
    store: Store,
    recipe_key: str,
    segment_key: str,
    model_key: str,
    *,
    device: str = "auto",
    batch_size: int = BATCH_SIZE,
) -> str:
    """Encode every clip of a segment, unless that was done before.

    The result is a Parquet object with the columns fingerprint (text), clip (int64, counted
    within its track) and encoding (list of code_size float32), in the order of the segment.

    Returns:
        The key of that object.

    Raises:
        MissingObject: the segment or the model is not in the store.
    """
    key = encodings_key(make_encoder_key(store, model_key), segment_key)
    if store.exists(key):
        return key
    model = load_model(store, model_key)
    choose_machine(device).place(model)
    clips = open_clips(store, recipe_key, segment_key)
    codes = np.empty((clips.shape[0], model.code_size), np.float32)
    for start in range(0, len(codes), READ_CLIPS):
        images = np.asarray(clips[start : start + READ_CLIPS])
        codes[start : start + READ_CLIPS] = encode_images(model, images, batch_size=batch_size)
    index = read_segment_index(store, recipe_key, segment_key)
    write_noted(store, key, _pack(_name_rows(index, codes)))
    return key


def find_encodings(
    store: Store, segment_keys: Iterable[str], model_key: str, known: Mapping[str, str]
) -> dict[str, PartRef]:
    """The encodings that this model has made already, by segment.

    `known` gives digests by key, as releases name them; of others the digest was noted. An object
    with another digest is damaged: it is set aside, and counts as not made.
    """
    encoder_key = make_encoder_key(store, model_key)
    there = set(store.names(f"encodings/{encoder_key}"))
    found = {}
    for segment_key in segment_keys:
        if f"{segment_key}.parquet" not in there:
            continue
        key = encodings_key(encoder_key, segment_key)
        if key not in known and not has_whole(store, key, _parse):
            continue
        part = refer_to(store, key)
        if known.get(key, part.sha256) == part.sha256:
            found[segment_key] = part
        else:
            set_aside(store, key)
    return found


def encode_clips(model: Autoencoder, images: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Encodings float32 (n, code_size) of images uint8 (n, num_bins, num_frames)."""
    return encode_images(model, images, batch_size=BATCH_SIZE)


def read_encodings(store: Store, parts: Iterable[PartRef | str]) -> ClipEncodings:
    """The encodings of several segments, one after the other; by key, or as parts of a release.

    Raises:
        MissingObject: one of them is not in the store.
        DamagedObject: one of them is no table of encodings.
        ReleaseError: one of the parts is missing, or its digest is another.
    """
    tables = [_read_table(store, part) for part in parts]
    table = pa.concat_tables(tables).combine_chunks()
    vectors = table["encoding"].combine_chunks()
    size = vectors.type.list_size
    return ClipEncodings(
        table["fingerprint"].to_numpy(zero_copy_only=False),
        table["clip"].to_numpy(),
        vectors.flatten().to_numpy().reshape(-1, size),
    )


def _read_table(store: Store, part: PartRef | str) -> pa.Table:
    if isinstance(part, PartRef):
        return _parse(read_part(store, part), store.locate(part.key))
    return _parse(store.read(part), store.locate(part))


def _parse(data: bytes, place: str) -> pa.Table:
    return parse_table(data, place, ["fingerprint", "clip", "encoding"])


def pool_tracks(
    catalogue: pd.DataFrame, encodings: ClipEncodings
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Track encodings: the mean of a track's clips, for every stored track of the catalogue.

    Returns:
        track_ids int64 (n,), ascending as in the catalogue, and encodings float32 (n, code_size).

    Raises:
        StoreError: a stored track has no encodings.
    """
    stored = catalogue[catalogue["status"] == "stored"]
    codes, names = pd.factorize(encodings.fingerprints)
    order = np.argsort(codes, kind="stable")
    counts = np.bincount(codes, minlength=len(names))
    starts = np.cumsum(counts) - counts
    sums = np.add.reduceat(encodings.encodings[order].astype(np.float64), starts, axis=0)
    means = (sums / counts[:, None]).astype(np.float32)
    places = pd.Index(names).get_indexer(pd.Index(stored["fingerprint"]))
    if (places < 0).any():
        lacking = list(stored["track_id"][places < 0][:5])
        raise StoreError(
            f"No encodings of {int((places < 0).sum())} stored tracks, first {lacking}."
        )
    return stored["track_id"].to_numpy(np.int64), means[places]


def _name_rows(index: SegmentIndex, codes: NDArray[np.float32]) -> pa.Table:
    """A table of the segment's clips in their order."""
    sizes = np.array([row.clips for row in index.rows], np.int64)  # of no row, still integers
    fingerprints = [row.fingerprint for row in index.rows for _ in range(row.clips)]
    clips = np.arange(len(codes)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    vectors = pa.FixedSizeListArray.from_arrays(pa.array(codes.reshape(-1)), codes.shape[1])
    names = pa.array(fingerprints, pa.string())
    return pa.table({"fingerprint": names, "clip": clips, "encoding": vectors})


def _pack(table: pa.Table) -> bytes:
    buffer = io.BytesIO()
    pq.write_table(table, buffer, compression="zstd", write_statistics=False)
    return buffer.getvalue()


def pool_tracks_once(store: Store, catalogue_key: str, encodings: list[PartRef]) -> CachedParts:
    """One encoding a track from the encodings of its clips; part `track_encodings`."""

    def make() -> dict[str, PartRef]:
        clips = read_encodings(store, encodings)
        data = write_track_encodings(*pool_tracks(load_catalogue(store, catalogue_key), clips))
        return {"track_encodings": put_bytes(store, "track_encodings", ".parquet", data)}

    key = make_key("pool", catalogue_key, sorted(part.sha256 for part in encodings))
    return make_once(store, "pool", key, make, names={"track_encodings"})
