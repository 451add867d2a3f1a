"""Clips of many tracks as one array, whether they fit in memory or not.

What belongs here: reading clips of a catalogue's tracks from their segments.
What does not: the order in which a training sees them (`autogroove.training.order`), or writing
segments (`autogroove.segments`).
"""

from functools import lru_cache

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from autogroove.segments import open_clips
from autogroove.storage import Store

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
