"""Playlists beside random ones, and how long a question takes on a large collection.

    python benchmarks/playlists.py --store ./autogroove-store     # figures of a release
    python benchmarks/playlists.py --speed                        # 106,574 × 168 made-up encodings

Rhythm distance and tempo are measured on the stored spectrograms by onset autocorrelation, which
knows nothing of the model. "Same genre" draws at random among tracks of the seed's genre. All
lists have one length and begin with the seed; the random ones obey no rules.
"""

import argparse
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
import pandas as pd
from scipy.ndimage import gaussian_filter1d

from autogroove.listening import (
    Rules,
    TrackLibrary,
    Weighing,
    estimate_tempo,
    find_frame_rate,
    find_path,
    find_similar,
    make_playlist,
    open_collection,
)
from autogroove.listening.explorer import draw_landscape, place_tracks
from autogroove.releases import Release, open_release

FMA_LARGE = 106_574
PARTS = {"tempo": slice(0, 64), "rhythm": slice(64, 128), "sound": slice(128, 168)}
CODE_SIZE = 168
"""As the groove preset has them."""


@dataclass(frozen=True)
class Rhythms:
    """What the spectrograms say of each track: a unit vector, a tempo."""

    vectors: np.ndarray
    tempos: np.ndarray


def read_rhythms(collection: TrackLibrary) -> Rhythms:
    rate = find_frame_rate(collection.release.settings) or 25.8
    vectors, tempos = [], []
    for track_id in collection.release.track_ids:
        clips = collection.release.clips(int(track_id))
        vectors.append(repeat_onsets(clips, rate))
        tempos.append(estimate_tempo(clips, rate))
    return Rhythms(np.stack(vectors), np.asarray(tempos))


def repeat_onsets(clips: np.ndarray, rate: float) -> np.ndarray:
    """Autocorrelation of onset strength over log-spaced lags from 0.15 to 2 s, of length 1.

    Lags are 1/18 octave apart and blurred by as much, so that 118 and 120 bpm are alike.
    """
    rises = np.maximum(np.diff(clips.astype(np.float32), axis=-1), 0).sum(axis=1)
    rises -= rises.mean(axis=1, keepdims=True)
    num = rises.shape[1]
    repeats = np.fft.irfft((np.abs(np.fft.rfft(rises, 2 * num)) ** 2).mean(axis=0))[:num]
    lags = 0.15 * 2 ** (np.arange(68) / 18)
    vector = np.interp(lags * rate, np.arange(num), repeats / max(float(repeats[0]), 1e-12))
    vector = gaussian_filter1d(vector, 1.0)
    vector -= vector.mean()
    return vector / max(float(np.linalg.norm(vector)), 1e-12)


def measure_lists(
    collection: TrackLibrary, rhythms: Rhythms, lists: Sequence[np.ndarray]
) -> dict[str, float]:
    distances, jumps, repeats, close = [], [], [], []
    for positions in lists:
        if len(positions) < 2:
            continue
        own = rhythms.vectors[positions]
        pairs = np.triu_indices(len(positions), 1)
        distances.append(float((1 - own @ own.T)[pairs].mean()))
        octaves = np.abs(np.diff(np.log2(rhythms.tempos[positions])))
        jumps.append(float(np.nanmean(octaves)))
        counts = Counter(collection.artists[positions].tolist())
        repeats.append(sum(count - 1 for count in counts.values()) / len(positions))
        close.append(np.mean(np.diff(collection.artists[positions]) == 0))
    reached = {int(at) for positions in lists for at in positions[1:]}
    return {
        "rhythm distance": float(np.mean(distances)),
        "tempo jump (octaves)": float(np.mean(jumps)),
        "artist repeats a track": float(np.mean(repeats)),
        "same artist next": float(np.mean(close)),
        "catalogue reached": len(reached) / len(collection),
        "tracks a list": float(np.mean([len(positions) for positions in lists])),
    }


def measure_grooves(collection: TrackLibrary, lists: Sequence[np.ndarray]) -> float | None:
    """Share of tracks with the seed's known groove; None where grooves are not known."""
    if "groove" not in collection.rows or collection.rows["groove"].isna().all():
        return None
    grooves = collection.rows["groove"].to_numpy(dtype=object)
    return float(np.mean([np.mean(grooves[p[1:]] == grooves[p[0]]) for p in lists if len(p) > 1]))


def compare_playlists(store: str, release: int | None, length: int, most_seeds: int) -> None:
    collection = open_collection(open_release(store, release))
    draw = np.random.default_rng(0)
    seeds = draw.permutation(len(collection))[:most_seeds]
    genres = np.asarray(collection.shown["genre"], dtype=object)

    def ours(rules: Rules) -> list[np.ndarray]:
        ids = collection.release.track_ids
        made = (make_playlist(collection, [int(ids[at])], rules) for at in seeds)
        return [np.asarray([collection.positions[i] for i in each.track_ids]) for each in made]

    def drawn(pool: Callable[[int], np.ndarray]) -> list[np.ndarray]:
        return [
            np.r_[at, draw.permutation(np.setdiff1d(pool(at), [at]))[: length - 1]] for at in seeds
        ]

    everything = np.arange(len(collection))
    kinds = {
        "autogroove": ours(Rules(length=length)),
        "no variety": ours(Rules(length=length, variety=0.0)),
        "same genre": drawn(lambda at: np.flatnonzero(genres == genres[at])),
        "random": drawn(lambda at: everything),
    }
    rhythms = read_rhythms(collection)
    rows = {kind: measure_lists(collection, rhythms, lists) for kind, lists in kinds.items()}
    for kind, lists in kinds.items():
        share = measure_grooves(collection, lists)
        if share is not None:
            rows[kind]["same groove as the seed"] = share
    print(f"\nRelease {collection.release.number}: {len(collection)} tracks, {len(seeds)} seeds")
    print(pd.DataFrame(rows).round(3).to_string())


@dataclass(frozen=True)
class MadeUp:
    """A release of encodings and noisy images."""

    track_ids: np.ndarray
    encodings: np.ndarray
    catalogue: pd.DataFrame
    clusters: pd.DataFrame
    number: int = 1
    source_url: str = "/made-up"

    @property
    def encoding_parts(self) -> dict[str, slice]:
        """As the groove preset has them."""
        return PARTS

    @property
    def settings(self) -> dict:
        """As far as copies are looked for by sound."""
        return {"spectrogram": {"sample_rate_hz": 22050, "hop_samples": 429}}

    def tracks_before(self, when: datetime) -> frozenset[int]:
        """Nothing was before."""
        return frozenset()

    def clips(self, track_id: int) -> np.ndarray:
        """Three of noise."""
        return np.random.default_rng(track_id).integers(0, 255, (3, 64, 512), dtype=np.uint8)

    def clip_encodings(self, track_id: int) -> np.ndarray:
        """There are none."""
        raise NotImplementedError


def make_up(num: int) -> MadeUp:
    draw = np.random.default_rng(0)
    crowd = draw.integers(0, 300, num)
    encodings = draw.normal(size=(300, CODE_SIZE))[crowd] + draw.normal(size=(num, CODE_SIZE))
    ids = np.arange(num)
    table = {
        "track_id": ids,
        "path": [f"{at}.mp3" for at in ids],
        "title": [f"Title {at}" for at in ids],
        "artist": [f"Artist {at}" for at in draw.integers(0, num // 6, num)],
        "album": [f"Album {at % 3}" for at in ids],
        "fingerprint": [f"{at:032x}" for at in ids],
        "duration_seconds": 30.0,
        "tempo_bpm": draw.uniform(60, 180, num),
        "clips": 3,
    }
    elected = np.isin(ids, np.unique(crowd, return_index=True)[1])
    clusters = {"track_id": ids, "cluster": crowd, "exemplar": elected}
    return MadeUp(ids, encodings.astype(np.float32), pd.DataFrame(table), pd.DataFrame(clusters))


def draw_map(release: Release) -> Any:
    landscape = draw_landscape(release.track_ids, release.encodings, np.arange(300))
    return place_tracks(landscape, release.track_ids, release.encodings)


def time_questions(num: int) -> None:
    release = make_up(num)
    print(f"\n{num:,} × {CODE_SIZE} encodings, milliseconds")
    started = time.perf_counter(), time.process_time()
    collection = open_collection(release)
    wall, cpu = time.perf_counter() - started[0], time.process_time() - started[1]
    print(f"open: {1000 * wall:,.0f} wall, {1000 * cpu:,.0f} CPU")
    seeds = np.random.default_rng(1).permutation(num)
    print(f"first question of a weighing, ms: {time_first(collection, int(seeds[0])):,.0f}")
    groove, sound = Weighing(sound=0), Weighing(tempo=0, rhythm=0)
    mixed = Weighing(rhythm=2, sound=0.5)

    def ask(at: int, **options: object) -> object:
        return find_similar(collection, int(seeds[at]), count=10, **options)

    questions: dict[str, tuple[int, Callable[[int], object]]] = {
        "similar (10)": (500, ask),
        "similar, rhythm=2,sound=0.5": (500, lambda at: ask(at, weighing=mixed)),
        "similar, sound=0": (500, lambda at: ask(at, weighing=groove)),
        "similar, sound alone": (500, lambda at: ask(at, weighing=sound)),
        "similar, all four in turn": (
            500,
            lambda at: ask(at, weighing=(Weighing(), mixed, groove, sound)[at % 4]),
        ),
        "similar, sound=0, not one": (
            100,
            lambda at: ask(at, weighing=groove, avoid=[int(seeds[-at - 1])]),
        ),
        "playlist (20)": (20, lambda at: make_playlist(collection, [int(seeds[at])])),
        "path": (5, lambda at: find_path(collection, int(seeds[at]), int(seeds[-at - 1]))),
        "path of 12": (
            5,
            lambda at: find_path(collection, int(seeds[at]), int(seeds[-at - 1]), 12),
        ),
        "map": (1, lambda at: draw_map(release)),
    }
    rows = {name: time_question(ask, times) for name, (times, ask) in questions.items()}
    print(pd.DataFrame(rows).T.round(1).to_string())


def time_first(collection: TrackLibrary, seed: int) -> float:
    """Milliseconds of a question that measures the spread of distances under a new weighing."""
    started = time.perf_counter()
    find_similar(collection, seed, weighing=Weighing(tempo=0.5))
    return 1000 * (time.perf_counter() - started)


def time_question(ask: Callable[[int], object], times: int) -> dict[str, float]:
    ask(0)
    walls, cpus = [], []
    for at in range(times):
        wall, cpu = time.perf_counter(), time.process_time()
        ask(at)
        walls.append(1000 * (time.perf_counter() - wall))
        cpus.append(1000 * (time.process_time() - cpu))
    return {
        "p50": float(np.percentile(walls, 50)),
        "p99": float(np.percentile(walls, 99)),
        "CPU p50": float(np.percentile(cpus, 50)),
        "CPU p99": float(np.percentile(cpus, 99)),
        "times": times,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--store", help="Compare playlists of this store's release.")
    parser.add_argument("--release", type=int)
    parser.add_argument("--length", type=int, default=20)
    parser.add_argument("--seeds", type=int, default=300)
    parser.add_argument("--speed", action="store_true", help="Time questions on made-up encodings.")
    parser.add_argument("--tracks", type=int, default=FMA_LARGE)
    asked = parser.parse_args()
    if asked.store:
        compare_playlists(asked.store, asked.release, asked.length, asked.seeds)
    if asked.speed or not asked.store:
        time_questions(asked.tracks)


if __name__ == "__main__":
    main()
