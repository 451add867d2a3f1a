"""The collection of the rehearsal: any number of MP3 files of 30 s in FMA's layout.

What belongs here: making the files from what the demo renders, once, and giving a run a tree of
its own. What does not: running or measuring anything (`rehearsal`).

The groovebox renders its 288 tracks once, as samples in files. Each track of the collection is one
of them, cut elsewhere, played faster or slower by up to a semitone, with a second one
underneath, and encoded anew at 256 kbit/s, the bit rate at which FMA's small set has its size: all
contents differ. Track `i` has the same bytes in collections of any size.
"""

import multiprocessing
import os
import sys
import time
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from autogroove.source.groovebox import (
    LICENCE,
    DemoSpec,
    DemoTrack,
    echonest_csv,
    encode_mp3,
    genres_csv,
    name_artist,
    name_track,
    plan_demo,
    render_track,
    tag_mp3,
    tracks_csv,
)

BIT_RATE_KBPS = 256
_FIRST_ID, _ID_STEP, _NUM_IDS = 2, 97, 155_320  # FMA's own range of ids
_ARTISTS_OF_DEMO = 72
_SAMPLES = 1_323_000
_BATCH = 50
_NEIGHBOURS = 7
_ECHONEST_SHARE = 6
"""FMA has Echo Nest's audio features for about one track of six."""


def plan_collection(num_tracks: int) -> list[DemoTrack]:
    """The tracks: those of the demo over and over, each time by other artists, four tracks each."""
    demo = plan_demo(DemoSpec())
    if num_tracks > _NUM_IDS:
        raise SystemExit(f"--tracks {num_tracks}: at most {_NUM_IDS} fit into FMA's numbering.")
    return [_plan_track(i, demo[i % len(demo)], i // len(demo)) for i in range(num_tracks)]


def _plan_track(i: int, base: DemoTrack, turn: int) -> DemoTrack:
    artist_id = base.artist_id + turn * _ARTISTS_OF_DEMO
    artist, album = name_artist(artist_id)
    track_id = _FIRST_ID + i * _ID_STEP % _NUM_IDS
    names = {"artist": artist, "album": album, "title": name_track(i)}
    return replace(base, track_id=track_id, artist_id=artist_id, **names)


def make_collection(folder: Path, num_tracks: int, num_processes: int) -> None:
    """Make the files that are not there yet, below `folder/fma`; a second call makes none."""
    tracks = plan_collection(num_tracks)
    missing = [i for i, t in enumerate(tracks) if not (folder / "fma" / t.path).exists()]
    if not missing:
        return
    started = time.monotonic()
    _render(folder, (base for i in missing for base in _choose_bases(i)), num_processes)
    batches = [missing[k : k + _BATCH] for k in range(0, len(missing), _BATCH)]
    with _processes(num_processes) as pool:
        futures = [pool.submit(_make_files, folder, len(tracks), b) for b in batches]
        for done, future in enumerate(as_completed(futures), 1):
            future.result()
            _say(f"made {min(done * _BATCH, len(missing))} of {len(missing)} MP3 files")
    _say(f"made {len(missing)} MP3 files in {time.monotonic() - started:.0f} s\n")


def link_collection(folder: Path, num_tracks: int, root: Path) -> None:
    """A tree of a run's own: hard links to the files, and the metadata of just these tracks."""
    tracks = plan_collection(num_tracks)
    for track in tracks:
        place = root / track.path
        place.parent.mkdir(parents=True, exist_ok=True)
        os.link(folder / "fma" / track.path, place)
    metadata = root / "fma_metadata"
    metadata.mkdir()
    (metadata / "genres.csv").write_bytes(genres_csv(tracks))
    (metadata / "echonest.csv").write_bytes(echonest_csv(tracks[::_ECHONEST_SHARE]))
    (metadata / "tracks.csv").write_bytes(tracks_csv(tracks))


def change_tracks(folder: Path, num_tracks: int, root: Path, number: int) -> None:
    """Put other recordings in the place of `number` tracks, evenly spread over the tree."""
    tracks = plan_collection(num_tracks)
    numbers = np.linspace(0, num_tracks - 1, number).astype(int).tolist()
    _render(folder, (base for i in numbers for base in _choose_bases(i, version=1)), 1)
    for i in numbers:
        place = root / tracks[i].path
        place.unlink()  # it is a link: the file that others link to must stay
        place.write_bytes(_encode(folder, i, tracks[i], version=1))


def _render(folder: Path, bases: Iterable[int], num_processes: int) -> None:
    """The demo's tracks of these numbers as int16 (samples, 2), a file each."""
    missing = [base for base in sorted(set(bases)) if not _rendered(folder, base).exists()]
    (folder / "rendered").mkdir(parents=True, exist_ok=True)
    with _processes(num_processes) as pool:
        for done, _ in enumerate(pool.map(_render_one, [folder] * len(missing), missing), 1):
            _say(f"rendered {done} of {len(missing)} tracks of the demo")


def _rendered(folder: Path, base: int) -> Path:
    return folder / "rendered" / f"{base:03d}.npy"


def _render_one(folder: Path, base: int) -> None:
    sound = np.rint(render_track(plan_demo(DemoSpec())[base]) * 32767).astype(np.int16)
    unfinished = folder / "rendered" / f"{base:03d}.part.npy"
    np.save(unfinished, sound)
    unfinished.rename(_rendered(folder, base))


def _choose_bases(i: int, version: int = 0) -> tuple[int, int]:
    """The demo's track that track `i` is, and one of the next few, which is underneath."""
    total = len(plan_demo(DemoSpec()))
    return i % total, (i + 1 + (i // total + version) % _NEIGHBOURS) % total


def _make_files(folder: Path, num_tracks: int, numbers: Iterable[int]) -> None:
    tracks = plan_collection(num_tracks)
    for i in numbers:
        place = folder / "fma" / tracks[i].path
        place.parent.mkdir(parents=True, exist_ok=True)
        unfinished = place.with_suffix(".part")
        unfinished.write_bytes(_encode(folder, i, tracks[i]))
        unfinished.rename(place)


def _encode(folder: Path, i: int, track: DemoTrack, version: int = 0) -> bytes:
    """The file of track `i`; another version is another recording under the same name."""
    rng = np.random.default_rng([i, version])
    above, below = (np.load(_rendered(folder, b), mmap_mode="r") for b in _choose_bases(i, version))
    sound = _play(above, rng) * np.float32(rng.uniform(0.5, 0.75))
    sound += _play(below, rng) * np.float32(rng.uniform(0.08, 0.2))
    return tag_mp3(encode_mp3(sound / np.float32(32767), BIT_RATE_KBPS), track, LICENCE)


def _play(sound: NDArray[np.int16], rng: np.random.Generator) -> NDArray[np.float32]:
    """From a place of its own, round and round, at a speed of its own; float32 (samples, 2).

    Samples are left out or doubled instead of interpolated: a tenth of the time, and its faint
    noise does not matter here.
    """
    speed = 2 ** (rng.uniform(-1, 1) / 12)
    place = (rng.integers(_SAMPLES) + np.arange(_SAMPLES) * speed).astype(np.int64) % _SAMPLES
    frames = np.ascontiguousarray(sound).view(np.int32)[:, 0]  # both channels move at once
    return frames[place].view(np.int16).reshape(-1, 2).astype(np.float32)


def _processes(number: int) -> ProcessPoolExecutor:
    return ProcessPoolExecutor(number, mp_context=multiprocessing.get_context("spawn"))


def _say(text: str) -> None:
    """Over the last line in a terminal; a log gets nothing but the ends."""
    if sys.stderr.isatty() or text.endswith("\n"):
        sys.stderr.write(f"\r{text}")
        sys.stderr.flush()
