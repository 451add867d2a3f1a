"""From the images of a segment to its statistics, a block of clips at a time.

What belongs here: reading and counting. What does not: merging (`statistics`), or a cluster:
callers that have one give each segment to one task.
"""

from collections.abc import Collection, Iterator

import numpy as np
from numpy.typing import NDArray

from autogroove.evaluation.data_report.statistics import (
    TRACK_COLUMNS,
    Statistics,
    Sums,
    pack_statistics,
    unpack_statistics,
)
from autogroove.segments import SegmentIndex, StoredTrack, open_clips, read_segment_index
from autogroove.store import Store, has_whole, make_key, parsing, read_noted, write_noted

ANALYSIS_VERSION = 3
"""Changes whenever the same images would give other statistics or another report."""

NUM_BANDS = 8
BLOCK_ROWS, BLOCK_COLUMNS = 16, 32
"""An image is reduced to so many blocks for its principal components. The covariance of all
65,536 pixels would be 17 GB; that of 512 block means is 2 MB, exact, and merges."""

_CLIPS_PER_BLOCK = 48


def analyse_segment(
    store: Store,
    recipe_key: str,
    segment_key: str,
    fingerprints: Collection[str] | None = None,
) -> Statistics:
    """Count the images of one segment; about 50 clips are in memory at a time.

    Args:
        store: where the segment is.
        recipe_key: its recipe.
        segment_key: its key.
        fingerprints: the tracks that count; none: all that the segment holds.

    Raises:
        MissingObject: the segment is not in the store.
    """
    index = read_segment_index(store, recipe_key, segment_key)
    rows = [row for row in index.rows if fingerprints is None or row.fingerprint in fingerprints]
    clips = open_clips(store, recipe_key, segment_key)
    tally = _Tally((int(clips.shape[1]), int(clips.shape[2])))
    for batch in _batches(rows):
        first, end = batch[0].first_clip, batch[-1].first_clip + batch[-1].clips
        images = np.asarray(clips[first:end])
        for row in batch:
            tally.add_track(images[row.first_clip - first : row.first_clip - first + row.clips])
    return tally.finish(_track_columns(rows))


def analyse_segment_once(
    store: Store,
    recipe_key: str,
    segment_key: str,
    fingerprints: Collection[str] | None = None,
) -> str:
    """Count a segment unless that was done; the key of its statistics in the store.

    For tasks: what travels is the key, and an unchanged segment is not read again.
    """
    key = statistics_key(store, recipe_key, segment_key, fingerprints)
    if not has_whole(store, key, _parse):
        statistics = analyse_segment(store, recipe_key, segment_key, fingerprints)
        write_noted(store, key, pack_statistics(statistics))
    return key


def statistics_key(
    store: Store,
    recipe_key: str,
    segment_key: str,
    fingerprints: Collection[str] | None = None,
) -> str:
    """Where the statistics of these tracks of a segment are, or would be."""
    index = read_segment_index(store, recipe_key, segment_key)
    counted = _restrict(index, fingerprints)
    part = make_key("segment statistics", ANALYSIS_VERSION, recipe_key, segment_key, counted)
    return f"analyses/segments/{part}.safetensors"


def read_statistics(store: Store, key: str) -> Statistics:
    """The statistics that `analyse_segment_once` left under a key.

    Raises:
        MissingObject: they are not there.
        DamagedObject: they are not as they were written.
    """
    return _parse(read_noted(store, key, _parse), store.locate(key))


def _parse(data: bytes, place: str) -> Statistics:
    with parsing(place):
        return unpack_statistics(data)


def _restrict(index: SegmentIndex, fingerprints: Collection[str] | None) -> list[str] | None:
    """The tracks that count, or None where all do: the usual case has one key only."""
    if fingerprints is None:
        return None
    kept = [row.fingerprint for row in index.rows if row.fingerprint in fingerprints]
    return None if len(kept) == len(index.rows) else kept


def _batches(rows: list[StoredTrack]) -> Iterator[list[StoredTrack]]:
    """Runs of tracks that lie together and fill a block."""
    batch: list[StoredTrack] = []
    for row in rows:
        if batch and row.first_clip + row.clips - batch[0].first_clip > _CLIPS_PER_BLOCK:
            yield batch
            batch = []
        batch.append(row)
    if batch:
        yield batch


def _track_columns(rows: list[StoredTrack]) -> Sums:
    """What ingest measured of each track (n, 5); NaN for what it did not."""
    table = [[getattr(row, name, None) for name in TRACK_COLUMNS] for row in rows]
    return np.array(table, dtype=np.float64).reshape(len(rows), len(TRACK_COLUMNS))


class _Tally:
    """Running sums; tracks are added whole."""

    def __init__(self, shape: tuple[int, int]) -> None:
        bins, frames = shape
        self.bands = np.array_split(np.arange(bins), min(NUM_BANDS, bins))
        self.row_edges = _edges(bins, BLOCK_ROWS)
        self.column_edges = _edges(frames, BLOCK_COLUMNS)
        size = len(self.row_edges) * len(self.column_edges)
        self.offsets = 256 * np.arange(bins, dtype=np.int64)[:, None]
        self.window = np.hanning(frames)
        self.num_clips = self.num_black = 0
        self.level_counts = np.zeros(bins * 256, np.int64)
        self.clip_squares, self.track_squares = np.zeros(bins), np.zeros(bins)
        self.frame_products = np.zeros((bins, bins))
        self.block_sums, self.block_products = np.zeros(size), np.zeros((size, size))
        self.modulation = np.zeros((len(self.bands), frames // 2 + 1))

    def add_track(self, images: NDArray[np.uint8]) -> None:
        """Count the clips (n, bins, frames) of one track."""
        num_clips, bins, frames = images.shape
        levels = images.astype(np.float64)
        sums = levels.sum(axis=2)
        self.num_clips += num_clips
        self.num_black += int(np.count_nonzero(sums.sum(axis=1) == 0))
        places = (images + self.offsets).ravel()
        self.level_counts += np.bincount(places, minlength=len(self.level_counts))
        self.clip_squares += (sums**2).sum(axis=0) / frames
        self.track_squares += sums.sum(axis=0) ** 2 / (num_clips * frames)
        by_frame = levels.transpose(1, 0, 2).reshape(bins, -1)
        self.frame_products += by_frame @ by_frame.T
        self._add_blocks(levels)
        self._add_modulation(levels)

    def _add_blocks(self, levels: Sums) -> None:
        rows = np.add.reduceat(levels, self.row_edges, axis=1)
        blocks = np.add.reduceat(rows, self.column_edges, axis=2).reshape(len(levels), -1)
        self.block_sums += blocks.sum(axis=0)
        self.block_products += blocks.T @ blocks

    def _add_modulation(self, levels: Sums) -> None:
        """Power by modulation frequency of each band's mean grey level, its own mean taken off."""
        for band, rows in enumerate(self.bands):
            envelope = levels[:, rows].mean(axis=1) / 255
            envelope -= envelope.mean(axis=1, keepdims=True)
            power = np.abs(np.fft.rfft(envelope * self.window, axis=1)) ** 2
            self.modulation[band] += power.sum(axis=0)

    def finish(self, tracks: Sums) -> Statistics:
        """The sums as a value."""
        return Statistics(
            num_clips=self.num_clips,
            num_black=self.num_black,
            level_counts=self.level_counts.reshape(-1, 256),
            clip_squares=self.clip_squares,
            track_squares=self.track_squares,
            frame_products=self.frame_products,
            block_sums=self.block_sums,
            block_products=self.block_products,
            modulation=self.modulation,
            tracks=tracks,
        )


def _edges(length: int, parts: int) -> NDArray[np.int64]:
    """First positions of nearly equal parts; sums over them weigh all pixels alike."""
    parts = min(parts, length)
    return np.arange(parts, dtype=np.int64) * length // parts
