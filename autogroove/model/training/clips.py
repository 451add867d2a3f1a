"""Clips of many tracks as one array, and the order in which a training sees them."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from autogroove.segments import open_clips
from autogroove.store import Store

RESIDENT_BYTES = 4 * 2**30
"""Clips of up to this size are read once and kept: 65,536 images of 256 × 256."""

PIECE_BYTES = 8 * 2**20
"""A read fetches no more than this and a track. Larger arrays are mapped anew each time, page by
page (mallopt(3)), which can take longer than the reading."""


class ClipLoader:
    """Clips of tracks, addressed by their position in the table that it was given.

    A clip's index counts through the table: the clips of its first track, then of its second.

    Args:
        store: where the segments are.
        recipe_key: the recipe that the segments were made by.
        tracks: a table with columns segment (key), first_clip and clips, one row a track.
        resident_bytes: the most that is kept in memory.
    """

    def __init__(
        self,
        store: Store,
        recipe_key: str,
        tracks: pd.DataFrame,
        *,
        resident_bytes: int = RESIDENT_BYTES,
    ) -> None:
        codes, names = pd.factorize(tracks["segment"], sort=True)
        self._segments = [str(name) for name in names]
        self._segment = codes.astype(np.int64)
        self._first = tracks["first_clip"].to_numpy(np.int64)
        self.clips_of = tracks["clips"].to_numpy(np.int64)
        self.starts = np.concatenate([[0], np.cumsum(self.clips_of)])
        self.num_tracks = len(tracks)
        self.num_clips = int(self.starts[-1])
        self._open = lru_cache(maxsize=64)(lambda name: open_clips(store, recipe_key, name))
        _, self.num_bins, self.num_frames = self._open(self._segments[0]).shape
        self.fits = self.num_clips * self.num_bins * self.num_frames <= resident_bytes
        self._resident: NDArray[np.uint8] | None = None
        self._buffers: dict[int, NDArray[np.uint8]] = {}

    @property
    def image_shape(self) -> tuple[int, int]:
        """(num_bins, num_frames) of every clip."""
        return self.num_bins, self.num_frames

    @property
    def storage_order(self) -> NDArray[np.int64]:
        """Positions of the tracks as they lie in the segments, for reading in long runs."""
        return np.lexsort((self._first, self._segment))

    def read_all(self) -> NDArray[np.uint8]:
        """Every clip, uint8 (num_clips, num_bins, num_frames); kept where it fits."""
        if self._resident is None:
            images = self.read_tracks(np.arange(self.num_tracks))
            if not self.fits:
                return images
            self._resident = images
        return self._resident

    def read(self, clips: NDArray[np.int64]) -> NDArray[np.uint8]:
        """Chosen clips by index, uint8 (len(clips), num_bins, num_frames)."""
        if self.fits:
            chosen: NDArray[np.uint8] = self.read_all()[clips]
            return chosen
        tracks, inverse = np.unique(self.track_of(clips), return_inverse=True)
        ends = np.cumsum(self.clips_of[tracks])
        offset = (ends - self.clips_of[tracks])[inverse] + clips - self.starts[tracks][inverse]
        picked: NDArray[np.uint8] = self.read_tracks(tracks)[offset]
        return picked

    def track_of(self, clips: NDArray[np.int64]) -> NDArray[np.int64]:
        """The position of the track that each clip belongs to."""
        return np.searchsorted(self.starts, clips, side="right") - 1

    def read_tracks(
        self, tracks: NDArray[np.int64], *, buffer: int | None = None
    ) -> NDArray[np.uint8]:
        """Clips of chosen tracks, one track after the other, in the order asked for.

        With the number of a `buffer` they are in memory that the next call with that number writes
        over: fresh memory for every window costs more than reading it.
        """
        sizes = self.clips_of[tracks]
        ends = np.cumsum(sizes)
        images = self._make_room(int(sizes.sum()), buffer)
        for run in self._runs(tracks):
            first = int(self._first[tracks[run[0]]])
            stop = int(self._first[tracks[run[-1]]] + sizes[run[-1]])
            clips = self._open(self._segments[self._segment[tracks[run[0]]]])
            block = np.asarray(clips[first:stop])
            for place in run:
                start = int(self._first[tracks[place]]) - first
                size = int(sizes[place])
                images[ends[place] - size : ends[place]] = block[start : start + size]
        return images

    def _make_room(self, num_clips: int, buffer: int | None) -> NDArray[np.uint8]:
        if buffer is None:
            return np.empty((num_clips, *self.image_shape), np.uint8)
        kept = self._buffers.get(buffer)
        if kept is None or len(kept) < num_clips:
            kept = self._buffers[buffer] = np.empty((num_clips, *self.image_shape), np.uint8)
        return kept[:num_clips]

    def _runs(self, tracks: NDArray[np.int64]) -> list[NDArray[np.int64]]:
        """Places of `tracks` that lie side by side in a segment: one read fetches them."""
        if len(tracks) == 0:
            return []
        order = np.lexsort((self._first[tracks], self._segment[tracks]))
        ordered = tracks[order]
        ends = self._first[ordered] + self.clips_of[ordered]
        clip_bytes = self.num_bins * self.num_frames
        pieces = np.cumsum(self.clips_of[ordered]) * clip_bytes // PIECE_BYTES
        breaks = (
            (self._segment[ordered][1:] != self._segment[ordered][:-1])
            | (self._first[ordered][1:] != ends[:-1])
            | (pieces[1:] != pieces[:-1])
        )
        return np.split(order, np.flatnonzero(breaks) + 1)


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
