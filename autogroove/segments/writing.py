"""One task's work: a batch of tracks in, one segment out.

What belongs here: the loop over a batch, quarantine, and the order of writing: arrays first, the
index last.
What does not: planning, or what happens to one track.

A fault of one track is a quarantined row. Only the source as a whole or the store ends a batch
with an error, and then no index is written: the segment does not exist, and is made again.
"""

from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import asdict
from functools import partial
from typing import Any

from autogroove.audio import DECODER_VERSION, AudioFault
from autogroove.config import Settings
from autogroove.errors import SourceError
from autogroove.segments.decoding import (
    TRACK_TIMEOUT_SECONDS,
    IsolatedMaker,
    Maker,
    TrackImages,
    make_track,
)
from autogroove.segments.index import (
    QuarantinedTrack,
    SegmentIndex,
    StoredTrack,
    find_segment_index,
    segment_prefix,
)
from autogroove.segments.planning import SegmentBatch
from autogroove.segments.shards import ShardWriter
from autogroove.segments.spectrogram import image_shape
from autogroove.source import Reason, Source
from autogroove.store import Store, write_again

Progress = Callable[[int, int], None]

_UNREADABLE_BATCH = 4
"""So many tracks or more, all unreadable, are a fault of the source and of no track."""


def write_segment(
    batch: SegmentBatch,
    source: Source,
    store: Store,
    settings: Settings,
    progress: Progress | None = None,
    *,
    isolate: bool = False,
    timeout_seconds: float = TRACK_TIMEOUT_SECONDS,
) -> SegmentIndex | None:
    """Make one segment; one that is complete already is only read.

    None where files that were tried before were all refused again, each as before: there is
    nothing to add to the store, and the release stays what it is.

    Args:
        batch: what to make, from `plan_segments` under the same settings.
        progress: called with (tracks done, tracks of the batch).
        isolate: decode each track in a process of its own that may die or hang without harm:
            the track is quarantined as crashed_decoder or timed_out. Slower by that process's
            start; meant for a batch that killed its worker.
        timeout_seconds: how long one isolated track may take.

    Raises:
        StoreError: the store cannot be written; no index is left behind.
        SourceError: not one track of the batch could be read.
    """
    if done := find_segment_index(store, batch.recipe_key, batch.segment_key):
        return done
    with ExitStack() as stack:
        maker: Maker = partial(make_track, source, settings)
        if isolate:
            maker = stack.enter_context(IsolatedMaker(source, settings, timeout_seconds))
        return _write(batch, maker, store, settings, progress)


def _write(
    batch: SegmentBatch,
    maker: Maker,
    store: Store,
    settings: Settings,
    progress: Progress | None,
) -> SegmentIndex | None:
    prefix = segment_prefix(batch.recipe_key, batch.segment_key)
    writer = ShardWriter(store, prefix, image_shape(settings.spectrogram))
    rows: list[StoredTrack] = []
    quarantined: list[QuarantinedTrack] = []
    seconds: Counter[str] = Counter()
    for done, member in enumerate(batch.members, 1):
        try:
            track = maker(member)
        except AudioFault as fault:
            quarantined.append(QuarantinedTrack(member.fingerprint, fault.reason, fault.detail))
        else:
            rows.append(_row(member.fingerprint, writer.num_clips, track))
            writer.append(track.images)
            seconds.update(track.seconds)
        if progress:
            progress(done, len(batch.members))
    _check_source(batch, quarantined)
    if batch.known_faults and batch.known_faults == tuple(track.reason for track in quarantined):
        return None
    writer.finish(_attributes(settings, rows))
    index = SegmentIndex(
        recipe_key=batch.recipe_key,
        segment_key=batch.segment_key,
        decoder_version=DECODER_VERSION,
        attempt=batch.attempt,
        rows=tuple(rows),
        quarantined=tuple(quarantined),
        objects=writer.objects,
        seconds_by_step={**seconds, "write": writer.seconds},
    )
    write_again(store, f"{prefix}/index.json", index.to_bytes())
    return index


def _row(fingerprint: str, first_clip: int, track: TrackImages) -> StoredTrack:
    return StoredTrack(fingerprint, first_clip, len(track.images), **asdict(track.measures))


def _check_source(batch: SegmentBatch, quarantined: list[QuarantinedTrack]) -> None:
    unreadable = [track for track in quarantined if track.reason is Reason.unreadable]
    if len(unreadable) == len(batch.members) >= _UNREADABLE_BATCH:
        raise SourceError(
            f"None of {len(batch.members)} tracks could be read, for instance "
            f"{batch.members[0].path}: {unreadable[0].detail} Is the source still there?"
        )


def _attributes(settings: Settings, rows: list[StoredTrack]) -> dict[str, Any]:
    """What makes the array readable by itself, with plain `zarr.open`."""
    return {
        "clip": settings.clip.model_dump(mode="json"),
        "spectrogram": settings.spectrogram.model_dump(mode="json"),
        "units": "round(255 * tanh(gain * x)), x in [0, 1]; rows by frequency, columns by time",
        "fingerprints": [row.fingerprint for row in rows],
        "first_clips": [row.first_clip for row in rows],
        "clips": [row.clips for row in rows],
    }
