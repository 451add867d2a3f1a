"""In which order a training sees clips.

What belongs here: shuffling, by a seed and an epoch alone, and reading ahead.
What does not: what is done with a batch.

Small collections are one window: a full shuffle. Large ones are read block by block: blocks of
neighbouring tracks are shuffled, a few blocks make a window, and tracks are shuffled inside it,
so that the store is read in long runs while the order stays near random.
"""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from autogroove.training.clips import ClipLoader

Item = TypeVar("Item")

BLOCK_TRACKS = 64
WINDOW_BYTES = 512 * 2**20


@dataclass(frozen=True)
class Window:
    """Images in memory, uint8 (n, H, W), and the batches to take from them, by row."""

    images: NDArray[np.uint8]
    batches: list[NDArray[np.int64]]


def shuffled_windows(
    loader: ClipLoader, *, seed: int, epoch: int, batch_size: int, pairs: bool
) -> Iterator[Window]:
    """One epoch. Every clip comes once, or, with `pairs`, every track once with two clips.

    The images of a window are valid until the next one is asked for.

    With pairs a batch holds the first clip of each pair, then the second ones in the same order;
    a track that has one clip is its own partner.
    """
    random = np.random.default_rng([seed, epoch])
    cut = _pair_batches if pairs else _clip_batches
    if loader.fits:
        tracks = np.arange(loader.num_tracks)
        yield Window(loader.read_all(), cut(loader.clips_of, random, batch_size))
        return
    windows = enumerate(_block_windows(loader, random))
    # One window is in use while the next is read, so that two buffers are enough.
    read = ((tracks, loader.read_tracks(tracks, buffer=place % 2)) for place, tracks in windows)
    for tracks, images in read_ahead(read):
        yield Window(images, cut(loader.clips_of[tracks], random, batch_size))


def _block_windows(loader: ClipLoader, random: np.random.Generator) -> Iterator[NDArray[np.int64]]:
    order = loader.storage_order
    blocks = [order[i : i + BLOCK_TRACKS] for i in range(0, len(order), BLOCK_TRACKS)]
    clip_bytes = loader.num_bins * loader.num_frames
    window: list[NDArray[np.int64]] = []
    size = 0
    for block in random.permutation(len(blocks)):
        window.append(blocks[block])
        size += int(loader.clips_of[blocks[block]].sum()) * clip_bytes
        if size >= WINDOW_BYTES:
            yield np.concatenate(window)
            window, size = [], 0
    if window:
        yield np.concatenate(window)


def _clip_batches(
    sizes: NDArray[np.int64], random: np.random.Generator, batch_size: int
) -> list[NDArray[np.int64]]:
    return _cut(random.permutation(int(sizes.sum())), batch_size)


def _pair_batches(
    sizes: NDArray[np.int64], random: np.random.Generator, batch_size: int
) -> list[NDArray[np.int64]]:
    tracks = random.permutation(len(sizes))
    starts = (np.cumsum(sizes) - sizes)[tracks]
    first = random.integers(0, sizes[tracks])
    step = random.integers(1, np.maximum(sizes[tracks], 2))
    second = (first + step) % sizes[tracks]
    places = _cut(np.arange(len(tracks)), max(2, batch_size // 2))
    return [np.concatenate([(starts + first)[p], (starts + second)[p]]) for p in places]


def _cut(order: NDArray[np.int64], batch_size: int) -> list[NDArray[np.int64]]:
    """Batches in order. A last batch of one joins the one before: it has no statistics."""
    edges = list(range(batch_size, len(order), batch_size))
    if edges and len(order) - edges[-1] == 1:
        edges.pop()
    return np.split(order, edges)


def read_ahead(items: Iterator[Item]) -> Iterator[Item]:
    """The same items, the next one being made in a thread while this one is used."""
    with ThreadPoolExecutor(1, thread_name_prefix="read-ahead") as pool:
        waiting = pool.submit(next, items, None)
        while (item := waiting.result()) is not None:
            waiting = pool.submit(next, items, None)
            yield item
