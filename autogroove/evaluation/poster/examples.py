"""The examples: how many of which kind, made in pieces by several processes.

What belongs here: the shares of recordings, demo and teacher, who is held out, the catalogue.
What does not: how a piece is made (`pieces`).

Recordings come first, at most half of the examples; then the demo, at most a tenth; the teacher
fills the rest. Held out are recordings by artist, the demo by artist, and whole idioms and
families of kits of the teacher, which its training clips and the pretrained weights have not.
"""

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from functools import partial
from typing import Any, TypeVar

import numpy as np
import pandas as pd

from autogroove.errors import AutogrooveError
from autogroove.evaluation.poster.pieces import make_piece
from autogroove.evaluation.poster.playing import (
    DemoPiece,
    LessonPiece,
    MusicPiece,
    Piece,
    Recording,
)
from autogroove.evaluation.poster.settings import PosterSettings, find_music
from autogroove.model.teacher import TeacherSettings
from autogroove.model.training import HELD_OUT, place_artists
from autogroove.source import open_source, put_catalogue, scan_source
from autogroove.source.groovebox import DemoSpec, plan_demo
from autogroove.store import Store

Thing = TypeVar("Thing")
Progress = Callable[[int, int, str], None]
"""Called with (clips made, clips in all, of which kind)."""

MUSIC_SHARE, DEMO_SHARE = 0.5, 0.1
MOST_CLIPS = 21
"""Of a track: from the middle 30 s, one a second. They overlap."""
HELD_OUT_SHARE = 0.1
TRACKS_PER_PIECE = 8
GROOVES_PER_LESSON = 24
CLIPS_PER_GROOVE = 6
FIRST_SEED = 60_000
"""Of the teacher: far from those of pretraining and of benchmarks."""

TEACHERS = {
    "training": TeacherSettings(exclude_idioms=HELD_OUT.idioms, exclude_kits=HELD_OUT.kits),
    "validation": TeacherSettings(only_idioms=HELD_OUT.idioms, only_kits=HELD_OUT.kits),
}


def make_examples(
    store: Store,
    settings: PosterSettings,
    *,
    workers: int = 0,
    progress: Progress | None = None,
) -> str:
    """Make the examples that are missing, and put their catalogue; its key.

    A row is a track with its clips: a recording, a track of the demo, or a single clip of the
    teacher. `path` begins with the kind. Both presets' images lie under the same segment keys.

    Args:
        store: where pieces are kept.
        settings: how many, and where recordings are.
        workers: processes that make pieces; 0 makes them in this one.
        progress: is told how far it is.

    Raises:
        SourceError: the music cannot be listed.
        SettingsError: it is the demo.
        AutogrooveError: a process that makes pieces died.
    """
    sizes = {"training": settings.examples, "validation": settings.dev_examples}
    total = sum(sizes.values())
    tables: list[pd.DataFrame] = []
    found = dict.fromkeys(sizes, 0)

    def make(pieces: Sequence[Piece], kind: str) -> None:
        done = sum(found.values())
        for rows in _make_pieces(store, settings, pieces, workers):
            tables.append(rows)
            done += int(rows["clips"].sum())
            if progress:
                progress(done, total, kind)
        for split in found:
            found[split] = sum(int(t.loc[t["split"] == split, "clips"].sum()) for t in tables)

    if progress:
        progress(0, total, "listing recordings" if settings.music else "")
    if settings.music is not None:
        make(_plan_music(store, find_music(settings.music), sizes), "recordings")
    make(_plan_demo(sizes), "demo")
    left = {split: size - found[split] for split, size in sizes.items()}
    make(_plan_lessons(settings.seed, left), "teacher")
    catalogue = pd.concat(tables).sort_values("fingerprint", ignore_index=True)
    return put_catalogue(store, catalogue.assign(track_id=np.arange(len(catalogue))))


def count_examples(catalogue: pd.DataFrame) -> pd.DataFrame:
    """Tracks and clips by kind (rows) and split."""
    kinds = catalogue["path"].str.partition("/")[0]
    counted = catalogue.assign(kind=kinds).groupby(["kind", "split"])["clips"]
    return counted.agg(["size", "sum"]).set_axis(["tracks", "clips"], axis=1)


def _plan_music(store: Store, place: str, sizes: dict[str, int]) -> list[Piece]:
    source = open_source(place, store=store)
    listed = scan_source(source, store).catalogue
    listed = listed[listed["status"] == "listed"].sort_values("fingerprint", ignore_index=True)
    quotas = {split: int(MUSIC_SHARE * size) for split, size in sizes.items()}
    pieces: list[Piece] = []
    for split, clips, tracks in _share_out(listed, quotas):
        recordings = [_describe(row) for row in tracks.to_dict("records")]
        pieces += [MusicPiece(split, source, c, clips) for c in _cut(recordings)]
    return pieces


def _describe(row: Mapping[Any, Any]) -> Recording:
    known = ("title", "artist", "album", "genre", "licence", "url", "tempo_bpm")
    facts = tuple((name, row[name]) for name in known if pd.notna(row[name]))
    digest = row["fingerprint"] if pd.isna(row["file_digest"]) else row["file_digest"]
    return Recording(str(row["path"]), int(row["size_bytes"]), str(digest), facts)


def _plan_demo(sizes: dict[str, int]) -> list[Piece]:
    tracks = pd.DataFrame(
        [{"track_id": t.track_id, "artist": t.artist} for t in plan_demo(DemoSpec())]
    )
    quotas = {split: int(DEMO_SHARE * size) for split, size in sizes.items()}
    return [
        DemoPiece(split, tuple(ids), clips)
        for split, clips, chosen in _share_out(tracks, quotas)
        for ids in _cut(chosen["track_id"].tolist())
    ]


def _share_out(
    tracks: pd.DataFrame, quotas: dict[str, int]
) -> Iterator[tuple[str, int, pd.DataFrame]]:
    """Who is held out by artist; of each side, clips a track and the tracks that fill the quota."""
    is_dev = place_artists(tracks) < HELD_OUT_SHARE
    for split, chosen in (("training", tracks[~is_dev]), ("validation", tracks[is_dev])):
        quota = quotas[split]
        if quota and len(chosen):
            clips = min(MOST_CLIPS, -(-quota // len(chosen)))
            yield split, clips, chosen.iloc[: quota // clips]


def _plan_lessons(seed: int, sizes: dict[str, int]) -> list[Piece]:
    pieces: list[Piece] = []
    whole = GROOVES_PER_LESSON * CLIPS_PER_GROOVE
    for side, (split, size) in enumerate(sizes.items()):
        for number in range(-(-size // whole)):
            clips = min(whole, size - number * whole)
            grooves = max(2, -(-clips // CLIPS_PER_GROOVE))
            stream = FIRST_SEED + 2 * seed + side
            pieces.append(LessonPiece(split, stream, number, grooves, clips, TEACHERS[split]))
    return pieces


def _cut(things: list[Thing]) -> list[tuple[Thing, ...]]:
    starts = range(0, len(things), TRACKS_PER_PIECE)
    return [tuple(things[start : start + TRACKS_PER_PIECE]) for start in starts]


def _make_pieces(
    store: Store, settings: PosterSettings, pieces: Sequence[Piece], workers: int
) -> Iterator[pd.DataFrame]:
    make = partial(make_piece, store, recipes=(settings.poster, settings.groove))
    if not workers:
        yield from map(make, pieces)
        return
    spawn = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(workers, mp_context=spawn, initializer=_end_with_parent)
    try:
        for done in as_completed([pool.submit(make, piece) for piece in pieces]):
            yield done.result()
    except BrokenProcessPool as error:
        raise AutogrooveError(
            "A process that makes clips has died, for want of memory or of a recording that no "
            "decoder survives. Run again, with fewer --workers; what was made is kept."
        ) from error
    finally:
        pool.shutdown(cancel_futures=True)


def _end_with_parent() -> None:
    """Leave Ctrl-C to the parent, and outlive it by nothing, however it ended."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)

    def wait() -> None:
        parent = multiprocessing.parent_process()
        if parent is not None:
            parent.join()
            os._exit(1)

    threading.Thread(target=wait, daemon=True).start()
