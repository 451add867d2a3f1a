"""Samples to MP3 bytes, with tags.

What belongs here: the one encoder setting of the demo and its ID3 tag.
What does not: where the bytes go (`collection`).
"""

import io
import multiprocessing
import os
from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict
from importlib.metadata import version
from typing import Any

import lameenc
import mutagen.id3
import numpy as np

from autogroove.source.groovebox.metadata import (
    LICENCE,
    echonest_csv,
    genres_csv,
    groove_labels_csv,
    tracks_csv,
)
from autogroove.source.groovebox.mix import render_track
from autogroove.source.groovebox.plan import DemoSpec, DemoTrack, plan_demo
from autogroove.source.groovebox.sounds import SAMPLE_RATE_HZ, Samples
from autogroove.store import Store, make_key

BIT_RATE_KBPS = 128

_FASTEST_GOOD_QUALITY = 7


def encode_mp3(samples: Samples, bit_rate_kbps: int = BIT_RATE_KBPS) -> bytes:
    """Constant bit rate stereo MP3 of samples (n, 2) at 44.1 kHz.

    LAME's quality 7 is four times as fast as the setting that libsndfile fixes, and cheap sound
    design hides what it gives away. Equal samples give equal bytes on one version of LAME.
    """
    encoder = lameenc.Encoder()
    encoder.set_bit_rate(bit_rate_kbps)
    encoder.set_in_sample_rate(SAMPLE_RATE_HZ)
    encoder.set_out_sample_rate(SAMPLE_RATE_HZ)
    encoder.set_channels(2)
    encoder.set_quality(_FASTEST_GOOD_QUALITY)
    encoder.silence()
    pcm = np.rint(samples * 32767).astype("<i2").tobytes()
    return bytes(encoder.encode(pcm)) + bytes(encoder.flush())


def tag_mp3(mp3: bytes, track: DemoTrack, licence: str) -> bytes:
    """The same audio with an ID3v2 tag in front."""
    id3: Any = mutagen.id3
    tags = id3.ID3()
    for frame, text in {
        "TIT2": track.title,
        "TPE1": track.artist,
        "TALB": track.album,
        "TCON": track.palette.genre,
        "TCOP": licence,
    }.items():
        tags.add(getattr(id3, frame)(encoding=id3.Encoding.UTF8, text=text))
    buffer = io.BytesIO()
    tags.save(buffer, padding=lambda _: 0)
    return buffer.getvalue() + mp3


_LIBRARIES = ("numpy", "scipy", "lameenc")

_LAST = "fma_metadata/tracks.csv"

_BATCH_TRACKS = 4


def demo_prefix(spec: DemoSpec) -> str:
    """Where a demo collection lies in a store; one folder a spec and version of the libraries."""
    libraries = {name: version(name) for name in _LIBRARIES}
    return f"cache/demo-{make_key('demo', asdict(spec), libraries)}"


def demo_is_complete(store: Store, spec: DemoSpec) -> bool:
    """Whether every file of a demo collection is in the store."""
    return store.exists(f"{demo_prefix(spec)}/{_LAST}")


def choose_demo(store: Store, limit: int | None) -> DemoSpec:
    """The demo collection that a run of so many tracks needs: the whole one, unless a run wants
    only the first tracks and the whole is not there. A track is the same in both."""
    whole = DemoSpec()
    if limit is None or limit >= len(plan_demo(whole)) or demo_is_complete(store, whole):
        return whole
    return DemoSpec(num_tracks=limit)


def name_demo(limit: int | None) -> str:
    """What a demo collection of the first so many tracks is called as a source.

    >>> name_demo(None), name_demo(48)
    ('demo', 'demo:48')
    """
    return "demo" if limit is None or limit >= len(plan_demo(DemoSpec())) else f"demo:{limit}"


def missing_track_ids(spec: DemoSpec, store: Store) -> list[int]:
    """Tracks of a demo collection that are not rendered yet, in design order."""
    start = len(demo_prefix(spec)) + 1
    there = {found.key[start:] for found in store.objects(demo_prefix(spec))}
    return [track.track_id for track in plan_demo(spec) if track.path not in there]


def render_batch(
    spec: DemoSpec, track_ids: Iterable[int], store: Store, prefix: str | None = None
) -> int:
    """Render some tracks into the store as MP3 files; those already there are left alone.

    Returns how many were written. `prefix` defaults to the spec's own place.
    """
    prefix = demo_prefix(spec) if prefix is None else prefix
    wanted = set(track_ids)
    missing = [
        track
        for track in plan_demo(spec)
        if track.track_id in wanted and not store.exists(f"{prefix}/{track.path}")
    ]
    for track in missing:
        store.write(f"{prefix}/{track.path}", render_mp3(track))
    return len(missing)


def render_mp3(track: DemoTrack) -> bytes:
    """The whole file of a track: rendered, encoded, tagged."""
    return tag_mp3(encode_mp3(render_track(track)), track, LICENCE)


def write_metadata(spec: DemoSpec, store: Store, prefix: str | None = None) -> None:
    """Write the metadata files. Call it once every track is rendered: it completes the demo."""
    prefix = demo_prefix(spec) if prefix is None else prefix
    tracks = plan_demo(spec)
    files = {
        "fma_metadata/genres.csv": genres_csv,
        "fma_metadata/echonest.csv": echonest_csv,
        "fma_metadata/groove_labels.csv": groove_labels_csv,
        _LAST: tracks_csv,
    }
    for name, write_csv in files.items():
        store.write(f"{prefix}/{name}", write_csv(tracks))


def render_demo(
    spec: DemoSpec,
    store: Store,
    progress: Callable[[int, int], None] | None = None,
    *,
    num_workers: int | None = None,
) -> str:
    """Make a demo collection complete with a pool of processes; returns its prefix.

    `progress` is called with the tracks that are there and their total.
    """
    prefix, total = demo_prefix(spec), len(plan_demo(spec))
    if demo_is_complete(store, spec):
        return prefix
    missing = missing_track_ids(spec, store)
    batches = [missing[i : i + _BATCH_TRACKS] for i in range(0, len(missing), _BATCH_TRACKS)]
    done = total - len(missing)
    workers = min(num_workers or os.cpu_count() or 1, max(1, len(batches)))
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, mp_context=spawn) as pool:
        futures = {pool.submit(render_batch, spec, ids, store, prefix): len(ids) for ids in batches}
        for future in as_completed(futures):
            future.result()
            done += futures[future]
            if progress is not None:
                progress(done, total)
    write_metadata(spec, store, prefix)
    return prefix
