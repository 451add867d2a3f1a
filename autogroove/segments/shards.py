"""From images to the objects of a Zarr v3 group.

What belongs here: chunking, shard by shard encoding, and the digests of what is written.
What does not: where images come from, or the index.

Every object is encoded in memory, digested, and put whole: an interrupted writer leaves whole
objects or none, and one shard (16 MiB of images) and its encoding are all that is held.
"""

import time
from typing import Any

import numpy as np
import zarr
from numpy.typing import NDArray
from zarr.codecs import Crc32cCodec
from zarr.core.buffer import default_buffer_prototype
from zarr.core.sync import sync
from zarr.storage import MemoryStore

from autogroove.store import Store, digest_bytes, write_again

CLIPS_PER_CHUNK = 16
CLIPS_PER_SHARD = 256


class ShardWriter:
    """Takes images track by track and puts full shards; `finish` puts the rest."""

    def __init__(self, store: Store, prefix: str, shape: tuple[int, int]) -> None:
        self._store, self._prefix, self._shape = store, prefix, shape
        self._waiting = np.empty((CLIPS_PER_SHARD, *shape), np.uint8)
        self._used = 0
        self.num_clips = 0
        self.seconds = 0.0
        """Time spent encoding, digesting and putting."""
        self.objects: dict[str, tuple[str, int]] = {}
        """SHA-256 and bytes of every object written, by its name below the segment."""

    def append(self, images: NDArray[np.uint8]) -> None:
        """Add images (n, num_bins, num_frames)."""
        started = time.perf_counter()
        while len(images):
            taken = images[: CLIPS_PER_SHARD - self._used]
            self._waiting[self._used : self._used + len(taken)] = taken
            self._used += len(taken)
            self.num_clips += len(taken)
            images = images[len(taken) :]
            if self._used == CLIPS_PER_SHARD:
                self._put_shard()
        self.seconds += time.perf_counter() - started

    def finish(self, attributes: dict[str, Any]) -> None:
        """Put the last shard and the metadata of group and array."""
        started = time.perf_counter()
        if self._used:
            self._put_shard()
        memory = MemoryStore()
        zarr.create_group(memory, attributes=attributes)
        _create_array(memory, "clips", self.num_clips, self._shape, attributes)
        for name, data in sorted(_take_objects(memory).items()):
            self._put(name, data)
        self.seconds += time.perf_counter() - started

    def _put_shard(self) -> None:
        memory = MemoryStore()
        array = _create_array(memory, "", self._used, self._shape, {})
        array[:] = self._waiting[: self._used]
        shard = (self.num_clips - 1) // CLIPS_PER_SHARD
        self._put(f"clips/c/{shard}/0/0", _take_objects(memory)["c/0/0/0"])
        self._used = 0

    def _put(self, name: str, data: bytes) -> None:
        write_again(self._store, f"{self._prefix}/{name}", data)
        self.objects[name] = (digest_bytes(data), len(data))


def _create_array(
    memory: MemoryStore,
    name: str,
    num_clips: int,
    shape: tuple[int, int],
    attributes: dict[str, Any],
) -> "zarr.Array[Any]":
    return zarr.create_array(
        memory,
        name=name or None,
        shape=(num_clips, *shape),
        dtype="uint8",
        chunks=(CLIPS_PER_CHUNK, *shape),
        shards=(CLIPS_PER_SHARD, *shape),
        compressors=Crc32cCodec(),
        fill_value=0,
        attributes=attributes or None,
        dimension_names=("clip", "frequency", "time"),
        # A shard of nothing but black would not be written, and its loss not be seen.
        config={"write_empty_chunks": True},
    )


def _take_objects(memory: MemoryStore) -> dict[str, bytes]:
    async def take() -> dict[str, bytes]:
        prototype = default_buffer_prototype()
        names = [name async for name in memory.list()]
        return {name: _bytes_of(await memory.get(name, prototype)) for name in names}

    taken: dict[str, bytes] = sync(take())
    return taken


def _bytes_of(buffer: Any) -> bytes:
    return bytes(buffer.to_bytes())
